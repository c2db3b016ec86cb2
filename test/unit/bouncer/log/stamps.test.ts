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
