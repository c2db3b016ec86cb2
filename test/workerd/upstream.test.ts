// The upstream session over time, with a clock that moves when told and a server that is played: when it is asked, left,
// tried again, where and with which resource, and what the owner can see of all that.

import { describe, expect, it } from "vitest";
import { REQUEST_ACK } from "../../xmpp/stream-management.ts";
import { parse } from "../support/xml-shape.ts";
import type { Behaviour } from "./support/played-server.ts";
import { inWorld } from "./support/upstream-world.ts";

const S = 1_000;
const WITH_SM: Behaviour = { streamManagement: true };

describe("UP-12 a server that falls silent", () => {
  it("UP-12 UP-9 is asked after 25 s, left after 55 s, and the session is resumed at once", async () => {
    await inWorld("silent", WITH_SM, async ({ server, clock, told, upstream }) => {
      const first = await server.session(0);
      clock.pass(25 * S - 1);
      expect(first.came).toEqual([]);
      clock.pass(1);
      expect(first.came).toEqual([REQUEST_ACK]);
      clock.pass(30 * S - 1);
      expect(first.closed).toBe(false);
      clock.pass(1);
      expect(first.closed).toBe(true);
      expect((await server.session(1)).resumed).toBe(true);
      expect(told).toEqual([
        "bound user@played.example/r1",
        "The server has not answered for 55 s.",
        "resumed",
      ]);
      expect(upstream.status()).toMatchObject({
        phase: "online",
        session: "resumed",
        streamManagement: true,
        lastError: "The server has not answered for 55 s.",
      });
    });
  });

  it("UP-12 white space is a sign of life", async () => {
    await inWorld("keepalive", WITH_SM, async ({ server, clock }) => {
      const link = await server.session(0);
      clock.pass(25 * S);
      link.say(" ");
      clock.pass(25 * S - 1);
      expect(link.came).toEqual([REQUEST_ACK]);
      clock.pass(1);
      expect(link.came).toEqual([REQUEST_ACK, REQUEST_ACK]);
      expect(link.closed).toBe(false);
    });
  });

  it("UP-12 UP-16 one without Stream Management is asked by ping", async () => {
    await inWorld("ping", {}, async ({ server, clock, told }) => {
      const link = await server.session(0);
      clock.pass(25 * S);
      expect(link.came).toEqual([
        `<iq type="get" id="p1" to="played.example"><ping xmlns="urn:xmpp:ping"/></iq>`,
      ]);
      link.say(`<iq type='error' id='p1' from='played.example'><error type='cancel'/></iq>`);
      expect(told, "the answer is for nobody else").toEqual(["bound user@played.example/r1"]);
      clock.pass(25 * S);
      expect(link.came).toHaveLength(2);
    });
  });
});

describe("UP-13 a server that acknowledges nothing", () => {
  it("UP-13 is left a minute after it was asked, although it talks", async () => {
    await inWorld("deaf", WITH_SM, async ({ server, clock, told, upstream }) => {
      const link = await server.session(0);
      upstream.send(parse(`<message xmlns="jabber:client" to="b@example.org" id="m"/>`));
      expect(link.came).toEqual([`<message to="b@example.org" id="m"/>`, REQUEST_ACK]);
      for (let second = 0; second < 60; second += 10) {
        expect(link.closed).toBe(false);
        link.say("<presence from='c@example.org'/>");
        clock.pass(10 * S);
      }
      clock.pass(25 * S);
      expect(link.closed).toBe(true);
      expect(told).toContain("The server has acknowledged nothing for 60 s.");
      const next = await server.session(1);
      expect(next.came[0], "what it has not handled is sent again").toBe(
        `<message to="b@example.org" id="m"/>`,
      );
    });
  });
});

