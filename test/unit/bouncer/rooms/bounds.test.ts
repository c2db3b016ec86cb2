// MUC-16: rooms stay small, whatever is said to or by them.

import { describe, expect, it } from "vitest";
import { MAX_OCCUPANTS } from "../../../../bouncer/rooms/occupants.ts";
import { MAX_OCCUPANTS_LENGTH, MAX_ROOMS, RoomList } from "../../../../bouncer/rooms/room-list.ts";
import { AccountWorld, FULL } from "../../../support/account-world.ts";
import { memoryRoomStore, memorySecretStore } from "../../../support/memory-store.ts";
import { join, leaves, occupant, ROOM, subject } from "./words.ts";

const to = (xml: string): string => xml.replaceAll("$full", FULL);

const other = (number: number, xml: string): string => xml.replace(ROOM, `r${number}@muc.example.org`);

function framesTo(world: AccountWorld, client: string): string[] {
  const frames: string[] = [];
  for (let frame = world.next(client); frame !== undefined; frame = world.next(client)) frames.push(frame);
  return frames;
}

/** One enters a room with these others. */
function inRoom(others: readonly string[]): AccountWorld {
  const world = new AccountWorld();
  world.attach("alice/one", "one");
  world.send("alice/one", join("al"));
  for (const presence of others) world.upstreamSends(to(presence));
  world.upstreamSends(to(occupant("al", [110])));
  world.upstreamSends(to(subject()));
  return world;
}

describe("MUC-16 what is kept of rooms is bounded", () => {
  it("MUC-16 rooms: the next one is refused in words, and there is room when one is left", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    for (let number = 1; number <= MAX_ROOMS + 1; number += 1)
      world.send("alice/one", other(number, join("al")));
    expect(framesTo(world, "upstream")).toHaveLength(MAX_ROOMS);
    expect(framesTo(world, "alice/one")).toEqual([expect.stringContaining("resource-constraint")]);
    world.send("alice/one", other(1, leaves("al")));
    world.upstreamSends(other(1, to(occupant("al", [110], { type: "unavailable" }))));
    world.send("alice/one", join("al"));
    expect(framesTo(world, "upstream").at(-1)).toContain(ROOM);
  });

  it("MUC-16 occupants: those beyond are told of as they come, and unknown to later joiners", () => {
    const world = inRoom([]);
    for (let number = 0; number <= MAX_OCCUPANTS; number += 1) {
      world.upstreamSends(to(occupant(`o${number}`)));
    }
    expect(framesTo(world, "alice/one").at(-1)).toContain(`/o${MAX_OCCUPANTS}"`);
    world.attach("alice/two", "two");
    world.send("alice/two", join("al"));
    const frames = framesTo(world, "alice/two");
    expect(frames).toHaveLength(MAX_OCCUPANTS + 2);
    expect(frames.join("")).not.toContain(`/o${MAX_OCCUPANTS}"`);
  });

  it("MUC-16 a presence that is too long is told, and not kept; of our own, what matters", () => {
    const long = `<status>${"x".repeat(5_000)}</status>`;
    const world = inRoom([occupant("bob"), occupant("bob", [], { content: long })]);
    world.upstreamSends(to(occupant("al", [110], { content: long })));
    framesTo(world, "alice/one");
    world.attach("alice/two", "two");
    world.send("alice/two", join("al"));
    const frames = framesTo(world, "alice/two");
    expect(frames).toHaveLength(2);
    expect(frames[0]).toContain(`<status code="110"/>`);
    expect(frames[0]).not.toContain("xxx");
  });

  it("MUC-16 all rooms together: beyond 16 million characters an occupant is told, and not kept", () => {
    const list = new RoomList({ rooms: memoryRoomStore(), roomPasswords: memorySecretStore() }, 0, {
      next: () => 0,
    });
    const rooms = ["a", "b", "c", "d"].map((name) => list.open(`${name}@rooms.example.org`, "al"));
    const presence = "x".repeat(4_000);
    let kept = 0;
    for (let number = 0; number < 5_000; number += 1) {
      if (!list.hasRoomFor(presence)) break;
      rooms[number % 4]?.occupants.set(`o${number}`, presence);
      kept += 1;
    }
    expect(kept).toBe(MAX_OCCUPANTS_LENGTH / 4_000);
    rooms[0]?.occupants.delete("o0");
    expect(list.hasRoomFor(presence)).toBe(true);
    rooms[0]?.occupants.set("o4", "x");
    rooms[0]?.occupants.set("o4", presence);
    expect(list.hasRoomFor(presence)).toBe(true);
    expect(list.hasRoomFor(`${presence}x`)).toBe(false);
  });

  it("MUC-15 MUC-16 and all of it survives, in few rows", () => {
    const world = inRoom(Array.from({ length: 60 }, (_, number) => occupant(`o${number}`)));
    framesTo(world, "alice/one");
    world.restart();
    world.upstreamResumed();
    world.attach("alice/two", "two");
    world.send("alice/two", join("al"));
    expect(framesTo(world, "alice/two")).toHaveLength(62);
  });
});
