/**
 * What was said in each room, for those who join later: what the account's log has of it, from where a client is to begin, and
 * a page at a time in the order in which it was said. The log has every message of a room once, also those that came while no
 * client was there; what was filled in late (MAM-12) has its place by its time all the same.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../../xmpp/namespaces.ts";
import { clone } from "../../xmpp/xml/element.ts";
import type { RoomEntry, RoomPlace } from "../log/log-store.ts";
import type { RoomPlaces } from "../log/room-places.ts";
import type { ClientId, Ports } from "../ports.ts";
import { counts, earliestMs, type HistoryLimits, withinLimits } from "./history-limits.ts";
import { MODERATION, retractedBy, stanzaIdBy } from "./retracted.ts";
import { revive } from "./room.ts";

/** How many messages a joiner gets whose device was never there, and how many a room is asked for. */
export const HISTORY_SIZE = 50;
/** Where its device was here before, and not in that room: what was said since, but no more than this. */
const MAX_BEFORE_FIRST = 500;
/** Of more messages the order of time is not known at once: it is that of so many, and then of the next ones. */
const ROUND = 20_000;
/** What is told at once, in messages and characters. */
export const PAGE = { count: 100, length: 256_000 };

/** Messages to be told together, in the order of time: those after `after` and up to `until`. */
interface Round {
  after: number;
  until: number;
  entries: RoomEntry[];
  /** What a moderator has retracted since. */
  retracted: ReadonlySet<string>;
}

export interface HistoryPage {
  messages: Element[];
  /** In characters. */
  length: number;
  /** Up to here all was told, or is not to be. */
  place: RoomPlace;
  isLast: boolean;
}

interface PageOptions {
  to: string;
  sinceMs: number;
  /** What is in the log from there on it will get as it comes. */
  beforeSeq: number | undefined;
  /** What there is room for. */
  count: number;
  length: number;
}

export class RoomHistory {
  readonly #ports: Pick<Ports, "clock" | "log">;
  readonly #places: Pick<RoomPlaces, "at" | "since">;
  /** What was looked up last, by client and room; it may be looked up again. */
  readonly #rounds = new Map<string, Round>();

  constructor(ports: Pick<Ports, "clock" | "log">, places: Pick<RoomPlaces, "at" | "since">) {
    this.#ports = ports;
    this.#places = places;
  }

  /** When the last message that we have was said; undefined without any. */
  lastMs(room: string): number | undefined {
    return this.#ports.log.ofPeer(room, Number.MIN_SAFE_INTEGER, 1).at(-1)?.atMs;
  }

  /**
   * MUC-4: from where a joiner is told. Without limits of its own, what its device has missed. Who names a time gets all since;
   * who counts, the latest of what it has missed, or of the last ones if that is more.
   */
  begin(room: string, client: ClientId, limits: HistoryLimits): RoomPlace {
    const { log, clock } = this.#ports;
    const sinceMs = earliestMs(limits, clock.nowMs());
    const missed = this.#places.at(client, room) ?? { after: this.#beginOfNew(room, client) };
    if (!counts(limits)) return sinceMs === -Infinity ? missed : { after: log.beginAt(sinceMs) };
    if (limits.maxstanzas === 0 || limits.maxchars === 0) return { after: log.head() };
    const latest = log.beginInRoom(room, Number.MIN_SAFE_INTEGER, HISTORY_SIZE);
    const most = log.beginInRoom(room, Number.MIN_SAFE_INTEGER, ROUND);
    const after = Math.max(Math.min(missed.after, latest), most);
    const entries = byTime(log.ofRoom(room, after, ROUND, MODERATION));
    const chosen = withinLimits(entries, { ...limits, sinceMs, seconds: undefined }, clock.nowMs());
    const before = entries[entries.length - chosen.length - 1];
    if (chosen.length === 0) return { after: log.head() };
    return before ? { after, part: { until: log.head(), atMs: before.atMs, seq: before.seq } } : { after };
  }

