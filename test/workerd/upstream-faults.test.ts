// The upstream session with servers that do what they must not: they are silent, or claim to have handled what they were not sent.

import { describe, expect, it } from "vitest";
import { REQUEST_ACK } from "../../xmpp/stream-management.ts";
import { parse } from "../support/xml-shape.ts";
import type { Behaviour } from "./support/played-server.ts";
import { inWorld } from "./support/upstream-world.ts";

const S = 1_000;
const WITH_SM: Behaviour = { streamManagement: true };

const error = (h: number, sent: number): string =>
  `<stream:error xmlns:stream="http://etherx.jabber.org/streams"><undefined-condition xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>` +
  `<handled-count-too-high xmlns="urn:xmpp:sm:3" h="${h}" send-count="${sent}"/></stream:error>`;
const message = `<message to="b@example.org" id="m"/>`;

describe("UP-7 FIND-9 a server that is silent", () => {
  it("UP-7 FIND-9 has its own 30 s, the next one has its own, and what became of each can be seen", async () => {
    const hosts = ["one.played.example", "two.played.example", "three.played.example"];
    await inWorld(
      "silent-first",
      { silent: true },
      async ({ server, clock, upstream }) => {
        for (const [number, host] of hosts.slice(0, 2).entries()) {
          const link = await server.session(number);
          expect(link.where).toBe(`xmpps://${host}:5223`);
          clock.pass(30 * S - 1);
          expect([link.closed, server.connections]).toEqual([false, number + 1]);
          if (number === 1) server.behaviour = WITH_SM;
          clock.pass(1);
          expect(link.closed).toBe(true);
        }
        expect((await server.session(2)).where).toBe("xmpps://three.played.example:5223");
        expect(upstream.status()).toMatchObject({
          phase: "online",
          tried: hosts.slice(0, 2).map((host) => ({
            what: expect.stringContaining(`xmpps://${host}:5223`),
            why: "The server took too long to let us in.",
          })),
        });
      },
      { hosts },
    );
  });
});

describe("UP-10 a server that acknowledges more than it was sent", () => {
  it("UP-10 is told so, and there is a new session with what was queued", async () => {
    await inWorld("claims", WITH_SM, async ({ server, clock, upstream }) => {
      const link = await server.session(0);
      upstream.send(parse(`<message xmlns="jabber:client" to="b@example.org" id="m"/>`));
      link.say("<a xmlns='urn:xmpp:sm:3' h='2'/>");
      expect(link.came).toEqual([message, REQUEST_ACK, error(2, 1), "</stream:stream>"]);
      expect(upstream.status().lastError).toBe("The server acknowledged more stanzas than it was sent.");
      clock.pass(1 * S);
      const next = await server.session(1);
      expect([next.resumed, next.boundAs]).toEqual([false, "r1"]);
      await expect.poll(() => next.came[0]).toBe(message);
    });
  });

  it("UP-10 UP-9 also when it resumes the session", async () => {
    await inWorld("claims-resumed", WITH_SM, async ({ server, clock, upstream }) => {
      const link = await server.session(0);
      upstream.send(parse(`<message xmlns="jabber:client" to="b@example.org" id="m"/>`));
      server.behaviour = { ...WITH_SM, resumesAt: 5 };
      link.endWith("reset");
      clock.pass(0);
      const resumed = await server.session(1);
      expect(resumed.came).toEqual([error(5, 1), "</stream:stream>"]);
      server.behaviour = WITH_SM;
      clock.pass(1 * S);
      const next = await server.session(2);
      expect(next.resumed).toBe(false);
      await expect.poll(() => next.came[0]).toBe(message);
    });
  });
});
