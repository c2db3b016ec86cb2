/**
 * LOG-5 to LOG-8: brings a client up to date that could not resume: from where its device stopped, in pages, while what comes
 * meanwhile waits for it in the log. A client is behind until it was handed all of it; from then on it gets messages as they
 * come. What decides this is stored, so that a new process goes on with it.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../../xmpp/namespaces.ts";
import { iqPayload } from "../../xmpp/stanza.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import type { Client, Clients, Departure } from "../clients.ts";
import type { ArchiveHost } from "../archive/archive-host.ts";
import type { HeldBack } from "../held-back.ts";
import type { Part } from "../part.ts";
import type { ClientId, Ports } from "../ports.ts";
import type { RawCopies } from "../raw-copies.ts";
import type { Session } from "../session.ts";
import type { Trace } from "../trace.ts";
import { Devices } from "./devices.ts";
import type { DeviceRow, LoggedMessage } from "./log-store.ts";
import { replayForm } from "./replay-form.ts";
import { placesOfGone } from "./room-places.ts";
import { RoundTrips } from "./round-trips.ts";

/** LOG-7: what a device gets that was never here before: the latest messages, no older than this. */
export interface NewDeviceWindow {
  count: number;
  ageMs: number;
}

interface CatchUpDependencies {
  ports: Ports;
  clients: Clients;
  session: Session;
  trace: Trace;
  /** What waits for a client because nobody is looking at it. */
  held: Pick<HeldBack, "flush">;
  rawCopies: Pick<RawCopies, "isFor">;
  archive: Pick<ArchiveHost, "fromLog">;
  newDevice: NewDeviceWindow;
}

/** What is handed over at once, in messages and characters. */
const PAGE = { count: 100, length: 256_000 };
/** Carbons are asked for around the initial presence: sent copies wait for that, but not for long. */
const CARBONS_PATIENCE_MS = 2_000;
/** A client that sends no presence gets its messages all the same. */
const PRESENCE_PATIENCE_MS = 30_000;
/** A client that acknowledges nothing gets a page at most this often. */
const PAGE_PATIENCE_MS = 2_000;
/** Looking for what a device has missed, in a log that is nearly all rooms: a page a turn, with room between for what else there is. */
const LOOKING_PAUSE_MS = 10;
/** Cursors are written when a client goes, and meanwhile no more often than this. */
const FLUSH_MS = 25_000;

interface Progress {
  row: DeviceRow;
  /** The row is to be written. */
  dirty: boolean;
  /** Behind: it has been sent a page, or is yet to come online. */
  hasBegun: boolean;
  /** Behind: when to go on, whatever it does. */
  dueMs: number | undefined;
  /** Behind: the last message that it was sent. */
  sentTo: number;
}

export class CatchUp implements Part {
  readonly #deps: CatchUpDependencies;
  readonly #devices: Devices;
  readonly #roundTrips: RoundTrips;
  readonly #progress = new Map<ClientId, Progress>();
  readonly #behind = new Set<ClientId>();
  #flushedMs = 0;

  constructor(deps: CatchUpDependencies) {
    this.#deps = deps;
    this.#devices = new Devices(deps.ports.store.devices);
    this.#roundTrips = new RoundTrips(deps.ports, deps.session);
  }

  /** Is what comes now to wait for this client? */
  isBehind(id: ClientId): boolean {
    return this.#behind.has(id);
  }

  get anyBehind(): boolean {
    return this.#behind.size > 0;
  }

  rowOf(id: ClientId): DeviceRow | undefined {
    return this.#of(id)?.row;
  }

  save(id: ClientId): void {
    const progress = this.#progress.get(id);
    if (progress) this.#save(progress);
  }

  saveSoon(id: ClientId): void {
    const progress = this.#progress.get(id);
    if (progress) progress.dirty = true;
  }

  attached(id: ClientId): void {
    const client = this.#deps.clients.get(id);
    if (!client) return;
    const nowMs = this.#deps.ports.clock.nowMs();
    const name = client.device;
    const known = this.#devices.get(name);
    const begin = known?.cursor ?? this.#beginOfNew(nowMs);
    const { isBehind, cursor } = this.#lookAhead(begin, name);
    const position = isBehind ? cursor : undefined;
    const firstSeenMs = known?.firstSeenMs ?? nowMs;
    const { heard, rooms } = { heard: known?.heard ?? 0, rooms: known ? placesOfGone(known) : new Map() };
    const returns = known?.returns ?? false;
    const row = {
      name,
      cursor,
      since: begin,
      heard,
      rooms,
      position,
      returns,
      firstSeenMs,
      lastSeenMs: nowMs,
    };
    const dueMs = isBehind ? nowMs + PRESENCE_PATIENCE_MS : undefined;
    this.#progress.set(id, { row, dirty: false, hasBegun: false, dueMs, sentTo: cursor });
    if (isBehind) this.#behind.add(id);
    this.#devices.save(row);
    this.#expire(nowMs);
  }

