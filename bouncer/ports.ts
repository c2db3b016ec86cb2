/**
 * What the policy needs from outside, and nothing wider: the policy itself has no clock, no randomness and no I/O.
 * Every call returns at once; what is sent is on its way, or queued, when the call returns.
 */
import type { Element } from "@xmpp/xml";
import type { OwnerStatus } from "./owner-status.ts";
import type { SearchQuery, SearchResult } from "./search/search.ts";
import type { DeviceStore, LogStore } from "./log/log-store.ts";

/** Names one attached client for as long as it is attached. */
export type ClientId = string;

/** Presence by the full JID it came from, with the time it came. Written at once, read only when the policy is made. */
export interface PresenceStore {
  entries(): { from: string; stanza: Element; atMs: number }[];
  set(from: string, stanza: Element, atMs: number): void;
  delete(from: string): void;
  clear(): void;
}

export interface DirectedPresence {
  target: string;
  holders: ClientId[];
  /** The last available presence sent there. */
  stanza: Element;
}

/** Presence by the target it was sent to. Written at once, read only when the policy is made. */
export interface DirectedStore {
  entries(): DirectedPresence[];
  set(entry: DirectedPresence): void;
  delete(target: string): void;
}

/** Short texts by key, each with a time. Written at once, read only when the policy is made; bounded by who writes. */
export interface TextStore {
  /** In the order of their times. */
  entries(): { key: string; value: string; atMs: number }[];
  set(key: string, value: string, atMs: number): void;
  delete(key: string): void;
}

/**
 * Secrets by key, there when the policy is made. What is set is stored sealed, which takes its time: the process may die before.
 * What is replaced or deleted is gone at once.
 */
export interface SecretStore {
  get(key: string): string | undefined;
  set(key: string, secret: string): void;
  delete(key: string): void;
}

/** A room of the account (bouncer/rooms/room.ts). Stanzas are serialized. */
export interface StoredRoom {
  jid: string;
  phase: "outside" | "joining" | "entered" | "joined" | "leaving";
  nick: string;
  autojoin: boolean;
  pinned: boolean;
  hasArchive?: boolean | undefined;
  /** Our own presence there. */
  self?: string | undefined;
  subject?: string | undefined;
  members: {
    client: ClientId;
    presence: string;
    owed?: (StoredLimits & { isBegun?: boolean | undefined }) | undefined;
    early?: StoredLimits | undefined;
  }[];
  waiters: { client: ClientId; nick: string; presence: string; limits: StoredLimits }[];
}

interface StoredLimits {
  maxchars?: number | undefined;
  maxstanzas?: number | undefined;
  seconds?: number | undefined;
  sinceMs?: number | undefined;
}

/** Rooms, and who is in them. Written at once, read only when the policy is made. */
export interface RoomStore {
  rooms(): StoredRoom[];
  set(room: StoredRoom): void;
  /** With its occupants. */
  delete(jid: string): void;
  /** Occupants other than us, nickname and presence, in the chunks they were written in. */
  occupants(jid: string): { chunk: number; occupants: (readonly [nick: string, presence: string])[] }[];
  setOccupants(jid: string, chunk: number, occupants: readonly (readonly [string, string])[]): void;
  deleteOccupants(jid: string): void;
}

export interface Ports {
  upstream: {
    /**
     * Sends one stanza to the account's server, now or once there is a session again. Order is kept. False when there is no
     * room to keep it: it was not sent and never will be. `sender` is the client that is told when it does not arrive.
     */
    send(stanza: Element, sender?: ClientId): boolean;
    /** Is anybody looking (XEP-0352)? Told to the server where it wants to know, now and in each session from then on. */
    setClientState(active: boolean): void;
  };
  clients: {
    /**
     * Sends the same frame to each of these clients. Serialized once by the caller. `logSeq` is the stanza's place in the
     * log, if it has one: what a client with Stream Management acknowledges of it comes back to Account.acknowledged.
     */
    send(clients: readonly ClientId[], frame: string, logSeq?: number): void;
    /** Asks a client to acknowledge now what it was sent (XEP-0198). False when it has no Stream Management. */
    askForAck(client: ClientId): boolean;
    /** Stands for all that a client was sent so far, also in another process; undefined when it has no Stream Management. */
    mark(client: ClientId): number | undefined;
    /** Has it acknowledged all that? */
    hasAcknowledged(client: ClientId, mark: number): boolean;
    /** Ends a client's stream because its device is attached anew. */
    replace(client: ClientId): void;
  };
  /** What outlives the process, because its server will not say it again after a resumption. */
  store: {
    /** The last available presence of each contact's resource, and our own. */
    contacts: PresenceStore;
    directed: DirectedStore;
    /** The presence that was broadcast last. */
    said: TextStore;
    /** What clients' software can do, one feature a line, by the node that was asked about (XEP-0115). */
    capabilities: TextStore;
    /** Clients' requests that are open, by our id. */
    requests: TextStore;
    /** Others' requests that a client was asked to answer. */
    inbound: TextStore;
    /** What has been acknowledged, by peer and id of the message. */
    receipts: TextStore;
    /** Which client has a session with a peer, by peer and the session's id (XEP-0166). */
    peerSessions: TextStore;
    /** What waits for clients that are inactive, by client and sender. */
    held: TextStore;
    /** Which clients have asked for the block list (XEP-0191), by their ids. */
    blockList: TextStore;
    /** The devices that get sent messages as they are (bouncer/raw-copies.ts), by name. */
    rawCopies: TextStore;
    /** When somebody was last here. */
    lastActivity: TextStore;
    devices: DeviceStore;
    /** The last notification of each node, by publisher and node (XEP-0163). */
    pep: TextStore;
    /** The roster's items by address, and its version. */
    roster: TextStore;
    rooms: RoomStore;
    /** What rooms have let us in with, by the room's address. */
    roomPasswords: SecretStore;
    /** Who keeps the account's archive, and what is yet to be fetched from it (bouncer/archive/). */
    archive: TextStore;
    /** When the log may have missed something, and why. */
    holes: TextStore;
    /** What was deleted of rooms (bouncer/log/deleted-rooms.ts), by their bare JIDs. */
    deleted: TextStore;
  };
  owner: {
    /** How the account is doing, for its owner. */
    status(): OwnerStatus;
    /** Looks for words in the log. */
    search(query: SearchQuery): SearchResult;
    /** Deletes one conversation from the log, or everything in it. */
    deleteLog(peer: string | undefined): void;
    /** Do the settings name the account, so that it comes online whatever is stored? */
    readonly isNamed: boolean;
    /** Deletes all there is of the account and ends everything, once what is under way is done with. */
    forget(): void;
  };
  log: LogStore;
  clock: {
    /** Milliseconds since the epoch. */
    nowMs(): number;
    /** An XEP-0082 UTC timestamp. */
    stamp(atMs: number): string;
    /** What such a timestamp says, in milliseconds since the epoch; NaN for anything else. */
    parse(stamp: string): number;
  };
  chance: {
    /** In [0, 1), another one each time: keeps many accounts from doing the same at the same moment. Not for secrets. */
    next(): number;
  };
  ids: {
    /** A new unguessable id, unique over restarts. */
    next(): string;
  };
}
