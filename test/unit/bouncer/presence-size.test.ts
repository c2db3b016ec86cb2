// PRES-9: however much presence comes, what is remembered of it stays small enough to be loaded again.

import { describe, expect, it } from "vitest";
import { AccountWorld } from "../../support/account-world.ts";

/** A presence of exactly this many characters, serialized. */
function presence(from: string, length: number): string {
  const [begin, end] = [`<presence xmlns="jabber:client" from="${from}"><status>`, "</status></presence>"];
  return begin + "x".repeat(length - begin.length - end.length) + end;
}

const from = (id: number): string => `contact-${id}@example.org/a`;

/** What a client that comes now is told. */
function told(world: AccountWorld, client: string): string[] {
  world.attach(client, client);
  world.send(client, `<presence/>`);
  world.next("upstream");
  return world.leftovers()[client] ?? [];
}

describe("PRES-9 presence that is too large is not remembered", () => {
  it("PRES-9 over 8 KiB: clients get it live, and what was known of the address is void", () => {
    const world = new AccountWorld();
    world.upstreamSends(presence("bob@example.org/a", 8_192));
    expect(told(world, "one")).toEqual([expect.stringContaining("bob@example.org/a")]);
    world.upstreamSends(presence("bob@example.org/a", 8_193));
    expect(world.leftovers()["one"]).toHaveLength(2);
    expect(told(world, "two")).toEqual([]);
    world.restart();
    expect(told(world, "three")).toEqual([]);
  });

  it("PRES-9 over 4 MiB together: what goes is room for what comes", () => {
    const world = new AccountWorld();
    for (let id = 0; id < 512; id += 1) world.upstreamSends(presence(from(id), 8_192));
    world.upstreamSends(presence(from(512), 100));
    expect(told(world, "one").join("")).not.toContain(from(512));
    // A known one that shrinks makes room, also in a new process.
    world.restart();
    world.upstreamSends(presence(from(0), 8_092));
    world.upstreamSends(presence(from(512), 100));
    world.upstreamSends(presence(from(513), 100));
    const second = told(world, "two").join("");
    expect(second).toContain(from(512));
    expect(second).not.toContain(from(513));
    world.upstreamSends(`<presence from="${from(1)}" type="unavailable"/>`);
    world.upstreamSends(presence(from(513), 100));
    expect(told(world, "three").join("")).toContain(from(513));
  });

  it("PRES-10 a new session begins with all the room", () => {
    const world = new AccountWorld();
    for (let id = 0; id < 512; id += 1) world.upstreamSends(presence(`c${id}@example.org/a`, 8_192));
    world.upstreamLost("gone");
    world.upstreamBound("alice@example.org/xmpproxy-1");
    world.upstreamSends(presence("bob@example.org/a", 8_192));
    expect(told(world, "one").join("")).toContain("bob@example.org/a");
  });
});
