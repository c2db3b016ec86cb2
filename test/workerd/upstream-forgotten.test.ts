// FORGET-2: how the session with the server ends when its account is forgotten.

import { describe, expect, it } from "vitest";
import type { Behaviour } from "./support/played-server.ts";
import { inWorld } from "./support/upstream-world.ts";

const S = 1_000;
const WITH_SM: Behaviour = { streamManagement: true };

describe("FORGET-2 leaving for good", () => {
  it("FORGET-2 a session ends in order, the connection with the server's end or after five seconds, and no other begins", async () => {
    await inWorld("leaves", WITH_SM, async ({ server, clock, told, upstream }) => {
      const link = await server.session(0);
      link.say("<message><body>in time</body></message>");
      upstream.leave();
      expect(link.came).toEqual([
        '<a xmlns="urn:xmpp:sm:3" h="1"/>',
        '<presence type="unavailable"/>',
        "</stream:stream>",
      ]);
      // What was on its way here is nobody's any more.
      link.say("<message><body>late</body></message>");
      expect(told).toEqual(["bound user@played.example/r1", "message"]);
      clock.pass(5 * S - 1);
      expect(link.closed).toBe(false);
      clock.pass(1);
      expect(link.closed).toBe(true);
      upstream.start();
      upstream.tick();
      clock.pass(600 * S);
      expect(server.connections).toBe(1);
      expect(upstream.status()).toMatchObject({ phase: "offline" });
    });
  });

  it("FORGET-2 an attempt that is under way is given up without a word", async () => {
    await inWorld("leaves-early", { silent: true }, async ({ server, clock, told, upstream }) => {
      const link = await server.session(0);
      upstream.leave();
      expect([link.came, link.closed, told]).toEqual([[], true, []]);
      clock.pass(600 * S);
      expect(server.connections).toBe(1);
    });
  });

  it("FORGET-2 the next attempt, for which there is a timer, is not made", async () => {
    await inWorld("leaves-between", WITH_SM, async ({ server, clock, upstream }) => {
      (await server.session(0)).endWith("system-shutdown");
      upstream.leave();
      clock.pass(600 * S);
      expect(server.connections).toBe(1);
    });
  });
});
