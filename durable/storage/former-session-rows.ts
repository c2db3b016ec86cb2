/**
 * Sessions of clients (XEP-0198) that are over although their clients have not closed them, in the table `former_session`: who asks in
 * vain to resume one is still known by it.
 */

/** What is known of a session that nobody can resume any more. */
export interface FormerSession {
  /** The device that its client was, as the log names it. */
  device: string;
  /** How many of the client's stanzas were handled. */
  handled: number;
}

/** The oldest go first. */
const MAX_KEPT = 100;

export class FormerSessionRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** `tokenHash`: SHA-256 of the resumption id, base64. */
  find(tokenHash: string): FormerSession | undefined {
    return this.#sql
      .exec<{ device: string; handled: number }>(
        "SELECT device, handled FROM former_session WHERE token_hash = ?",
        tokenHash,
      )
      .toArray()[0];
  }

  add(tokenHash: string, { device, handled }: FormerSession): void {
    this.#sql.exec(
      "INSERT INTO former_session (token_hash, device, handled) VALUES (?, ?, ?)",
      tokenHash,
      device,
      handled,
    );
    this.#sql.exec(
      `DELETE FROM former_session WHERE seq <= (SELECT max(seq) FROM former_session) - ${MAX_KEPT}`,
    );
  }
}
