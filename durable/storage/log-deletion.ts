/**
 * DELETE: conversations that are being deleted, in the table `log_deletion`: from the moment that a row is there nobody is shown
 * what it names; the messages, their words and lists go in bounded steps, and the row when they are gone. The row under the empty
 * name stays: it keeps the numbers of what was deleted from being given again.
 */
import type { LogIndex } from "./log-index.ts";

/** A condition for every reading of `log`: nothing that is being deleted. */
export const NOT_DELETED =
  "NOT EXISTS (SELECT 1 FROM log_deletion AS gone WHERE gone.peer = log.peer AND log.seq <= gone.through)";

/** Messages looked at in one step. */
const STEP = 5_000;
/** No peer has it. */
const EVERYBODY = "";
const BEGIN = Number.MIN_SAFE_INTEGER;

type Columns = { peer: string; through: number; done: number };

export class LogDeletion {
  readonly #sql: SqlStorage;
  readonly #index: LogIndex;

  constructor(sql: SqlStorage, index: LogIndex) {
    this.#sql = sql;
    this.#index = index;
  }

  /** Deletes one conversation, up to the number `head`. One row written; the rest in steps. */
  deletePeer(peer: string, head: number): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO log_deletion (peer, through, done) VALUES (?, ?, ?)",
      peer,
      head,
      BEGIN,
    );
  }

  /** Deletes everything, at once: emptying a table takes no longer for many rows. */
  deleteAll(head: number): void {
    this.#sql.exec("DELETE FROM log_deletion");
    this.deletePeer(EVERYBODY, head);
    this.#sql.exec("DELETE FROM log");
    this.#sql.exec("DELETE FROM log_peer");
    this.#sql.exec("DELETE FROM log_time");
    // The last one says how far the log is listed.
    this.#sql.exec("DELETE FROM log_time WHERE last < (SELECT max(last) FROM log_time)");
    this.#index.clear(head);
  }

  /** LOG-9: numbers up to this one are not given again, whatever is left. */
  keepNumbers(head: number): void {
    this.deletePeer(EVERYBODY, head);
  }

  /** DELETE-6: the newest message that was logged, deleted or not. */
  mark({ atMs, stanzaId }: { atMs: number | undefined; stanzaId: string | undefined }): void {
    if (atMs === undefined) return;
    this.#sql.exec(
      "INSERT OR REPLACE INTO log_mark (id, at_ms, stanza_id) VALUES (1, ?, ?)",
      atMs,
      stanzaId ?? null,
    );
  }

  /** One step. True when there is more to do. */
  step(): boolean {
    const [row] = this.#sql
      .exec<Columns>("SELECT peer, through, done FROM log_deletion WHERE peer <> ? LIMIT 1", EVERYBODY)
      .toArray();
    if (!row) return false;
    const { peer, through, done } = row;
    const { to } = this.#sql
      .exec<{ to: number | null }>(
        "SELECT max(seq) AS 'to' FROM (SELECT seq FROM log WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?)",
        done,
        through,
        STEP,
      )
      .one();
    if (to === null) return this.#end(peer, done, through);
    this.#sql.exec("DELETE FROM log WHERE seq > ? AND seq <= ? AND peer = ?", done, to, peer);
    this.#index.forgetPeer(peer, done + 1, to);
    this.#sql.exec("DELETE FROM log_peer WHERE peer = ? AND last > ? AND last <= ?", peer, done, to);
    this.#sql.exec("UPDATE log_deletion SET done = ? WHERE peer = ?", to, peer);
    return true;
  }

  /** The messages are gone: what is left of their words in the index goes too, and in the end the row. */
  #end(peer: string, done: number, through: number): boolean {
    if (done < through) {
      this.#index.forgetPeer(peer, done + 1, through);
      this.#sql.exec("DELETE FROM log_peer WHERE peer = ? AND last <= ?", peer, through);
      this.#sql.exec("UPDATE log_deletion SET done = through WHERE peer = ?", peer);
    }
    if (!this.#index.tidy()) this.#sql.exec("DELETE FROM log_deletion WHERE peer = ?", peer);
    return true;
  }
}
