/**
 * A room in the log, from the beginning on: which messages, in outline, and where to begin. Goes by the lists of log-peers.ts,
 * and looks through what none of them covers yet.
 */
import type { RoomEntry } from "../../bouncer/log/log-store.ts";
import { NOT_DELETED } from "./log-deletion.ts";
import type { LogPeers } from "./log-peers.ts";

type Columns = { seq: number; at_ms: number; length: number; has: number };

const OUTLINE = "SELECT seq, at_ms, length(stanza) AS length, instr(stanza, ?) > 0 AS has FROM log";

export class LogRooms {
  readonly #sql: SqlStorage;
  readonly #peers: LogPeers;

  constructor(sql: SqlStorage, peers: LogPeers) {
    this.#sql = sql;
    this.#peers = peers;
  }

  /** The first `count` messages after `after`, oldest first; `has` says which of them have this text in them. */
  entries(room: string, after: number, count: number, text: string): RoomEntry[] {
    const entries: RoomEntry[] = [];
    const take = (rows: Iterable<Columns>): void => {
      for (const { seq, at_ms: atMs, length, has } of rows) {
        entries.push({ seq, atMs, length, has: has === 1 });
      }
    };
    for (const { seqs } of this.#peers.lists(room, after)) {
      if (entries.length >= count) break;
      take(
        this.#sql.exec<Columns>(
          `${OUTLINE} WHERE seq IN (SELECT value FROM json_each(?)) AND seq > ? AND room = 1 AND ${NOT_DELETED} ORDER BY seq`,
          text,
          `[${seqs}]`,
          after,
        ),
      );
    }
    if (entries.length < count) {
      take(
        this.#sql.exec<Columns>(
          `${OUTLINE} WHERE seq > ? AND peer = ? AND room = 1 AND ${NOT_DELETED} ORDER BY seq LIMIT ?`,
          text,
          Math.max(after, this.#peers.listedTo),
          room,
          count - entries.length,
        ),
      );
    }
    return entries.slice(0, count);
  }

  /** After which number all lies that was said at this time or later. */
  beginAt(atMs: number): number {
    const { first } = this.#sql
      .exec<{ first: number | null }>("SELECT min(first) AS first FROM log_time WHERE max_ms >= ?", atMs)
      .one();
    return first === null ? this.#peers.listedTo : first - 1;
  }
}
