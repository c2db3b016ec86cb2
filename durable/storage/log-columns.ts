/** A row of the table `log`, as the policy reads and writes it. */
import type { LogEntry, LoggedMessage } from "../../bouncer/log/log-store.ts";
import { fitsRow } from "./row-size.ts";

/** JIDs have at most 3,071 octets (RFC 7622 section 3.1); what is longer is nothing that anybody asks for. */
const MAX_NAMES_LENGTH = 8_192;
const INSERT = "INSERT INTO log (seq, at_ms, sent, room, peer, device, message_id, stanza_id, stanza) VALUES";
const VALUES = "(?, ?, ?, ?, ?, ?, ?, ?, ?)";
/** A statement has at most 100 parameters. */
const ROWS = 11;

export type LogColumns = {
  seq: number;
  at_ms: number;
  sent: number;
  room: number;
  peer: string;
  device: string | null;
  stanza_id: string | null;
  stanza: string;
};

export const LOG_COLUMNS = "seq, at_ms, sent, room, peer, device, stanza_id, stanza";

export function readLogged(row: LogColumns): LoggedMessage {
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

/** Names are a stranger's choice: they count towards what a row may hold. */
export function fitsLog({ peer, device = "", messageId = "", stanzaId = "", frame }: LogEntry): boolean {
  const names = peer.length + device.length + messageId.length + stanzaId.length;
  return names <= MAX_NAMES_LENGTH && fitsRow(frame);
}

/** Writes one; goes with `rowOf`. */
export const INSERT_LOGGED = `${INSERT} ${VALUES}`;

/** Writes these under numbers that follow one another, as many in a statement as it takes. */
export function insertLogged(sql: SqlStorage, first: number, entries: readonly LogEntry[]): void {
  for (let from = 0; from < entries.length; from += ROWS) {
    const rows = entries.slice(from, from + ROWS).map((entry, index) => rowOf(first + from + index, entry));
    sql.exec(`${INSERT} ${rows.map(() => VALUES).join(", ")}`, ...rows.flat());
  }
}

export function rowOf(seq: number, entry: LogEntry): SqlStorageValue[] {
  const { atMs, sent, device = null, peer, room, messageId = null, stanzaId = null, frame } = entry;
  return [seq, atMs, sent ? 1 : 0, room ? 1 : 0, peer, device, messageId, stanzaId, frame];
}