  available(id: ClientId): void {
    const progress = this.#progress.get(id);
    if (!progress || !this.#behind.has(id) || progress.hasBegun) return;
    if (this.#deps.clients.get(id)?.carbons) return void this.#handOver(id, progress);
    progress.dueMs = this.#deps.ports.clock.nowMs() + CARBONS_PATIENCE_MS;
  }

  /**
   * MAM-9: what came after `since` has come late, and nobody was sent it: clients that have what was before are handed it, in
   * the same pages and at their own pace.
   */
  late(since: number): void {
    for (const [id, progress] of this.#progress) {
      if (this.#behind.has(id)) continue;
      const client = this.#deps.clients.get(id);
      progress.row.position = since;
      progress.sentTo = since;
      progress.hasBegun = client?.presence !== undefined;
      this.#behind.add(id);
      if (!progress.hasBegun) progress.dueMs = this.#deps.ports.clock.nowMs() + PRESENCE_PATIENCE_MS;
      if (!progress.hasBegun || client?.suspendedAtMs !== undefined) this.#save(progress);
      else this.#handOver(id, progress, { isLast: false });
    }
  }

  fromClient(id: ClientId, stanza: Element): boolean {
    const got = this.#roundTrips.fromClient(id, stanza);
    if (got) this.acknowledged(id, got.seq);
    const progress = this.#behind.has(id) ? this.#progress.get(id) : undefined;
    const isPresent = this.#deps.clients.get(id)?.presence !== undefined;
    if (progress && !progress.hasBegun && isPresent && enablesCarbons(stanza)) {
      // It is to be told that it has them first.
      progress.dueMs = this.#deps.ports.clock.nowMs();
    }
    return got?.answer ?? false;
  }

  acknowledged(id: ClientId, logSeq: number | undefined): void {
    const progress = this.#progress.get(id);
    if (!progress || logSeq === undefined) return;
    const { row } = progress;
    // What was said in rooms before that was sent before it, whatever the client is behind with.
    row.heard = Math.max(row.heard, logSeq);
    const seq = Math.min(logSeq, row.position ?? logSeq);
    if (seq > row.cursor) {
      row.cursor = seq;
      progress.dirty = true;
    }
    if (this.#behind.has(id) && progress.hasBegun && logSeq >= progress.sentTo) this.#handOver(id, progress);
  }

  suspended(id: ClientId): void {
    this.#roundTrips.forget(id);
    const progress = this.#progress.get(id);
    if (progress?.dirty) this.#save(progress);
  }

  resumed(id: ClientId): void {
    const progress = this.#of(id);
    if (progress && this.#behind.has(id) && progress.hasBegun) this.#handOver(id, progress);
  }

  detached(id: ClientId, how: Departure): void {
    this.#roundTrips.forget(id);
    this.#behind.delete(id);
    const progress = this.#progress.get(id);
    if (!progress) return;
    this.#progress.delete(id);
    progress.row.position = undefined;
    progress.row.rooms = placesOfGone(progress.row);
    progress.row.lastSeenMs = this.#deps.ports.clock.nowMs();
    if (how === "lapsed") progress.row.returns = true;
    if (how !== "left" || !this.#devices.left(progress.row)) this.#save(progress);
  }

  revived(): void {
    for (const id of this.#deps.clients.allIds()) this.#of(id);
    this.#expire(this.#deps.ports.clock.nowMs());
  }

  tick(nowMs: number): void {
    let isLooking = false;
    for (const id of this.#behind) {
      const progress = this.#progress.get(id);
      if (progress?.dueMs === undefined || progress.dueMs > nowMs) continue;
      // One of them looks in vain in a turn, not all.
      if (isLooking) progress.dueMs = nowMs + LOOKING_PAUSE_MS;
      else isLooking = this.#handOver(id, progress);
    }
    if (nowMs - this.#flushedMs < FLUSH_MS) return;
    this.#flushedMs = nowMs;
    for (const [id, progress] of this.#progress) {
      if (!this.#behind.has(id)) this.#askIfUnknown(id, progress);
      if (progress.dirty) this.#save(progress);
    }
  }

  nextDeadlineMs(): number | undefined {
    let next: number | undefined;
    for (const id of this.#behind) {
      const dueMs = this.#progress.get(id)?.dueMs;
      if (dueMs !== undefined && (next === undefined || dueMs < next)) next = dueMs;
    }
    return next;
  }

  /**
   * The next page. Whether it is the last one is decided by what is in the log now, and by whoever knows that more is coming.
   * True when there was nothing for this client in as much of the log as is looked at in a turn: it goes on soon.
   */
  #handOver(id: ClientId, progress: Progress, { isLast }: { isLast: boolean } = { isLast: true }): boolean {
    const { clients, held, ports, trace } = this.#deps;
    const client = clients.get(id);
    progress.dueMs = undefined;
    progress.hasBegun = true;
    // It goes on when it resumes.
    if (!client || client.suspendedAtMs !== undefined) return false;
    held.flush(id);
    const { row } = progress;
    const from = row.position ?? row.cursor;
    const head = ports.log.head();
    const { messages, through } = ports.log.page(from, { ...PAGE, exceptFrom: row.name });
    const count = this.#send(client, progress, messages);
    // One whose queue has run over is gone by now.
    if (this.#progress.get(id) !== progress) return false;
    const isBehind = through < head || (!isLast && count > 0);
    row.position = isBehind ? through : undefined;
    // With nothing to acknowledge, it has all.
    if (count === 0 && row.cursor >= progress.sentTo) {
      row.cursor = Math.max(row.cursor, through);
      progress.sentTo = row.cursor;
    }
    this.#save(progress);
    const isLooking = isBehind && count === 0;
    if (isLooking) progress.dueMs = ports.clock.nowMs() + LOOKING_PAUSE_MS;
    else {
      const reason = `${count} messages, from ${from} to ${through} of ${head} in the log`;
      trace.add(ports.clock.nowMs(), "LOG-6", xml("message"), [id], reason);
      if (isBehind) this.#awaitAck(id, progress);
      else this.#behind.delete(id);
    }
    return isLooking;
  }

  /** How many of them it was sent. */
  #send(client: Client, progress: Progress, messages: readonly LoggedMessage[]): number {
    let count = 0;
    for (const message of messages) {
      const frame = this.#replayed(message, client);
      if (frame === undefined) continue;
      this.#deps.ports.clients.send([client.id], frame, message.seq);
      progress.sentTo = message.seq;
      count += 1;
    }
    return count;
  }

  /** The next page when this one is acknowledged. */
  #awaitAck(id: ClientId, progress: Progress): void {
    const { ports } = this.#deps;
    if (ports.clients.askForAck(id)) return;
    ports.clients.send([id], serialize(this.#roundTrips.ask(id, progress.sentTo)));
    progress.dueMs = ports.clock.nowMs() + PAGE_PATIENCE_MS;
  }

  /** A client without Stream Management that was sent something since is asked whether it has got it. */
  #askIfUnknown(id: ClientId, { row }: Progress): void {
    const { clients, ports } = this.#deps;
    const head = ports.log.head();
    if (row.cursor >= head || this.#roundTrips.isAsked(id)) return;
    if (clients.get(id)?.suspendedAtMs !== undefined || ports.clients.askForAck(id)) return;
    ports.clients.send([id], serialize(this.#roundTrips.ask(id, head)));
  }

  #replayed(message: LoggedMessage, client: Client): string | undefined {
    const { archive, session, ports, rawCopies } = this.#deps;
    const { atMs, seq, sent } = message;
    const frame = archive.fromLog(message.frame, seq);
    const copies = client.carbons ? "carbons" : rawCopies.isFor(client) ? "raw" : "none";
    return replayForm({ sent, frame }, ports.clock.stamp(atMs), { ...session, copies });
  }

  #beginOfNew(nowMs: number): number {
    const { newDevice, ports } = this.#deps;
    return ports.log.beginOf(newDevice.count, nowMs - newDevice.ageMs);
  }

  /** Has a device missed something, and up to where has it all? Where a look does not tell, it may have: looking goes on in turns. */
  #lookAhead(after: number, name: string): { isBehind: boolean; cursor: number } {
    const { log } = this.#deps.ports;
    const head = log.head();
    if (after >= head) return { isBehind: false, cursor: head };
    const { messages, through } = log.page(after, { count: 1, length: 0, exceptFrom: name });
    if (messages.length > 0) return { isBehind: true, cursor: after };
    return { isBehind: through < head, cursor: through };
  }

  /** A client's progress; one that outlived the process goes on where it was. */
  #of(id: ClientId): Progress | undefined {
    const known = this.#progress.get(id);
    const client = this.#deps.clients.get(id);
    if (known || !client) return known;
    const row = this.#devices.get(client.device);
    if (!row) return undefined;
    const { clock } = this.#deps.ports;
    const isBehind = row.position !== undefined;
    const hasBegun = isBehind && client.presence !== undefined;
    const dueMs = isBehind && !hasBegun ? clock.nowMs() + PRESENCE_PATIENCE_MS : undefined;
    const progress = { row, dirty: false, hasBegun, dueMs, sentTo: row.position ?? row.cursor };
    this.#progress.set(id, progress);
    if (isBehind) this.#behind.add(id);
    return progress;
  }

  #save(progress: Progress): void {
    progress.dirty = false;
    this.#devices.save(progress.row);
  }

  #expire(nowMs: number): void {
    this.#devices.expire(new Set([...this.#progress.values()].map(({ row }) => row.name)), nowMs);
  }
}

/** XEP-0280 section 4. */
function enablesCarbons(stanza: Element): boolean {
  return stanza.is("iq") && iqPayload(stanza)?.is("enable", NS.carbons) === true;
}
