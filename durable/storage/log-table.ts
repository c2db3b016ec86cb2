/**
 * The account's log, in the table `log`: one row written for each message, numbered in order. Nothing else is written when a
 * message comes; which messages a peer has is noted later and in steps (log-peers.ts).
 */
import type {
  LogEntry,
  LoggedMessage,
  LogPage,
  LogSelected,
  LogSelection,
  LogStore,
  RoomEntry,
} from "../../bouncer/log/log-store.ts";
import { LogArchive } from "./log-archive.ts";
import { NOT_DELETED } from "./log-deletion.ts";
import type { LogPeers } from "./log-peers.ts";
import { LogRooms } from "./log-rooms.ts";
import { fitsLog, INSERT_LOGGED, LOG_COLUMNS, type LogColumns, readLogged, rowOf } from "./log-columns.ts";

/** A page looks at no more rows than this: of a log full of rooms, most are not asked for. */
const MAX_LOOKED_AT = 5_000;
/** Messages of rooms may be so many that a device's first window must not be looked for beyond these. */
const MAX_WINDOW_LOOKED_AT = 20_000;

/** What is not listed yet may be more than this, but then it is not what a session begins with. */
const MAX_NEWEST_LOOKED_AT = 5_000;
/** What is filled in has older times than what came before it: the latest time is looked for among so many. */
const LATEST = 20;

export class LogTable implements LogStore {
  readonly #sql: SqlStorage;
  readonly #peers: LogPeers;
  readonly #archive: LogArchive;
  readonly #rooms: LogRooms;
  #head: number;

  constructor(sql: SqlStorage, peers: LogPeers) {
    this.#sql = sql;
    this.#peers = peers;
    this.#archive = new LogArchive(sql);
    this.#rooms = new LogRooms(sql, peers);
    // A number is never given twice, whatever was deleted: a device would take the new message for one that it has.
    const { head } = sql
      .exec<{ head: number }>(
        `SELECT max(ifnull((SELECT max(seq) FROM log), 0), ifnull((SELECT max(cursor) FROM device), 0),
           ifnull((SELECT max(position) FROM device), 0),
           ifnull((SELECT max(through) FROM log_deletion), 0)) AS head`,
      )
      .one();
    this.#head = head;
  }

  append(entry: LogEntry): number | undefined {
    if (!fitsLog(entry)) return undefined;
    const seq = this.#head + 1;
    this.#sql.exec(INSERT_LOGGED, ...rowOf(seq, entry));
    this.#head = seq;
    return seq;
  }

  head(): number {
    return this.#head;
  }

  latestMs(): number | undefined {
    const { latest } = this.#sql
      .exec<{
        latest: number | null;
      }>("SELECT max(at_ms) AS latest FROM (SELECT at_ms FROM log ORDER BY seq DESC LIMIT ?)", LATEST)
      .one();
    return latest ?? undefined;
  }

  page(
    after: number,
    { count, length, exceptFrom }: { count: number; length: number; exceptFrom: string },
  ): LogPage {
    // What was deleted since is not looked through.
    const oldest = this.#sql.exec<{ seq: number | null }>("SELECT min(seq) AS seq FROM log").one().seq;
    const from = Math.max(after + 1, oldest ?? this.#head + 1);
    const to = Math.min(from + MAX_LOOKED_AT - 1, this.#head);
    const cursor = this.#sql.exec<LogColumns>(
      `SELECT ${LOG_COLUMNS} FROM log WHERE seq BETWEEN ? AND ? AND room = 0 AND device IS NOT ?
         AND ${NOT_DELETED} ORDER BY seq`,
      from,
      to,
      exceptFrom,
    );
    const messages: LoggedMessage[] = [];
    let left = length;
    for (const row of cursor) {
      const last = messages.at(-1);
      if (last && (messages.length >= count || row.stanza.length > left))
        return { messages, through: last.seq };
      messages.push(readLogged(row));
      left -= row.stanza.length;
    }
    return { messages, through: Math.max(after, to) };
  }

  ofPeer(peer: string, after: number, count: number): LoggedMessage[] {
    const seqs = this.#peers.latest(peer, after, count);
    return seqs.flatMap((seq) =>
      this.#sql
        .exec<LogColumns>(`SELECT ${LOG_COLUMNS} FROM log WHERE seq = ? AND ${NOT_DELETED}`, seq)
        .toArray()
        .map(readLogged),
    );
  }

  ofRoom(room: string, after: number, count: number, text: string): RoomEntry[] {
    return this.#rooms.entries(room, after, count, text);
  }

  beginInRoom(room: string, after: number, count: number): number {
    const [first] = this.#peers.latest(room, after, count);
    return first === undefined ? this.#head : first - 1;
  }

  read(seqs: readonly number[]): LoggedMessage[] {
    const rows = this.#sql.exec<LogColumns>(
      `SELECT ${LOG_COLUMNS} FROM log WHERE seq IN (SELECT value FROM json_each(?)) AND ${NOT_DELETED}`,
      JSON.stringify(seqs),
    );
    const found = new Map([...rows].map((row) => [row.seq, row]));
    return seqs.flatMap((seq) => {
      const row = found.get(seq);
      return row ? [readLogged(row)] : [];
    });
  }

