/**
 * The log as an archive (XEP-0313): pages of what a filter lets through. What is looked at is bounded: where few messages
 * can be meant, they are looked through and counted; else batch after batch of the log, as far as lists say that something is
 * in it (log-peers.ts), until the page is full.
 */
import type { LogFilter, LoggedMessage, LogSelected, LogSelection } from "../../bouncer/log/log-store.ts";
import { escapeAttribute } from "../../xmpp/xml/serialize.ts";
import { LOG_COLUMNS, type LogColumns, readLogged } from "./log-columns.ts";
import { NOT_DELETED } from "./log-deletion.ts";
import { BATCH } from "./log-peers.ts";

/** So many messages are looked through and counted; more only in batches, and not counted. */
const FEW = 10_000;
/** Batches looked at for one page. */
const MAX_BLOCKS = 100;

/** The whole log: numbers are positive, and times too few to reach this. */
const INFINITE = 9_000_000_000_000_000;

/** Numbers of the log, both inclusive. */
interface Range {
  from: number;
  to: number;
}

/** A part of the log to be looked through; `seqs`, where it is known: the only numbers in it that can be meant. */
interface Block extends Range {
  seqs: string | undefined;
}

interface Sizes {
  few: number;
  maxBlocks: number;
}

export class LogArchive {
  readonly #sql: SqlStorage;
  readonly #sizes: Sizes;

  /** `sizes`: for tests, what is few and what is too much. */
  constructor(sql: SqlStorage, sizes: Sizes = { few: FEW, maxBlocks: MAX_BLOCKS }) {
    this.#sql = sql;
    this.#sizes = sizes;
  }

  select(selection: LogSelection): LogSelected {
    const { filter, skip } = selection;
    const whole = this.#range(filter);
    const isFew = whole.to - whole.from < this.#sizes.few || filter.only !== undefined;
    const page = {
      from: Math.max(whole.from, selection.after + 1),
      to: Math.min(whole.to, selection.before - 1),
    };
    const reader = new PageReader(selection);
    if (!isFew) {
      if (skip > 0) return { messages: [], rest: "unknown", total: undefined };
      return this.#selectFromMany(selection, page, reader);
    }
    for (const row of this.#rows(filter, page, selection)) if (!reader.take(row)) break;
    const { messages } = reader;
    const rest = reader.isFull ? "some" : "none";
    // Whom a resource wrote to is not known without reading.
    if (filter.fullJid !== undefined) return { messages, rest, total: undefined };
    const first = messages[0]?.seq;
    const index = first === undefined ? 0 : this.#count(filter, { ...whole, to: first - 1 });
    return { messages, rest, total: { count: this.#count(filter, whole), index } };
  }

  #selectFromMany(selection: LogSelection, page: Range, reader: PageReader): LogSelected {
    let looked = 0;
    let rest: LogSelected["rest"] = "none";
    for (const block of this.#blocks(selection.filter, page, selection.latest)) {
      looked += 1;
      if (looked > this.#sizes.maxBlocks) {
        rest = "unknown";
        break;
      }
      for (const row of this.#rows(selection.filter, block, selection)) if (!reader.take(row)) break;
      if (reader.isFull) break;
    }
    return { messages: reader.messages, rest: reader.isFull ? "some" : rest, total: undefined };
  }

  /** Where in the log lies what the filter lets through, at the widest. */
  #range({ after, before, fromMs, toMs }: LogFilter): Range {
    const { oldest, latest } = this.#sql
      .exec<{ oldest: number | null; latest: number | null }>(
        "SELECT (SELECT min(seq) FROM log) AS oldest, (SELECT max(seq) FROM log) AS latest",
      )
      .one();
    const range = { from: Math.max(oldest ?? 1, after + 1), to: Math.min(latest ?? 0, before - 1) };
    if (fromMs === -Infinity && toMs === Infinity) return range;
    const listed = this.#listed();
    const { first, last } = this.#sql
      .exec<{ first: number | null; last: number | null }>(
        `SELECT min(first) AS first, max(last) AS last FROM log_time
           WHERE last >= ? AND first <= ? AND max_ms >= ? AND min_ms <= ?`,
        ...finite(range.from, range.to, fromMs, toMs),
      )
      .one();
    const hasUnlisted = range.to > listed && this.#hasUnlisted(listed, range.to, fromMs, toMs);
    return {
      from: Math.max(range.from, first ?? listed + 1),
      to: hasUnlisted ? range.to : Math.min(range.to, last ?? range.from - 1),
    };
  }

  /** Is anything of that time not listed yet? It is looked for where that is little, which it is but after a flood. */
  #hasUnlisted(listed: number, to: number, fromMs: number, toMs: number): boolean {
    if (to - listed > this.#sizes.few) return true;
    const found = this.#sql.exec(
      "SELECT 1 FROM log WHERE seq > ? AND seq <= ? AND at_ms >= ? AND at_ms <= ? LIMIT 1",
      ...finite(listed, to, fromMs, toMs),
    );
    return found.toArray().length > 0;
  }

  /** The parts of a range in which something may be, in the order in which they are looked at. */
  *#blocks(filter: LogFilter, range: Range, latest: boolean): Generator<Block> {
    const listed = this.#listed();
    // What was imported, below the number 1, is listed as it comes.
    const above = { from: Math.max(range.from, listed + 1), to: range.to };
    if (latest) yield* unlisted(above, latest);
    const lists = filter.peer === undefined ? this.#batches(filter, range, latest) : undefined;
    yield* lists ?? this.#lists(filter, range, latest);
    if (!latest) yield* unlisted(above, latest);
  }

