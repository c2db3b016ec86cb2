// MUC-4: what a client gets of what was said before it came.

import { describe, expect, it } from "vitest";
import { AccountWorld, FULL } from "../../../support/account-world.ts";
import { parse } from "../../../support/xml-shape.ts";
import { join, occupant, said, says, subject } from "./words.ts";

const to = (xml: string): string => xml.replaceAll("$full", FULL);

/** One is in the room, where it has heard "m1" to "m5", a minute apart; the last at 00:05:00. */
function heard(): AccountWorld {
  const world = new AccountWorld();
  world.attach("alice/one", "one");
  world.send("alice/one", join("al"));
  world.upstreamSends(to(occupant("al", [110])));
  world.upstreamSends(to(subject("Tea")));
  for (let minute = 1; minute <= 5; minute += 1) {
    world.wait(59.999);
    world.upstreamSends(to(says("bob", `m${minute}`)));
  }
  return world;
}

/** What comes to a client: the bodies of messages, and the subject. */
function textsTo(world: AccountWorld, client: string): string[] {
  const texts: string[] = [];
  for (let frame = world.next(client); frame !== undefined; frame = world.next(client)) {
    const message = parse(frame);
    const text = message.getChildText("body") ?? message.getChildText("subject");
    if (text !== null) texts.push(text);
  }
  return texts;
}

describe("MUC-4 history is within what the joiner asks for", () => {
  it.each([
    ["no limits", "", ["m1", "m2", "m3", "m4", "m5"]],
    ["none", `<history maxstanzas="0"/>`, []],
    ["no characters", `<history maxchars="0"/>`, []],
    ["the last two", `<history maxstanzas="2"/>`, ["m4", "m5"]],
    ["so many characters, stanzas and all", `<history maxchars="400"/>`, ["m4", "m5"]],
    ["the last two and a half minutes", `<history seconds="150"/>`, ["m3", "m4", "m5"]],
    ["since a time", `<history since="2026-01-01T00:03:30Z"/>`, ["m4", "m5"]],
    ["the strictest of two", `<history since="2026-01-01T00:01:30Z" maxstanzas="1"/>`, ["m5"]],
    [
      "what is no number or time",
      `<history maxstanzas="-1" since="yesterday"/>`,
      ["m1", "m2", "m3", "m4", "m5"],
    ],
  ])("MUC-4 %s", (_name, history, expected) => {
    const world = heard();
    world.attach("alice/two", "two");
    world.send("alice/two", join("al", history));
    expect(textsTo(world, "alice/two")).toEqual([...expected, "Tea"]);
  });

  it("MUC-4 regression: what the server sends again, with the second in which it was said, stays behind what came in it before", () => {
    const world = heard();
    world.nowMs = Date.parse("2026-01-01T00:05:10.700Z");
    world.upstreamSends(to(says("bob", "m6")));
    world.restart({ connected: ["alice/one"] });
    world.upstreamResumed();
    const delay = `<delay xmlns="urn:xmpp:delay" from="example.org" stamp="2026-01-01T00:05:10Z"/>`;
    world.upstreamSends(to(says("bob", "m7")).replace("</message>", `${delay}</message>`));
    world.attach("alice/two", "two");
    world.send("alice/two", join("al"));
    expect(textsTo(world, "alice/two")).toEqual(["m1", "m2", "m3", "m4", "m5", "m6", "m7", "Tea"]);
  });

  it("MUC-4 regression: what is filled in late has its place by its time, within a second too", () => {
    const world = heard();
    world.nowMs = Date.parse("2026-01-01T00:05:20Z");
    world.upstreamSends(to(said("bob", "m7", "2026-01-01T00:05:10.700Z")));
    world.upstreamSends(to(said("bob", "m6", "2026-01-01T00:05:10.200Z")));
    world.attach("alice/two", "two");
    world.send("alice/two", join("al"));
    expect(textsTo(world, "alice/two")).toEqual(["m1", "m2", "m3", "m4", "m5", "m6", "m7", "Tea"]);
  });

  it("MUC-4 a room's history is asked for once, and each of those who wait gets what it wants of it", () => {
    const world = new AccountWorld();
    for (const [name, history] of [
      ["one", `<history maxstanzas="1"/>`],
      ["two", ""],
    ] as const) {
      world.attach(name, name);
      world.send(name, join("al", history));
    }
    world.upstreamSends(to(occupant("al", [110])));
    world.upstreamSends(to(said("bob", "old", "2025-12-31T10:00:00Z")));
    world.upstreamSends(to(said("bob", "older client", "20251231T11:00:00")));
    world.upstreamSends(to(subject("Tea")));
    expect(textsTo(world, "one")).toEqual(["older client", "Tea"]);
    expect(textsTo(world, "two")).toEqual(["old", "older client", "Tea"]);
  });

  it("MUC-4 typing, and what is not to be stored, is not history", () => {
    const world = heard();
    world.upstreamSends(to(says("bob", "secret", `<no-store xmlns="urn:xmpp:hints"/>`)));
    world.attach("alice/two", "two");
    world.send("alice/two", join("al", `<history maxstanzas="1"/>`));
    expect(textsTo(world, "alice/two")).toEqual(["m5", "Tea"]);
  });
});
