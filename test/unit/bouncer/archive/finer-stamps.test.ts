// MAM-11: archives that know only the second.

import { describe, expect, it } from "vitest";
import { finerTime } from "../../../../bouncer/archive/finer-stamp.ts";
import { DistinctTimes } from "../../../../bouncer/log/distinct-times.ts";
import { AccountWorld, FULL } from "../../../support/account-world.ts";

const BARE = "alice@example.org";
const ROOM = "room@muc.example.org";
const MAM = "urn:xmpp:mam:2";
const stanzaId = (by: string, id: string): string =>
  `<stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="${id}"/>`;

/** A world that is 420 ms into a second, with one client. */
function aWorld(): AccountWorld {
  const world = new AccountWorld();
  world.attach("alice/one", "one");
  world.nowMs = Date.parse("2026-03-01T12:00:00.420Z");
  return world;
}

/** The stamp with which alice is told the archive's result of a message. */
function told(
  world: AccountWorld,
  { message, stamp, by = BARE, id = "a1" }: { message: string; stamp: string; by?: string; id?: string },
): string | undefined {
  for (const place of ["upstream", "alice/one"]) while (world.next(place) !== undefined);
  const to = by === BARE ? "" : ` to="${by}"`;
  world.send("alice/one", `<iq type="set"${to} id="1"><query xmlns="${MAM}" queryid="q"/></iq>`);
  const queryId = / queryid="([^"]*)"/.exec(world.next("upstream") ?? "")?.[1] ?? "";
  const delay = `<delay xmlns="urn:xmpp:delay" stamp="${stamp}"/>`;
  const forwarded = `<forwarded xmlns="urn:xmpp:forward:0">${delay}${message}</forwarded>`;
  world.upstreamSends(
    `<message from="${by}" to="${FULL}"><result xmlns="${MAM}" queryid="${queryId}" id="${id}">${forwarded}</result></message>`,
  );
  return / stamp="([^"]*)"/.exec(world.next("alice/one") ?? "")?.[1];
}

/** When the log says that its only message was said: some milliseconds into the second. */
function logged({ log }: AccountWorld): string {
  expect(log.messages).toHaveLength(1);
  const [{ atMs } = { atMs: Number.NaN }] = log.messages;
  expect(atMs % 1000).toBeGreaterThan(400);
  return new Date(atMs).toISOString();
}

const FROM_BOB = `from="bob@example.org/a" to="${BARE}" type="chat" id="m1"`;
const ARCHIVED = `<message xmlns="jabber:client" ${FROM_BOB}><body>Hi</body></message>`;
const SECOND = "2026-03-01T12:00:00Z";

describe("MAM-11 an archive's result that the log has too", () => {
  it("MAM-11 has the log's time where the archive knows the second only", () => {
    const world = aWorld();
    world.upstreamSends(`<message ${FROM_BOB}><body>Hi</body>${stanzaId(BARE, "a1")}</message>`);
    expect(told(world, { message: ARCHIVED, stamp: SECOND })).toBe(logged(world));
  });

  it("MAM-11 also after a reset, and where the log does not know its archive id", () => {
    const world = aWorld();
    world.upstreamSends(`<message ${FROM_BOB}><body>Hi</body></message>`);
    world.restart({ connected: ["alice/one"] });
    world.upstreamResumed();
    expect(told(world, { message: ARCHIVED, stamp: SECOND })).toBe(logged(world));
  });

  it("MAM-11 also of what a client has sent", () => {
    const world = aWorld();
    world.send("alice/one", `<message to="bob@example.org" type="chat" id="s1"><body>Ho</body></message>`);
    const message = `<message xmlns="jabber:client" from="${FULL}" to="bob@example.org" type="chat" id="s1"><body>Ho</body></message>`;
    expect(told(world, { message, stamp: SECOND })).toBe(logged(world));
  });

  it("MAM-11 also from a room's archive", () => {
    const world = aWorld();
    const groupchat = `from="${ROOM}/bob" type="groupchat" id="g1"`;
    world.upstreamSends(
      `<message ${groupchat} to="${FULL}"><body>All</body>${stanzaId(ROOM, "r1")}</message>`,
    );
    const message = `<message xmlns="jabber:client" ${groupchat}><body>All</body></message>`;
    expect(told(world, { message, stamp: SECOND, by: ROOM, id: "r1" })).toBe(logged(world));
  });

  it("MAM-11 keeps the archive's stamp where the log does not have the message", () => {
    expect(told(aWorld(), { message: ARCHIVED, stamp: SECOND })).toBe(SECOND);
  });
});

describe("MAM-11 the log's time counts", () => {
  const second = Date.parse(SECOND);
  it.each([
    ["within the second that is named", SECOND, 420, 420],
    ["a second before, since clocks differ", SECOND, -1000, -1000],
    ["a second after", SECOND, 1999, 1999],
    ["not from longer before", SECOND, -1001, undefined],
    ["not from longer after", SECOND, 2000, undefined],
    ["not where the archive knows better", "2026-03-01T12:00:00.000Z", 420, undefined],
    ["with another zone", "2026-03-01T13:00:00+01:00", 420, 420],
    ["not beside what is no time", "yesterday", 420, undefined],
  ])("MAM-11 %s", (_name, stamp, afterMs, expected) => {
    const finer = finerTime({ stamp, stampedMs: Date.parse(stamp) }, second + afterMs);
    expect(finer).toBe(expected === undefined ? undefined : second + expected);
  });
});

describe("MAM-11 what is told late by the second", () => {
  it("MAM-11 is logged in its order", () => {
    const world = aWorld();
    const delay = `<delay xmlns="urn:xmpp:delay" from="example.org" stamp="2026-03-01T11:00:00Z"/>`;
    for (const id of ["1", "2", "3"]) {
      world.upstreamSends(
        `<message from="bob@example.org/a" id="${id}"><body>${id}</body>${delay}</message>`,
      );
    }
    const second = Date.parse("2026-03-01T11:00:00Z");
    expect(world.log.messages.map(({ atMs }) => atMs)).toEqual([second, second + 1, second + 2]);
  });

  it("MAM-11 regression: comes after what was told in that second as it was said", () => {
    const times = new DistinctTimes(() => undefined);
    const second = Date.parse(SECOND);
    expect(times.now(second + 700)).toBe(second + 700);
    expect([second, second].map((ms) => times.said(ms))).toEqual([second + 701, second + 702]);
    expect(times.said(second - 1000)).toBe(second - 1000);
    expect(times.now(second + 701)).toBe(second + 703);
    // In a new process too.
    expect(new DistinctTimes(() => second + 703).said(second)).toBe(second + 704);
  });

  it("MAM-11 is a millisecond apart, in its order, and stays within the second", () => {
    const times = new DistinctTimes(() => undefined);
    const second = Date.parse(SECOND);
    expect([second, second, second, second + 1000, second + 1500].map((ms) => times.said(ms))).toEqual([
      second,
      second + 1,
      second + 2,
      second + 1000,
      second + 1500,
    ]);
    for (let count = 0; count < 2000; count += 1) {
      expect(times.said(second)).toBe(second + Math.min(count, 999));
    }
  });
});
