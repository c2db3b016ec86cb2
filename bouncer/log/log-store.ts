/** What the log and its devices need of storage: the rows, and what is asked of them. Types only. */

/** A message for the account's log (LOG-1). */
export interface LogEntry {
  /** When it was said, in milliseconds since the epoch. */
  atMs: number;
  /** From the account, whichever of its clients sent it. */
  sent: boolean;
  /** The device that sent it, if one of ours did. */
  device: string | undefined;
  /** The bare JID of the other side: a contact, a room, a server. */
  peer: string;
  /** It belongs to a room that the account is in, and only clients in that room are to get it. */
  room: boolean;
  /** Its `id`. */
  messageId: string | undefined;
  /** The id under which the server or the room has archived it (XEP-0359). */
  stanzaId: string | undefined;
  /** The message as a frame, sent ones with the full JID as `from`. */
  frame: string;
}

/** A message in the log, under its number there; later ones have higher numbers. */
export interface LoggedMessage extends Omit<LogEntry, "messageId"> {
  seq: number;
}

/** What is read from the log at once. */
export interface LogPage {
  messages: LoggedMessage[];
  /** Up to this number all is said, or was not asked for. */
  through: number;
}

/** Which messages of the log an archive's asker means (XEP-0313 section 4.1). */
export interface LogFilter {
  /** The bare JID of the other side. */
  peer: string | undefined;
  /** Only to or from exactly this address, a resource of the peer. */
  fullJid: string | undefined;
  /** With rooms' messages. */
  rooms: boolean;
  /** When it was said, both inclusive; infinite without a limit. */
  fromMs: number;
  toMs: number;
  /** Between these numbers, both exclusive; infinite without a limit. */
  after: number;
  before: number;
  /** Only these numbers. */
  only: readonly number[] | undefined;
}

/** One page of what a filter lets through, in the order of the log (XEP-0059). */
export interface LogSelection {
  filter: LogFilter;
  /** The page lies between these numbers, both exclusive; infinite without a limit. */
  after: number;
  before: number;
  /** The latest messages there are between them, rather than the first. */
  latest: boolean;
  /** So many are left out first; only where `total` is known. */
  skip: number;
  /** At most so many messages, of so many characters; at least one, if there is any. */
  count: number;
  length: number;
}

export interface LogSelected {
  /** Oldest first. */
  messages: LoggedMessage[];
  /** Is there more in the direction of the page? "unknown": too much would have to be looked through. */
  rest: "none" | "some" | "unknown";
  /** How many the filter lets through, and how many of them come before the first on the page; where that costs little. */
  total: { count: number; index: number } | undefined;
}

/** The account's log: written at once, kept for as long as the settings say. */
export interface LogStore {
  /** Returns the message's number; undefined when it is too large to be kept. */
  append(entry: LogEntry): number | undefined;
  /** The number of the latest message; 0 when there never was one. */
  head(): number;
  /** When the last messages were said, at the latest; undefined without any. */
  latestMs(): number | undefined;
  /** After `after`, oldest first: what is no room's, and was not sent by `exceptFrom`. At least one message, if there is any. */
  page(after: number, limits: { count: number; length: number; exceptFrom: string }): LogPage;
  /** The latest `count` messages of one peer, a room for one, after `after`; oldest first. */
  ofPeer(peer: string, after: number, count: number): LoggedMessage[];
  /** A room's first `count` messages after `after`, oldest first, in outline; `has` says which of them have this text in them. */
  ofRoom(room: string, after: number, count: number, text: string): RoomEntry[];
  /** After which number a room's latest `count` messages begin, of those after `after`. */
  beginInRoom(room: string, after: number, count: number): number;
  /** Messages under these numbers, as far as they are there, in this order. */
  read(seqs: readonly number[]): LoggedMessage[];
  /** After which number all lies that was said at this time or later, and perhaps something else. */
  beginAt(atMs: number): number;
  /** The archive ids of the latest messages, oldest first. */
  latestIds(count: number): { peer: string; stanzaId: string }[];
  /** After which number to begin for the latest `count` messages that are no room's and no older than `sinceMs`. */
  beginOf(count: number, sinceMs: number): number;
  /** The log as an archive. What is looked at is bounded, however long the log is. */
  select(selection: LogSelection): LogSelected;
  has(seq: number): boolean;
  /** When the last message that is no room's was said, and the last id under which the account's server has archived one. */
  newest(): { atMs: number | undefined; stanzaId: string | undefined };
  /** The ids under which the account's server, or this room, has archived what came after `after`: of the latest `count`. */
  archivedSince(after: number, count: number, room?: string): string[];
}

/** A message of a room, without what it says. */
export interface RoomEntry {
  seq: number;
  atMs: number;
  /** In characters. */
  length: number;
  has: boolean;
}

/** Up to where somebody has what was said in a room: everything up to the number `after`, and of what follows a part. */
export interface RoomPlace {
  after: number;
  /** What was said up to then, of what has numbers up to `until`; of one time, up to the number `seq`. */
  part?: { until: number; atMs: number; seq: number } | undefined;
}

/** How far a device has got in a room. */
export interface RoomProgress {
  /** It has all up to here for certain. */
  had: RoomPlace;
  /** It was sent all up to here, and has it when `mark` (Ports.clients) is acknowledged. */
  sent?: { place: RoomPlace; mark: number | undefined } | undefined;
  /** Since then it gets what is said there as it is said. */
  live: boolean;
}

/** How far a device has got in the log. */
export interface DeviceRow {
  name: string;
  /** It has all up to this number for certain. */
  cursor: number;
  /** Where it stood when it attached last. */
  since: number;
  /** In rooms where it gets everything as it is said, it has all up to this number for certain. */
  heard: number;
  /** By the rooms' bare JIDs, where it was last in the end. */
  rooms: Map<string, RoomProgress>;
  /** It is being brought up to date, and was sent all up to this number; undefined when it gets messages as they come. */
  position: number | undefined;
  /** SM-15: a former session leads to it, although its client has not named it. */
  returns: boolean;
  firstSeenMs: number;
  lastSeenMs: number;
}

/** By name. Written at once, read only when the policy is made. */
export interface DeviceStore {
  entries(): DeviceRow[];
  set(row: DeviceRow): void;
  delete(name: string): void;
}
