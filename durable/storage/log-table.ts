/**
 * The account's log, in the table `log`: one row written for each message, numbered in order. Nothing else is written when a
 * message comes; which messages a peer has is noted later and in steps (log-peers.ts).
 */
import type { LogEntry, LoggedMessage, LogPage, LogStore } from "../../bouncer/log/log-store.ts";
import { NOT_DELETED } from "./log-deletion.ts";
import type { LogPeers } from "./log-peers.ts";
import { fitsRow } from "./row-size.ts";

/** A page looks at no more rows than this: of a log full of rooms, most are not asked for. */
const MAX_LOOKED_AT = 5_000;
/** Messages of rooms may be so many that a device's first window must not be looked for beyond these. */
const MAX_WINDOW_LOOKED_AT = 20_000;

type Columns = {
  seq: number;
  at_ms: number;
  sent: number;
  room: number;
  peer: string;
  device: string | null;
  stanza_id: string | null;
  stanza: string;
};

const COLUMNS = "seq, at_ms, sent, room, peer, device, stanza_id, stanza";

export class LogTable implements LogStore {
  readonly #sql: SqlStorage;
  readonly #peers: LogPeers;
  #head: number;

  constructor(sql: SqlStorage, peers: LogPeers) {
    this.#sql = sql;
    this.#peers = peers;
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

  append({ atMs, sent, device, peer, room, messageId, stanzaId, frame }: LogEntry): number | undefined {
    // Names are a stranger's choice: they count towards what a row may hold.
    const names = peer.length + (device?.length ?? 0) + (messageId?.length ?? 0) + (stanzaId?.length ?? 0);
    if (names > MAX_NAMES_LENGTH || !fitsRow(frame)) return undefined;
    const seq = this.#head + 1;
    this.#sql.exec(
      "INSERT INTO log (seq, at_ms, sent, room, peer, device, message_id, stanza_id, stanza) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      seq,
      atMs,
      sent ? 1 : 0,
      room ? 1 : 0,
      peer,
      device ?? null,
      messageId ?? null,
      stanzaId ?? null,
      frame,
    );
    this.#head = seq;
    return seq;
  }

  head(): number {
    return this.#head;
  }

  page(
    after: number,
    { count, length, exceptFrom }: { count: number; length: number; exceptFrom: string },
  ): LogPage {
    // What was deleted since is not looked through.
    const oldest = this.#sql.exec<{ seq: number | null }>("SELECT min(seq) AS seq FROM log").one().seq;
    const from = Math.max(after + 1, oldest ?? this.#head + 1);
    const to = Math.min(from + MAX_LOOKED_AT - 1, this.#head);
    const cursor = this.#sql.exec<Columns>(
      `SELECT ${COLUMNS} FROM log WHERE seq BETWEEN ? AND ? AND room = 0 AND device IS NOT ?
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
      messages.push(read(row));
      left -= row.stanza.length;
    }
    return { messages, through: Math.max(after, to) };
  }

  ofPeer(peer: string, after: number, count: number): LoggedMessage[] {
    const seqs = this.#peers.latest(peer, after, count);
    return seqs.flatMap((seq) =>
      this.#sql
        .exec<Columns>(`SELECT ${COLUMNS} FROM log WHERE seq = ? AND ${NOT_DELETED}`, seq)
        .toArray()
        .map(read),
    );
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
}

/** JIDs have at most 3,071 octets (RFC 7622 section 3.1); what is longer is nothing that anybody asks for. */
const MAX_NAMES_LENGTH = 8_192;

function read(row: Columns): LoggedMessage {
  return {
    seq: row.seq,
    atMs: row.at_ms,
    sent: row.sent === 1,
    device: row.device ?? undefined,
    peer: row.peer,
    room: row.room === 1,
    stanzaId: row.stanza_id ?? undefined,
    frame: row.stanza,
  };
}
