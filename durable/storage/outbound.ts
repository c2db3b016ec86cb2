/**
 * Stanzas on their way to the account's server, in order, in the table `outbound`: what a client was told is accepted
 * survives the process. A row is gone once its stanza has been handed to the socket.
 */
/** SQLite rows hold at most 2 MB in production; local runs do not enforce it. */
const MAX_STANZA_BYTES = 1_900_000;
/** With the server gone for long, clients must not fill the object's memory or disk. */
const MAX_QUEUED = 10_000;

export interface QueuedStanza {
  seq: number;
  stanza: string;
}

export class Outbound {
  readonly #sql: SqlStorage;
  #count: number;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#count = sql.exec<{ count: number }>("SELECT count(*) AS count FROM outbound").one().count;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** False when the queue has no room for it. */
  add(stanza: string): boolean {
    if (this.#count >= MAX_QUEUED || stanza.length > MAX_STANZA_BYTES) return false;
    this.#sql.exec("INSERT INTO outbound (stanza) VALUES (?)", stanza);
    this.#count += 1;
    return true;
  }

  /** Takes everything out, oldest first. */
  takeAll(): QueuedStanza[] {
    if (this.#count === 0) return [];
    const rows = this.#sql
      .exec<{ seq: number; stanza: string }>("SELECT seq, stanza FROM outbound ORDER BY seq")
      .toArray();
    this.#sql.exec("DELETE FROM outbound");
    this.#count = 0;
    return rows;
  }
}
