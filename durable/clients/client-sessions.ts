/**
 * Stream Management towards clients (XEP-0198): sessions that outlive their socket and the process. What a client has not
 * acknowledged is kept and sent again when it resumes; what it sent is counted in the transaction of its effects.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { base64 } from "@scure/base";
import type { ClientRecord } from "../../bouncer/clients.ts";
import { increment } from "../../xmpp/stream-management.ts";
import { nonce } from "../random.ts";
import type { ClientQueue } from "../storage/client-queue.ts";
import type { ClientSessionRow, ClientSessionRows } from "../storage/client-session-rows.ts";

/** A client that is gone for longer begins anew. */
export const RESUME_SECONDS = 24 * 3600;
/** A client that is gone may leave this much behind; with more it begins anew. */
const MAX_QUEUED = 5_000;
const MAX_QUEUED_BYTES = 8_000_000;
/** Web clients make a new resource at each page load: the oldest of those that are gone give way. */
const MAX_DETACHED = 20;
/** A client is asked for an acknowledgement after this many stanzas, or by askAll after a while. */
const ASK_AFTER = 5;

/** A client to be attached again, and since when it is gone. */
type RevivedRecord = ClientRecord & { suspendedAtMs: number };

interface LiveSession {
  row: ClientSessionRow;
  askedForAck: boolean;
}

export class ClientSessions {
  readonly #rows: ClientSessionRows;
  readonly #queue: ClientQueue;
  readonly #onAcknowledged: (id: string, logSeq: number) => void;
  readonly #sessions = new Map<string, LiveSession>();

  /** `onAcknowledged` hears how far in the log a client has acknowledged what it was sent. */
  constructor(
    rows: ClientSessionRows,
    makeQueue: (known: ReadonlySet<string>) => ClientQueue,
    onAcknowledged: (id: string, logSeq: number) => void,
  ) {
    this.#rows = rows;
    this.#onAcknowledged = onAcknowledged;
    for (const row of rows.all()) this.#sessions.set(row.record.id, { row, askedForAck: false });
    this.#queue = makeQueue(new Set(this.#sessions.keys()));
  }

  has(id: string): boolean {
    return this.#sessions.has(id);
  }

  /** After the death of the process: every session has lost its socket. Those to be attached again. */
  revive(nowMs: number, stillConnected: ReadonlySet<string>): RevivedRecord[] {
    for (const { row } of this.#sessions.values()) {
      if (row.detachedAtMs === null && !stillConnected.has(row.record.id)) this.#detach(row, nowMs);
    }
    return [...this.#sessions.values()].map(({ row: { record, detachedAtMs } }) =>
      Object.assign({}, record, { suspendedAtMs: detachedAtMs ?? nowMs }),
    );
  }

  /** `<enable/>`: returns the resumption id. */
  open(record: ClientRecord, fullJid: string): string {
    const token = nonce();
    const row = { tokenHash: hash(token), record, fullJid, handled: 0, detachedAtMs: null };
    this.#sessions.set(record.id, { row, askedForAck: false });
    this.#queue.open(record.id);
    this.#rows.write(row);
    return token;
  }

