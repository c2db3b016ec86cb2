/** A row of the table `log`, as the policy reads it. */
import type { LoggedMessage } from "../../bouncer/log/log-store.ts";

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
