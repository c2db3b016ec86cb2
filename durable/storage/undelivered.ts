/**
 * Messages that are not sent again although nothing says that they have arrived, in the table `undelivered`: until their
 * sender has been told.
 */
import type { Undelivered } from "../../bouncer/undelivered.ts";
import { elementFrame } from "../../xmpp/framing.ts";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../xmpp/xml/limits.ts";
import type { QueuedStanza } from "./outbound.ts";

/** Nobody reads more than this; the newest are kept. */
const MAX_ROWS = 500;

export class UndeliveredTable {
  readonly #sql: SqlStorage;
  #length: number;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#length = sql.exec<{ count: number }>("SELECT count(*) AS count FROM undelivered").one().count;
  }

  get length(): number {
    return this.#length;
  }

  add(stanzas: readonly QueuedStanza[], reason: Undelivered["reason"]): void {
    for (const { stanza, sender } of stanzas.slice(-MAX_ROWS)) {
      this.#sql.exec(
        "INSERT INTO undelivered (stanza, sender, reason) VALUES (?, ?, ?)",
        stanza,
        sender,
        reason,
      );
      this.#length += 1;
    }
    const surplus = this.#length - MAX_ROWS;
    if (surplus <= 0) return;
    this.#sql.exec(
      "DELETE FROM undelivered WHERE seq IN (SELECT seq FROM undelivered ORDER BY seq LIMIT ?)",
      surplus,
    );
    this.#length = MAX_ROWS;
  }

  /** All of them, oldest first. They are gone: who takes them tells their senders in the same turn. */
  takeAll(): Undelivered[] {
    const rows = this.#sql
      .exec<{ stanza: string; sender: string | null; reason: string }>(
        "SELECT stanza, sender, reason FROM undelivered ORDER BY seq",
      )
      .toArray();
    this.#sql.exec("DELETE FROM undelivered");
    this.#length = 0;
    return rows.flatMap(({ stanza: text, sender, reason }) => {
      const frame = parseFrame(elementFrame(text), DEFAULT_LIMITS);
      if (!frame.ok || !frame.element) return [];
      const known = reason === "refused" ? ("refused" as const) : ("unconfirmed" as const);
      return [{ stanza: frame.element, sender: sender ?? undefined, reason: known }];
    });
  }
}
