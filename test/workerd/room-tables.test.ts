// MUC-15, MUC-16: the tables of rooms and their occupants: what is read back, what does not fit, and what it costs.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { StoredRoom } from "../../bouncer/ports.ts";
import { MAX_PRESENCE_LENGTH, Occupants } from "../../bouncer/rooms/occupants.ts";
import { Room } from "../../bouncer/rooms/room.ts";
import { RoomList } from "../../bouncer/rooms/room-list.ts";
import { RoomTables } from "../../durable/storage/room-tables.ts";
import { counting } from "./support/counting.ts";

const TEA = "tea@muc.example.org";
const CAKE = "cake@muc.example.org";
/** Bytes that a row holds in production. */
const ROW_BYTES = 2_000_000;

async function withTables(name: string, test: (sql: SqlStorage) => void): Promise<void> {
  await runInDurableObject(env.ACCOUNT.getByName(`rooms-${name}@good.example`), (_instance, { storage }) =>
    test(storage.sql),
  );
}

function listOn(sql: SqlStorage): RoomList {
  const roomPasswords = { get: () => undefined, set: () => undefined, delete: () => undefined };
  return new RoomList({ rooms: new RoomTables(sql), roomPasswords }, 0, { next: () => 0 });
}

function stored(over: Partial<StoredRoom> = {}): StoredRoom {
  return {
    jid: TEA,
    phase: "joined",
    nick: "al",
    autojoin: true,
    pinned: false,
    self: `<presence from="${TEA}/al"/>`,
    subject: `<message from="${TEA}" type="groupchat"><subject>"Tea" &amp; 🍵</subject></message>`,
    hasArchive: true,
    members: [
      { client: "one", presence: "<presence/>", owed: { maxstanzas: 5, sinceMs: 1_000 } },
      { client: "three", presence: "<presence/>", early: { maxchars: 0 } },
    ],
    waiters: [{ client: "two", nick: "ally", presence: "<presence/>", limits: { seconds: 60 } }],
    ...over,
  };
}

/** A room that was entered with so many others in it. */
function entered(list: RoomList, jid: string, count: number, length = 470): Room {
  const room = list.open(jid, "al");
  if (!room) throw new Error("too many rooms");
  for (let number = 0; number < count; number += 1) {
    room.occupants.set(`o${number}`, `<presence from="${jid}/o${number}"/>`.padEnd(length, "x"));
  }
  list.saveAllOccupants(room);
  list.save(room);
  return room;
}

describe("MUC-15 rooms outlive the process", () => {
  it("MUC-15 what was written last is read, each room for itself", async () => {
    await withTables("read", (sql) => {
      const tables = new RoomTables(sql);
      tables.set(stored());
      tables.set(stored({ nick: "ally", phase: "leaving" }));
      const bare = {
        jid: CAKE,
        hasArchive: undefined,
        self: undefined,
        subject: undefined,
        members: [],
        waiters: [],
      };
      tables.set(stored(bare));
      tables.setOccupants(TEA, 0, [["bob", '<presence id="0"/>']]);
      tables.setOccupants(TEA, 3, [
        ["carol", "<presence/>"],
        ['"d"\\ 🍵', "<presence/>"],
      ]);
      tables.setOccupants(TEA, 0, [["bob", '<presence id="1"/>']]);
      tables.setOccupants(CAKE, 0, [["eve", "<presence/>"]]);

      const revived = new RoomTables(sql);
      const rooms = revived.rooms().toSorted((a, b) => b.jid.localeCompare(a.jid));
      expect(rooms).toEqual([
        stored({ nick: "ally", phase: "leaving" }),
        JSON.parse(JSON.stringify(stored(bare))),
      ]);
      expect(revived.occupants(TEA).toSorted((a, b) => a.chunk - b.chunk)).toEqual([
        { chunk: 0, occupants: [["bob", '<presence id="1"/>']] },
        {
          chunk: 3,
          occupants: [
            ["carol", "<presence/>"],
            ['"d"\\ 🍵', "<presence/>"],
          ],
        },
      ]);

      revived.deleteOccupants(TEA);
      expect(revived.occupants(TEA)).toEqual([]);
      expect(revived.rooms()).toHaveLength(2);
      revived.delete(CAKE);
      expect(revived.rooms().map(({ jid }) => jid)).toEqual([TEA]);
      expect(revived.occupants(CAKE)).toEqual([]);
    });
  });

  it("MUC-15 a list of rooms is the same after a reset, also after changes in the middle of it", async () => {
    await withTables("list", (sql) => {
      const list = listOn(sql);
      const room = entered(list, TEA, 130);
      entered(list, CAKE, 1);
      list.saveOccupants(room, room.occupants.delete("o7"));
      list.saveOccupants(room, room.occupants.set("o60", "<presence/>"));
      list.saveOccupants(room, room.occupants.set("new", "<presence/>"));

      const revived = listOn(sql);
      expect(new Map(revived.at(TEA)?.occupants.entries())).toEqual(new Map(room.occupants.entries()));
      const again = revived.at(TEA);
      if (again) revived.drop(again);
      const left = listOn(sql);
      expect(left.all().map(({ jid, occupants }) => [jid, occupants.size])).toEqual([[CAKE, 1]]);
    });
  });
});

