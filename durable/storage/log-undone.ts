/**
 * SEARCH-5: which messages others have corrected or retracted, in the table `log_undone`: two rows written for one that does so,
 * when it is indexed. However far apart the two are, search knows it; the words leave the index where the earlier one is
 * near enough to be looked for.
 */
import { readSearchable, type Searchable } from "../../bouncer/search/searchable.ts";
import type { LogPeers } from "./log-peers.ts";

/** How far back in a conversation an undone message is looked for, beyond a batch of the index, and in how many of them at once. */
const MAX_BACK = 2_000 + 512;
const CHUNK = 100;
const MAX_PEERS = 10;
const MAX_OF_PEER = 50;
/** No message in the log has a longer name (log-columns.ts). */
const MAX_NAME = 20_000;

/** A message that undoes an earlier one. */
export interface Undoing {
  seq: number;
  peer: string;
  /** What names the earlier one. */
  name: string;
}
type Row = { seq: number; message_id: string | null; stanza_id: string | null; stanza: string };

export class LogUndone {
  readonly #sql: SqlStorage;
  readonly #peers: LogPeers;

  constructor(sql: SqlStorage, peers: LogPeers) {
    this.#sql = sql;
    this.#peers = peers;
  }

  /** Notes them, which stand before the number `before`, and tells the numbers of messages that they undo and whose words are to leave the index. */
  note(all: readonly Undoing[], before: number): number[] {
    const undoings = all.filter(({ name }) => name.length <= MAX_NAME);
    const targets = this.#find(undoings, before);
    const found: number[] = [];
    for (const undoing of undoings) {
      const { seq, peer, name } = undoing;
      const target = targets.get(undoing);
      found.push(...this.#corrections(undoing, target?.seq));
      this.#insert(seq, peer, name, target?.seq);
      if (target === undefined) continue;
      found.push(target.seq);
      // Retracted by a room's id: a correction of it has named it by its sender's.
      for (const other of target.names) if (other !== name) this.#insert(seq, peer, other, target.seq);
    }
    return found;
  }

  /** Has a later message undone this one, or corrected again what this one corrects? */
  has(seq: number, { names, undoes }: Pick<Searchable, "names" | "undoes">): boolean {
    const isUndone = names.some(
      (name) =>
        this.#sql
          .exec(
            "SELECT 1 FROM log_undone WHERE name = ? AND seq <> ? AND (target IS NULL OR target = ?) LIMIT 1",
            name,
            seq,
            seq,
          )
          .toArray().length > 0,
    );
    return isUndone || (undoes !== undefined && this.#isCorrectedAgain(seq, undoes));
  }

  forget(oldest: number): void {
    this.#sql.exec("DELETE FROM log_undone WHERE seq < ?", oldest);
  }

  /** What is not in the log any more, between these numbers. */
  forgetBetween(first: number, last: number): void {
    this.#sql.exec(
      "DELETE FROM log_undone WHERE seq BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM log WHERE log.seq = log_undone.seq)",
      first,
      last,
    );
  }

  forgetPeer(peer: string, from: number, to: number): void {
    this.#sql.exec("DELETE FROM log_undone WHERE seq BETWEEN ? AND ? AND peer = ?", from, to, peer);
  }

  clear(): void {
    this.#sql.exec("DELETE FROM log_undone");
  }

  #insert(seq: number, peer: string, name: string, target: number | undefined): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO log_undone (seq, name, peer, target) VALUES (?, ?, ?, ?)",
      seq,
      name,
      peer,
      target ?? null,
    );
  }

  #isCorrectedAgain(seq: number, undoes: string): boolean {
    const again = this.#sql.exec(
      `SELECT 1 FROM log_undone AS later WHERE name = ?1 AND seq > ?2 AND (target IS NULL OR NOT EXISTS
         (SELECT 1 FROM log_undone AS own WHERE own.seq = ?2 AND own.name = ?1 AND own.target <> later.target)) LIMIT 1`,
      undoes,
      seq,
    );
    return again.toArray().length > 0;
  }

  /** Earlier corrections of the same message: XEP-0308 section 5 has all of them name the original. */
  #corrections({ seq, name }: Undoing, target: number | undefined): number[] {
    return this.#sql
      .exec<{ seq: number }>(
        "SELECT seq FROM log_undone WHERE name = ?1 AND seq < ?2 AND (target IS NULL OR ?3 IS NULL OR target = ?3) LIMIT 100",
        name,
        seq,
        target ?? null,
      )
      .toArray()
      .map((row) => row.seq);
  }

  /** The messages that are meant: the latest before that have the name. */
  #find(
    undoings: readonly Undoing[],
    before: number,
  ): Map<Undoing, { seq: number; names: readonly string[] }> {
    const targets = new Map<Undoing, { seq: number; names: readonly string[] }>();
    const peers = new Set(undoings.map(({ peer }) => peer));
    for (const peer of [...peers].slice(0, MAX_PEERS)) {
      const wanted = undoings.filter((undoing) => undoing.peer === peer).slice(0, MAX_OF_PEER);
      const ids = JSON.stringify(wanted.map(({ name }) => idOf(name)));
      const seqs = this.#peers.latest(peer, Number.MIN_SAFE_INTEGER, MAX_BACK, before);
      for (let end = seqs.length; end > 0; end -= CHUNK) {
        for (const row of this.#named(seqs.slice(Math.max(0, end - CHUNK), end), ids)) {
          const { names } = readSearchable(row.stanza, row.stanza_id ?? undefined);
          for (const undoing of wanted) {
            const isMeant = row.seq < undoing.seq && names.includes(undoing.name);
            if (isMeant && !targets.has(undoing)) targets.set(undoing, { seq: row.seq, names });
          }
        }
        if (wanted.every((undoing) => targets.has(undoing))) break;
      }
    }
    return targets;
  }

  /** Of these messages those that have one of the ids, the latest first. */
  #named(seqs: readonly number[], ids: string): Row[] {
    return this.#sql
      .exec<Row>(
        `SELECT seq, message_id, stanza_id, stanza FROM log WHERE seq IN (SELECT value FROM json_each(?1))
           AND (message_id IN (SELECT value FROM json_each(?2)) OR stanza_id IN (SELECT value FROM json_each(?2)))
           ORDER BY seq DESC`,
        JSON.stringify(seqs),
        ids,
      )
      .toArray();
  }
}

function idOf(name: string): string {
  const [, , id = ""]: string[] = JSON.parse(name);
  return id;
}
