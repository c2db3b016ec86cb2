/**
 * SEARCH: looks for words in the log. What is not indexed yet is looked through; then the index says which documents may have
 * them, and their messages are read. The latest first, and never more at once than a bound says, wherever the words are.
 */
import { excerptOf } from "../../bouncer/search/excerpt.ts";
import type { SearchHit, SearchQuery, SearchResult } from "../../bouncer/search/search.ts";
import { readSearchable, type Searchable } from "../../bouncer/search/searchable.ts";
import { matches, mayMatch, toMatch, wordsOf } from "../../bouncer/search/words.ts";
import { NOT_DELETED } from "./log-deletion.ts";
import { type LogIndex, readSeqs } from "./log-index.ts";

/** Messages looked at for one page, indexed or not, and documents. */
const MAX_MESSAGES = 20_000;
const MAX_DOCUMENTS = 20_000;
/** Documents of one batch, at most: one for each of its messages. */
const MAX_IN_BATCH = 512;
/** Documents at the edges of a time span whose encrypted messages are counted one by one. */
const MAX_COUNTED = 100;
/** What a message has in it that is encrypted; without, it need not be read. */
const MAY_BE_SEALED = "(instr(stanza, 'ncrypt') OR instr(stanza, 'openpgp') OR instr(stanza, '?OTR'))";
/** Infinite, for SQLite. */
const FAR = 9_000_000_000_000_000;

type Columns = {
  seq: number;
  at_ms: number;
  sent: number;
  room: number;
  peer: string;
  stanza_id: string | null;
  stanza: string;
};
type Found = { last: number; batch: number; peer: string; min_ms: number; max_ms: number; seqs: string };

const COLUMNS = "seq, at_ms, sent, room, peer, stanza_id, stanza";

export class LogSearch {
  readonly #sql: SqlStorage;
  readonly #index: LogIndex;
  readonly #max: { messages: number; documents: number };

  /** `max`: for tests, how much is looked at for one page. */
  constructor(sql: SqlStorage, index: LogIndex, max = { messages: MAX_MESSAGES, documents: MAX_DOCUMENTS }) {
    this.#sql = sql;
    this.#index = index;
    this.#max = max;
  }

  search(query: SearchQuery): SearchResult {
    const undone = this.#undoneSince();
    const page = new Page(query, this.#max.messages, (seq, searchable) => {
      const { names, undoes = "" } = searchable;
      const isUndone =
        names.some((name) => (undone.get(name) ?? seq) !== seq) || (undone.get(undoes) ?? seq) > seq;
      return isUndone || this.#index.undone.has(seq, searchable);
    });
    this.#lookThrough(page);
    const sealed = this.#sealedSince(query) + this.#sealedInIndex(query);
    if (!page.isFull) this.#lookUp(page);
    return { hits: page.hits, next: page.isFull ? page.reached : undefined, sealed };
  }

  /** What is not indexed yet. */
  #lookThrough(page: Page): void {
    const { before, peer } = page.query;
    const rows = this.#sql.exec<Columns>(
      `SELECT ${COLUMNS} FROM log WHERE seq > ? AND seq < ? AND ${NOT_DELETED} ORDER BY seq DESC`,
      ...finite(this.#index.through, before),
    );
    for (const row of rows) {
      if (page.isFull) break;
      page.look(row, peer === undefined || row.peer === peer);
    }
  }

  /** What names messages that were undone by what is not indexed yet, and the last that did it: among the latest. */
  #undoneSince(): Map<string, number> {
    const rows = this.#sql.exec<Columns>(
      `SELECT ${COLUMNS} FROM log WHERE seq > ?1 AND seq > (SELECT max(seq) FROM log) - ?2
         AND (instr(stanza, '<replace') OR instr(stanza, '<retract')) ORDER BY seq`,
      ...finite(this.#index.through, this.#max.messages),
    );
    const undone = new Map<string, number>();
    for (const { seq, stanza, stanza_id: id } of rows) {
      const { undoes } = readSearchable(stanza, id ?? undefined);
      if (undoes !== undefined) undone.set(undoes, seq);
    }
    return undone;
  }

  #lookUp(page: Page): void {
    let batch: number | undefined;
    let seqs: number[] = [];
    let documents = 0;
    for (const found of this.#documents(page.query)) {
      if (batch !== undefined && found.batch !== batch) {
        this.#read(page, seqs);
        seqs = [];
        if (page.isFull) return;
        // Everything behind the last batch is looked at.
        if (documents >= this.#max.documents) return page.stop(batch + 1);
      }
      batch = found.batch;
      documents += 1;
      if (mayHold(found, page.query)) seqs.push(...readSeqs(found.seqs));
    }
    this.#read(page, seqs);
  }

  /** The documents that have the words, those of the same batch one after the other, the latest first. */
  #documents({ before, terms }: SearchQuery): Iterable<Found> {
    const { upper } = this.#sql
      .exec<{ upper: number }>(
        `SELECT max(? - 1, ifnull((SELECT max(last) FROM
           (SELECT last, batch FROM log_doc WHERE last >= ? ORDER BY last LIMIT ${MAX_IN_BATCH})
           WHERE batch + 1 < ?), 0)) AS upper`,
        ...finite(before, before, before),
      )
      .one();
    return this.#sql.exec<Found>(
      `SELECT last, batch, peer, min_ms, max_ms, seqs FROM log_text JOIN log_doc ON last = log_text.rowid
         WHERE log_text MATCH ? AND log_text.rowid <= CAST(? AS INTEGER) ORDER BY log_text.rowid DESC`,
      toMatch(terms),
      upper,
    );
  }

  /** Messages of one batch. */
  #read(page: Page, seqs: number[]): void {
    for (const seq of seqs.toSorted((a, b) => b - a)) {
      if (page.isFull) return;
      if (seq >= page.query.before) continue;
      const [row] = this.#sql.exec<Columns>(
        `SELECT ${COLUMNS} FROM log WHERE seq = ? AND ${NOT_DELETED}`,
        seq,
      );
      if (row) page.look(row, true);
    }
  }

  /** Encrypted messages that are not indexed yet: of the latest. */
  #sealedSince({ peer, sinceMs, untilMs }: SearchQuery): number {
    return this.#sql
      .exec<Columns>(
        `SELECT ${COLUMNS} FROM log WHERE seq > ?1 AND seq > (SELECT max(seq) FROM log) - ?2 AND at_ms BETWEEN ?3 AND ?4
           AND (?5 IS NULL OR peer = ?5) AND ${MAY_BE_SEALED} AND ${NOT_DELETED}`,
        ...finite(this.#index.through, this.#max.messages, sinceMs, untilMs),
        peer ?? null,
      )
      .toArray()
      .filter(({ stanza }) => readSearchable(stanza, undefined).sealed).length;
  }

  #sealedInIndex({ peer, sinceMs, untilMs }: SearchQuery): number {
    const documents = this.#sql.exec<{
      last: number;
      first: number;
      peer: string;
      min_ms: number;
      max_ms: number;
      sealed: number;
    }>(
      `SELECT last, first, peer, min_ms, max_ms, sealed FROM log_doc INDEXED BY log_doc_sealed
           WHERE sealed > 0 AND max_ms >= ? AND min_ms <= ? AND (?3 IS NULL OR peer = ?3)
             AND NOT EXISTS (SELECT 1 FROM log_deletion AS gone WHERE gone.peer = log_doc.peer AND last <= gone.through)
           ORDER BY last DESC LIMIT ?4`,
      ...finite(sinceMs, untilMs),
      peer ?? null,
      this.#max.documents,
    );
    let sum = 0;
    let counted = 0;
    for (const { last, first, peer: whose, min_ms: minMs, max_ms: maxMs, sealed } of documents) {
      const isWhole = minMs >= sinceMs && maxMs <= untilMs;
      if (isWhole || counted >= MAX_COUNTED) sum += sealed;
      else {
        counted += 1;
        sum += this.#countSealed(whose, first, last, sinceMs, untilMs);
      }
    }
    return sum;
  }

  #countSealed(peer: string, first: number, last: number, sinceMs: number, untilMs: number): number {
    return this.#sql
      .exec<Columns>(
        `SELECT ${COLUMNS} FROM log WHERE seq >= ? AND seq <= ? AND at_ms BETWEEN ? AND ? AND peer = ?`,
        ...finite(first, last, sinceMs, untilMs),
        peer,
      )
      .toArray()
      .filter(({ stanza, stanza_id: id }) => readSearchable(stanza, id ?? undefined).sealed).length;
  }
}

