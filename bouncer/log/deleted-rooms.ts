/**
 * DELETE-6: what the owner has deleted of rooms, as far as it takes to know it again: rooms tell their latest messages, and what
 * their archives have, to whoever comes back. Hashes of the last messages' names, and no words.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Ports } from "../ports.ts";
import { joinFields, splitFields } from "../text-fields.ts";

const MAX_ROOMS = 200;
/** More than a room tells by itself; its archive is asked for what came after the last. */
export const MAX_KNOWN = 100;
/** Digits of a hash: who makes two alike has one of them not told again, at worst. */
const HASH_LENGTH = 16;

/** The end of what was deleted. */
export interface DeletedEnd {
  atMs: number;
  /** The last id under which the room has archived a message. */
  stanzaId: string | undefined;
}

interface Deleted extends DeletedEnd {
  names: ReadonlySet<string>;
}

export class DeletedRooms {
  readonly #ports: { store: Pick<Ports["store"], "deleted">; clock: Pick<Ports["clock"], "nowMs"> };
  /** By the rooms' bare JIDs, the oldest first. */
  readonly #rooms = new Map<string, Deleted>();

  constructor(ports: { store: Pick<Ports["store"], "deleted">; clock: Pick<Ports["clock"], "nowMs"> }) {
    this.#ports = ports;
    for (const { key, value } of ports.store.deleted.entries()) {
      const [atMs, stanzaId, names = ""] = splitFields(value);
      this.#rooms.set(key, { atMs: Number(atMs), stanzaId, names: new Set(names.split(" ")) });
    }
  }

  at(room: string): DeletedEnd | undefined {
    return this.#rooms.get(room);
  }

  /** Was it a message with one of these names? */
  has(room: string, names: readonly string[]): boolean {
    const known = this.#rooms.get(room)?.names;
    return known !== undefined && names.some((name) => known.has(hash(name)));
  }

  add(room: string, end: DeletedEnd, names: readonly string[]): void {
    const { clock, store } = this.#ports;
    const hashes = new Set(names.map(hash));
    this.#rooms.delete(room);
    this.#rooms.set(room, { ...end, names: hashes });
    const value = joinFields(String(end.atMs), end.stanzaId, [...hashes].join(" "));
    store.deleted.set(room, value, clock.nowMs());
    const [oldest] = this.#rooms.keys();
    if (oldest === undefined || this.#rooms.size <= MAX_ROOMS) return;
    this.#rooms.delete(oldest);
    store.deleted.delete(oldest);
  }
}

function hash(name: string): string {
  return bytesToHex(sha256(utf8ToBytes(name))).slice(0, HASH_LENGTH);
}
