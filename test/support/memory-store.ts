// The policy's stores in memory. What is in them outlives an Account, as the object's tables outlive its process. Stanzas are
// kept as text, so that nothing that is stored can be changed afterwards.

import type {
  Ports,
  DirectedStore,
  PresenceStore,
  RoomStore,
  SecretStore,
  StoredRoom,
  TextStore,
} from "../../bouncer/ports.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import { parse } from "./xml-shape.ts";

function memoryPresenceStore(): PresenceStore {
  const rows = new Map<string, { text: string; atMs: number }>();
  return {
    entries: () => [...rows].map(([from, { text, atMs }]) => ({ from, stanza: parse(text), atMs })),
    set: (from, stanza, atMs) => void rows.set(from, { text: serialize(stanza), atMs }),
    delete: (from) => void rows.delete(from),
    clear: () => rows.clear(),
  };
}

function memoryDirectedStore(): DirectedStore {
  const rows = new Map<string, { text: string; holders: string[] }>();
  return {
    entries: () => [...rows].map(([target, { text, holders }]) => ({ target, holders, stanza: parse(text) })),
    set: ({ target, holders, stanza }) => void rows.set(target, { text: serialize(stanza), holders }),
    delete: (target) => void rows.delete(target),
  };
}

export function memoryTextStore(): TextStore {
  const rows = new Map<string, { value: string; atMs: number }>();
  return {
    entries: () =>
      [...rows].map(([key, row]) => Object.assign({ key }, row)).toSorted((a, b) => a.atMs - b.atMs),
    set: (key, value, atMs) => void rows.set(key, { value, atMs }),
    delete: (key) => void rows.delete(key),
  };
}

export function memorySecretStore(): SecretStore {
  const secrets = new Map<string, string>();
  return {
    get: (key) => secrets.get(key),
    set: (key, secret) => void secrets.set(key, secret),
    delete: (key) => void secrets.delete(key),
  };
}

export function memoryRoomStore(): RoomStore {
  const rooms = new Map<string, string>();
  const occupants = new Map<string, Map<number, string>>();
  return {
    rooms: () => [...rooms.values()].map((text): StoredRoom => JSON.parse(text)),
    set: (room) => void rooms.set(room.jid, JSON.stringify(room)),
    delete: (jid) => [rooms, occupants].forEach((table) => table.delete(jid)),
    occupants: (jid) =>
      [...(occupants.get(jid) ?? [])].map(([chunk, text]) => ({ chunk, occupants: JSON.parse(text) })),
    setOccupants: (jid, chunk, inIt) =>
      void occupants.set(
        jid,
        (occupants.get(jid) ?? new Map<number, string>()).set(chunk, JSON.stringify(inIt)),
      ),
    deleteOccupants: (jid) => void occupants.delete(jid),
  };
}

/** All of the policy's stores, empty but for the devices given. */
export function memoryStores(devices: Ports["store"]["devices"]): Ports["store"] {
  return {
    contacts: memoryPresenceStore(),
    directed: memoryDirectedStore(),
    capabilities: memoryTextStore(),
    requests: memoryTextStore(),
    inbound: memoryTextStore(),
    receipts: memoryTextStore(),
    peerSessions: memoryTextStore(),
    held: memoryTextStore(),
    blockList: memoryTextStore(),
    rawCopies: memoryTextStore(),
    said: memoryTextStore(),
    lastActivity: memoryTextStore(),
    devices,
    pep: memoryTextStore(),
    roster: memoryTextStore(),
    rooms: memoryRoomStore(),
    roomPasswords: memorySecretStore(),
    archive: memoryTextStore(),
    holes: memoryTextStore(),
    deleted: memoryTextStore(),
  };
}
