// MAM-14, MAM-15: what of a room cannot be filled.

import { describe, expect, it } from "vitest";
import { AccountWorld, FULL } from "../../../support/account-world.ts";
import { play, type Script } from "../../../support/scenario.ts";
import {
  ANEW,
  HAS,
  HEARD,
  OUTAGE,
  SAID,
  asksAfter,
  asksSince,
  ends,
  fails,
  holesOf,
  logged,
  result,
  results,
  plain,
  live,
  sends,
  tells,
  told,
} from "./fill-words.ts";
import {
  both,
  gone,
  join,
  joinsUpstream,
  leaves,
  occupant,
  refusal,
  ROOM,
  said,
  says,
  subject,
} from "./words.ts";

const NO_ARCHIVE =
  "The room keeps no archive, and its own history did not reach back to the last message that the log has.";
const HAS_NOT = { roomArchive: "has-not" } as const;

/** The room is asked for its own history, and tells this. */
const tellsItself = (...history: string[]): Script => [
  { upstream: "gets", xml: joinsUpstream("al", { since: "$_" }) },
  ...sends(occupant("bob"), occupant("al", [110]), ...history, subject("Tea")),
];

/** The id of the question that the room is asked next. */
function queryOf(world: AccountWorld): string {
  return /queryid="([^"]+)"/.exec(world.next("upstream") ?? "")?.[1] ?? "";
}

describe("MAM-14 a room without an archive", () => {
  it.each([
    [
      "tells nothing of the last message that is known, but something new",
      [told(8, SAID), told(9, SAID)],
      [8, 9],
      [NO_ARCHIVE],
    ],
    ["tells from the last one that is known on", [told(1, SAID), told(2, SAID)], [2], []],
    ["tells nothing: nobody knows whether anything was said", [], [], []],
  ] as [string, string[], number[], string[]][])("MAM-14 %s", async (_what, history, news, holes) => {
    const world = new AccountWorld(HAS_NOT);
    const script: Script = [
      ...HEARD,
      ...ANEW,
      ...tellsItself(...history),
      ...tells(both, ...news.map((n) => told(n, SAID))),
      { upstream: "silent" },
    ];
    await play(script, world);
    expect(holesOf(world)).toEqual(holes);
    world.restart();
    expect(holesOf(world)).toEqual(holes);
  });

  it("MAM-14 and without ids: its messages are known by sender, id and words", async () => {
    const world = new AccountWorld(HAS_NOT);
    const enters: Script = [
      ...HEARD,
      ...sends(says("bob", "m2")),
      ...tells(both, says("bob", "m2")),
      ...ANEW,
      ...tellsItself(said("bob", "m2", SAID), said("bob", "m3", SAID)),
      ...tells(both, said("bob", "m3", SAID)),
    ];
    await play(enters, world);
    expect(holesOf(world)).toEqual([]);
  });

  it("MAM-14 something that is not logged is no sign of anything", async () => {
    const world = new AccountWorld(HAS_NOT);
    const hidden = said("bob", "m2", SAID, `<no-store xmlns="urn:xmpp:hints"/>`);
    await play([...HEARD, ...ANEW, ...tellsItself(hidden), { upstream: "silent" }], world);
    expect(holesOf(world)).toEqual([]);
  });

  it("MAM-14 a room that the account had left is missed by nobody", async () => {
    const world = new AccountWorld(HAS_NOT);
    const script: Script = [
      ...HEARD,
      { from: "alice/one", send: leaves("al") },
      { to: "alice/one", expect: gone("al", [110]) },
      { from: "alice/two", send: leaves("al") },
      { to: "alice/two", expect: gone("al", [110]) },
      { upstream: "gets", xml: leaves("al") },
      ...sends(gone("al", [110])),
      { from: "alice/one", send: join("al", `<history maxstanzas="0"/>`) },
      ...tellsItself(told(9, SAID)),
      ...tells(["alice/one"], occupant("bob"), occupant("al", [110]), subject("Tea")),
    ];
    await play(script, world);
    expect(holesOf(world)).toEqual([]);
  });
});

