/**
 * What lies where in the log: which messages are a peer's, in the table `log_peer`, lists of numbers, one row for a batch of
 * the log and a peer in it; and from when to when a batch was said, in the table `log_time`. An index would cost a row for
 * every message as it comes; a list is made off the hot path, costs a row for many, and what no list covers yet is looked
 * through: less than a batch, but for what has come since the last look at it.
 */
export const BATCH = 1_024;
/** From when and to when a batch was said in which nothing is any more: no time is asked for in which that lies. */
export const NEVER_MS = 9_000_000_000_000_000;
/** Batches listed at once. */
const MAX_BATCHES = 4;

export class LogPeers {
  readonly #sql: SqlStorage;
  /** Up to this number the log is listed. */
  #listed: number;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#listed = sql
      .exec<{ last: number }>("SELECT max(0, ifnull(max(last), 0)) AS last FROM log_time")
      .one().last;
  }

  /** The numbers of a peer's latest `count` messages between `after` and `before`, ascending. */
  latest(peer: string, after: number, count: number, before = Number.MAX_SAFE_INTEGER): number[] {
    const unlisted = this.#sql.exec<{ seq: number }>(
      "SELECT seq FROM log WHERE seq > ? AND seq < ? AND peer = ? ORDER BY seq DESC LIMIT ?",
      Math.max(after, this.#listed),
      before,
      peer,
      count,
    );
    const seqs = unlisted.toArray().map(({ seq }) => seq);
    const rows = this.#sql.exec<{ seqs: string }>(
      "SELECT seqs FROM log_peer WHERE peer = ? AND last > ? AND last < ? ORDER BY last DESC",
      peer,
      after,
      Math.min(before + BATCH, Number.MAX_SAFE_INTEGER),
    );
    for (const row of rows) {
      if (seqs.length >= count) break;
      const listed = row.seqs.split(",").map(Number).toReversed();
      seqs.push(...listed.filter((seq) => seq > after && seq < before));
    }
    return seqs.slice(0, count).toReversed();
  }

  /** A peer's lists of numbers that go beyond `after`, in order, as text; what is after `listedTo` is in none. */
  lists(peer: string, after: number): Iterable<{ seqs: string }> {
    return this.#sql.exec<{ seqs: string }>(
      "SELECT seqs FROM log_peer WHERE peer = ? AND last > ? ORDER BY last",
      peer,
      after,
    );
  }

  /** Up to this number all is listed. */
  get listedTo(): number {
    return this.#listed;
  }

  /** Lists what has come since, in whole batches. One row written for each peer in a batch, and one. */
  list(oldest: number, head: number): void {
    this.#listed = Math.max(this.#listed, oldest - 1);
    for (let batch = 0; batch < MAX_BATCHES && head - this.#listed >= BATCH; batch += 1) {
      const to = this.#listed + BATCH;
      this.#listBatch(this.#listed, to);
      this.#listed = to;
    }
  }

  /** Lists what was imported, under numbers below 1, at most a batch (log-import.ts); `after` is exclusive. */
  listImported(after: number, to: number): void {
    this.#listBatch(after, to);
  }

  #listBatch(after: number, to: number): void {
    this.#sql.exec(
      `INSERT INTO log_peer (peer, last, seqs) SELECT peer, max(seq), group_concat(seq) FROM
         (SELECT peer, seq FROM log WHERE seq > ? AND seq <= ? ORDER BY seq) GROUP BY peer`,
      after,
      to,
    );
    this.#sql.exec(
      `INSERT INTO log_time (last, first, min_ms, max_ms, direct)
         SELECT ?1, ?2 + 1, ifnull(min(at_ms), ?3), ifnull(max(at_ms), -?3), ifnull(sum(room = 0), 0) FROM log
           WHERE seq > ?2 AND seq <= ?1`,
      to,
      after,
      NEVER_MS,
    );
  }
}