describe("MUC-16 what fits into a row", () => {
  it("MUC-16 a subject of megabytes is not kept, and the room is", async () => {
    await withTables("subject", (sql) => {
      const tables = new RoomTables(sql);
      tables.set(stored({ subject: "x".repeat(1_000_000) }));
      expect(tables.rooms()[0]?.subject).toHaveLength(1_000_000);
      tables.set(stored({ subject: "é".repeat(1_000_000) }));
      expect(tables.rooms()).toEqual([JSON.parse(JSON.stringify(stored({ subject: undefined })))]);
    });
  });

  it("MUC-16 a chunk of the longest presences fits, whatever they are made of", async () => {
    await withTables("chunk", (sql) => {
      for (const character of ["x", '"', "\\", "é", "€", "🍵"]) {
        const all = new Occupants();
        const presence = character.repeat(MAX_PRESENCE_LENGTH / character.length);
        for (let number = 0; number < 60; number += 1) all.set(`${number}${character.repeat(250)}`, presence);
        const tables = new RoomTables(sql);
        for (let chunk = 0; chunk < all.chunkCount; chunk += 1) {
          tables.setOccupants(TEA, chunk, all.inChunk(chunk));
        }
        const longest = sql
          .exec<{ bytes: number }>("SELECT max(length(CAST(occupants AS BLOB))) AS bytes FROM room_occupants")
          .one();
        expect(longest.bytes).toBeGreaterThan(25 * MAX_PRESENCE_LENGTH);
        expect(longest.bytes).toBeLessThan(ROW_BYTES / 2);
        expect(Occupants.of(tables.occupants(TEA)).size).toBe(60);
      }
    });
  });
});

describe("MUC-16 what rooms cost", () => {
  it("MUC-16 to enter a room of 2,000 is a row for 25 of them, and one for the room", async () => {
    await withTables("cost", (storage) => {
      const { sql, rowsWritten } = counting(storage);
      const list = listOn(sql);
      const costOf = (act: () => void): number => {
        const before = rowsWritten();
        act();
        return rowsWritten() - before;
      };
      expect(costOf(() => entered(list, TEA, 2_000))).toBe(80 + 1);
      const room = list.at(TEA);
      if (!room) throw new Error("no room");
      expect(costOf(() => list.saveOccupants(room, room.occupants.delete("o1000")))).toBe(1);
      expect(costOf(() => list.saveOccupants(room, room.occupants.set("o1", "<presence/>")))).toBe(1);
      expect(costOf(() => list.saveOccupants(room, room.occupants.set("o1", "<presence/>")))).toBe(0);
      expect(costOf(() => list.save(room))).toBe(1);
      // Entered anew: the old rows go, which counts as writing, and the new ones come.
      expect(costOf(() => list.saveAllOccupants(room))).toBe(80 + 80);
      expect(costOf(() => list.drop(room))).toBe(80 + 1);
    });
  });
});