  beginAt(atMs: number): number {
    return this.#rooms.beginAt(atMs);
  }

  latestIds(count: number): { peer: string; stanzaId: string }[] {
    return this.#sql
      .exec<{
        peer: string;
        stanza_id: string | null;
      }>("SELECT peer, stanza_id FROM log ORDER BY seq DESC LIMIT ?", count)
      .toArray()
      .flatMap(({ peer, stanza_id: stanzaId }) => (stanzaId === null ? [] : [{ peer, stanzaId }]))
      .toReversed();
  }

  beginOf(count: number, sinceMs: number): number {
    const { first } = this.#sql
      .exec<{ first: number | null }>(
        `SELECT min(seq) AS first FROM
           (SELECT seq FROM log WHERE seq > ? AND room = 0 AND at_ms >= ? AND ${NOT_DELETED} ORDER BY seq DESC LIMIT ?)`,
        this.#head - MAX_WINDOW_LOOKED_AT,
        sinceMs,
        count,
      )
      .one();
    return first === null ? this.#head : first - 1;
  }

  select(selection: LogSelection): LogSelected {
    return this.#archive.select(selection);
  }

  has(seq: number): boolean {
    return this.#sql.exec(`SELECT 1 FROM log WHERE seq = ? AND ${NOT_DELETED}`, seq).toArray().length > 0;
  }

  newest(): { atMs: number | undefined; stanzaId: string | undefined } {
    const after = this.#head - MAX_NEWEST_LOOKED_AT;
    const [last] = this.#sql
      .exec<{ at_ms: number }>(
        `SELECT at_ms FROM log WHERE seq > ? AND room = 0 AND ${NOT_DELETED} ORDER BY seq DESC LIMIT 1`,
        after,
      )
      .toArray();
    // What was filled in late has a higher number than what came meanwhile.
    const [archived] = this.#sql
      .exec<{ at_ms: number; stanza_id: string }>(
        `SELECT at_ms, stanza_id FROM log WHERE seq > ? AND room = 0 AND stanza_id IS NOT NULL
           ORDER BY at_ms DESC, seq DESC LIMIT 1`,
        after,
      )
      .toArray();
    // DELETE-6: what was deleted is not to come back from the server's archive.
    const [mark] = this.#sql
      .exec<{ at_ms: number; stanza_id: string | null }>("SELECT at_ms, stanza_id FROM log_mark")
      .toArray();
    const isMarkNewer = mark !== undefined && mark.at_ms >= (last?.at_ms ?? 0);
    const hasMarkId = mark !== undefined && mark.stanza_id !== null && mark.at_ms >= (archived?.at_ms ?? 0);
    return {
      atMs: isMarkNewer ? mark.at_ms : last?.at_ms,
      stanzaId: hasMarkId ? (mark.stanza_id ?? undefined) : archived?.stanza_id,
    };
  }

  archivedSince(after: number, count: number, room?: string): string[] {
    return this.#sql
      .exec<{ stanza_id: string }>(
        `SELECT stanza_id FROM log WHERE seq > ?1 AND room = ?2 AND (?3 IS NULL OR peer = ?3)
           AND stanza_id IS NOT NULL ORDER BY seq DESC LIMIT ?4`,
        after,
        room === undefined ? 0 : 1,
        room ?? null,
        count,
      )
      .toArray()
      .map(({ stanza_id: id }) => id);
  }
}