describe("UP-7 a server that does not let us in", () => {
  it("UP-7 has 30 s to do so; then it is tried again, later each time", async () => {
    await inWorld("slow", { silent: true }, async ({ server, clock, upstream }) => {
      for (const [number, waitMs] of [1_000, 2_000, 4_000].entries()) {
        const link = await server.session(number);
        clock.pass(30 * S - 1);
        expect(link.closed).toBe(false);
        expect(upstream.status()).toMatchObject({ phase: "connecting", nextAttemptMs: undefined });
        clock.pass(1);
        expect(link.closed).toBe(true);
        // The attempt ends when nobody is left to try, which takes a turn.
        await expect.poll(() => upstream.status().phase).toBe("offline");
        expect(upstream.status()).toMatchObject({
          lastError: "The server took too long to let us in.",
          lastErrorAtMs: clock.nowMs(),
          nextAttemptMs: clock.nowMs() + waitMs,
          tried: [{ what: "xmpps://server.example:5223", why: "The server took too long to let us in." }],
        });
        clock.pass(waitMs);
      }
    });
  });
});

describe("UP-14 stream errors", () => {
  it("UP-14 conflicts in a row: the first time the same resource, then another one, later each time", async () => {
    await inWorld("conflict", {}, async ({ server, clock, upstream, told }) => {
      const waits: number[] = [];
      for (let number = 0; number < 4; number += 1) {
        const link = await server.session(number);
        link.endWith("conflict");
        waits.push((upstream.status().nextAttemptMs ?? 0) - clock.nowMs());
        clock.pass(waits.at(-1) ?? 0);
      }
      const bound = told.filter((line) => line.startsWith("bound"));
      expect(bound.map((line) => line.slice(-2))).toEqual(["r1", "r1", "r2", "r3"]);
      expect(waits).toEqual([1 * S, 4 * S, 16 * S, 60 * S]);
      expect(told[1]).toBe(
        "The server ended the stream: conflict. Another session has taken this one's place, or somebody has ended it on the server.",
      );
    });
  });

  it("UP-14 a reset: at once, and the session goes on", async () => {
    await inWorld("reset", WITH_SM, async ({ server, clock }) => {
      (await server.session(0)).endWith("reset");
      clock.pass(0);
      expect((await server.session(1)).resumed).toBe(true);
    });
  });

  it("UP-14 a domain that is gone is tried rarely, but at once when somebody comes", async () => {
    await inWorld("gone", {}, async ({ server, clock, upstream }) => {
      (await server.session(0)).endWith("host-gone");
      expect(upstream.status()).toMatchObject({
        phase: "offline",
        nextAttemptMs: clock.nowMs() + 900 * S,
        lastError: "The server ended the stream: host-gone. It says that it does not serve this domain.",
      });
      clock.pass(899 * S);
      upstream.tick();
      expect(server.connections).toBe(1);
      upstream.start();
      await server.session(1);
    });
  });

  it("UP-14 a count that the server takes for too high: the session is dropped, the queue is not", async () => {
    await inWorld("too-high", WITH_SM, async ({ server, clock, upstream }) => {
      const link = await server.session(0);
      upstream.send(parse(`<message xmlns="jabber:client" to="b@example.org" id="m"/>`));
      link.say(
        `<stream:error><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><handled-count-too-high xmlns='urn:xmpp:sm:3' h='10' send-count='8'/></stream:error>`,
      );
      clock.pass(1 * S);
      const next = await server.session(1);
      expect([next.resumed, next.boundAs]).toEqual([false, "r1"]);
      await expect.poll(() => next.came.join("")).toContain(`id="m"`);
    });
  });
});

