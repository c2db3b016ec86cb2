// Stream Management towards the server, as bookkeeping: what is on its way, what was handled, what a server may claim.

import type { Element } from "@xmpp/xml";
import { describe, expect, it } from "vitest";
import type { UndeliveredTable } from "../../durable/storage/undelivered.ts";
import type { ManagedSession } from "../../durable/upstream/managed-session.ts";
import { GRANTED, nothing, request, withSession } from "./support/managed-session.ts";
import { REQUEST_ACK } from "../../xmpp/stream-management.ts";
import { parse } from "../support/xml-shape.ts";

const NOW = 1_000_000;

/** A message of exactly this many characters. */
function message(number: number, length = 1_000): string {
  const rest = `<message id="${number}"></message>`.length;
  return `<message id="${number}">${"x".repeat(length - rest)}</message>`;
}

function isLate(id: string): boolean {
  return id === "late";
}

function join(password: string): string {
  const said = `<password>${password}</password>`;
  return `<presence to="tea@muc.example/al"><x xmlns="http://jabber.org/protocol/muc">${said}</x></presence>`;
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
      { isGivenUp: isLate },
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
      { isGivenUp: isLate },
    );
  });
});

const ping = (id: string): string =>
  `<iq type="get" id="${id}" to="good.example"><ping xmlns="urn:xmpp:ping"/></iq>`;
const pong = (id: string, attributes = 'type="result"'): Element =>
  parse(`<iq xmlns="jabber:client" id="${id}" ${attributes}/>`);

/** Without Stream Management: each test gets one, and says what its numbers mean. */
const unmanaged = (
  name: string,
  test: (session: ManagedSession, revived: () => ManagedSession, undelivered: UndeliveredTable) => void,
): Promise<void> => withSession(name, test, { granted: null });

/** The ids of those that are to be told of, and by whom they were sent. */
const told = (undelivered: UndeliveredTable): string[] =>
  undelivered.takeAll().map(({ stanza, sender, reason }) => `${stanza.attrs.id} ${sender} ${reason}`);

describe("UP-16 a server without Stream Management", () => {
  it("UP-16 the answer to a ping confirms what was sent before it, and only that", async () => {
    await unmanaged("confirms", (session, revived, undelivered) => {
      session.add(message(1), NOW, "phone");
      expect(session.drain(NOW)).toEqual([message(1), ping("p1")]);
      session.add(message(2), NOW, "phone");
      expect(session.drain(NOW)).toEqual([message(2)]);
      expect(session.isConfirmation(pong("p1"))).toBe(true);
      expect(session.isConfirmation(pong("p1"))).toBe(false);
      expect(session.drain(NOW)).toEqual([ping("p2")]);
      session.disconnected();
      expect(told(undelivered)).toEqual(["2 phone unconfirmed"]);
      const next = revived();
      next.begin("a@good.example/r", undefined, nothing);
      expect(next.drain(NOW), "nothing is sent again").toEqual([]);
    });
  });

  it("UP-16 a ping that finds no such service confirms as well; one that was not asked, or of somebody else, does not", async () => {
    await unmanaged("forged", (session, _revived, undelivered) => {
      session.add(message(1), NOW);
      session.drain(NOW);
      expect(session.isConfirmation(pong("other"))).toBe(false);
      expect(session.isConfirmation(pong("p1", 'type="result" from="evil@good.example/x"'))).toBe(false);
      expect(session.isConfirmation(pong("p1", 'type="get"'))).toBe(false);
      expect(session.isConfirmation(parse(`<message xmlns="jabber:client" id="p1" type="error"/>`))).toBe(
        false,
      );
      expect(session.isConfirmation(pong("p1", 'type="error" from="good.example"'))).toBe(true);
      session.disconnected();
      expect(told(undelivered)).toEqual([]);
    });
  });

  it("UP-16 after the death of the process it is known what had left; what had not goes out in the next session", async () => {
    await unmanaged("dies", (session, revived, undelivered) => {
      session.add(message(1), NOW, "phone");
      session.drain(NOW);
      session.isConfirmation(pong("p1"));
      session.add(message(2), NOW, "desk");
      session.drain(NOW);
      // Queued, and never handed over: it died before.
      session.add(message(3), NOW, "desk");
      const next = revived();
      expect(told(undelivered)).toEqual(["2 desk unconfirmed"]);
      next.begin("a@good.example/r", undefined, nothing);
      expect(next.drain(NOW)[0]).toBe(message(3));
      expect(told(undelivered)).toEqual([]);
    });
  });

  it("UP-16 no more than 32,000 characters are in doubt at once", async () => {
    await unmanaged("doubt", (session) => {
      for (let number = 1; number <= 40; number += 1) session.add(message(number), NOW);
      expect(session.drain(NOW)).toHaveLength(32 + 1);
      expect(session.drain(NOW)).toEqual([]);
      session.isConfirmation(pong("p1"));
      expect(session.drain(NOW)).toHaveLength(8 + 1);
    });
  });

  it("UP-16 presence and requests are not told of; subscriptions are sent again, which harms nobody", async () => {
    await unmanaged("kinds", (session, _revived, undelivered) => {
      const subscribe = `<presence to="bob@good.example" type="subscribe"/>`;
      for (const stanza of [`<presence/>`, subscribe, `<iq type="get" id="1"><q xmlns="u"/></iq>`])
        session.add(stanza, NOW);
      session.drain(NOW);
      session.disconnected();
      expect(told(undelivered)).toEqual([]);
      session.begin("a@good.example/r", undefined, nothing);
      expect(session.drain(NOW)[0]).toBe(subscribe);
    });
  });

  it("UP-12 UP-16 a silent server is asked by the same ping, and not twice", async () => {
    await unmanaged("probe", (session) => {
      expect(session.probe(NOW)).toEqual([ping("p1")]);
      expect(session.unacknowledgedSinceMs).toBe(NOW);
      expect(session.probe(NOW + 1)).toEqual([]);
      session.isConfirmation(pong("p1"));
      expect(session.unacknowledgedSinceMs).toBeUndefined();
    });
  });
});

