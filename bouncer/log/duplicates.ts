/**
 * LOG-4: messages that a server gives us again: what it had kept for us when a session was lost, or a room's history when we
 * join it anew. What is in the log was delivered, or will be.
 *
 * Memory is bounded: archive ids of the latest messages, and of the latest of those peers whose delayed messages came.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Element } from "@xmpp/xml";
import { NS } from "../../xmpp/namespaces.ts";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../xmpp/xml/limits.ts";
import { type DeletedRooms, MAX_KNOWN } from "./deleted-rooms.ts";
import type { LoggedMessage, LogStore } from "./log-store.ts";
import type { Loggable } from "./loggable.ts";

/** Archive ids remembered of all peers. */
const MAX_LATEST = 1_000;
/** A peer's messages that are looked at for one that came again. A room's history is rarely longer. */
const MAX_OF_PEER = 200;
/** Peers remembered. */
const MAX_PEERS = 20;
/** Characters of a name that is kept as it is. */
const MAX_NAME_LENGTH = 256;
/** Ids of one archive remembered while the log is filled from it, which has what comes meanwhile as well. */
const MAX_WATCHED = 20_000;

export class Duplicates {
  readonly #store: Pick<LogStore, "archivedSince" | "latestIds" | "ofPeer">;
  readonly #deleted: Pick<DeletedRooms, "add" | "has">;
  /** Of archives that the log is being filled from: the account's, or that of the room whose bare JID is the key. */
  readonly #watched = new Map<string | undefined, Set<string>>();
  #latest: Set<string> | undefined;
  /** By peer: what names its messages, and when they were said. */
  readonly #byPeer = new Map<string, Map<string, number>>();

  constructor(
    store: Pick<LogStore, "archivedSince" | "latestIds" | "ofPeer">,
    deleted: Pick<DeletedRooms, "add" | "has">,
  ) {
    this.#store = store;
    this.#deleted = deleted;
  }

  /** DELETE-6: a room's messages are about to be deleted; they are known all the same. */
  deletes(room: string): void {
    const last = this.#store
      .ofPeer(room, Number.MIN_SAFE_INTEGER, MAX_KNOWN)
      .filter((logged) => logged.room)
      .toSorted((a, b) => a.atMs - b.atMs);
    const atMs = last.at(-1)?.atMs;
    if (atMs === undefined) return;
    const stanzaId = last.findLast((logged) => logged.stanzaId !== undefined)?.stanzaId;
    this.#deleted.add(room, { atMs, stanzaId }, last.flatMap(namesOfLogged));
  }

