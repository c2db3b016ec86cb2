/** The policy's text stores, each a topic in the table `policy_text`. Bounds are the policy's. */
import type { TextStore } from "../../bouncer/ports.ts";
import { atOnce, type Postpone } from "./postponed.ts";

type Topic =
  | "archive"
  | "block-list"
  | "capabilities"
  | "copies-raw"
  | "holes"
  | "deleted"
  | "held"
  | "inbound"
  | "last-activity"
  | "peer-sessions"
  | "pep"
  | "receipts"
  | "requests"
  | "roster"
  | "said";

export class TextTable implements TextStore {
  readonly #sql: SqlStorage;
  readonly #topic: Topic;
  readonly #later: Postpone;

  /** `later`: deletions may be put off. */
  constructor(sql: SqlStorage, topic: Topic, later: Postpone = atOnce) {
    this.#sql = sql;
    this.#topic = topic;
    this.#later = later;
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
    this.#later(`${this.#topic} ${key}`, () =>
      this.#sql.exec("DELETE FROM policy_text WHERE topic = ? AND key = ?", this.#topic, key),
    );
  }
}
