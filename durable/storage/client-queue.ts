/**
 * What clients with Stream Management have not acknowledged yet, in the table `client_queue`: one row a stanza, however
 * many clients it is for. The text stays in SQLite; memory holds only who waits for which row.
 *
 * A row is gone when every client has acknowledged it and been sent a later one: the last row of each client stays, since
 * it is what remembers, over a restart, how many stanzas the client was sent.
 */
import * as v from "valibot";

/** A row: how many clients have yet to acknowledge it, and for how many it is the last one. */
interface Entry {
  seq: number;
  waiting: number;
  lastOf: number;
  bytes: number;
}

/** One client's share: its entries in order; the first has the number `first` among all that it was ever sent. */
interface Share {
  first: number;
  entries: Entry[];
  last: Entry | undefined;
  bytes: number;
}

const recipientsSchema = v.pipe(v.string(), v.parseJson(), v.array(v.tuple([v.string(), v.number()])));

export class ClientQueue {
  readonly #sql: SqlStorage;
  readonly #shares = new Map<string, Share>();
  #next = 1;

  /** Loads the shares of the clients in `known`; rows that none of them needs are dropped. */
  constructor(sql: SqlStorage, known: ReadonlySet<string>) {
    this.#sql = sql;
    const rows = sql.exec<{ seq: number; bytes: number; recipients: string }>(
      "SELECT seq, length(stanza) AS bytes, recipients FROM client_queue ORDER BY seq",
    );
    const read = rows.toArray().map(({ seq, bytes, recipients }) => ({
      seq,
      bytes,
      waiting: v.parse(recipientsSchema, recipients).filter(([id]) => known.has(id)),
    }));
    // Acknowledgements are cumulative: what a client may still need has the last numbers, without a gap. Rows before a gap
    // are there for others.
    const needed = new Map<string, number>();
    for (const { waiting } of read.toReversed()) {
      for (const [id, number] of waiting) {
        const after = needed.get(id);
        if (after === undefined || number === after - 1) needed.set(id, number);
      }
    }
    for (const { seq, bytes, waiting } of read) {
      const still = waiting.filter(([id, number]) => number >= (needed.get(id) ?? 0));
      const entry = { seq, waiting: still.length, lastOf: 0, bytes };
      for (const [id, number] of still) this.#append(id, number, entry);
      this.#deleteUnneeded([entry]);
      this.#next = seq + 1;
    }
  }

  /** How many stanzas a client has yet to acknowledge. */
  length(id: string): number {
    return this.#shares.get(id)?.entries.length ?? 0;
  }

  bytes(id: string): number {
    return this.#shares.get(id)?.bytes ?? 0;
  }

  /** Queues one stanza for these clients. */
  add(stanza: string, ids: readonly string[]): void {
    const entry = { seq: this.#next, waiting: ids.length, lastOf: 0, bytes: stanza.length };
    this.#next += 1;
    const recipients = ids.map((id) => [id, this.#append(id, undefined, entry)]);
    this.#sql.exec(
      "INSERT INTO client_queue (seq, stanza, recipients) VALUES (?, ?, ?)",
      entry.seq,
      stanza,
      JSON.stringify(recipients),
    );
  }

  /**
   * A client has handled `h` of all that it was sent: what that covers is done with. False when `h` is beyond what was
   * sent, or before what it acknowledged already.
   */
  acknowledge(id: string, h: number): boolean {
    const share = this.#shares.get(id);
    if (!share) return h === 0;
    const count = h - share.first + 1;
    if (count < 0 || count > share.entries.length) return false;
    share.first += count;
    this.#release(share, share.entries.splice(0, count));
    return true;
  }

  /** What a client has yet to acknowledge, oldest first. */
  pending(id: string): string[] {
    const entries = this.#shares.get(id)?.entries ?? [];
    const [first] = entries;
    const last = entries.at(-1);
    if (!first || !last) return [];
    const wanted = new Set(entries.map(({ seq }) => seq));
    return this.#sql
      .exec<{ seq: number; stanza: string }>(
        "SELECT seq, stanza FROM client_queue WHERE seq BETWEEN ? AND ? ORDER BY seq",
        first.seq,
        last.seq,
      )
      .toArray()
      .filter(({ seq }) => wanted.has(seq))
      .map(({ stanza }) => stanza);
  }

  /** A new session: nothing was sent in it. */
  open(id: string): void {
    this.#shares.set(id, { first: 1, entries: [], last: undefined, bytes: 0 });
  }

  /** A session is over. */
  drop(id: string): void {
    const share = this.#shares.get(id);
    if (!share) return;
    this.#shares.delete(id);
    if (share.last) share.last.lastOf -= 1;
    const acknowledgedLast = share.last && !share.entries.includes(share.last) ? [share.last] : [];
    this.#release(share, share.entries);
    this.#deleteUnneeded(acknowledgedLast);
  }

  /** Says which number the entry has among all that the client was sent. */
  #append(id: string, number: number | undefined, entry: Entry): number {
    const share = this.#shares.get(id) ?? { first: number ?? 1, entries: [], last: undefined, bytes: 0 };
    this.#shares.set(id, share);
    const before = share.last;
    share.last = entry;
    entry.lastOf += 1;
    if (before) {
      before.lastOf -= 1;
      this.#deleteUnneeded([before]);
    }
    share.entries.push(entry);
    share.bytes += entry.bytes;
    return share.first + share.entries.length - 1;
  }

  #release(share: Share, entries: readonly Entry[]): void {
    for (const entry of entries) {
      share.bytes -= entry.bytes;
      entry.waiting -= 1;
    }
    this.#deleteUnneeded(entries);
  }

  /** In runs: neighbours go in one statement. */
  #deleteUnneeded(entries: readonly Entry[]): void {
    const seqs = entries.filter(({ waiting, lastOf }) => waiting === 0 && lastOf === 0).map(({ seq }) => seq);
    let start: number | undefined;
    for (const [index, seq] of seqs.entries()) {
      start ??= seq;
      if (seqs[index + 1] === seq + 1) continue;
      this.#sql.exec("DELETE FROM client_queue WHERE seq BETWEEN ? AND ?", start, seq);
      start = undefined;
    }
  }
}
