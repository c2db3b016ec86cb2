/** EXPORT-1: the log read from its beginning to its end, a piece at a time, so that it is never in memory as a whole. */
import type { LoggedMessage } from "../../bouncer/log/log-store.ts";
import type { LogSpan } from "../../bouncer/search/asking.ts";
import { LOG_COLUMNS, type LogColumns, readLogged } from "./log-columns.ts";
import { NOT_DELETED } from "./log-deletion.ts";

/** Messages looked at for a piece, and characters after which it ends. */
const MAX_LOOKED_AT = 2_000;
const MAX_LENGTH = 500_000;
/** Infinite, for SQLite. */
const FAR = 9_000_000_000_000_000;

interface LogPiece {
  messages: LoggedMessage[];
  /** Where to go on; undefined at the end. */
  through: number | undefined;
}

export class LogReader {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Not more than so many messages are there, and the number of the last. */
  extent(): { most: number; last: number } {
    const { first, last } = this.#sql
      .exec<{ first: number | null; last: number | null }>(
        "SELECT (SELECT min(seq) FROM log) AS first, (SELECT max(seq) FROM log) AS last",
      )
      .one();
    return { most: first === null || last === null ? 0 : last - first + 1, last: last ?? 0 };
  }

  /** What comes after `after`, up to the number `last`: what is there now, whatever was deleted meanwhile. */
  piece({ peer, sinceMs, untilMs }: LogSpan, after: number | undefined, last: number): LogPiece {
    const from = after ?? -FAR;
    const { to } = this.#sql
      .exec<{ to: number | null }>(
        "SELECT max(seq) AS 'to' FROM (SELECT seq FROM log WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?)",
        from,
        last,
        MAX_LOOKED_AT,
      )
      .one();
    if (to === null) return { messages: [], through: undefined };
    const rows = this.#sql.exec<LogColumns>(
      `SELECT ${LOG_COLUMNS} FROM log
         WHERE seq > ? AND seq <= ? AND at_ms >= ? AND at_ms <= ? AND (?5 IS NULL OR peer = ?5) AND ${NOT_DELETED}
         ORDER BY seq`,
      from,
      to,
      Math.max(sinceMs, -FAR),
      Math.min(untilMs, FAR),
      peer ?? null,
    );
    const messages: LoggedMessage[] = [];
    let left = MAX_LENGTH;
    for (const row of rows) {
      messages.push(readLogged(row));
      left -= row.stanza.length;
      if (left <= 0) return { messages, through: row.seq };
    }
    return { messages, through: to };
  }
}
