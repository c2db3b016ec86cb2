/**
 * IMPORT: messages of another deployment's log, put before everything that is here: under numbers that no device will ever be
 * handed as new. A head says how many there are at most; so many numbers are reserved below the oldest, and the table
 * `log_import` says which are still free, so that an import that was broken off goes on in its place.
 */
import type { LogEntry } from "../../bouncer/log/log-store.ts";
import { fitsLog, insertLogged } from "./log-columns.ts";
import type { LogIndex } from "./log-index.ts";
import { KnownMessages } from "./log-known.ts";
import type { LogPeers } from "./log-peers.ts";

const TOO_LARGE = "It is too large for the log.";
const TOO_MANY = "There are more messages than the first line says.";

type Outcome = "imported" | "duplicate" | { reason: string };

export class LogImport {
  readonly #sql: SqlStorage;
  readonly #peers: LogPeers;
  readonly #index: LogIndex;
  #isBusy = false;

  constructor(sql: SqlStorage, peers: LogPeers, index: LogIndex) {
    this.#sql = sql;
    this.#peers = peers;
    this.#index = index;
  }

  /** One at a time, and none while something is being deleted. False when it has to wait. */
  begin(): boolean {
    const isDeleting = this.#sql.exec("SELECT 1 FROM log_deletion WHERE peer <> ''").toArray().length > 0;
    if (this.#isBusy || isDeleting) return false;
    this.#isBusy = true;
    return true;
  }

  end(): void {
    this.#isBusy = false;
  }

  /**
   * A piece, in one turn. `source` names the export, which has `most` messages at most. One row written for each message, and
   * for lists and index what they cost for any.
   */
  write(source: string, most: number, entries: readonly LogEntry[]): Outcome[] {
    const known = new KnownMessages(this.#sql, entries);
    const range = this.#range(source, most);
    const outcomes: Outcome[] = [];
    const taken: LogEntry[] = [];
    for (const entry of entries) {
      if (!fitsLog(entry)) outcomes.push({ reason: TOO_LARGE });
      else if (known.has(entry)) outcomes.push("duplicate");
      else if (range.next + taken.length > range.last) outcomes.push({ reason: TOO_MANY });
      else {
        known.add(entry);
        taken.push(entry);
        outcomes.push("imported");
      }
    }
    if (taken.length === 0) return outcomes;
    const next = range.next + taken.length;
    insertLogged(this.#sql, range.next, taken);
    this.#sql.exec(
      "INSERT OR REPLACE INTO log_import (id, source, next, last) VALUES (1, ?, ?, ?)",
      source,
      next,
      range.last,
    );
    this.#peers.listImported(range.next - 1, next - 1);
    // Else its turn comes with that of the others.
    if (this.#index.through >= next - 1) this.#index.index(range.next - 1, next - 1);
    return outcomes;
  }

  /** The numbers that are free for this export: those reserved for it, or new ones below all that are there. */
  #range(source: string, most: number): { next: number; last: number } {
    const [known] = this.#sql.exec<{ source: string; next: number; last: number }>(
      "SELECT source, next, last FROM log_import",
    );
    if (known?.source === source) return known;
    const { oldest } = this.#sql.exec<{ oldest: number | null }>("SELECT min(seq) AS oldest FROM log").one();
    // What is reserved for another and not used stays so: it may go on, in vain, and must not mingle.
    const last = Math.min((oldest ?? 1) - 1, 0, (known?.next ?? 1) - 1);
    return { next: last - most + 1, last };
  }
}