/** Takes messages, the latest first, until the page is full or enough was looked at. */
class Page {
  readonly hits: SearchHit[] = [];
  readonly query: SearchQuery;
  isFull = false;
  /** All from this number on was looked at. */
  reached: number;
  /** SEARCH-5: has a later message undone it? */
  readonly #isUndone: (seq: number, searchable: Searchable) => boolean;
  #left: number;

  constructor(query: SearchQuery, max: number, isUndone: (seq: number, searchable: Searchable) => boolean) {
    this.query = query;
    this.#isUndone = isUndone;
    this.reached = query.before;
    this.#left = max;
  }

  /** Looks at a message; `isMeant` so far. */
  look(row: Columns, isMeant: boolean): void {
    const { terms, sinceMs, untilMs, count } = this.query;
    this.reached = row.seq;
    this.#left -= 1;
    if (this.#left <= 0) this.isFull = true;
    const isInTime = row.at_ms >= sinceMs && row.at_ms <= untilMs;
    if (!isMeant || !isInTime || !mayMatch(terms, row.stanza)) return;
    const searchable = readSearchable(row.stanza, row.stanza_id ?? undefined);
    const { text, from } = searchable;
    if (text === "" || !matches(terms, wordsOf(text)) || this.#isUndone(row.seq, searchable)) return;
    const nick = row.room === 1 ? from.slice(from.indexOf("/") + 1) : undefined;
    const excerpt = excerptOf(text, terms);
    const { seq, at_ms: atMs, peer } = row;
    this.hits.push({ seq, atMs, sent: row.sent === 1, peer, nick, excerpt });
    if (this.hits.length >= count) this.isFull = true;
  }

  /** Enough was looked at: all from this number on. */
  stop(reached: number): void {
    this.isFull = true;
    this.reached = reached;
  }
}

function mayHold(found: Found, { peer, sinceMs, untilMs }: SearchQuery): boolean {
  return (peer === undefined || found.peer === peer) && found.max_ms >= sinceMs && found.min_ms <= untilMs;
}

/** SQLite knows no infinite integers. */
function finite(...values: number[]): number[] {
  return values.map((value) => Math.min(Math.max(value, -FAR), FAR));
}
