// LOG-1, LOG-6: when messages were said, as clients sort them.

import { expect, it } from "vitest";
import { AccountWorld } from "../../../support/account-world.ts";
import { parse } from "../../../support/xml-shape.ts";

function receive(world: AccountWorld, count: number): void {
  for (let id = 1; id <= count; id += 1) {
    world.account.fromUpstream(
      parse(`<message from="bob@example.org/x" id="${id}" type="chat"><body>${id}</body></message>`),
    );
  }
}

it("LOG-6 messages of one instant have stamps in their order", () => {
  const world = new AccountWorld();
  receive(world, 3);
  const { nowMs } = world;
  expect(world.log.messages.map(({ atMs }) => atMs - nowMs)).toEqual([0, 1, 2]);
});

it("LOG-6 stamps run a second ahead of the clock at most", () => {
  const world = new AccountWorld();
  receive(world, 2_500);
  const ahead = world.log.messages.map(({ atMs }) => atMs - world.nowMs);
  expect(Math.max(...ahead)).toBe(1_000);
  expect(Math.min(...ahead)).toBe(0);
});

it("MUC-4 LOG-1 regression: what our server sends again, with stamps, keeps its place behind what has come without", () => {
  const world = new AccountWorld();
  const say = (id: number, delay = ""): void =>
    world.account.fromUpstream(
      parse(
        `<message from="room@muc.example.org/bob" to="alice@example.org" id="${id}" type="groupchat"><body>${id}</body>${delay}</message>`,
      ),
    );
  const delayed = (by: string, agoMs: number): string =>
    `<delay xmlns="urn:xmpp:delay" from="${by}" stamp="${new Date(world.nowMs - agoMs).toISOString()}"/>`;
  say(1);
  say(2, delayed("example.org", 300));
  say(3, delayed("example.org", 200));
  say(4);
  const ahead = world.log.messages.map(({ atMs }) => atMs - world.nowMs);
  expect(ahead).toEqual(ahead.toSorted((a, b) => a - b));
  // What was said long before is where it was said, and so is what the room itself tells of its past.
  say(5, delayed("example.org", 60_000));
  say(6, delayed("room@muc.example.org", 300));
  expect(world.log.messages.slice(-2).map(({ atMs }) => atMs - world.nowMs)).toEqual([-60_000, -300]);
});
