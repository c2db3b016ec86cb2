// The log and its devices in memory, for the policy alone. Counts the rows that SQLite would be written.

import type {
  DeviceRow,
  DeviceStore,
  LogFilter,
  LoggedMessage,
  LogSelected,
  LogSelection,
  LogStore,
} from "../../bouncer/log/log-store.ts";

export class MemoryLog implements LogStore {
  readonly messages: LoggedMessage[] = [];
  /** A page looks at no more messages than this. */
  maxLookedAt = Infinity;
  /** How many messages pages have looked at, in all. */
  lookedAt = 0;
  #head = 0;

  append(entry: Parameters<LogStore["append"]>[0]): number {
    this.#head += 1;
    this.messages.push({ ...entry, seq: this.#head });
    return this.#head;
  }

  head(): number {
    return this.#head;
  }

  latestMs(): number | undefined {
    const times = this.messages.slice(-20).map(({ atMs }) => atMs);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  page(after: number, { count, length, exceptFrom }: Parameters<LogStore["page"]>[1]) {
    const messages: LoggedMessage[] = [];
    const behind = this.messages.filter(({ seq }) => seq > after);
    const looked = behind.slice(0, this.maxLookedAt);
    let left = length;
    for (const message of looked) {
      this.lookedAt += 1;
      if (message.room || message.device === exceptFrom) continue;
      const last = messages.at(-1);
      if (last && (messages.length >= count || message.frame.length > left)) {
        return { messages, through: last.seq };
      }
      messages.push(message);
      left -= message.frame.length;
    }
    const through = looked.length < behind.length ? looked.at(-1)?.seq : this.#head;
    return { messages, through: through ?? this.#head };
  }

  ofPeer(peer: string, after: number, count: number): LoggedMessage[] {
    return this.messages.filter((message) => message.peer === peer && message.seq > after).slice(-count);
  }

  ofRoom(room: string, after: number, count: number, text: string) {
    return this.messages
      .filter((message) => message.room && message.peer === room && message.seq > after)
      .slice(0, count)
      .map(({ seq, atMs, frame }) => ({ seq, atMs, length: frame.length, has: frame.includes(text) }));
  }

  beginInRoom(room: string, after: number, count: number): number {
    const [first] = this.ofPeer(room, after, count);
    return first ? first.seq - 1 : this.#head;
  }

  read(seqs: readonly number[]): LoggedMessage[] {
    return seqs.flatMap((seq) => this.messages.filter((message) => message.seq === seq));
  }

  beginAt(atMs: number): number {
    const first = this.messages.find((message) => message.atMs >= atMs);
    return first ? first.seq - 1 : this.#head;
  }

  latestIds(count: number): { peer: string; stanzaId: string }[] {
    return this.messages
      .slice(-count)
      .flatMap(({ peer, stanzaId }) => (stanzaId === undefined ? [] : [{ peer, stanzaId }]));
  }

  beginOf(count: number, sinceMs: number): number {
    if (count === 0) return this.#head;
    const [first] = this.messages.filter(({ room, atMs }) => !room && atMs >= sinceMs).slice(-count);
    return first ? first.seq - 1 : this.#head;
  }

  select({ filter, after, before, latest, skip, count, length }: LogSelection): LogSelected {
    const all = this.messages.filter((message) => passes(filter, message));
    const between = all.filter(({ seq }) => seq > after && seq < before);
    const ordered = (latest ? between.toReversed() : between).slice(skip);
    const messages: LoggedMessage[] = [];
    let left = length;
    for (const message of ordered) {
      if (messages.length >= count || (messages.length > 0 && message.frame.length > left)) break;
      messages.push(message);
      left -= message.frame.length;
    }
    if (latest) messages.reverse();
    const rest = messages.length < ordered.length ? "some" : "none";
    const [first] = messages;
    const total = { count: all.length, index: first ? all.indexOf(first) : 0 };
    return { messages, rest, total: filter.fullJid === undefined ? total : undefined };
  }

  has(seq: number): boolean {
    return this.messages.some((message) => message.seq === seq);
  }

  newest(): { atMs: number | undefined; stanzaId: string | undefined } {
    const direct = this.messages.filter(({ room }) => !room);
    const archived = direct.filter(({ stanzaId }) => stanzaId !== undefined);
    const newest = archived.toSorted((a, b) => a.atMs - b.atMs || a.seq - b.seq).at(-1);
    return { atMs: direct.at(-1)?.atMs, stanzaId: newest?.stanzaId };
  }

  archivedSince(after: number, count: number, room?: string): string[] {
    const since = this.messages.filter((message) => {
      return (
        message.seq > after && (room === undefined ? !message.room : message.room && message.peer === room)
      );
    });
    return since
      .flatMap(({ stanzaId }) => (stanzaId === undefined ? [] : [stanzaId]))
      .toReversed()
      .slice(0, count);
  }

  /** Retention: only the latest stay. */
  keep(count: number): void {
    this.messages.splice(0, this.messages.length - count);
  }
}

export class MemoryDevices implements DeviceStore {
  readonly rows = new Map<string, DeviceRow>();
  /** Rows written in all. */
  written = 0;

  entries(): DeviceRow[] {
    return [...this.rows.values()].map((row) => structuredClone(row));
  }

  set(row: DeviceRow): void {
    this.written += 1;
    this.rows.set(row.name, structuredClone(row));
  }

  delete(name: string): void {
    this.written += 1;
    this.rows.delete(name);
  }
}

function passes(filter: LogFilter, { seq, atMs, peer, room, sent, frame }: LoggedMessage): boolean {
  const { fullJid, only } = filter;
  return (
    seq > filter.after &&
    seq < filter.before &&
    atMs >= filter.fromMs &&
    atMs <= filter.toMs &&
    (filter.rooms || !room) &&
    (filter.peer === undefined || filter.peer === peer) &&
    (only === undefined || only.includes(seq)) &&
    (fullJid === undefined || new RegExp(`^[^>]* ${sent ? "to" : "from"}="${fullJid}"`).test(frame))
  );
}
