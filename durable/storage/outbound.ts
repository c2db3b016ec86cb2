/**
 * Stanzas on their way to the account's server, in order, in the table `outbound`: what a client was told is accepted
 * survives the process. A row is gone once the server has acknowledged its stanza. The password of a room is in no row
 * (MUC-15): only while the process lives is such a join whole.
 */
import { atOnce, type Postpone } from "./postponed.ts";
import { withoutPassword } from "./room-join.ts";
import { fitsRow } from "./row-size.ts";

/** With the server gone for long, clients must not fill the object's memory or disk. */
const MAX_QUEUED = 10_000;

export interface QueuedStanza {
  atMs: number;
  stanza: string;
  /** The client that is to be told when it does not arrive; null where nobody is. */
  sender: string | null;
}

export class Outbound {
  readonly #sql: SqlStorage;
  readonly #later: Postpone;
  /** Rows are numbered without gaps from #first to #next - 1. */
  #first: number;
  #next: number;
  /** Joins that say a password, by number. */
  readonly #joins = new Map<number, string>();

  constructor(sql: SqlStorage, later: Postpone = atOnce) {
    this.#sql = sql;
    this.#later = later;
    const { first, last } = sql
      .exec<{ first: number | null; last: number | null }>(
        "SELECT min(seq) AS first, max(seq) AS last FROM outbound",
      )
      .one();
    this.#first = first ?? 1;
    this.#next = (last ?? 0) + 1;
  }

  /** The number of the oldest row; each further one has the next number. */
  get first(): number {
    return this.#first;
  }

  get length(): number {
    return this.#next - this.#first;
  }

  /** False when the queue has no room for it. */
  add(stanza: string, nowMs: number, sender: string | null = null): boolean {
    if (this.length >= MAX_QUEUED || !fitsRow(stanza)) return false;
    this.#append({ stanza, atMs: nowMs, sender });
    return true;
  }

  /** Takes everything out, oldest first. What is to stay is put back in the same turn. */
  takeAll(): QueuedStanza[] {
    const all = this.slice(0, this.length);
    this.dropOldest(this.length);
    return all;
  }

  /** Puts back, behind what is queued now, what was taken out. */
  putBack(stanzas: readonly QueuedStanza[]): void {
    for (const queued of stanzas) this.#append(queued);
  }

  /** What is queued, oldest first, without the first `offset`; at most `limit`. */
  slice(offset: number, limit: number): QueuedStanza[] {
    if (this.length <= offset) return [];
    return this.#sql
      .exec<{ seq: number; at_ms: number; stanza: string; sender: string | null }>(
        "SELECT seq, at_ms, stanza, sender FROM outbound WHERE seq >= ? ORDER BY seq LIMIT ?",
        this.#first + offset,
        limit,
      )
      .toArray()
      .map(({ seq, at_ms: atMs, stanza, sender }) => ({
        atMs,
        stanza: this.#joins.get(seq) ?? stanza,
        sender,
      }));
  }

  /** Removes the `count` oldest. */
  dropOldest(count: number): void {
    if (count === 0) return;
    this.#sql.exec("DELETE FROM outbound WHERE seq < ?", this.#first + count);
    this.#passed(count);
  }

  /** The server has the `count` oldest: it says so again when the session is resumed, so that it need not be on disk at once. */
  acknowledgeOldest(count: number): void {
    this.#passed(count);
    this.#later("outbound", () => this.#sql.exec("DELETE FROM outbound WHERE seq < ?", this.#first));
  }

  #passed(count: number): void {
    this.#first += count;
    for (const seq of this.#joins.keys()) if (seq < this.#first) this.#joins.delete(seq);
  }

  #append({ stanza, atMs, sender }: QueuedStanza): void {
    const stored = withoutPassword(stanza);
    if (stored !== stanza) this.#joins.set(this.#next, stanza);
    this.#sql.exec(
      "INSERT INTO outbound (seq, at_ms, stanza, sender) VALUES (?, ?, ?, ?)",
      this.#next,
      atMs,
      stored,
      sender,
    );
    this.#next += 1;
  }
}
