// Stream Management towards the server, as bookkeeping: what is on its way, what was handled, what a server may claim.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Outbound } from "../../durable/storage/outbound.ts";
import { UpstreamRows } from "../../durable/storage/upstream-row.ts";
import { ManagedSession } from "../../durable/upstream/managed-session.ts";
import { REQUEST_ACK } from "../../xmpp/stream-management.ts";

const NOW = 1_000_000;
const GRANTED = { id: "sm", location: undefined };
const nothing = (): void => undefined;

/** A message of exactly this many characters. */
function message(number: number, length = 1_000): string {
  const rest = `<message id="${number}"></message>`.length;
  return `<message id="${number}">${"x".repeat(length - rest)}</message>`;
}

function request(id: string): string {
  return `<iq type="set" id="${id}"><query xmlns="jabber:iq:roster"/></iq>`;
}

function isLate(id: string): boolean {
  return id === "late";
}

async function withSession(
  name: string,
  test: (session: ManagedSession, revived: () => ManagedSession) => void,
  isGivenUp: (id: string) => boolean = () => false,
): Promise<void> {
  const stub = env.ACCOUNT.getByName(`managed-${name}@good.example`);
  await runInDurableObject(stub, (_instance, { storage: { sql } }) => {
    const make = (): ManagedSession =>
      new ManagedSession(new UpstreamRows(sql), new Outbound(sql), isGivenUp);
    const session = make();
    session.begin("a@good.example/r", GRANTED, nothing);
    test(session, make);
  });
}

describe("UP-13 what is on its way", () => {
  it("UP-13 waits for the acknowledgement beyond 3,500 characters, and keeps its order", async () => {
    await withSession("window", (session) => {
      for (let number = 1; number <= 7; number += 1) session.add(message(number), NOW);
      expect(session.drain(NOW)).toEqual([message(1), message(2), message(3), REQUEST_ACK]);
      expect(session.drain(NOW)).toEqual([]);
      expect(session.acknowledged(2)).toBe(true);
      expect(session.drain(NOW)).toEqual([message(4), message(5), REQUEST_ACK]);
      expect(session.acknowledged(5)).toBe(true);
      expect(session.drain(NOW)).toEqual([message(6), message(7), REQUEST_ACK]);
    });
  });

  it("UP-13 one that is larger alone goes alone", async () => {
    await withSession("large", (session) => {
      session.add(message(1), NOW);
      session.add(message(2, 9_000), NOW);
      expect(session.drain(NOW)).toEqual([message(1), REQUEST_ACK]);
      session.acknowledged(1);
      expect(session.drain(NOW)).toEqual([message(2, 9_000), REQUEST_ACK]);
    });
  });
});

describe("UP-10 what a server acknowledges", () => {
  it("UP-10 more than was sent on this connection is refused, although more is queued", async () => {
    await withSession("claims", (session) => {
      for (let number = 1; number <= 7; number += 1) session.add(message(number), NOW);
      session.drain(NOW);
      expect(session.acknowledged(4)).toBe(false);
    });
  });

  it("UP-9 after a restart the unacknowledged come again, and only they", async () => {
    await withSession("again", (session, revived) => {
      for (let number = 1; number <= 3; number += 1) session.add(message(number), NOW);
      session.drain(NOW);
      session.acknowledged(1);
      session.onStanza();
      session.endTurn();
      const next = revived();
      expect(next.resumption()).toEqual({ previd: "sm", h: 1, fullJid: "a@good.example/r" });
      expect(next.resumed(2)).toBe(true);
      expect(next.drain(NOW)).toEqual([message(3), REQUEST_ACK]);
    });
  });
});

describe("DOWN-2 requests that waited with the messages", () => {
  const answer = `<iq type="result" id="late"/>`;
  const queued = [message(1), request("a"), request("late"), message(2), answer, request("b")];
  const kept = queued.filter((stanza) => stanza !== request("late"));

  it("DOWN-2 keep their place in the queue of a session that is resumed; those given up are not sent", async () => {
    await withSession(
      "in-order",
      (session) => {
        session.add(message(0), NOW);
        session.drain(NOW);
        session.disconnected();
        for (const stanza of queued) session.add(stanza, NOW);
        expect(session.resumed(0)).toBe(true);
        expect(session.drain(NOW)).toEqual([message(0), ...kept, REQUEST_ACK]);
        expect(session.acknowledged(6)).toBe(true);
        session.disconnected();
        expect(session.resumed(6)).toBe(true);
        expect(session.drain(NOW)).toEqual([]);
      },
      isLate,
    );
  });

  it("DOWN-2 and in that of a new session, behind what introduces us", async () => {
    await withSession(
      "anew",
      (session) => {
        session.disconnected();
        for (const stanza of queued) session.add(stanza, NOW);
        session.begin("a@good.example/r", GRANTED, () => void session.add("<presence/>", NOW));
        expect(session.drain(NOW)).toEqual(["<presence/>", ...kept, REQUEST_ACK]);
      },
      isLate,
    );
  });
});
