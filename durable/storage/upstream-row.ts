/**
 * What resumes the upstream session after the death of the process (XEP-0198), in the one row of the table `upstream`.
 */
export interface UpstreamRow {
  /** The resumption id; null when the server lets nothing be resumed. */
  smId: string | null;
  location: string | null;
  fullJid: string;
  /** How many of the server's stanzas have been handled. */
  handled: number;
  /** How many of ours the server has acknowledged. */
  acknowledged: number;
  /** Where the server acknowledges nothing: the number of the last row of `outbound` that was handed to the socket. */
  handedOver: number | null;
}

export class UpstreamRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  read(): UpstreamRow | undefined {
    const [row] = this.#sql.exec<{
      sm_id: string | null;
      location: string | null;
      full_jid: string;
      handled: number;
      acknowledged: number;
      handed_over: number | null;
    }>("SELECT sm_id, location, full_jid, handled, acknowledged, handed_over FROM upstream WHERE id = 1");
    if (!row) return undefined;
    const { sm_id: smId, full_jid: fullJid, handed_over: handedOver, location, handled, acknowledged } = row;
    return { smId, location, fullJid, handled, acknowledged, handedOver };
  }

  write({ smId, location, fullJid, handled, acknowledged, handedOver }: UpstreamRow): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO upstream (id, sm_id, location, full_jid, handled, acknowledged, handed_over)" +
        " VALUES (1, ?, ?, ?, ?, ?, ?)",
      smId,
      location,
      fullJid,
      handled,
      acknowledged,
      handedOver,
    );
  }

  clear(): void {
    this.#sql.exec("DELETE FROM upstream");
  }
}
