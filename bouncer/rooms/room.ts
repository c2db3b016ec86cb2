/**
 * One room as the account knows it: how far we are in it, who of our clients is there, and what a late joiner has to be
 * told. Plain state; what changes it is in the files beside this one.
 */
import type { Element } from "@xmpp/xml";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../xmpp/xml/limits.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import type { ClientId, StoredRoom } from "../ports.ts";
import type { HistoryLimits } from "./history-limits.ts";
import { Occupants } from "./occupants.ts";
import { rejoinDelayMs } from "./rejoin.ts";

/**
 * `outside`: we are not in it, and may try later. `joining`: the join is sent, or waits for a session. `entered`: our own
 * presence has come; history and subject are outstanding. `joined`: all has come. `leaving`: the room has yet to confirm.
 */
export type Phase = "outside" | "joining" | "entered" | "joined" | "leaving";

/** `isBegun`: it was given a part of it. */
export type Owed = HistoryLimits & { isBegun?: boolean | undefined };

/** A client that is in the room, as far as it knows. */
export interface Member {
  /** What it last said of itself in the room, without addresses. */
  presence: Element;
  /** What it asked for of the history, while it has not got all of it. */
  owed: Owed | undefined;
  /** What it had asked for, where it was given the history before all of it was fetched (MAM-13). */
  early?: HistoryLimits | undefined;
}

/** A client whose join has not been answered yet. */
export interface Waiter {
  client: ClientId;
  nick: string;
  password: string | undefined;
  presence: Element;
  limits: HistoryLimits;
}

export interface Pinger {
  client: ClientId;
  request: Element;
}

export class Room {
  readonly jid: string;
  phase: Phase = "outside";
  /** Ours in the room, or the one we ask for. */
  nick: string;
  /** With which it has let us in last; stored (MUC-15). */
  knownPassword: string | undefined;
  /** Our own presence as the room sent it. */
  self: Element | undefined;
  subject: Element | undefined;
  /** Everybody else. */
  occupants = new Occupants();
  /** While we enter anew a room that clients believe to be in: who was there. */
  before: Occupants | undefined;
  readonly members = new Map<ClientId, Member>();
  /** In the order in which they asked. */
  waiters: Waiter[] = [];
  /** The account's bookmarks want us there (XEP-0402). */
  autojoin = false;
  /** The account's owner wants us there. */
  pinned = false;
  /** Does the room keep an archive (XEP-0313) that tells us something? Undefined while it was never said. */
  hasArchive: boolean | undefined;

  // What follows is of this process only.

  /** What `phase` says was sent in this session. */
  said = false;
  /** A process before this one may have asked to enter. */
  mayBeIn = false;
  /** What we have asked with last. */
  password: string | undefined;
  /** What stands in the account's bookmark. */
  bookmarkPassword: string | undefined;
  /** The room has refused us, which counts only when the bookmarks have been read. */
  refusal: Element | undefined;
  /** Nobody is there for now, but somebody may be back by then. */
  lingerUntilMs: number | undefined;
  /** When the phase began. */
  sinceMs = 0;
  /** When to try again to get in; undefined: not by ourselves. */
  retryAtMs: number | undefined;
  /** Attempts that failed since we were in it last. */
  failures = 0;
  nicksTried = 0;
  /** We have asked the room for its own history when we joined it. */
  isHistoryAsked = true;
  /** This time we have asked for the room's own history, because its archive could not be had. */
  isArchiveGivenUp = false;
  /** Our presence there as it was last sent, without addresses, to tell what has changed. */
  lastPresence: string | undefined;
  /** The client that asked for another nickname, while the room has not answered. */
  renaming: { client: ClientId; nick: string } | undefined;
  /** When the room last showed that we are in it; undefined when nothing did in this process. */
  heardMs: number | undefined;
  /** When to ask whether we still are in it, at the earliest. */
  checkAtMs = 0;
  checking = false;
  pingers: Pinger[] = [];
  /** In [0, 1): what other accounts do in the same room at one moment, we do so much later. */
  readonly jitter: number;

  constructor(jid: string, nick: string, jitter: number) {
    this.jid = jid;
    this.nick = nick;
    this.jitter = jitter;
  }

  /** Are we to stay although no client is there? */
  get isKept(): boolean {
    return this.autojoin || this.pinned;
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && this.waiters.length === 0;
  }

  get isIn(): boolean {
    return this.phase === "entered" || this.phase === "joined";
  }

  /** Our own occupant JID. */
  get address(): string {
    return `${this.jid}/${this.nick}`;
  }
}

/** What of a room outlives the process. */
export function toStored(room: Room): StoredRoom {
  const { jid, phase, nick, autojoin, pinned, hasArchive, self, subject } = room;
  return {
    jid,
    phase,
    nick,
    autojoin,
    pinned,
    hasArchive,
    ...(self && { self: serialize(self) }),
    ...(subject && { subject: serialize(subject) }),
    members: [...room.members].map(([client, { presence, owed, early }]) => ({
      client,
      presence: serialize(presence),
      owed,
      early,
    })),
    waiters: room.waiters.map(({ client, nick: asked, presence, limits }) => ({
      client,
      nick: asked,
      presence: serialize(presence),
      limits,
    })),
  };
}

/** A room as it was stored, at the time of loading. A join under way will have to be repeated. */
export function fromStored(
  stored: StoredRoom,
  occupants: Occupants,
  { password, nowMs, jitter }: { password: string | undefined; nowMs: number; jitter: number },
): Room {
  const room = new Room(stored.jid, stored.nick, jitter);
  room.phase = stored.phase;
  room.knownPassword = password;
  room.autojoin = stored.autojoin;
  room.pinned = stored.pinned;
  room.hasArchive = stored.hasArchive;
  room.self = revive(stored.self);
  room.subject = revive(stored.subject);
  if (stored.phase === "joining") room.before = occupants;
  else room.occupants = occupants;
  room.mayBeIn = stored.phase === "joining";
  room.sinceMs = nowMs;
  room.checkAtMs = nowMs;
  if (stored.phase === "outside") room.retryAtMs = nowMs + rejoinDelayMs(0, jitter);
  for (const { client, presence, owed, early } of stored.members) {
    const element = revive(presence);
    if (element) room.members.set(client, { presence: element, owed, early });
  }
  for (const { client, nick, presence, limits } of stored.waiters) {
    const element = revive(presence);
    if (element) room.waiters.push({ client, nick, password: undefined, presence: element, limits });
  }
  return room;
}

/** What serialize() wrote, read back. */
export function revive(text: string | undefined): Element | undefined {
  if (text === undefined) return undefined;
  const frame = parseFrame(text, DEFAULT_LIMITS);
  return frame.ok ? frame.element : undefined;
}