describe("MAM-14 MAM-15 an archive that was counted on", () => {
  it.each([
    ["a refusal", fails("auth", "forbidden"), "The room's archive could not be asked: forbidden."],
    [
      "nonsense",
      sends(`<iq type="result" id="$q" from="${ROOM}" to="$full"/>`),
      "The room's archive answered something else than a page.",
    ],
    [
      "a page that is followed by itself",
      ends("r1", { complete: false }),
      "The room's archive did not go on.",
    ],
  ])("MAM-14 MAM-15 %s: a hole, and the room is asked for its own history", async (_what, answer, reason) => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...OUTAGE,
      ...answer,
      ...tellsItself(told(8, SAID), told(9, SAID)),
      ...tells(both, told(8, SAID), told(9, SAID)),
      { upstream: "silent" },
      // The next time it is counted on again.
      ...ANEW,
      { upstream: "gets", xml: joinsUpstream("al", { maxstanzas: 0 }) },
      ...sends(occupant("bob"), occupant("al", [110]), subject("Tea")),
      asksAfter("r9", "$p"),
      ...ends(undefined, { query: "$p" }),
    ];
    await play(script, world);
    expect(logged(world)).toEqual(["r1", "r8", "r9"]);
    expect(holesOf(world)).toEqual([reason]);
  });

  it("MAM-14 MAM-15 it is there no more", async () => {
    const world = new AccountWorld(HAS);
    await play(HEARD, world);
    world.roomArchive = "has-not";
    await play(
      [
        ...ANEW,
        { upstream: "gets", xml: joinsUpstream("al", { maxstanzas: 0 }) },
        ...sends(occupant("bob"), occupant("al", [110]), subject("Tea")),
        ...tellsItself(told(9, SAID)),
        ...tells(both, told(9, SAID)),
        { upstream: "silent" },
      ],
      world,
    );
    expect(holesOf(world)).toEqual(["The room keeps its archive no more."]);
  });

  it("MAM-14 an id that it knows no more: from the time on, and a hole", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...OUTAGE,
      ...fails("modify", "item-not-found"),
      asksSince("$_", "$p"),
      ...sends(result("r7", plain(7), "$p")),
      ...ends("r7", { query: "$p" }),
      ...tells(both, told(7)),
      { upstream: "silent" },
    ];
    await play(script, world);
    expect(logged(world)).toEqual(["r1", "r7"]);
    expect(holesOf(world)).toEqual([
      "The room's archive did not know the last message that the log has; it may have deleted others.",
    ]);
  });

  it("MAM-14 it has no time: asked again, five times, a minute apart", async () => {
    const world = new AccountWorld(HAS);
    await play([...OUTAGE, ...fails("wait", "resource-constraint")], world);
    for (let round = 0; round < 4; round += 1) {
      expect(holesOf(world)).toEqual([]);
      world.wait(60);
      world.upstreamSends(
        `<iq type="error" id="${queryOf(world)}" from="${ROOM}"><error type="wait"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
      );
    }
    expect(holesOf(world)).toEqual(["The room's archive could not be asked: resource-constraint."]);
    expect(world.next("upstream")).toContain('<history maxstanzas="50"');
  });

  it("MAM-14 50,000 messages and more: the hole begins behind them", async () => {
    const world = new AccountWorld(HAS);
    await play([...OUTAGE, ...fails("wait", "resource-constraint")], world);
    world.wait(60);
    let query = queryOf(world);
    for (let found = 0; found < 50_000; found += 500) {
      for (let n = found; n < found + 500; n += 1) {
        const message = plain(n + 100, `<no-store xmlns="urn:xmpp:hints"/>`);
        world.upstreamSends(result(`x${n}`, message, query).replaceAll("$full", FULL));
      }
      world.upstreamSends(
        `<iq type="result" id="${query}" from="${ROOM}"><fin xmlns="urn:xmpp:mam:2"><set xmlns="http://jabber.org/protocol/rsm"><last>x${found + 499}</last></set></fin></iq>`,
      );
      query = queryOf(world);
    }
    expect(holesOf(world)).toEqual(["More came than the 50000 messages that are fetched at once."]);
    expect(world.account.holes()[0]?.fromMs).toBe(Date.parse(SAID));
  });

  it.each([
    ["anything", [], results(2)],
    ["the end of a page", results(2), []],
  ])("MAM-14 the room is left before %s has come", async (_what, before, after) => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...OUTAGE,
      ...sends(...before),
      { from: "alice/one", send: leaves("al") },
      { to: "alice/one", expect: gone("al", [110]) },
      { from: "alice/two", send: leaves("al") },
      { to: "alice/two", expect: gone("al", [110]) },
      { upstream: "gets", xml: leaves("al") },
      ...sends(gone("al", [110]), ...after),
      ...ends("r2"),
      { waitSeconds: 1 },
    ];
    await play(script, world);
    world.account.tick();
    expect(logged(world)).toEqual(["r1"]);
    expect(holesOf(world)).toEqual(["The room was left before all that was said in it had been fetched."]);
  });

  it("MAM-12 MAM-14 the room lets us in later: it is filled then", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...HEARD,
      ...ANEW,
      { upstream: "gets", xml: joinsUpstream("al", { maxstanzas: 0 }) },
      ...sends(refusal("al", "remote-server-not-found", "cancel")),
      { waitSeconds: 6 },
      { upstream: "gets", xml: joinsUpstream("al", { maxstanzas: 0 }) },
      ...sends(occupant("bob"), occupant("al", [110]), subject("Tea")),
      asksAfter("r1"),
      ...sends(...results(2)),
      ...ends("r2"),
      ...tells(both, told(2)),
      ...sends(live(3)),
      ...tells(both, live(3)),
    ];
    await play(script, world);
    expect(holesOf(world)).toEqual([]);
  });
});
