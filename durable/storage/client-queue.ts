/**
 * What clients with Stream Management have not acknowledged yet (XEP-0198): for each, which rows of the queue in which
 * order, and how many stanzas it was ever sent. In memory a number for each stanza and client, no text.
 *
 * The last row of each client stays until there is a later one: it is what remembers, over a restart, how many stanzas the
 * client was sent. Numbers count from 1 and never wrap; only `h` does.
 */
import { newlyAcknowledged, wrapped } from "../../xmpp/stream-management.ts";
import { MAX_PAGE, QueueRows, type Recipients } from "./queue-rows.ts";
import { withDelay } from "../../xmpp/delay.ts";
import { utf8Length } from "../../xmpp/xml/characters.ts";

/** One client's share: its slots in order; the first has the number `first` among all that it was ever sent. */
interface Share {
  first: number;
  slots: number[];
  /** The slot of the newest, also when it was acknowledged. */
  last: number | undefined;
  bytes: number;
}

/** What was stored for one client, in no order: two lists of numbers, since there may be many. */
interface Found {
  numbers: number[];
  slots: number[];
}

/** What an `h` was worth. */
export type Acknowledgement =
  | {
      ok: true;
      /** What it acknowledged anew, in bytes. */
      bytes: number;
      /** The highest place in the log among that; undefined when nothing of it was in the log. */
      logSeq: number | undefined;
    }
  /** It is below what was acknowledged before, or above what was sent. */
  | { ok: false };

/** A part of a client's share to be sent now. */
export interface Page {
  stanzas: string[];
  bytes: number;
}

/** A message that a client gets this much later than it came is stamped (XEP-0203). */
const WORTH_STAMPING_MS = 1_000;

export class ClientQueue {
  readonly #rows: QueueRows;
  readonly #shares = new Map<string, Share>();

