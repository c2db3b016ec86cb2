/**
 * LOG-10: how far each device has got in each room that it was in. What a client is told of a room's past moves it, and while
 * the client is there, what it acknowledges of anything (XEP-0198): a stream keeps its order. It is a part of the device's row,
 * so that it costs none of its own.
 */
import type { ClientId, Ports } from "../ports.ts";
import type { DeviceRow, RoomPlace, RoomProgress } from "./log-store.ts";

/** Rooms of one device, and characters of their names: what a row has room for. The one that was left first gives way. */
const MAX_ROOMS = 200;
const MAX_NAMES_LENGTH = 200_000;

/** The rows of devices that are here, by their clients. */
export interface DevicesHere {
  rowOf(id: ClientId): DeviceRow | undefined;
  /** Writes it now, or when there is time. */
  save(id: ClientId): void;
  saveSoon(id: ClientId): void;
}

export class RoomPlaces {
  readonly #ports: {
    clients: Pick<Ports["clients"], "hasAcknowledged" | "mark">;
    log: Pick<Ports["log"], "head">;
  };
  readonly #devices: DevicesHere;

  constructor(ports: Pick<Ports, "clients" | "log">, devices: DevicesHere) {
    this.#ports = ports;
    this.#devices = devices;
  }

  /** Up to where a client has, or was sent, what was said in a room; undefined when its device was never there. */
  at(id: ClientId, room: string): RoomPlace | undefined {
    const progress = this.#progress(id, room);
    return progress?.sent?.place ?? progress?.had;
  }

  /** Where the device of a client stood when it attached. */
  since(id: ClientId): number {
    return this.#devices.rowOf(id)?.since ?? this.#ports.log.head();
  }

  /** It has yet to acknowledge what it was sent of this room's past. */
  isUnderWay(id: ClientId, room: string): boolean {
    return this.#progress(id, room)?.sent !== undefined;
  }

  /** A client will be told the past from there; stored by the next word about what it was sent. */
  begins(id: ClientId, room: string, from: RoomPlace): void {
    const row = this.#devices.rowOf(id);
    if (!row) return;
    const had = row.rooms.get(room)?.had ?? from;
    // The latest in use is the last in order.
    row.rooms.delete(room);
    row.rooms.set(room, { had, sent: { place: from, mark: this.#ports.clients.mark(id) }, live: false });
    shrink(row);
  }

  /** A client was sent everything up to there. `live`: and is sent from now on what is said. */
  sent(id: ClientId, room: string, place: RoomPlace, { live }: { live: boolean }): void {
    const progress = this.#progress(id, room);
    if (!progress) return;
    progress.live = live;
    this.#sentTo(id, room, place);
    this.#devices.save(id);
  }

  /** A client is in the room no more. */
  left(id: ClientId, room: string): void {
    const row = this.#devices.rowOf(id);
    const progress = row?.rooms.get(room);
    if (!row || progress?.live !== true) return;
    row.rooms.set(room, settled(progress, row.heard));
    this.#sentTo(id, room, { after: this.#ports.log.head() });
    this.#devices.save(id);
  }

  /** A client has acknowledged something. */
  acknowledged(id: ClientId): void {
    const row = this.#devices.rowOf(id);
    if (!row || row.rooms.size === 0) return;
    const { clients, log } = this.#ports;
    const all = clients.mark(id);
    // All that is in the log by now was sent before that.
    if (all !== undefined && clients.hasAcknowledged(id, all)) row.heard = log.head();
    for (const progress of row.rooms.values()) {
      const mark = progress.sent?.mark;
      if (mark !== undefined && clients.hasAcknowledged(id, mark)) hasGot(progress);
    }
    this.#devices.saveSoon(id);
  }

  /** A client without Stream Management has answered: what it was sent of the past of rooms it has got. */
  answered(id: ClientId): void {
    const row = this.#devices.rowOf(id);
    if (!row) return;
    for (const progress of row.rooms.values()) hasGot(progress);
    this.#devices.saveSoon(id);
  }

  #progress(id: ClientId, room: string): RoomProgress | undefined {
    return this.#devices.rowOf(id)?.rooms.get(room);
  }

  #sentTo(id: ClientId, room: string, place: RoomPlace): void {
    const progress = this.#progress(id, room);
    if (progress) progress.sent = { place, mark: this.#ports.clients.mark(id) };
  }
}

/** What is known for certain of a device whose client is gone. */
export function placesOfGone({ rooms, heard }: Pick<DeviceRow, "heard" | "rooms">): DeviceRow["rooms"] {
  return new Map([...rooms].map(([room, progress]) => [room, settled(progress, heard)]));
}

function settled({ had, sent, live }: RoomProgress, heard: number): RoomProgress {
  // What it has acknowledged of later things came behind what it was sent of the past.
  const isCertain = live && heard > (sent?.place ?? had).after;
  return { had: isCertain ? { after: heard } : had, sent: undefined, live: false };
}

function hasGot(progress: RoomProgress): void {
  const place = progress.sent?.place;
  progress.sent = undefined;
  // One that asks for more of the past than it has missed has no less for that.
  if (place && (place.part?.until ?? place.after) >= progress.had.after) progress.had = place;
}

function shrink({ rooms }: DeviceRow): void {
  let length = 0;
  for (const room of rooms.keys()) length += room.length;
  for (const [room, { live }] of rooms) {
    if (rooms.size <= MAX_ROOMS && length <= MAX_NAMES_LENGTH) return;
    if (live) continue;
    rooms.delete(room);
    length -= room.length;
  }
}
