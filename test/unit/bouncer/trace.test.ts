// The trace: what it keeps of stanzas that strangers made up.

import { expect, it } from "vitest";
import { AccountWorld } from "../../support/account-world.ts";

it("the trace keeps the first 80 characters of what a stranger chose, and no more", () => {
  const world = new AccountWorld();
  const long = "x".repeat(10_000);
  world.upstreamSends(
    `<message type="${long}" from="bob@example.org/${long}" to="alice@example.org/${long}"/>`,
  );
  const [decision] = world.account.trace().slice(-1);
  expect(decision?.stanza).toBe(
    `message type=${"x".repeat(80)} from=bob@example.org/${"x".repeat(64)} to=alice@example.org/${"x".repeat(62)}`,
  );
});

it("the trace names what there is, in this order", () => {
  const world = new AccountWorld();
  world.upstreamSends(`<presence to="alice@example.org" from="bob@example.org"/>`);
  expect(world.account.trace().at(-1)?.stanza).toBe("presence from=bob@example.org to=alice@example.org");
});
