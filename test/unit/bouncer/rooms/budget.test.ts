// MUC-16: what large rooms cost. Figures are printed, for docs/performance.md; only what is no matter of time is asserted.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Occupants } from "../../../../bouncer/rooms/occupants.ts";
import { AccountWorld, FULL } from "../../../support/account-world.ts";
import { join, occupant, subject } from "./words.ts";

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

describe("MUC-16 large rooms", () => {
  it("MUC-16 50 rooms of 200 occupants: their text, and little more", () => {
    const before = heapBytes();
    const rooms = Array.from({ length: 50 }, (_room, room) => {
      const occupants = new Occupants();
      for (let number = 0; number < 200; number += 1) {
        // A string of its own, as one that was read from the wire is.
        occupants.set(`o${number}`, Buffer.from(typical(`o${number} of ${room}`)).toString("latin1"));
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
    expect(characters).toBeLessThan(10_000_000);
  });

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
