/**
 * SEARCH-1: the words of the log, in the FTS5 table `log_text`, made off the hot path. A document is not a message but up to 64
 * messages of one peer in a batch of the log, which costs a fraction of a row for each; the table `log_doc` says which messages
 * a document has. What is found in one is looked for in its messages again, so that the index need only be wide enough.
 *
 * The index has no text of its own (contentless): words and where they stand, under the number of the document's last message.
 */
import { readSearchable, type Searchable } from "../../bouncer/search/searchable.ts";
import { wordsOf } from "../../bouncer/search/words.ts";
import { NOT_DELETED } from "./log-deletion.ts";
import type { LogPeers } from "./log-peers.ts";
import { LogUndone } from "./log-undone.ts";

/** Messages indexed at once. What is fewer waits, and is looked through. */
const BATCH = 512;
const MAX_BATCHES = 2;
const MAX_IN_DOCUMENT = 64;
/** Pages of the index that are merged for a batch. */
const MERGE_PAGES = 100;
/** Documents deleted in one step. */
const MAX_FORGOTTEN = 1_200;
/** Raised when what words are, or what is searchable, changes: everything is indexed anew. */
const VERSION = 2;

type Row = { seq: number; at_ms: number; peer: string; stanza_id: string | null; stanza: string };
type Document = { last: number; batch: number; peer: string; sealed: number; seqs: string };

/** Messages of one peer on their way into a document. */
interface Draft {
  peer: string;
  first: number;
  last: number;
  minMs: number;
  maxMs: number;
  sealed: number;
  seqs: number[];
  words: string[];
  size: number;
}

export class LogIndex {
  readonly undone: LogUndone;
  readonly #sql: SqlStorage;
  /** Up to this number the log is indexed. */
  #through: number;

  constructor(sql: SqlStorage, peers: LogPeers) {
    this.#sql = sql;
    this.undone = new LogUndone(sql, peers);
    const [known] = sql.exec<{ through: number; version: number }>(
      "SELECT through, version FROM log_indexed",
    );
    this.#through = known?.through ?? Number.MIN_SAFE_INTEGER;
    if (known && known.version !== VERSION) this.clear(Number.MIN_SAFE_INTEGER);
  }

  get through(): number {
    return this.#through;
  }

  /** Indexes what has come since, in whole batches, if there is one. True when there is another. */
  step(): boolean {
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const rows = this.#sql
        .exec<{ seq: number }>("SELECT seq FROM log WHERE seq > ? ORDER BY seq LIMIT ?", this.#through, BATCH)
        .toArray();
      const to = rows.at(-1)?.seq;
      if (rows.length < BATCH || to === undefined) return false;
      this.index(this.#through, to);
      this.#setThrough(to);
    }
    return true;
  }

  /** Indexes the messages between these numbers, the first exclusive. Two rows written for a document, and the index's own. */
  index(after: number, to: number): void {
    const rows = this.#sql
      .exec<Row>(
        `SELECT seq, at_ms, peer, stanza_id, stanza FROM log
           WHERE seq > ? AND seq <= ? AND ${NOT_DELETED} ORDER BY seq`,
        after,
        to,
      )
      .toArray();
    const read = rows.map((row) => ({
      row,
      searchable: readSearchable(row.stanza, row.stanza_id ?? undefined),
    }));
    const undoings = read.flatMap(({ row: { seq, peer }, searchable: { undoes } }) =>
      undoes === undefined ? [] : [{ seq, peer, name: undoes }],
    );
    const undone = new Set(this.undone.note(undoings, to + 1));
    for (const draft of drafts(read.filter(({ row }) => !undone.has(row.seq)))) this.#save(draft, after);
    for (const seq of undone) if (seq <= after) this.#remove(seq);
    this.merge();
  }

  /** What was deleted from the log is not to be found. Some documents, at most. */
  forget(oldest: number): void {
    this.#delete("last < ?", oldest);
    this.undone.forget(oldest);
  }

  /** What was said before `sinceMs` and stands between these numbers, both inclusive: documents of nothing else. */
  forgetOld({ first, last }: { first: number; last: number }, sinceMs: number): void {
    this.#delete("last BETWEEN ? AND ? AND max_ms < ?", first, last, sinceMs);
    this.undone.forgetBetween(first, last);
  }

  /** The same for one peer, between these numbers, both inclusive. */
  forgetPeer(peer: string, from: number, to: number): void {
    this.#sql.exec(
      "DELETE FROM log_text WHERE rowid IN (SELECT last FROM log_doc WHERE last BETWEEN ? AND ? AND peer = ?)",
      from,
      to,
      peer,
    );
    this.#sql.exec("DELETE FROM log_doc WHERE last BETWEEN ? AND ? AND peer = ?", from, to, peer);
    this.undone.forgetPeer(peer, from, to);
  }

