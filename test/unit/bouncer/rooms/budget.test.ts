// MUC-16: what large rooms cost. Figures are printed, for docs/performance.md; what is no matter of time is asserted.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Occupants } from "../../../../bouncer/rooms/occupants.ts";
import { MAX_OCCUPANTS_LENGTH } from "../../../../bouncer/rooms/room-list.ts";
import { AccountWorld, FULL } from "../../../support/account-world.ts";
import { join, occupant, ROOM, subject } from "./words.ts";

/** Of an object's 128 MB, what its rooms may take: a quarter. */
const MEMORY_BYTES = 32_000_000;

const to = (xml: string): string => xml.replaceAll("$full", FULL);

/** As Prosody sends it, with capabilities, an avatar's hash and an occupant id (XEP-0421): some 560 characters. */
function typical(nick: string): string {
  const more =
    `<c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="https://conversejs.org" ver="qgxN8hmrdSa2/4/7PUoM9bPFN2s="/>` +
    `<x xmlns="vcard-temp:x:update"><photo>da39a3ee5e6b4b0d3255bfef95601890afd80709</photo></x>` +
    `<occupant-id xmlns="urn:xmpp:occupant-id:0" id="xb1fvyt1Z975bANCUu/x5KJpQqodHBdBCsrfZKrowDw="/>`;
  return occupant(nick, [], { content: more });
}

function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
  return process.memoryUsage().heapUsed;
}

/** Characters in the table of rooms' occupants. */
function occupantsStored({ stores: { rooms } }: AccountWorld): number {
  const chunks = rooms.rooms().flatMap(({ jid }) => rooms.occupants(jid));
  return chunks.reduce((sum, { occupants }) => sum + JSON.stringify(occupants).length, 0);
}

describe("MUC-16 large rooms", () => {
  it("MUC-16 50 rooms of 200 occupants: their text, and little more", () => {
    const before = heapBytes();
    const rooms = Array.from({ length: 50 }, () => {
      const occupants = new Occupants();
      for (let number = 0; number < 200; number += 1) {
        // A string of its own, as one that was read from the wire is.
        occupants.set(`o${number}`, Buffer.from(typical(`o${number}`)).toString("latin1"));
      }
      return occupants;
    });
    const bytes = heapBytes() - before;
    const characters = rooms.reduce(
      (sum, room) => sum + [...room.entries()].reduce((all, [, text]) => all + text.length, 0),
      0,
    );
    const rows = rooms.reduce((sum, room) => sum + room.chunkCount, 0);
    console.log(`50 rooms of 200: ${bytes} bytes of heap, ${characters} characters, ${rows} rows`);
    expect(rows).toBe(50 * 8);
    expect(characters).toBeLessThan(MAX_OCCUPANTS_LENGTH);
    // Latin-1 text is a byte a character; elements instead of it would be ten times as much.
    expect(bytes).toBeGreaterThan(characters);
    expect(bytes).toBeLessThan(2 * characters);
  });

  it("MUC-16 regression: as an account holds them, 50 rooms of 200 and eight of 2,000: less than two bytes for each character", () => {
    const sizes = [...Array.from({ length: 50 }, () => 200), ...Array.from({ length: 8 }, () => 2_000)];
    const world = new AccountWorld();
    const fill = (room: string, size: number): number => {
      const named = (xml: string): string => to(xml).replaceAll(ROOM, room);
      world.send("alice/one", named(join("al")));
      let characters = 0;
      for (let number = 0; number < size; number += 1) {
        // Long enough to be a part of what arrived instead of a copy (V8 copies up to twelve characters).
        const xml = named(typical(`the occupant ${number}`));
        characters += xml.length;
        world.upstreamSends(xml);
      }
      world.upstreamSends(named(occupant("al", [110])));
      world.upstreamSends(named(subject("Tea")));
      for (const place of ["alice/one", "upstream"]) while (world.next(place) !== undefined);
      return characters;
    };
    world.attach("alice/one", "one");
    // What is loaded and compiled for the first room is not the rooms'.
    fill("first@muc.example.org", 200);
    const stored = occupantsStored(world);
    const before = heapBytes();
    const characters = sizes.reduce((sum, size, n) => sum + fill(`room${n}@muc.example.org`, size), 0);
    // The world's tables are in memory too, which a real account's are not.
    const tables = occupantsStored(world) - stored;
    const bytes = heapBytes() - before - tables;
    console.log(`58 rooms: ${bytes} bytes of heap beside the tables, ${characters} characters`);
    expect(characters).toBeGreaterThan(12_000_000);
    expect(characters).toBeLessThan(MAX_OCCUPANTS_LENGTH);
    expect(tables).toBeGreaterThan(characters);
    expect(bytes).toBeLessThan(2 * characters);
    expect((bytes / characters) * MAX_OCCUPANTS_LENGTH).toBeLessThan(MEMORY_BYTES);
  }, 60_000);

  it("MUC-2 MUC-16 a late join into a room of 2,000: one frame each, nothing sent to the room", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", join("al"));
    for (let number = 0; number < 2_000; number += 1) world.upstreamSends(to(typical(`o${number}`)));
    world.upstreamSends(to(occupant("al", [110])));
    world.upstreamSends(to(subject("Tea")));
    while (world.next("alice/one") !== undefined);
    while (world.next("upstream") !== undefined);
    const times: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const client = `alice/late ${round}`;
      world.attach(client, client);
      const begin = performance.now();
      world.send(client, join("al"));
      times.push(performance.now() - begin);
      expect(world.leftovers()[client]).toHaveLength(2_002);
      while (world.next(client) !== undefined);
    }
    const sorted = times.toSorted((a, b) => a - b);
    const figures = [0, 10, 19].map((index) => sorted[index]?.toFixed(2));
    console.log(`a late join into 2,000: fastest, median, slowest of 20: ${figures.join(", ")} ms`);
    expect(world.next("upstream")).toBeUndefined();
  });
});