  /** The next page for a client, after `place`. */
  page(room: string, client: ClientId, place: RoomPlace, options: PageOptions): HistoryPage {
    const page: HistoryPage = { messages: [], length: 0, place, isLast: false };
    for (;;) {
      const round = this.#round(room, client, page.place, options.beforeSeq);
      if (!round) return { ...page, isLast: true };
      const isFull = page.messages.length >= options.count || page.length >= options.length;
      if (isFull || !this.#take(room, round, page, options)) return page;
    }
  }

  /** A client is told no more. */
  forget(room: string, client: ClientId): void {
    this.#rounds.delete(keyOf(room, client));
  }

  /** Adds what there is room for; false when there is none for what is next. */
  #take(room: string, round: Round, page: HistoryPage, options: PageOptions): boolean {
    const { clock, log } = this.#ports;
    const due = round.entries.filter((entry) => isAfter(entry, page.place) && entry.atMs >= options.sinceMs);
    const next: RoomEntry[] = [];
    let length = page.length;
    for (const entry of due) {
      const isFirst = page.messages.length + next.length === 0;
      if (page.messages.length + next.length >= options.count) break;
      if (!isFirst && length + entry.length > options.length) break;
      length += entry.length;
      next.push(entry);
    }
    for (const { frame, atMs } of log.read(next.map(({ seq }) => seq))) {
      const message = revive(frame);
      if (!message || round.retracted.has(stanzaIdBy(room, message) ?? "")) continue;
      page.messages.push(asHistory(message, room, options.to, clock.stamp(atMs)));
    }
    page.length = length;
    const last = next.at(-1);
    const isAll = next.length === due.length;
    const { after, until } = round;
    if (isAll) page.place = { after: until };
    else if (last) page.place = { after, part: { until, atMs: last.atMs, seq: last.seq } };
    return isAll || next.length > 0;
  }

  /** The messages in which a place is, or that follow it; undefined when there are none. */
  #round(room: string, client: ClientId, place: RoomPlace, beforeSeq = Infinity): Round | undefined {
    const { log } = this.#ports;
    const { after } = place;
    const known = this.#rounds.get(keyOf(room, client));
    if (known?.after === after && (place.part === undefined || known.until === place.part.until))
      return known;
    const most = place.part?.until ?? beforeSeq - 1;
    const found = log.ofRoom(room, after, ROUND, MODERATION).filter(({ seq }) => seq <= most);
    if (found.length === 0 && place.part === undefined) return undefined;
    const last = found.at(-1);
    const until =
      place.part?.until ?? (last && found.length === ROUND ? last.seq : Math.min(log.head(), most));
    const moderating = log.read(found.flatMap(({ seq, has }) => (has ? [seq] : [])));
    const retracted = retractedBy(
      room,
      moderating.flatMap(({ frame }) => revive(frame) ?? []),
    );
    const round = { after, until, entries: byTime(found), retracted };
    this.#rounds.set(keyOf(room, client), round);
    return round;
  }

  #beginOfNew(room: string, client: ClientId): number {
    const { log } = this.#ports;
    const begin = (count: number): number => log.beginInRoom(room, Number.MIN_SAFE_INTEGER, count);
    return Math.max(Math.min(this.#places.since(client), begin(HISTORY_SIZE)), begin(MAX_BEFORE_FIRST));
  }
}

function byTime(entries: readonly RoomEntry[]): RoomEntry[] {
  return entries.toSorted((a, b) => a.atMs - b.atMs || a.seq - b.seq);
}

function isAfter({ atMs, seq }: RoomEntry, { part }: RoomPlace): boolean {
  return part === undefined || atMs > part.atMs || (atMs === part.atMs && seq > part.seq);
}

function keyOf(room: string, client: ClientId): string {
  return `${client} ${room}`;
}

function asHistory(message: Element, room: string, to: string, stamp: string): Element {
  const copy = clone(message);
  copy.attrs.to = to;
  if (!copy.getChild("delay", NS.delay)) copy.append(xml("delay", { xmlns: NS.delay, from: room, stamp }));
  return copy;
}
