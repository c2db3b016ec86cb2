// MUC-4: what a device is told that comes to a room, and in which order, where there is more than a page of it.

import { describe, expect, it } from "vitest";
import { comes, hears, PHONE, range, stays, take, takeAll, to, wasThere } from "./telling-words.ts";
import { join, ROOM, said, says } from "./words.ts";

describe("MUC-4 in which order, and how much", () => {
  it("MUC-4 what was filled in late has its place by its time, over pages and resets too", () => {
    const world = wasThere();
    hears(world, 301, 450);
    // Said a day before, and fetched now.
    for (const number of range(101, 250)) {
      const stamp = new Date(Date.parse("2025-12-31T00:00:00Z") + number * 1_000).toISOString();
      world.upstreamSends(to(said("bob", String(number), stamp)));
    }
    comes(world);
    const told = take(world);
    world.restart({ connected: ["laptop"] });
    world.upstreamResumed();
    world.acknowledge(PHONE);
    world.resume(PHONE);
    told.push(...takeAll(world));
    expect(told).toEqual([...range(101, 250), ...range(301, 450), "Tea"]);
  });

  it.each([
    ["all since a time, as much as it is", `<history since="2026-01-01T00:00:00.100Z"/>`, range(98, 700)],
    ["so many, of what it has missed", `<history maxstanzas="600"/>`, range(101, 700)],
    ["more than it has missed: that", `<history maxstanzas="5000"/>`, range(4, 700)],
    ["none", `<history maxstanzas="0"/>`, []],
    ["the strictest", `<history since="2026-01-01T00:00:00.100Z" maxstanzas="300"/>`, range(401, 700)],
  ])("MUC-4 a client is told what it asks for: %s", (_what, history, expected) => {
    const world = wasThere();
    const begin = world.nowMs;
    hears(world, 4, 700);
    const shift = begin - Date.parse("2026-01-01T00:00:00Z");
    comes(world, PHONE, history);
    const told = takeAll(world);
    if (history.includes("since") && !history.includes("maxstanzas")) {
      // One a millisecond.
      expect(told).toEqual([...range(4 + 99 - shift, 700), "Tea"]);
    } else expect(told).toEqual([...expected, "Tea"]);
    // Whatever it asked for, it is told no more of that.
    world.leave(PHONE);
    comes(world);
    expect(takeAll(world)).toEqual(["Tea"]);
  });

  it("MUC-4 a number of seconds means the time when it joined, however long it takes", () => {
    const world = wasThere();
    world.wait(3_600);
    hears(world, 4, 203);
    comes(world, PHONE, `<history seconds="60"/>`);
    expect(take(world)).toEqual(range(4, 103));
    world.wait(300);
    world.acknowledge(PHONE);
    expect(take(world)).toEqual([...range(104, 203), "Tea"]);
  });

  it("MUC-4 a device that was never in the room has the last 50, or what was said since it was here, 500 at most", () => {
    const world = stays();
    hears(world, 1, 120);
    comes(world);
    expect(takeAll(world)).toEqual([...range(71, 120), "Tea"]);
    world.attach("tablet", "slate");
    world.leave("tablet");
    hears(world, 121, 240);
    world.attach("tablet", "slate");
    world.send("tablet", join("al"));
    expect(takeAll(world, "tablet")).toEqual([...range(121, 240), "Tea"]);
    world.attach("watch", "wrist");
    world.leave("watch");
    hears(world, 241, 900);
    world.attach("watch", "wrist");
    world.send("watch", join("al"));
    expect(takeAll(world, "watch")).toEqual([...range(401, 900), "Tea"]);
  });

  it("MUC-20 what a moderator has retracted is not told, on whatever page it stands", () => {
    const world = wasThere();
    const id = `<stanza-id xmlns="urn:xmpp:sid:0" by="${ROOM}" id="bad"/>`;
    world.upstreamSends(to(says("bob", "4", id)));
    hears(world, 5, 160);
    world.upstreamSends(
      to(
        `<message from="${ROOM}" to="$full" type="groupchat"><retract xmlns="urn:xmpp:message-retract:1" id="bad"><moderated xmlns="urn:xmpp:message-moderate:1"/></retract></message>`,
      ),
    );
    comes(world);
    expect(takeAll(world)).toEqual([...range(5, 160), "Tea"]);
  });

  it("LOG-9 MUC-22 after a cut of the log: what is left, once and in order", () => {
    const world = wasThere();
    hears(world, 4, 700);
    world.log.keep(230);
    comes(world);
    expect(take(world)).toEqual(range(471, 570));
    // And another one in the middle.
    world.log.keep(60);
    world.acknowledge(PHONE);
    expect(takeAll(world)).toEqual([...range(641, 700), "Tea"]);
  });
});
