/** Stanzas by an address, in one of the tables `contact_presence` and `directed_presence`: the policy's StanzaStore. */
import type { Element } from "@xmpp/xml";
import type { StanzaStore } from "../../bouncer/ports.ts";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../xmpp/xml/limits.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";

export class StanzaTable implements StanzaStore {
  readonly #sql: SqlStorage;
  readonly #table: "contact_presence" | "directed_presence";

  constructor(sql: SqlStorage, table: "contact_presence" | "directed_presence") {
    this.#sql = sql;
    this.#table = table;
  }

  entries(): { address: string; stanza: Element; atMs: number }[] {
    const rows = this.#sql.exec<{ address: string; at_ms: number; stanza: string }>(
      `SELECT address, at_ms, stanza FROM ${this.#table}`,
    );
    return rows.toArray().flatMap(({ address, at_ms: atMs, stanza: text }) => {
      const frame = parseFrame(text, DEFAULT_LIMITS);
      return frame.ok && frame.element ? [{ address, stanza: frame.element, atMs }] : [];
    });
  }

  set(address: string, stanza: Element, atMs: number): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO ${this.#table} (address, at_ms, stanza) VALUES (?, ?, ?)`,
      address,
      atMs,
      serialize(stanza),
    );
  }

  delete(address: string): void {
    this.#sql.exec(`DELETE FROM ${this.#table} WHERE address = ?`, address);
  }

  clear(): void {
    this.#sql.exec(`DELETE FROM ${this.#table}`);
  }
}
