/** The sessions of clients with Stream Management that may be resumed, in the table `client_session`. */
import type { ClientRecord } from "../../bouncer/clients.ts";

export interface ClientSessionRow {
  /** SHA-256 of the resumption id, base64: what is stored opens nothing. */
  tokenHash: string;
  record: ClientRecord;
  fullJid: string;
  /** How many of the client's stanzas have been handled. */
  handled: number;
  /** Milliseconds since the epoch; null while the client's socket stands. */
  detachedAtMs: number | null;
  /** The client wants to be able to come back for this long at most; null when it did not say. */
  maxSeconds: number | null;
}

type Columns = {
  id: string;
  token_hash: string;
  device: string;
  carbons: number;
  interested: number;
  active: number;
  presence: string | null;
  last_active_ms: number;
  full_jid: string;
  handled: number;
  detached_at_ms: number | null;
  max_seconds: number | null;
};

export class ClientSessionRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  all(): ClientSessionRow[] {
    const rows = this.#sql.exec<Columns>("SELECT * FROM client_session ORDER BY last_active_ms");
    return rows.toArray().map((row) => ({
      tokenHash: row.token_hash,
      record: {
        id: row.id,
        device: row.device,
        carbons: row.carbons === 1,
        interested: row.interested === 1,
        active: row.active === 1,
        lastActiveMs: row.last_active_ms,
        presence: row.presence ?? undefined,
      },
      fullJid: row.full_jid,
      handled: row.handled,
      detachedAtMs: row.detached_at_ms,
      maxSeconds: row.max_seconds,
    }));
  }

  write({ tokenHash, record, fullJid, handled, detachedAtMs, maxSeconds }: ClientSessionRow): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO client_session (id, token_hash, device, carbons, interested, active, presence, last_active_ms,
         full_jid, handled, detached_at_ms, max_seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      record.id,
      tokenHash,
      record.device,
      record.carbons ? 1 : 0,
      record.interested ? 1 : 0,
      record.active ? 1 : 0,
      record.presence ?? null,
      record.lastActiveMs,
      fullJid,
      handled,
      detachedAtMs,
      maxSeconds,
    );
  }

  delete(id: string): void {
    this.#sql.exec("DELETE FROM client_session WHERE id = ?", id);
  }
}
