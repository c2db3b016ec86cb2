/**
 * The rows of the table `client_queue`: stanzas that clients have yet to acknowledge, one row a stanza however many clients
 * it is for. A row nobody refers to any more is kept for a while and written over by a later stanza: that costs one row
 * written where a deletion and an insertion cost two. What a row says is therefore only true of whoever still refers to it.
 *
 * The text stays in SQLite; memory holds a few numbers a row. It knows nothing of clients.
 */
import * as v from "valibot";

/** Rows that nobody refers to: this many are kept to be written over, if they are small. */
const MAX_SPARE = 64;
const MAX_SPARE_BYTES = 16_384;
/** The platform takes 100 parameters in a statement. */
export const MAX_PAGE = 90;

/** For whom a stanza is, and which number it has among all that each was sent. */
export type Recipients = [id: string, number: number][];

const recipientsSchema = v.pipe(v.string(), v.parseJson(), v.array(v.tuple([v.string(), v.number()])));

type Columns = { slot: number; bytes: number; recipients: string; log_seq: number | null };

export class QueueRows {
  readonly #sql: SqlStorage;
  // By slot, from 1 on without gaps: how many refer to the row, its size in UTF-8 and its place in the log (0: none).
  readonly #references: number[] = [0];
  readonly #bytes: number[] = [0];
  readonly #logSeqs: number[] = [0];
  /** Slots whose rows may be written over, oldest first, and slots without a row. */
  #spare: number[] = [];
  readonly #vacant: number[] = [];
  #total = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The sizes of all rows that somebody refers to, in bytes. */
  get totalBytes(): number {
    return this.#total;
  }

  /**
   * Reads what is stored, once, before anything else. `read` is given each row, one at a time; the rows that nothing refers to
   * when `whenRead` returns are spare.
   */
  load(read: (slot: number, recipients: Recipients) => void, whenRead: () => void): void {
    const stored = new Set<number>();
    const cursor = this.#sql.exec<Columns>(
      "SELECT slot, length(CAST(stanza AS BLOB)) AS bytes, recipients, log_seq FROM client_queue ORDER BY slot",
    );
    for (const { slot, bytes, recipients, log_seq: logSeq } of cursor) {
      this.#growTo(slot);
      this.#bytes[slot] = bytes;
      this.#logSeqs[slot] = logSeq ?? 0;
      stored.add(slot);
      read(slot, v.parse(recipientsSchema, recipients));
    }
    whenRead();
    const unused: number[] = [];
    for (let slot = 1; slot < this.#references.length; slot += 1) {
      if (!stored.has(slot)) this.#vacant.push(slot);
      else if (this.#references[slot] === 0) unused.push(slot);
      else this.#total += this.bytes(slot);
    }
    this.#spareOrDelete(unused);
  }

  /** Stores a stanza for these; each of them then refers to it. One row written. Returns its slot. */
  put(stanza: string, bytes: number, recipients: Recipients, logSeq: number | undefined): number {
    const slot = this.#spare.shift() ?? this.#vacant.pop() ?? this.#references.length;
    this.#growTo(slot);
    this.#references[slot] = recipients.length;
    this.#bytes[slot] = bytes;
    this.#logSeqs[slot] = logSeq ?? 0;
    this.#total += bytes;
    this.#sql.exec(
      "INSERT OR REPLACE INTO client_queue (slot, stanza, recipients, log_seq) VALUES (?, ?, ?, ?)",
      slot,
      stanza,
      JSON.stringify(recipients),
      logSeq ?? null,
    );
    return slot;
  }

  bytes(slot: number): number {
    return this.#bytes[slot] ?? 0;
  }

  /** Its place in the log; undefined when it has none. */
  logSeq(slot: number): number | undefined {
    const seq = this.#logSeqs[slot] ?? 0;
    return seq === 0 ? undefined : seq;
  }

  /** One more refers to the row. */
  hold(slot: number): void {
    this.#references[slot] = (this.#references[slot] ?? 0) + 1;
  }

  /** One less refers to each of these rows. Deletes what is neither needed nor kept to be written over. */
  release(slots: readonly number[]): void {
    const unused: number[] = [];
    for (const slot of slots) {
      const left = (this.#references[slot] ?? 0) - 1;
      this.#references[slot] = left;
      if (left > 0) continue;
      this.#total -= this.bytes(slot);
      unused.push(slot);
    }
    this.#spareOrDelete(unused);
  }

  /** Nobody refers to anything any more: nothing stays. */
  clear(): void {
    this.#sql.exec("DELETE FROM client_queue");
    for (const column of [this.#references, this.#bytes, this.#logSeqs]) column.length = 1;
    this.#spare = [];
    this.#vacant.length = 0;
    this.#total = 0;
  }

  /** The stanzas of these slots (MAX_PAGE at most), in the order asked for, and when they came where the log says. */
  read(slots: readonly number[]): { stanza: string; atMs: number | undefined }[] {
    if (slots.length === 0) return [];
    const marks = slots.map(() => "?").join(", ");
    const rows = this.#sql
      .exec<{
        slot: number;
        stanza: string;
        at_ms: number | null;
      }>(
        `SELECT slot, client_queue.stanza AS stanza, log.at_ms AS at_ms
           FROM client_queue LEFT JOIN log ON log.seq = client_queue.log_seq WHERE slot IN (${marks})`,
        ...slots,
      )
      .toArray();
    const bySlot = new Map(rows.map((row) => [row.slot, row]));
    return slots.map((slot) => {
      const row = bySlot.get(slot);
      return { stanza: row?.stanza ?? "", atMs: row?.at_ms ?? undefined };
    });
  }

  #growTo(slot: number): void {
    for (const column of [this.#references, this.#bytes, this.#logSeqs]) {
      while (column.length <= slot) column.push(0);
    }
  }

  #spareOrDelete(unused: readonly number[]): void {
    const large = unused.filter((slot) => this.bytes(slot) > MAX_SPARE_BYTES);
    this.#spare.push(...unused.filter((slot) => this.bytes(slot) <= MAX_SPARE_BYTES));
    const tooMany = this.#spare.splice(0, Math.max(0, this.#spare.length - MAX_SPARE));
    this.#delete([...large, ...tooMany]);
  }

  /** In runs: neighbours go in one statement. */
  #delete(slots: readonly number[]): void {
    const sorted = slots.toSorted((a, b) => a - b);
    let start: number | undefined;
    for (const [index, slot] of sorted.entries()) {
      start ??= slot;
      if (sorted[index + 1] === slot + 1) continue;
      this.#sql.exec("DELETE FROM client_queue WHERE slot BETWEEN ? AND ?", start, slot);
      start = undefined;
    }
    for (const slot of sorted.toReversed()) this.#vacant.push(slot);
  }
}