  /** `<resume/>`: the session, if there is one and the client's count fits; undefined otherwise. */
  find(previd: string, h: number, nowMs: number): { id: string; fullJid: string } | undefined {
    const tokenHash = hash(previd);
    const live = [...this.#sessions.values()].find(({ row }) => row.tokenHash === tokenHash);
    if (!live || expired(live.row, nowMs)) return undefined;
    const { record, fullJid } = live.row;
    return this.#acknowledge(record.id, h) ? { id: record.id, fullJid } : undefined;
  }

  /** The client is back: how many of its stanzas were handled, and what it has yet to get. */
  resume(id: string): { handled: number; pending: string[] } {
    const live = this.#sessions.get(id);
    if (!live) return { handled: 0, pending: [] };
    live.row.detachedAtMs = null;
    // XEP-0352 section 5.2.
    live.row.record.active = true;
    live.askedForAck = true;
    this.#rows.write(live.row);
    const pending: string[] = [];
    while (pending.length < this.#queue.length(id)) {
      const from = this.#queue.acknowledgedTo(id) + pending.length + 1;
      pending.push(...this.#queue.page(id, from, Number.POSITIVE_INFINITY).stanzas);
    }
    return { handled: live.row.handled, pending };
  }

  /** The socket is gone; the client may come back. Returns those that may not any more. */
  detach(id: string, nowMs: number): string[] {
    const live = this.#sessions.get(id);
    if (live) this.#detach(live.row, nowMs);
    return this.expire(nowMs);
  }

  /** The session is over for good. */
  close(id: string): void {
    if (!this.#sessions.delete(id)) return;
    this.#rows.delete(id);
    this.#queue.drop(id);
  }

  /** Queues a stanza for those of the clients that have sessions. Returns whom to ask for an acknowledgement now. */
  queue(stanza: string, ids: readonly string[], logSeq?: number): string[] {
    const managed = ids.filter((id) => this.#sessions.has(id));
    if (managed.length === 0) return [];
    this.#queue.add(stanza, managed, logSeq);
    return managed.filter((id) => this.#queue.length(id) >= ASK_AFTER && this.#shouldAsk(id));
  }

  /** How many stanzas a client has yet to acknowledge. */
  waiting(id: string): number {
    return this.#queue.length(id);
  }

  /** Has a client anything to acknowledge? */
  isWaitingFor(id: string): boolean {
    return this.#sessions.has(id) && this.#queue.length(id) > 0;
  }

  /** Those with anything unacknowledged that were not asked yet. */
  askAll(): string[] {
    return [...this.#sessions.keys()].filter((id) => this.#queue.length(id) > 0 && this.#shouldAsk(id));
  }

  /** `<a/>`. False when it claims more than was sent. */
  acknowledged(id: string, h: number): boolean {
    const live = this.#sessions.get(id);
    if (live) live.askedForAck = false;
    return live === undefined || this.#acknowledge(id, h);
  }

  /** One stanza of the client has had its effects. */
  onStanza(id: string, record: ClientRecord | undefined): void {
    const live = this.#sessions.get(id);
    if (!live) return;
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

  /** Ends the sessions that are too old, too many or too large; says which. */
  expire(nowMs: number): string[] {
    const detached = [...this.#sessions.values()]
      .filter(({ row }) => row.detachedAtMs !== null)
      .toSorted((a, b) => (b.row.detachedAtMs ?? 0) - (a.row.detachedAtMs ?? 0));
    const over = [...this.#sessions.values()]
      .filter(
        (live) =>
          expired(live.row, nowMs) || detached.indexOf(live) >= MAX_DETACHED || this.#isTooLarge(live),
      )
      .map(({ row }) => row.record.id);
    for (const id of over) this.close(id);
    return over;
  }

  #acknowledge(id: string, h: number): boolean {
    const acknowledgement = this.#queue.acknowledge(id, h);
    if (!acknowledgement.ok) return false;
    if (acknowledgement.logSeq !== undefined) this.#onAcknowledged(id, acknowledgement.logSeq);
    return true;
  }

  #isTooLarge({ row }: LiveSession): boolean {
    const { id } = row.record;
    return this.#queue.length(id) > MAX_QUEUED || this.#queue.bytes(id) > MAX_QUEUED_BYTES;
  }

  #shouldAsk(id: string): boolean {
    const live = this.#sessions.get(id);
    if (!live || live.askedForAck || live.row.detachedAtMs !== null) return false;
    live.askedForAck = true;
    return true;
  }

  #detach(row: ClientSessionRow, nowMs: number): void {
    row.detachedAtMs = nowMs;
    this.#rows.write(row);
  }
}

function expired({ detachedAtMs }: ClientSessionRow, nowMs: number): boolean {
  return detachedAtMs !== null && nowMs - detachedAtMs > RESUME_SECONDS * 1000;
}

function hash(token: string): string {
  return base64.encode(sha256(utf8ToBytes(token)));
}
