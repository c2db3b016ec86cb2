/**
 * Sessions of clients (XEP-0198) that are over although their clients have not closed them, in the table `former_session`: who asks in
 * vain to resume one is still known by it.
 */

import { increment } from "../../xmpp/stream-management.ts";

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

  /** Is there one by which this device may come back? */
  leadsTo(device: string): boolean {
    return (
      this.#sql.exec("SELECT 1 FROM former_session WHERE device = ? LIMIT 1", device).toArray().length > 0
    );
  }

  /** One more of the client's stanzas was handled after all. */
  handledMore(tokenHash: string): void {
    const known = this.find(tokenHash);
    if (!known) return;
    const handled = increment(known.handled);
    this.#sql.exec("UPDATE former_session SET handled = ? WHERE token_hash = ?", handled, tokenHash);
  }

  /** The device has said goodbye. */
  forget(device: string): void {
    this.#sql.exec("DELETE FROM former_session WHERE device = ?", device);
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
