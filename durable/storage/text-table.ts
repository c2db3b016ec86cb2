/** The policy's text stores, each a topic in the table `policy_text`. Bounds are the policy's. */
import type { TextStore } from "../../bouncer/ports.ts";

type Topic =
  | "archive"
  | "block-list"
  | "capabilities"
  | "copies-raw"
  | "holes"
  | "held"
  | "inbound"
  | "peer-sessions"
  | "pep"
  | "receipts"
  | "requests"
  | "roster";

export class TextTable implements TextStore {
  readonly #sql: SqlStorage;
  readonly #topic: Topic;

  constructor(sql: SqlStorage, topic: Topic) {
    this.#sql = sql;
    this.#topic = topic;
  }

  entries(): { key: string; value: string; atMs: number }[] {
    const rows = this.#sql.exec<{ key: string; value: string; at_ms: number }>(
      "SELECT key, value, at_ms FROM policy_text WHERE topic = ? ORDER BY at_ms, key",
      this.#topic,
    );
    return rows.toArray().map(({ key, value, at_ms: atMs }) => ({ key, value, atMs }));
  }

  set(key: string, value: string, atMs: number): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO policy_text (topic, key, at_ms, value) VALUES (?, ?, ?, ?)",
      this.#topic,
      key,
      atMs,
      value,
    );
  }

  delete(key: string): void {
    this.#sql.exec("DELETE FROM policy_text WHERE topic = ? AND key = ?", this.#topic, key);
  }
}