  /** Nothing is indexed any more, and what comes up to `through` need not be. */
  clear(through: number): void {
    this.#sql.exec("INSERT INTO log_text (log_text) VALUES ('delete-all')");
    this.#sql.exec("DELETE FROM log_doc");
    this.undone.clear();
    this.#setThrough(through);
  }

  /** A bounded piece of merging what the index has in pieces; done for each batch that comes or goes, it keeps up with them. */
  merge(): void {
    this.#sql.exec("INSERT INTO log_text (log_text, rank) VALUES ('merge', ?)", MERGE_PAGES);
  }

  /** Takes out of the index what only marks are left of, a bounded piece. False when nothing was left to be done. */
  tidy(): boolean {
    const before = this.#changes();
    this.#sql.exec("INSERT INTO log_text (log_text, rank) VALUES ('merge', -200)");
    // SQLite: a merge that does nothing counts as one change or none.
    return this.#changes() - before > 1;
  }

  #changes(): number {
    return this.#sql.exec<{ changes: number }>("SELECT total_changes() AS changes").one().changes;
  }

  #save({ peer, first, last, minMs, maxMs, sealed, seqs, words }: Draft, batch: number): void {
    if (words.length > 0) {
      this.#sql.exec("INSERT INTO log_text (rowid, words) VALUES (?, ?)", last, words.join(" "));
    }
    this.#sql.exec(
      "INSERT OR REPLACE INTO log_doc (last, first, batch, peer, min_ms, max_ms, sealed, seqs) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      last,
      first,
      batch,
      peer,
      minMs,
      maxMs,
      sealed,
      seqs.join(","),
    );
  }

  /** SEARCH-5: a message that another has taken the place of leaves its document. */
  #remove(seq: number): void {
    const document = this.#sql
      .exec<Document>(
        "SELECT last, batch, peer, sealed, seqs FROM log_doc WHERE last >= ? ORDER BY last LIMIT ?",
        seq,
        BATCH,
      )
      .toArray()
      .find((found) => readSeqs(found.seqs).includes(seq));
    if (!document) return;
    const seqs = readSeqs(document.seqs).filter((other) => other !== seq);
    const words = seqs.flatMap((other) =>
      this.#sql
        .exec<Row>("SELECT stanza, stanza_id FROM log WHERE seq = ?", other)
        .toArray()
        .flatMap(({ stanza, stanza_id: id }) => wordsOf(readSearchable(stanza, id ?? undefined).text)),
    );
    this.#sql.exec("DELETE FROM log_text WHERE rowid = ?", document.last);
    if (words.length > 0) {
      this.#sql.exec("INSERT INTO log_text (rowid, words) VALUES (?, ?)", document.last, words.join(" "));
    }
    this.#sql.exec("UPDATE log_doc SET seqs = ? WHERE last = ?", seqs.join(","), document.last);
  }

  #delete(where: string, ...bindings: SqlStorageValue[]): void {
    const ids = this.#sql
      .exec<{ last: number }>(
        `SELECT last FROM log_doc WHERE ${where} ORDER BY last LIMIT ${MAX_FORGOTTEN}`,
        ...bindings,
      )
      .toArray();
    for (const { last } of ids) {
      this.#sql.exec("DELETE FROM log_text WHERE rowid = ?", last);
      this.#sql.exec("DELETE FROM log_doc WHERE last = ?", last);
    }
  }

  #setThrough(through: number): void {
    this.#through = through;
    this.#sql.exec(
      "INSERT OR REPLACE INTO log_indexed (id, through, version) VALUES (1, ?, ?)",
      through,
      VERSION,
    );
  }
}

/** The numbers in a document's list. */
export function readSeqs(seqs: string): number[] {
  return seqs === "" ? [] : seqs.split(",").map(Number);
}

/** Documents of one peer each, in the order of their last messages. */
function drafts(read: readonly { row: Row; searchable: Searchable }[]): Draft[] {
  const done: Draft[] = [];
  const open = new Map<string, Draft>();
  for (const { row, searchable } of read) {
    const { text, sealed } = searchable;
    if (text === "" && !sealed) continue;
    let draft = open.get(row.peer);
    if (!draft || draft.size >= MAX_IN_DOCUMENT) {
      draft = {
        peer: row.peer,
        first: row.seq,
        last: row.seq,
        minMs: row.at_ms,
        maxMs: row.at_ms,
        sealed: 0,
        seqs: [],
        words: [],
        size: 0,
      };
      open.set(row.peer, draft);
      done.push(draft);
    }
    draft.size += 1;
    draft.last = row.seq;
    draft.minMs = Math.min(draft.minMs, row.at_ms);
    draft.maxMs = Math.max(draft.maxMs, row.at_ms);
    if (sealed) draft.sealed += 1;
    else {
      draft.seqs.push(row.seq);
      draft.words.push(...wordsOf(text));
    }
  }
  return done.toSorted((a, b) => a.last - b.last);
}