  /** Loads the shares of the clients in `known`; rows that none of them needs are let go. */
  constructor(sql: SqlStorage, known: ReadonlySet<string>) {
    this.#rows = new QueueRows(sql);
    for (const id of known) this.open(id);
    const found = new Map<string, Found>([...known].map((id) => [id, { numbers: [], slots: [] }]));
    this.#rows.load(
      (slot, recipients) => {
        for (const [id, number] of recipients) {
          found.get(id)?.numbers.push(number);
          found.get(id)?.slots.push(slot);
        }
      },
      () => {
        for (const [id, its] of found) this.#restore(id, its);
      },
    );
  }

  /** How many stanzas a client has yet to acknowledge. */
  length(id: string): number {
    return this.#shares.get(id)?.slots.length ?? 0;
  }

  /** Their size in UTF-8. */
  bytes(id: string): number {
    return this.#shares.get(id)?.bytes ?? 0;
  }

  /** The size of those up to this number. */
  bytesTo(id: string, number: number): number {
    const share = this.#shares.get(id);
    if (!share) return 0;
    let bytes = 0;
    for (const slot of share.slots.slice(0, Math.max(0, number - share.first + 1))) {
      bytes += this.#rows.bytes(slot);
    }
    return bytes;
  }

  /** The size of all that is kept, for whomever. */
  get totalBytes(): number {
    return this.#rows.totalBytes;
  }

  /** The number of the newest stanza that was ever for this client; 0 before the first. */
  newest(id: string): number {
    const share = this.#shares.get(id);
    return share ? share.first + share.slots.length - 1 : 0;
  }

  /** The number of the newest that the client has acknowledged; 0 before the first. */
  acknowledgedTo(id: string): number {
    return (this.#shares.get(id)?.first ?? 1) - 1;
  }

  /** Queues one stanza for these clients; `logSeq` is its place in the log. Returns its size in bytes. */
  add(stanza: string, ids: readonly string[], logSeq?: number): number {
    const bytes = utf8Length(stanza);
    const recipients: Recipients = [];
    for (const id of ids) {
      const share = this.#shares.get(id);
      if (share) recipients.push([id, share.first + share.slots.length]);
    }
    if (recipients.length === 0) return bytes;
    const slot = this.#rows.put(stanza, bytes, recipients, logSeq);
    const before: number[] = [];
    for (const [id] of recipients) {
      const share = this.#shares.get(id);
      if (!share) continue;
      share.slots.push(slot);
      share.bytes += bytes;
      if (share.last !== undefined) before.push(share.last);
      share.last = slot;
      this.#rows.hold(slot);
    }
    this.#rows.release(before);
    return bytes;
  }

  /**
   * A client has handled `h` (modulo 2^32, section 4) of all that it was sent, of which the newest has the number `sentTo`:
   * what that covers is done with.
   */
  acknowledge(id: string, h: number, sentTo = this.newest(id)): Acknowledgement {
    const share = this.#shares.get(id);
    if (!share) return h === 0 ? { ok: true, bytes: 0, logSeq: undefined } : { ok: false };
    const done = share.first - 1;
    const count = newlyAcknowledged(h, wrapped(done), Math.max(0, sentTo - done));
    if (count === undefined) return { ok: false };
    const slots = share.slots.splice(0, count);
    let bytes = 0;
    let logSeq: number | undefined;
    for (const slot of slots) {
      bytes += this.#rows.bytes(slot);
      const seq = this.#rows.logSeq(slot);
      if (seq !== undefined && (logSeq === undefined || seq > logSeq)) logSeq = seq;
    }
    share.first += count;
    share.bytes -= bytes;
    this.#rows.release(slots);
    return { ok: true, bytes, logSeq };
  }

  /**
   * What a client has not acknowledged, from this number on: as much as fits into `maxBytes`, but at least one. Messages that
   * have waited for a while say since when.
   */
  page(id: string, from: number, maxBytes: number, nowMs: number): Page {
    const share = this.#shares.get(id);
    if (!share) return { stanzas: [], bytes: 0 };
    const start = Math.max(0, from - share.first);
    let bytes = 0;
    const slots: number[] = [];
    for (const slot of share.slots.slice(start, start + MAX_PAGE)) {
      const size = this.#rows.bytes(slot);
      if (slots.length > 0 && bytes + size > maxBytes) break;
      slots.push(slot);
      bytes += size;
    }
    const stanzas = this.#rows.read(slots).map(({ stanza, atMs }) => {
      const isLate = atMs !== undefined && nowMs - atMs >= WORTH_STAMPING_MS;
      return isLate ? withDelay(stanza, new Date(atMs).toISOString()) : stanza;
    });
    return { stanzas, bytes };
  }

  /** A new session: nothing was sent in it. */
  open(id: string): void {
    this.#shares.set(id, { first: 1, slots: [], last: undefined, bytes: 0 });
  }

  /** A session is over. */
  drop(id: string): void {
    const share = this.#shares.get(id);
    if (!share) return;
    this.#shares.delete(id);
    if (this.#shares.size === 0) return this.#rows.clear();
    this.#rows.release(share.last === undefined ? share.slots : [...share.slots, share.last]);
  }

  /**
   * Acknowledgements are cumulative: what a client may still need has the highest numbers, without a gap. What is before a
   * gap was acknowledged, and is there because its row was for others too or was kept to be written over.
   */
  #restore(id: string, { numbers, slots: found }: Found): void {
    const order = numbers.map((_number, at) => at);
    order.sort((a, b) => (numbers[b] ?? 0) - (numbers[a] ?? 0));
    const [newestAt] = order;
    if (newestAt === undefined) return;
    const newest = numbers[newestAt] ?? 0;
    const slots: number[] = [];
    let bytes = 0;
    for (const at of order) {
      if (numbers[at] !== newest - slots.length) break;
      const slot = found[at] ?? 0;
      slots.push(slot);
      bytes += this.#rows.bytes(slot);
      this.#rows.hold(slot);
    }
    slots.reverse();
    const last = slots.at(-1);
    if (last !== undefined) this.#rows.hold(last);
    this.#shares.set(id, { first: newest - slots.length + 1, slots, last, bytes });
  }
}