  /** Is this message, which has just come, in the log already? */
  has(loggable: Loggable): boolean {
    const { peer, stanzaId, message } = loggable;
    if (stanzaId !== undefined && this.#latestIds().has(archived(peer, stanzaId))) return true;
    // What comes as it is said has no stamp.
    if (!message.getChild("delay", NS.delay)) return false;
    return this.#isKnown(loggable);
  }

  /** The same of a message that the archive of the account, or of its room, has. */
  hasArchived(loggable: Loggable): boolean {
    const { peer, room, stanzaId } = loggable;
    const watched = this.#watched.get(room ? peer : undefined);
    if (stanzaId !== undefined && watched?.has(shortened(stanzaId)) === true) return true;
    if (stanzaId !== undefined && this.#latestIds().has(archived(peer, stanzaId))) return true;
    return this.#isKnown(loggable);
  }

  /** When the log says that a message was said which an archive has too; undefined where it does not know that message. */
  timeOf(archivedMessage: Pick<Loggable, "peer" | "stanzaId" | "message">): number | undefined {
    const known = this.#namesOf(archivedMessage.peer);
    const name = namesOf(archivedMessage).find((one) => known.has(one));
    return name === undefined ? undefined : known.get(name);
  }

  /** From now on the ids are remembered of all that this archive has stamped after `after`; undefined: no longer. */
  watch(room: string | undefined, after: number | undefined): void {
    if (after === undefined) this.#watched.delete(room);
    else {
      const ids = this.#store.archivedSince(after, MAX_WATCHED, room).toReversed();
      this.#watched.set(room, new Set(ids.map(shortened)));
    }
  }

  /** It is in the log now, as said at `atMs`. */
  add(loggable: Loggable, atMs: number): void {
    const { peer, room, stanzaId } = loggable;
    const watched = this.#watched.get(room ? peer : undefined);
    if (stanzaId !== undefined && watched) addBounded(watched, shortened(stanzaId), MAX_WATCHED);
    if (stanzaId !== undefined) addBounded(this.#latestIds(), archived(peer, stanzaId), MAX_LATEST);
    const known = this.#byPeer.get(peer);
    if (!known) return;
    for (const name of namesOf(loggable)) known.set(name, atMs);
    dropOldest(known, 2 * MAX_OF_PEER);
  }

  #isKnown(loggable: Loggable): boolean {
    const { peer } = loggable;
    const known = this.#namesOf(peer);
    const names = namesOf(loggable);
    return names.some((name) => known.has(name)) || this.#deleted.has(peer, names);
  }

  #latestIds(): Set<string> {
    this.#latest ??= new Set(
      this.#store.latestIds(MAX_LATEST).map(({ peer, stanzaId }) => archived(peer, stanzaId)),
    );
    return this.#latest;
  }

  #namesOf(peer: string): Map<string, number> {
    const known = this.#byPeer.get(peer) ?? this.#load(peer);
    // The least recently asked for is the first to be forgotten.
    this.#byPeer.delete(peer);
    this.#byPeer.set(peer, known);
    const [oldest] = this.#byPeer.keys();
    if (this.#byPeer.size > MAX_PEERS && oldest !== undefined) this.#byPeer.delete(oldest);
    return known;
  }

  #load(peer: string): Map<string, number> {
    const known = new Map<string, number>();
    for (const logged of this.#store.ofPeer(peer, Number.MIN_SAFE_INTEGER, MAX_OF_PEER)) {
      for (const name of namesOfLogged(logged)) known.set(name, logged.atMs);
    }
    return known;
  }
}

/**
 * What tells a message from its peer's others: the archive's id; else its own id, with who says what, since not every client
 * makes unique ids. Without either nothing does: the same may be said twice.
 */
function namesOf({ peer, stanzaId, message }: Pick<Loggable, "peer" | "stanzaId" | "message">): string[] {
  const { id, from } = message.attrs;
  const names = stanzaId === undefined ? [] : [archived(peer, stanzaId)];
  if (id !== undefined) names.push(shortened(JSON.stringify([from, id, bodyOf(message)])));
  return names;
}

function namesOfLogged({ peer, stanzaId, frame }: LoggedMessage): string[] {
  const parsed = parseFrame(frame, DEFAULT_LIMITS);
  return parsed.ok && parsed.element ? namesOf({ peer, stanzaId, message: parsed.element }) : [];
}

function bodyOf(message: Element): string {
  return message.getChildText("body", NS.client) ?? "";
}

function archived(peer: string, stanzaId: string): string {
  return shortened(JSON.stringify([peer, stanzaId]));
}

/** The other side chooses how long ids and words are. Who makes two of its own alike has one of them dropped, at worst. */
function shortened(name: string): string {
  return name.length <= MAX_NAME_LENGTH ? name : bytesToHex(sha256(utf8ToBytes(name)));
}

/** A set keeps the order of insertion: the oldest gives way. */
function addBounded(names: Set<string>, name: string, max: number): void {
  names.add(name);
  dropOldest(names, max);
}

function dropOldest(names: Pick<Set<string>, "size" | "keys" | "delete">, max: number): void {
  while (names.size > max) {
    const [oldest] = names.keys();
    if (oldest === undefined) return;
    names.delete(oldest);
  }
}
