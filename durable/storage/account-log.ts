/**
 * The account's log as a whole: its table, and what keeps it in shape off the hot path and in bounded steps, which is to list
 * what each peer has, to index the words, and to delete what the owner wants deleted or what is older or more than the settings
 * allow.
 */
import type { LogStore } from "../../bouncer/log/log-store.ts";
import type { LogRetention } from "../log-config.ts";
import { LogDeletion } from "./log-deletion.ts";
import { LogImport } from "./log-import.ts";
import { LogIndex } from "./log-index.ts";
import { LogPeers } from "./log-peers.ts";
import { LogReader } from "./log-reader.ts";
import { LogSearch } from "./log-search.ts";
import { LogTable } from "./log-table.ts";

const DAY_MS = 86_400_000;
/** Messages deleted in one step, at most; one row written for each. */
const STEP = 1_000;

export class AccountLog {
  readonly store: LogStore;
  readonly search: LogSearch;
  readonly reader: LogReader;
  readonly imports: LogImport;
  readonly #sql: SqlStorage;
  readonly #peers: LogPeers;
  readonly #retention: LogRetention;
  readonly #index: LogIndex;
  readonly #deletion: LogDeletion;

  constructor(sql: SqlStorage, retention: LogRetention) {
    this.#sql = sql;
    this.#retention = retention;
    this.#peers = new LogPeers(sql);
    this.store = new LogTable(sql, this.#peers);
    this.#index = new LogIndex(sql, this.#peers);
    this.#deletion = new LogDeletion(sql, this.#index);
    this.imports = new LogImport(sql, this.#peers, this.#index);
    this.reader = new LogReader(sql);
    this.search = new LogSearch(sql, this.#index);
  }

  /** DELETE-1: deletes one conversation, or everything. Nobody is shown it from now on. */
  delete(peer: string | undefined): void {
    this.#deletion.mark(this.store.newest());
    if (peer === undefined) this.#deletion.deleteAll(this.store.head());
    else {
      this.#deletion.deletePeer(peer, this.store.head());
      this.#deletion.keepNumbers(this.store.head());
    }
  }

  /** What is older than this is deleted (LOG-9). */
  keptSinceMs(nowMs: number): number {
    const { days } = this.#retention;
    return days === undefined ? Number.NEGATIVE_INFINITY : nowMs - days * DAY_MS;
  }

  /** One step, at most; called from time to time (LOG-9). True when there is more to be done soon. */
  keepUp(nowMs: number): boolean {
    const isDeleting = this.#deletion.step();
    this.#retain(nowMs);
    return this.#index.step() || isDeleting;
  }

  #retain(nowMs: number): void {
    const { oldest, latest } = this.#sql
      .exec<{ oldest: number | null; latest: number | null }>(
        "SELECT (SELECT min(seq) FROM log) AS oldest, (SELECT max(seq) FROM log) AS latest",
      )
      .one();
    if (oldest === null || latest === null) return;
    this.#peers.list(oldest, latest);
    if (!this.#deleteOldest(oldest, latest, nowMs)) return;
    const left = this.#sql.exec<{ seq: number | null }>("SELECT min(seq) AS seq FROM log").one().seq;
    if (left === null) this.#deletion.keepNumbers(latest);
    this.#peers.forget(left ?? latest + 1);
    this.#index.forget(left ?? latest + 1);
  }

  /** False when there was nothing to delete. */
  #deleteOldest(oldest: number, latest: number, nowMs: number): boolean {
    const { days, megabytes } = this.#retention;
    if (this.#sql.databaseSize > megabytes * 1_000_000) {
      // How much a message takes differs: in small bites of what there is.
      const end = oldest + Math.min(STEP, Math.ceil((latest - oldest + 1) / 10));
      return this.#sql.exec("DELETE FROM log WHERE seq < ?", end).rowsWritten > 0;
    }
    if (days === undefined) return false;
    const olderThanMs = nowMs - days * DAY_MS;
    const end = oldest + STEP;
    return this.#sql.exec("DELETE FROM log WHERE seq < ? AND at_ms < ?", end, olderThanMs).rowsWritten > 0;
  }
}
