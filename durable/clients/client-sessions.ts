/**
 * Stream Management towards clients (XEP-0198): sessions that outlive their socket and the process. What a client has not
 * acknowledged is kept and sent again when it resumes; what it sent is counted in the transaction of its effects.
 */
import type { ClientRecord } from "../../bouncer/clients.ts";
import type { ManagementGrant } from "../../xmpp/receiving/state.ts";
import { increment, wrapped } from "../../xmpp/stream-management.ts";
import { nonce } from "../random.ts";
import type { ClientQueue } from "../storage/client-queue.ts";
import type { ClientSessionRow, ClientSessionRows } from "../storage/client-session-rows.ts";
import type { FormerSession } from "../storage/former-session-rows.ts";
import { ClientFlow } from "./client-flow.ts";
import type { FormerSessions } from "./former-sessions.ts";
import { hashOfId, UNRESUMABLE } from "./resumption-id.ts";

/** SM-6: this much may wait for one client, in UTF-8 bytes, and this much for all; with more it begins anew. */
const MAX_QUEUED = 20_000;
const MAX_QUEUED_BYTES = 32 * 1024 * 1024;
const MAX_TOTAL_BYTES = 128 * 1024 * 1024;
/** Web clients make a new resource at each page load: the oldest of those that are gone give way. */
const MAX_DETACHED = 20;
/** What is read from storage at once, to be sent. */
const PAGE_BYTES = 64 * 1024;

/** A client to be attached again, and since when it is gone. */
type RevivedRecord = ClientRecord & { suspendedAtMs: number };

interface LiveSession {
  row: ClientSessionRow;
  /** While the client is connected. */
  flow: ClientFlow | undefined;
}

/** What becomes of a stanza for several clients. */
interface Queued {
  /** Who is to be sent it now and has no session. */
  unmanaged: readonly string[];
  /** Who is to be sent it now, of those with sessions. */
  now: string[];
  /** Of these, the others, who get it from next(). */
  waiting: string[];
  /** Whom to ask for an acknowledgement after it. */
  ask: string[];
  /** Whose sessions are over, because too much waits for them. */
  over: string[];
}

interface OpenOptions {
  fullJid: string;
  isResumable: boolean;
  maxSeconds?: number | undefined;
}

interface ClientSessionsOptions {
  rows: ClientSessionRows;
  former: FormerSessions;
  makeQueue: (known: ReadonlySet<string>) => ClientQueue;
  /** A client that is gone for longer begins anew. */
  resumeSeconds: number;
  /** Hears that a client has acknowledged something, and how far in the log, if any of that was in it. */
  onAcknowledged: (id: string, logSeq: number | undefined) => void;
}

export class ClientSessions {
  readonly #resumeSeconds: number;
  readonly #rows: ClientSessionRows;
  /** Those that are over. */
  readonly former: FormerSessions;
  readonly #queue: ClientQueue;
  readonly #onAcknowledged: (id: string, logSeq: number | undefined) => void;
  readonly #sessions = new Map<string, LiveSession>();

  constructor({ rows, former, makeQueue, resumeSeconds, onAcknowledged }: ClientSessionsOptions) {
    this.#rows = rows;
    this.former = former;
    this.#resumeSeconds = resumeSeconds;
    this.#onAcknowledged = onAcknowledged;
    for (const row of rows.all()) this.#sessions.set(row.record.id, { row, flow: undefined });
    this.#queue = makeQueue(new Set(this.#sessions.keys()));
  }

  has(id: string): boolean {
    return this.#sessions.has(id);
  }

  /**
   * After the death of the process: those to be attached again. `connected` are the clients whose sockets the platform has
   * kept, each with the number of the first stanza that it was not sent, if there was one.
   */
  revive(nowMs: number, connected: ReadonlyMap<string, number | undefined>): RevivedRecord[] {
    for (const live of this.#sessions.values()) {
      const { id } = live.row.record;
      if (connected.has(id)) live.flow = this.#flowAgain(id, connected.get(id), nowMs);
      else if (live.row.tokenHash === UNRESUMABLE) this.close(id);
      else if (live.row.detachedAtMs === null) this.#detach(live, nowMs);
    }
    return [...this.#sessions.values()].map(({ row: { record, detachedAtMs } }) =>
      Object.assign({}, record, { suspendedAtMs: detachedAtMs ?? nowMs }),
    );
  }