describe("UP-15 where the server would have us", () => {
  it("UP-15 see-other-host is followed at once, where the name is good", async () => {
    await inWorld("redirect", WITH_SM, async ({ server, clock }) => {
      (await server.session(0)).endWith("see-other-host", "server.example:5299");
      clock.pass(0);
      expect((await server.session(1)).where).toBe("xmpps://server.example:5299");
    });
  });

  it("UP-15 where it is not, the usual server is tried, and the owner is told why and what would allow it", async () => {
    await inWorld("evil", WITH_SM, async ({ server, clock, upstream }) => {
      (await server.session(0)).endWith("see-other-host", "evil.example");
      clock.pass(0);
      expect((await server.session(1)).where).toBe("xmpps://server.example:5223");
      const [refused] = upstream.status().tried;
      expect(refused?.what).toBe("evil.example");
      expect(refused?.why).toContain(`set UPSTREAM_HOSTS = {"played.example":"xmpp://evil.example:5222"}`);
    });
  });

  it("UP-18 see-other-uri is followed at once, where the name is good, and the session resumed there", async () => {
    await inWorld("uri", WITH_SM, async ({ server, clock, upstream, told }) => {
      (await server.session(0)).closeWith("wss://server.example/ws");
      clock.pass(0);
      const next = await server.session(1);
      expect([next.where, next.resumed]).toEqual(["wss://server.example/ws", true]);
      expect(upstream.status().lastError).toBe(
        "The server closed the stream. It sends us to another address.",
      );
      expect(told).toContain("resumed");
    });
  });

  it("UP-18 where it is not, the usual server is tried, and the owner is told why and what would allow it", async () => {
    await inWorld("evil-uri", WITH_SM, async ({ server, clock, upstream }) => {
      (await server.session(0)).closeWith("wss://evil.example/ws?token=secret");
      clock.pass(0);
      expect((await server.session(1)).where).toBe("xmpps://server.example:5223");
      const [refused] = upstream.status().tried;
      expect(refused?.what).toBe("wss://evil.example/ws");
      expect(refused?.why).toContain(`set UPSTREAM_HOSTS = {"played.example":"wss://evil.example/ws"}`);
    });
  });

  it("UP-18 a server may say so before it lets anybody in", async () => {
    await inWorld("uri-at-once", { silent: true }, async ({ server }) => {
      const first = await server.session(0);
      server.behaviour = WITH_SM;
      first.closeWith("wss://server.example/ws");
      expect((await server.session(1)).where).toBe("wss://server.example/ws");
    });
  });

  it("UP-18 three in a row are followed, then the usual way leads on", async () => {
    await inWorld("uris", WITH_SM, async ({ server, clock }) => {
      const where: string[] = [];
      for (const number of [0, 1, 2, 3, 4]) {
        const link = await server.session(number);
        where.push(link.where);
        link.closeWith(`wss://server.example/${number}`);
        clock.pass(10 * S);
      }
      const [usual, ...followed] = where;
      expect(followed).toEqual([
        "wss://server.example/0",
        "wss://server.example/1",
        "wss://server.example/2",
        usual,
      ]);
    });
  });

  it("UP-15 a session is resumed where the server wants it (XEP-0198 location)", async () => {
    await inWorld(
      "location",
      { ...WITH_SM, location: "server.example:5231" },
      async ({ server, clock, upstream }) => {
        expect((await server.session(0)).where).toBe("xmpps://server.example:5223");
        (await server.session(0)).endWith("reset");
        clock.pass(0);
        const next = await server.session(1);
        expect([next.where, next.resumed]).toEqual(["xmpps://server.example:5231", true]);
        expect(upstream.status().server).toEqual({
          host: "server.example",
          port: 5231,
          way: "direct TLS",
          url: "xmpps://server.example:5231",
        });
      },
    );
  });
});

describe("UP-4 a server that has nothing but PLAIN", () => {
  it("UP-4 is told no password where settings forbid it; the refusal names the setting", async () => {
    await inWorld(
      "plain",
      {},
      async ({ upstream, server }) => {
        await expect.poll(() => upstream.status().lastError).toContain("ALLOW_SASL_PLAIN");
        expect(upstream.status()).toMatchObject({
          phase: "offline",
          lastError:
            'the server offers only PLAIN, which would tell it the password; the settings forbid that; ALLOW_SASL_PLAIN = "true" would allow it, inside TLS only',
        });
        expect(server.connections).toBe(1);
      },
      { allowPlain: false },
    );
  });
});

describe("FAST-4 a token that is neither taken nor refused", () => {
  it("FAST-4 the attempt that ended otherwise is followed by one without it, and that by one with it", async () => {
    const token = { token: "a token", expiry: "2100-01-01T00:00:00Z" };
    await inWorld(
      "token",
      { silent: true },
      async ({ server, clock, upstream, tokensUsed }) => {
        const used: number[] = [];
        for (const [number, waitMs] of [1_000, 2_000, 4_000].entries()) {
          await server.session(number);
          used.push(tokensUsed());
          clock.pass(30 * S);
          await expect.poll(() => upstream.status().phase).toBe("offline");
          clock.pass(waitMs);
        }
        expect(used).toEqual([1, 1, 2]);
      },
      { token },
    );
  });
});
