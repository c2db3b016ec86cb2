/**
 * The account's log as a whole: its table, and what keeps it in shape off the hot path and in bounded steps, which is to list
 * what each peer has, to index the words, and to delete what the owner wants deleted or what is older or more than the settings
 * allow.
 */
import type { LogStore } from "../../bouncer/log/log-store.ts";
import type { LogRetention as Settings } from "../log-config.ts";
import { LogDeletion } from "./log-deletion.ts";
import { LogImport } from "./log-import.ts";
import { LogIndex } from "./log-index.ts";
import { LogPeers } from "./log-peers.ts";
import { LogReader } from "./log-reader.ts";
import { LogRetention } from "./log-retention.ts";
import { LogSearch } from "./log-search.ts";
import { LogTable } from "./log-table.ts";

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

  constructor(sql: SqlStorage, settings: Settings) {
    this.#sql = sql;
    this.#peers = new LogPeers(sql);
    this.store = new LogTable(sql, this.#peers);
    this.#index = new LogIndex(sql, this.#peers);
    this.#deletion = new LogDeletion(sql, this.#index);
    this.#retention = new LogRetention(sql, settings, this.#index);
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
    return this.#retention.keptSinceMs(nowMs);
  }

  /** One step, at most; called from time to time (LOG-9). True when there is more to be done soon. */
  keepUp(nowMs: number): boolean {
    const isDeleting = this.#deletion.step();
    const isRetaining = this.#retain(nowMs);
    return this.#index.step() || isDeleting || isRetaining;
  }

  #retain(nowMs: number): boolean {
    const { oldest, latest } = this.#sql
      .exec<{ oldest: number | null; latest: number | null }>(
        "SELECT (SELECT min(seq) FROM log) AS oldest, (SELECT max(seq) FROM log) AS latest",
      )
      .one();
    if (oldest === null || latest === null) return false;
    this.#peers.list(oldest, latest);
    const isMore = this.#retention.step(nowMs);
    const left = this.#sql.exec<{ seq: number | null }>("SELECT max(seq) AS seq FROM log").one().seq;
    if (left !== latest) this.#deletion.keepNumbers(latest);
    return isMore;
  }
}