  #batches({ fromMs, toMs, rooms }: LogFilter, range: Range, latest: boolean): Block[] {
    return this.#sql
      .exec<{ first: number; last: number }>(
        `SELECT first, last FROM log_time
           WHERE last >= ? AND first <= ? AND max_ms >= ? AND min_ms <= ? AND direct >= ?
           ORDER BY last ${latest ? "DESC" : "ASC"} LIMIT ?`,
        ...finite(range.from, range.to, fromMs, toMs),
        rooms ? 0 : 1,
        this.#sizes.maxBlocks + 1,
      )
      .toArray()
      .map(({ first, last }) => blockOf(range, first, last, undefined));
  }

  #lists({ peer = "", fromMs, toMs }: LogFilter, range: Range, latest: boolean): Block[] {
    return this.#sql
      .exec<{ last: number; seqs: string }>(
        `SELECT last, seqs FROM log_peer WHERE peer = ? AND last >= ? AND last < ? AND EXISTS
             (SELECT 1 FROM log_time AS batch WHERE max_ms >= ? AND min_ms <= ?
                AND batch.last >= log_peer.last AND batch.last < log_peer.last + ?)
           ORDER BY last ${latest ? "DESC" : "ASC"} LIMIT ?`,
        peer,
        ...finite(range.from, range.to + BATCH, fromMs, toMs),
        BATCH,
        this.#sizes.maxBlocks + 1,
      )
      .toArray()
      .map(({ last, seqs }) => blockOf(range, last - BATCH, last, seqs));
  }

  /** Up to which number the log is listed. */
  #listed(): number {
    return this.#sql.exec<{ last: number }>("SELECT max(0, ifnull(max(last), 0)) AS last FROM log_time").one()
      .last;
  }

  #rows(
    filter: LogFilter,
    range: Range & Partial<Block>,
    { latest, skip }: LogSelection,
  ): Iterable<LogColumns> {
    const { sql, bindings } = conditions(filter, range);
    const order = latest ? "DESC" : "ASC";
    return this.#sql.exec<LogColumns>(
      `SELECT ${LOG_COLUMNS} FROM log WHERE ${sql} ORDER BY seq ${order} LIMIT -1 OFFSET ?`,
      ...bindings,
      skip,
    );
  }

  #count(filter: LogFilter, range: Range): number {
    const { sql, bindings } = conditions(filter, range);
    return this.#sql
      .exec<{ count: number }>(`SELECT count(*) AS count FROM log WHERE ${sql}`, ...bindings)
      .one().count;
  }
}

/** Takes rows until the page is full. */
class PageReader {
  isFull = false;
  readonly #selection: LogSelection;
  readonly #messages: LoggedMessage[] = [];
  #length = 0;

  constructor(selection: LogSelection) {
    this.#selection = selection;
  }

  get messages(): LoggedMessage[] {
    return this.#selection.latest ? this.#messages.toReversed() : this.#messages;
  }

  /** False when the page is full, and this row beyond it. */
  take(row: LogColumns): boolean {
    const { count, filter, length } = this.#selection;
    if (filter.fullJid !== undefined && !isToOrFrom(row, filter.fullJid)) return true;
    const isTooLong = this.#messages.length > 0 && this.#length + row.stanza.length > length;
    this.isFull = this.#messages.length >= count || isTooLong;
    if (this.isFull) return false;
    this.#length += row.stanza.length;
    this.#messages.push(readLogged(row));
    return true;
  }
}

/** What no list covers, in parts of the size of a batch. */
function* unlisted({ from, to }: Range, latest: boolean): Generator<Block> {
  const count = Math.ceil((to - from + 1) / BATCH);
  for (let n = 0; n < count; n += 1) {
    const start = from + (latest ? count - 1 - n : n) * BATCH;
    yield { from: start, to: Math.min(to, start + BATCH - 1), seqs: undefined };
  }
}

function conditions(
  { peer, rooms, fromMs, toMs, only }: LogFilter,
  { from, to, seqs }: Range & Partial<Block>,
): { sql: string; bindings: SqlStorageValue[] } {
  const terms = [NOT_DELETED, "seq >= ? AND seq <= ? AND at_ms >= ? AND at_ms <= ?"];
  const bindings: SqlStorageValue[] = finite(from, to, fromMs, toMs);
  const add = (term: string, value: string): void => {
    terms.push(term);
    bindings.push(value);
  };
  if (!rooms) terms.push("room = 0");
  if (peer !== undefined) add("peer = ?", peer);
  const oneOf = "seq IN (SELECT value FROM json_each(?))";
  if (seqs !== undefined) add(oneOf, `[${seqs}]`);
  if (only) add(oneOf, JSON.stringify(only));
  return { sql: terms.join(" AND "), bindings };
}

/** The address of the other side stands in the start tag of what is stored, where an address can hold no `>`. */
function isToOrFrom({ stanza, sent }: LogColumns, fullJid: string): boolean {
  const tag = stanza.slice(0, stanza.indexOf(">"));
  return tag.includes(` ${sent === 1 ? "to" : "from"}="${escapeAttribute(fullJid)}"`);
}

function blockOf({ from, to }: Range, first: number, last: number, seqs: string | undefined): Block {
  return { from: Math.max(from, first), to: Math.min(to, last), seqs };
}

/** SQLite knows no infinite numbers of its integers. */
function finite(...values: number[]): number[] {
  return values.map((value) => Math.min(Math.max(value, -INFINITE), INFINITE));
}
