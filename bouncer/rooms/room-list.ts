/** The account's rooms, in memory and in the store: what changes one is written here, in the turn in which it changes. */
import { bareJidOf } from "../../xmpp/jid.ts";
import type { Ports } from "../ports.ts";
import { Occupants } from "./occupants.ts";
import { fromStored, Room, toStored } from "./room.ts";

/** One account is in no more rooms than this at once. */
export const MAX_ROOMS = 200;
/** Characters of all occupants' presence in all rooms together: what an object's memory has room for. */
export const MAX_OCCUPANTS_LENGTH = 16_000_000;

/** A longer password of a room is not kept. */
const MAX_PASSWORD_LENGTH = 1_023;

type Stores = Pick<Ports["store"], "rooms" | "roomPasswords">;

export class RoomList {
  readonly #rooms = new Map<string, Room>();
  readonly #store: Stores["rooms"];
  readonly #passwords: Stores["roomPasswords"];
  readonly #chance: Ports["chance"];

  constructor({ rooms, roomPasswords }: Stores, nowMs: number, chance: Ports["chance"]) {
    this.#store = rooms;
    this.#passwords = roomPasswords;
    this.#chance = chance;
    for (const stored of rooms.rooms()) {
      const occupants = Occupants.of(rooms.occupants(stored.jid));
      const password = roomPasswords.get(stored.jid);
      this.#rooms.set(stored.jid, fromStored(stored, occupants, { password, nowMs, jitter: chance.next() }));
    }
  }

  /** The room that an address is in, or of. */
  at(address: string | undefined): Room | undefined {
    return address === undefined || this.#rooms.size === 0 ? undefined : this.#rooms.get(bareJidOf(address));
  }

  /** A copy: rooms may be dropped while somebody walks through it. */
  all(): Room[] {
    return [...this.#rooms.values()];
  }

  /** The room, made if need be; undefined when there are too many. `jid` is normalised. */
  open(jid: string, nick: string): Room | undefined {
    const known = this.#rooms.get(jid);
    if (known || this.#rooms.size >= MAX_ROOMS) return known;
    const room = new Room(jid, nick, this.#chance.next());
    this.#rooms.set(jid, room);
    return room;
  }

  /** May one more occupant's presence be kept? */
  hasRoomFor(presence: string): boolean {
    let length = presence.length;
    for (const { occupants, before } of this.#rooms.values())
      length += occupants.length + (before?.length ?? 0);
    return length <= MAX_OCCUPANTS_LENGTH;
  }

  save(room: Room): void {
    if (this.#rooms.get(room.jid) === room) this.#store.set(toStored(room));
  }

  saveOccupants(room: Room, chunk: number | undefined): void {
    if (chunk !== undefined) this.#store.setOccupants(room.jid, chunk, room.occupants.inChunk(chunk));
  }

  /** Others are there now than were. */
  saveAllOccupants(room: Room): void {
    this.#store.deleteOccupants(room.jid);
    for (let chunk = 0; chunk < room.occupants.chunkCount; chunk += 1) this.saveOccupants(room, chunk);
  }

  /** The room lets us in with this; undefined: with nothing that we know. */
  setPassword(room: Room, password: string | undefined): void {
    room.knownPassword = password;
    if (password !== undefined && password.length <= MAX_PASSWORD_LENGTH)
      this.#passwords.set(room.jid, password);
    else this.#passwords.delete(room.jid);
  }

  /** With all that is known of it. */
  drop(room: Room): void {
    this.#rooms.delete(room.jid);
    this.#passwords.delete(room.jid);
    this.#store.delete(room.jid);
  }
}