describe("UP-17 a stanza over which the server ends the stream", () => {
  it("UP-17 is found by sending one at a time, taken out, and told of; the others arrive", async () => {
    await withSession("poison", (session, _revived, undelivered) => {
      for (const number of [1, 2, 3]) session.add(message(number), NOW, "phone");
      session.drain(NOW);
      session.disconnected({ suspect: true });
      session.resumed(0);
      // One at a time now; the first one is well, the second is it.
      expect(session.drain(NOW)).toEqual([message(1), REQUEST_ACK]);
      session.acknowledged(1);
      expect(session.drain(NOW)).toEqual([message(2), REQUEST_ACK]);
      session.disconnected({ suspect: true });
      expect(told(undelivered)).toEqual([]);
      session.resumed(1);
      expect(session.drain(NOW)).toEqual([message(2), REQUEST_ACK]);
      session.disconnected({ suspect: true });
      expect(told(undelivered)).toEqual(["2 phone refused"]);
      expect(session.resumption(), "nobody knows whether it was counted").toBeUndefined();
      session.begin("a@good.example/r", GRANTED, nothing);
      expect(session.drain(NOW)).toEqual([message(3), REQUEST_ACK]);
    });
  });

  it("UP-17 a connection that is lost for another reason accuses nobody", async () => {
    await withSession("innocent", (session, _revived, undelivered) => {
      session.add(message(1), NOW);
      for (let times = 0; times < 4; times += 1) {
        session.drain(NOW);
        session.disconnected();
        session.resumed(0);
      }
      expect(told(undelivered)).toEqual([]);
      expect(session.drain(NOW)).toEqual([message(1), REQUEST_ACK]);
    });
  });
});

describe("MUC-15 a join with the password of a room", () => {
  it("MUC-15 is sent whole, again too after the connection was lost; after the death of the process not at all", async () => {
    await withSession("join", (session, revived) => {
      session.add(join("sesame"), NOW);
      session.add(message(1), NOW);
      expect(session.drain(NOW)).toEqual([join("sesame"), message(1), REQUEST_ACK]);
      session.disconnected();
      expect(session.resumed(0)).toBe(true);
      expect(session.drain(NOW)).toEqual([join("sesame"), message(1), REQUEST_ACK]);

      const again = revived();
      expect(again.resumed(0)).toBe(true);
      expect(again.drain(NOW)).toEqual([message(1), REQUEST_ACK]);
      expect(again.acknowledged(1)).toBe(true);
    });
  });

  it("MUC-15 is counted where the server had it before the process died", async () => {
    await withSession("joined", (session, revived) => {
      session.add(join("sesame"), NOW);
      session.add(message(1), NOW);
      session.drain(NOW);
      const again = revived();
      expect(again.resumed(1)).toBe(true);
      expect(again.drain(NOW)).toEqual([message(1), REQUEST_ACK]);
    });
  });
});