  /**
   * `<enable/>`. SM-13: `maxSeconds` is what the client prefers. The resumption id leads nowhere when it did not want to be
   * able to resume.
   */
  open(
    record: ClientRecord,
    { fullJid, isResumable, maxSeconds }: OpenOptions,
    nowMs: number,
  ): ManagementGrant {
    const token = nonce();
    const row = {
      tokenHash: isResumable ? hashOfId(token) : UNRESUMABLE,
      record,
      fullJid,
      handled: 0,
      detachedAtMs: null,
      maxSeconds: maxSeconds ?? null,
    };
    this.#sessions.set(record.id, { row, flow: new ClientFlow(nowMs, 0) });
    this.#queue.open(record.id);
    this.#rows.write(row);
    return { id: token, maxSeconds: this.#secondsOf(row) };
  }

  /** `<resume/>`: the session, if there is one and the client's count fits; undefined otherwise. */
  find(previd: string, h: number, nowMs: number): { id: string; fullJid: string } | undefined {
    const live = this.#byToken(hashOfId(previd));
    if (!live || this.#isExpired(live, nowMs)) return undefined;
    const { record, fullJid } = live.row;
    const sentTo = live.flow?.sentTo ?? this.#queue.newest(record.id);
    return this.#acknowledge(live, h, sentTo, nowMs) ? { id: record.id, fullJid } : undefined;
  }

  /** SM-15: what is known of the session, although it cannot be resumed. */
  formerly(previd: string): FormerSession | undefined {
    const tokenHash = hashOfId(previd);
    const live = this.#byToken(tokenHash);
    return live ? formerOf(live) : this.former.find(tokenHash);
  }

  /** The client is back: how many of its stanzas were handled. What it has yet to get comes from next(). */
  resume(id: string, nowMs: number): number {
    const live = this.#sessions.get(id);
    if (!live) return 0;
    live.row.detachedAtMs = null;
    // XEP-0352 section 5.2.
    live.row.record.active = true;
    live.flow = new ClientFlow(nowMs, this.#queue.acknowledgedTo(id));
    this.#rows.write(live.row);
    return live.row.handled;
  }

  /** The socket is gone; the client may come back. Returns those that may not any more. */
  detach(id: string, nowMs: number): string[] {
    const live = this.#sessions.get(id);
    if (live) this.#detach(live, nowMs);
    return this.expire(nowMs);
  }

  #byToken(tokenHash: string): LiveSession | undefined {
    return [...this.#sessions.values()].find(({ row }) => row.tokenHash === tokenHash);
  }

  /** Can it be resumed when its socket is gone? */
  isResumable(id: string): boolean {
    const live = this.#sessions.get(id);
    return live !== undefined && live.row.tokenHash !== UNRESUMABLE;
  }

  /** The session is over for good. */
  close(id: string): void {
    if (!this.#sessions.delete(id)) return;
    this.#rows.delete(id);
    this.#queue.drop(id);
  }

  /** SM-15: the session is over, and its client may still ask for it. */
  lapse(id: string): void {
    const live = this.#sessions.get(id);
    if (!live) return;
    this.former.add({ id, tokenHash: live.row.tokenHash, ...formerOf(live) });
    this.close(id);
  }

  /** Queues a stanza for those of the clients that have sessions; `logSeq` is its place in the log. */
  queue(stanza: string, ids: readonly string[], logSeq: number | undefined, nowMs: number): Queued {
    const isManaged = (id: string): boolean => this.#sessions.has(id);
    const managed = this.#sessions.size === 0 ? [] : ids.filter(isManaged);
    const queued: Queued = { unmanaged: ids, now: [], waiting: [], ask: [], over: [] };
    if (managed.length === 0) return queued;
    queued.unmanaged = ids.length === managed.length ? [] : ids.filter((id) => !isManaged(id));
    const bytes = this.#queue.add(stanza, managed, logSeq);
    let isTooMuch = this.#queue.totalBytes > MAX_TOTAL_BYTES;
    for (const id of managed) {
      isTooMuch ||= this.#isTooMuch(id);
      const flow = this.#sessions.get(id)?.flow;
      // Behind what waits already, it waits too.
      const isNext = flow?.hasRoom === true && flow.sentTo === this.#queue.newest(id) - 1;
      if (isNext) flow.sent(1, bytes);
      (isNext ? queued.now : queued.waiting).push(id);
      if (!flow?.isAskDue) continue;
      flow.asked(nowMs);
      queued.ask.push(id);
    }
    if (isTooMuch) queued.over = [...this.#endThose((id) => this.#isTooMuch(id)), ...this.#endLargest()];
    return queued;
  }

  /** Stands for all that was ever for this client; undefined when it has no session. */
  mark(id: string): number | undefined {
    return this.#sessions.has(id) ? this.#queue.newest(id) : undefined;
  }

  /** Has it acknowledged what was for it up to there? */
  hasAcknowledged(id: string, mark: number): boolean {
    return this.#sessions.has(id) && this.#queue.acknowledgedTo(id) >= mark;
  }

  /** How many stanzas a client has yet to acknowledge. */
  waiting(id: string): number {
    return this.#queue.length(id);
  }

  /** What a connected client is to be sent next and then asked for; undefined when that is nothing for now. */
  next(id: string, nowMs: number): string[] | undefined {
    const flow = this.#sessions.get(id)?.flow;
    if (!flow?.hasRoom || flow.sentTo >= this.#queue.newest(id)) return undefined;
    const page = this.#queue.page(id, flow.sentTo + 1, Math.min(PAGE_BYTES, flow.room), nowMs);
    flow.sent(page.stanzas.length, page.bytes);
    flow.asked(nowMs);
    return page.stanzas;
  }

  /** The number of the first stanza that a connected client was not sent yet; undefined when it was sent all. */
  unsentFrom(id: string): number | undefined {
    const flow = this.#sessions.get(id)?.flow;
    return flow && flow.sentTo < this.#queue.newest(id) ? flow.sentTo + 1 : undefined;
  }

  /** Those with anything unacknowledged that were not asked yet: they are to be asked now. */
  askAll(nowMs: number): string[] {
    return this.#askThose(this.#sessions.keys(), nowMs, (flow) => flow.canAsk);
  }

  /** SM-9: those that nothing is heard of: they are to be asked now. */
  askQuiet(nowMs: number): string[] {
    return this.#askThose(this.#sessions.keys(), nowMs, (flow) => flow.isQuiet(nowMs));
  }

  /** Is this one to be asked now, because it has anything to acknowledge? */
  askAnyway(id: string, nowMs: number): boolean {
    return this.#askThose([id], nowMs, (flow) => flow.unacknowledged > 0).length > 0;
  }

  /** Is this one to be asked now, because much is still unacknowledged? */
  askMore(id: string, nowMs: number): boolean {
    return this.#askThose([id], nowMs, (flow) => flow.isAskDue).length > 0;
  }

  /** SM-8: the connected clients that do not answer. */
  stalled(nowMs: number): string[] {
    return [...this.#sessions].filter(([, { flow }]) => flow?.isStalled(nowMs)).map(([id]) => id);
  }

  /** `<a/>`. How many stanzas it acknowledges anew; undefined when it claims more than was sent, or less than before. */
  acknowledged(id: string, h: number, nowMs: number): number | undefined {
    const live = this.#sessions.get(id);
    if (!live?.flow) return 0;
    const before = this.#queue.acknowledgedTo(id);
    if (!this.#acknowledge(live, h, live.flow.sentTo, nowMs)) return undefined;
    return this.#queue.acknowledgedTo(id) - before;
  }

  /** One stanza of the client has had its effects. */
  onStanza(id: string, record: ClientRecord | undefined, nowMs: number): void {
    const live = this.#sessions.get(id);
    if (!live) return this.former.onStanza(id);
    live.flow?.heard(nowMs);
    live.row.handled = increment(live.row.handled);
    if (record) live.row.record = record;
    this.#rows.write(live.row);
  }

  /** What the session knows of its client has changed by something that is no stanza. */
  remember(id: string, record: ClientRecord): void {
    const live = this.#sessions.get(id);
    if (!live) return;
    live.row.record = record;
    this.#rows.write(live.row);
  }

  handled(id: string): number {
    return this.#sessions.get(id)?.row.handled ?? 0;
  }

  /** How many stanzas a connected client was sent, as its `h` would say. */
  sentCount(id: string): number {
    return wrapped(this.#sessions.get(id)?.flow?.sentTo ?? 0);
  }

  /** Ends the sessions of clients that are gone for too long, or too many; says which. */
  expire(nowMs: number): string[] {
    const keep = new Set(
      [...this.#sessions]
        .filter(([, { row }]) => row.detachedAtMs !== null)
        .toSorted(([, a], [, b]) => (b.row.detachedAtMs ?? 0) - (a.row.detachedAtMs ?? 0))
        .slice(0, MAX_DETACHED)
        .map(([id]) => id),
    );
    return this.#endThose(
      (id, live) => this.#isExpired(live, nowMs) || (live.row.detachedAtMs !== null && !keep.has(id)),
    );
  }

  /** SM-4: ends the sessions that were told another full JID and so cannot be resumed; says which. */
  endOthers(fullJid: string): string[] {
    return this.#endThose((_id, { row, flow }) => !flow && row.fullJid !== fullJid);
  }

  #endThose(isOver: (id: string, live: LiveSession) => boolean): string[] {
    const over = [...this.#sessions].filter(([id, live]) => isOver(id, live)).map(([id]) => id);
    for (const id of over) this.lapse(id);
    return over;
  }

  #isTooMuch(id: string): boolean {
    return this.#queue.length(id) > MAX_QUEUED || this.#queue.bytes(id) > MAX_QUEUED_BYTES;
  }

  /** Until all together is not too much. */
  #endLargest(): string[] {
    const over: string[] = [];
    while (this.#queue.totalBytes > MAX_TOTAL_BYTES) {
      const [largest] = [...this.#sessions.keys()].toSorted(
        (a, b) => this.#queue.bytes(b) - this.#queue.bytes(a),
      );
      if (largest === undefined) break;
      this.lapse(largest);
      over.push(largest);
    }
    return over;
  }

  #isExpired({ row }: LiveSession, nowMs: number): boolean {
    return row.detachedAtMs !== null && nowMs - row.detachedAtMs > this.#secondsOf(row) * 1000;
  }

  /** SM-1, SM-13: for how long a client that is gone can come back. */
  #secondsOf({ maxSeconds }: Pick<ClientSessionRow, "maxSeconds">): number {
    return Math.min(maxSeconds ?? Number.POSITIVE_INFINITY, this.#resumeSeconds);
  }

  #acknowledge(live: LiveSession, h: number, sentTo: number, nowMs: number): boolean {
    const { id } = live.row.record;
    const before = this.#queue.acknowledgedTo(id);
    const acknowledgement = this.#queue.acknowledge(id, h, sentTo);
    if (!acknowledgement.ok) return false;
    const { bytes, logSeq } = acknowledgement;
    const count = this.#queue.acknowledgedTo(id) - before;
    live.flow?.acknowledged(count, bytes, nowMs);
    if (count > 0) this.#onAcknowledged(id, logSeq);
    return true;
  }

  #askThose(ids: Iterable<string>, nowMs: number, isDue: (flow: ClientFlow) => boolean): string[] {
    const due: string[] = [];
    for (const id of ids) {
      const flow = this.#sessions.get(id)?.flow;
      if (!flow || !isDue(flow)) continue;
      flow.asked(nowMs);
      due.push(id);
    }
    return due;
  }

  #flowAgain(id: string, unsentFrom: number | undefined, nowMs: number): ClientFlow {
    const sentTo = unsentFrom === undefined ? this.#queue.newest(id) : unsentFrom - 1;
    const acknowledgedTo = this.#queue.acknowledgedTo(id);
    return new ClientFlow(nowMs, sentTo, acknowledgedTo, this.#queue.bytesTo(id, sentTo));
  }

  #detach(live: LiveSession, nowMs: number): void {
    live.flow = undefined;
    live.row.detachedAtMs = nowMs;
    this.#rows.write(live.row);
  }
}

function formerOf({ row: { record, handled } }: LiveSession): FormerSession {
  return { device: record.device, handled };
}
