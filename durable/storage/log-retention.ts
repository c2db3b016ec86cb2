/**
 * LOG-9: what is older or more than the settings allow is deleted, a bounded step at a time. What was imported or filled in late
 * is older than what stands before it, so that the oldest messages are not those with the lowest numbers: in which batches of
 * the log something old is, `log_time` says (log-peers.ts). Lists and the index lose what is deleted in the same step.
 */
import type { LogRetention as Settings } from "../log-config.ts";
import type { LogIndex } from "./log-index.ts";
import { BATCH, NEVER_MS } from "./log-peers.ts";

const DAY_MS = 86_400_000;
/** Messages deleted in one step, at most; one row written for each. */
const STEP = BATCH;
/** Batches looked at in one step: what was imported may be in small ones. */
const MAX_BATCHES = 20;
/** Where nothing was old, it is not looked again at once: that takes a row read for each batch of the log. */
const LOOK_MS = 6 * 3_600_000;

type Batch = { first: number; last: number };

export class LogRetention {
  readonly #sql: SqlStorage;
  readonly #settings: Settings;
  readonly #index: LogIndex;
  #nextLookMs = Number.NEGATIVE_INFINITY;

  constructor(sql: SqlStorage, settings: Settings, index: LogIndex) {
    this.#sql = sql;
    this.#settings = settings;
    this.#index = index;
  }

  /** What is older than this is deleted. */
  keptSinceMs(nowMs: number): number {
    const { days } = this.#settings;
    return days === undefined ? Number.NEGATIVE_INFINITY : nowMs - days * DAY_MS;
  }

  /** One step; the log is listed. True when there is more to delete. */
  step(nowMs: number): boolean {
    const isMore = this.#excess() > 0 ? this.#deleteOldest() : this.#deleteOlder(nowMs);
    if (isMore) this.#index.merge();
    return isMore;
  }

  /** Bytes that there are too many. Pages that deleting has freed do not count: the platform leaves them out. */
  #excess(): number {
    return this.#sql.databaseSize - this.#settings.megabytes * 1_000_000;
  }

  /** Those with the lowest numbers, as many as are too much. False when it is enough. */
  #deleteOldest(): boolean {
    const end = this.#endOf(this.#excess());
    if (end === undefined) return false;
    const batches = this.#sql
      .exec<Batch>(
        "SELECT first, last FROM log_time WHERE first <= ? ORDER BY last LIMIT ?",
        end,
        MAX_BATCHES,
      )
      .toArray();
    const through = batches.length < MAX_BATCHES ? end : Math.min(end, batches.at(-1)?.last ?? end);
    for (const batch of batches) this.#delete(batch, "seq <= ?", through);
    const unlisted = this.#unlisted();
    this.#delete(unlisted, "seq <= ?", through);
    this.#index.forget(through + 1);
    return this.#excess() > 0;
  }

  /** Up to which number the oldest messages have so many bytes: a step of them at most. */
  #endOf(bytes: number): number | undefined {
    let left = bytes;
    let end: number | undefined;
    const rows = this.#sql.exec<{ seq: number; bytes: number }>(
      "SELECT seq, length(stanza) AS bytes FROM log ORDER BY seq LIMIT ?",
      STEP,
    );
    for (const row of rows) {
      end = row.seq;
      left -= row.bytes;
      if (left <= 0) break;
    }
    return end;
  }

  /** Those that are too old, wherever they are. False when there are none any more. */
  #deleteOlder(nowMs: number): boolean {
    const sinceMs = this.keptSinceMs(nowMs);
    if (sinceMs === Number.NEGATIVE_INFINITY || nowMs < this.#nextLookMs) return false;
    const batches = this.#sql
      .exec<Batch>(
        "SELECT first, last FROM log_time WHERE min_ms < ? ORDER BY last LIMIT ?",
        sinceMs,
        MAX_BATCHES,
      )
      .toArray();
    let left = STEP;
    for (const batch of batches) {
      if (left < STEP && left < batch.last - batch.first + 1) return true;
      left -= this.#delete(batch, "at_ms < ?", sinceMs);
      this.#index.forgetOld(batch, sinceMs);
    }
    if (batches.length === MAX_BATCHES || left < STEP) return true;
    const unlisted = this.#unlisted();
    const deleted = this.#delete(unlisted, "at_ms < ?", sinceMs);
    this.#index.forgetOld(unlisted, sinceMs);
    if (deleted > 0) return true;
    this.#nextLookMs = nowMs + LOOK_MS;
    return false;
  }

  /** Messages of a batch, their lists, and what is said of the batch. How many there were. */
  #delete({ first, last }: Batch, condition: string, limit: number): number {
    const range = [first, last] as const;
    this.#sql.exec(
      `DELETE FROM log_peer WHERE last BETWEEN ? AND ? AND peer IN
         (SELECT peer FROM log WHERE seq BETWEEN ? AND ? GROUP BY peer HAVING min(${condition}))`,
      ...range,
      ...range,
      limit,
    );
    const { rowsWritten } = this.#sql.exec(
      `DELETE FROM log WHERE seq BETWEEN ? AND ? AND ${condition}`,
      ...range,
      limit,
    );
    this.#sql.exec(
      `UPDATE log_time SET (min_ms, max_ms, direct) =
         (SELECT ifnull(min(at_ms), ?1), ifnull(max(at_ms), -?1), ifnull(sum(room = 0), 0) FROM log
            WHERE seq BETWEEN ?2 AND ?3)
         WHERE last = ?3 AND first = ?2`,
      NEVER_MS,
      ...range,
    );
    // The last one says how far the log is listed.
    this.#sql.exec(
      "DELETE FROM log_time WHERE last = ? AND min_ms = ? AND last < (SELECT max(last) FROM log_time)",
      last,
      NEVER_MS,
    );
    return rowsWritten;
  }

  /** What is not listed yet; more than this only after a flood. */
  #unlisted(): Batch {
    const { first } = this.#sql
      .exec<{ first: number | null }>(
        "SELECT min(seq) AS first FROM log WHERE seq > (SELECT max(0, ifnull(max(last), 0)) FROM log_time)",
      )
      .one();
    return first === null ? { first: 1, last: 0 } : { first, last: first + STEP - 1 };
  }
}
