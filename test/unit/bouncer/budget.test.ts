// COST-2: what a message costs the policy, in counts that are the same on every machine: how often it is written as text, and
// how often the clients' side is called, however many clients there are.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { serialize } from "../../../xmpp/xml/serialize.ts";
import { AccountWorld } from "../../support/account-world.ts";

vi.mock("../../../xmpp/xml/serialize.ts", { spy: true });

const MESSAGES = 10;
const serializations = vi.mocked(serialize);

function worldOf(clients: number): AccountWorld {
  const world = new AccountWorld();
  for (let n = 0; n < clients; n += 1) {
    world.attach(`alice/${n}`, `device ${n}`);
    world.send(`alice/${n}`, `<iq type="set" id="c"><enable xmlns="urn:xmpp:carbons:2"/></iq>`);
  }
  world.handovers = 0;
  return world;
}

beforeEach(() => void serializations.mockClear());

describe("COST-2 a message from upstream", () => {
  it.each([1, 5, 100])("COST-2 is written as text once, and handed over once, for %i clients", (clients) => {
    const world = worldOf(clients);
    serializations.mockClear();
    for (let id = 0; id < MESSAGES; id += 1) {
      world.upstreamSends(
        `<message from="bob@example.org/a" type="chat" id="${id}"><body>x</body></message>`,
      );
    }
    expect(serializations).toHaveBeenCalledTimes(MESSAGES);
    expect(world.handovers).toBe(MESSAGES);
  });
});
