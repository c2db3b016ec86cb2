// MAM-12, MAM-13: after an outage the log is filled from the archives of rooms, and clients there are told.

import { describe, expect, it } from "vitest";
import { AccountWorld } from "../../../support/account-world.ts";
import { play, type Script } from "../../../support/scenario.ts";
import {
  HAS,
  OUTAGE,
  SAID,
  asksAfter,
  ends,
  holesOf,
  live,
  logged,
  plain,
  result,
  results,
  sends,
  stanzaId,
  tells,
  told,
} from "./fill-words.ts";
import { both, join, occupant, ROOM, said, subject } from "./words.ts";

describe("MAM-12 MAM-13 what was said in a room while the session was lost", () => {
  it("MAM-12 MAM-13 MAM-15 MUC-11 is logged and told to who is there, once and in order, and later joiners have it", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...OUTAGE,
      ...sends(...results(2, 3)),
      // Nobody is told before a page is whole.
      { silent: "alice/one" },
      ...ends("r3"),
      { rule: "MAM-13", because: "it was said while we were away", to: [...both] },
      { rule: "MAM-12", because: "2 messages of the archive of room@muc.example.org, 2 new", to: [] },
      ...tells(both, told(2), told(3)),
      ...sends(live(4)),
      ...tells(both, live(4)),
      { from: "alice/three", send: join("al") },
      { to: "alice/three", expect: occupant("bob") },
      { to: "alice/three", expect: occupant("al", [110]) },
      { to: "alice/three", expect: said("bob", "m1", "$_").replace("<delay", `${stanzaId("r1")}<delay`) },
      ...tells(["alice/three"], told(2), told(3)),
      { to: "alice/three", expect: said("bob", "m4", "$_").replace("<delay", `${stanzaId("r4")}<delay`) },
      { to: "alice/three", expect: subject("Tea") },
      { upstream: "silent" },
    ];
    await play(script, world);
    expect(logged(world)).toEqual(["r1", "r2", "r3", "r4"]);
    expect(world.log.messages[1]?.atMs).toBe(Date.parse(SAID));
    expect(holesOf(world)).toEqual([]);
  });

  it("MAM-12 page after page", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...OUTAGE,
      ...sends(...results(2)),
      ...ends("r2", { complete: false }),
      ...tells(both, told(2)),
      asksAfter("r2", "$p"),
      ...sends(result("r3", plain(3), "$p")),
      ...ends("r3", { complete: false, query: "$p" }),
      ...tells(both, told(3)),
      asksAfter("r3", "$o"),
      ...ends(undefined, { query: "$o" }),
      { upstream: "silent" },
    ];
    await play(script, world);
    expect(logged(world)).toEqual(["r1", "r2", "r3"]);
  });

  it("MAM-12 MAM-13 what comes meanwhile is logged and told once, whether the room says it first or its archive", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...OUTAGE,
      ...sends(live(3)),
      ...tells(both, live(3)),
      ...sends(...results(2, 3, 4)),
      ...ends("r4"),
      ...tells(both, told(2), told(4)),
      ...sends(live(4)),
      { rule: "LOG-4", because: "it came before", to: [] },
      ...sends(live(5)),
      ...tells(both, live(5)),
      // In the order in which it was said, for who joins later.
      { from: "alice/three", send: join("al", `<history since="${SAID}"/>`) },
      { to: "alice/three", expect: occupant("bob") },
      { to: "alice/three", expect: occupant("al", [110]) },
      ...tells(["alice/three"], told(2), told(4)),
      ...[3, 5].map((n): Script[number] => ({
        to: "alice/three",
        expect: said("bob", `m${n}`, "$_").replace("<delay", `${stanzaId(`r${n}`)}<delay`),
      })),
      { to: "alice/three", expect: subject("Tea") },
    ];
    await play(script, world);
    expect(logged(world)).toEqual(["r1", "r3", "r2", "r4", "r5"]);
  });

  it("MAM-12 LOG-2 what is not to be logged is neither logged nor told, nor what is not the room's", async () => {
    const world = new AccountWorld(HAS);
    const hidden = [
      plain(2, `<no-store xmlns="urn:xmpp:hints"/>`),
      `<message xmlns="jabber:client" from="${ROOM}/bob" type="groupchat"><composing xmlns="http://jabber.org/protocol/chatstates"/></message>`,
      `<message xmlns="jabber:client" from="${ROOM}" type="groupchat"><subject>Cake</subject></message>`,
      `<message xmlns="jabber:client" from="${ROOM}" type="groupchat"><x xmlns="http://jabber.org/protocol/muc#user"><status code="170"/></x></message>`,
      plain(3).replaceAll(ROOM, "other@muc.example.org"),
      plain(4).replace("groupchat", "chat"),
      plain(5).replace(`${ROOM}/bob`, "$bare"),
    ];
    const script: Script = [
      ...OUTAGE,
      ...sends(...hidden.map((message, n) => result(`h${n}`, message))),
      ...ends("h6"),
      { rule: "MAM-12", because: "7 messages of the archive of room@muc.example.org, 0 new", to: [] },
      { silent: "alice/one" },
    ];
    await play(script, world);
    expect(logged(world)).toEqual(["r1"]);
  });

  it("MAM-12 only results of our own question, from the room itself, count", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...OUTAGE,
      ...sends(
        result("x1", plain(66)).replace(`from="${ROOM}"`, `from="${ROOM}/eve"`),
        result("x2", plain(67)).replace(`from="${ROOM}"`, 'from="$bare"'),
        result("x3", plain(68), "another"),
        ...results(2),
      ),
      ...ends("r2"),
      ...tells(both, told(2)),
    ];
    await play(script, world);
    expect(logged(world)).toEqual(["r1", "r2"]);
  });

  it("MAM-13 ids and times that others have put on a message in the room's name are taken out of it", async () => {
    const forged = `${stanzaId("forged")}<delay xmlns="urn:xmpp:delay" from="${ROOM}" stamp="2020-01-01T00:00:00Z"/>`;
    const script: Script = [
      ...OUTAGE,
      ...sends(result("r2", plain(2, forged))),
      ...ends("r2"),
      ...tells(both, told(2)),
    ];
    await play(script, new AccountWorld(HAS));
  });

  it.each([
    [
      "new",
      (id: string) =>
        `<retract xmlns="urn:xmpp:message-retract:1" id="${id}"><moderated xmlns="urn:xmpp:message-moderate:1"/></retract>`,
    ],
    [
      "old",
      (id: string) =>
        `<apply-to xmlns="urn:xmpp:fasten:0" id="${id}"><moderated xmlns="urn:xmpp:message-moderate:0"/></apply-to>`,
    ],
  ])(
    "MAM-13 MUC-20 what a moderator has retracted since is told to nobody (%s form)",
    async (_form, retracts) => {
      const world = new AccountWorld(HAS);
      const retraction = (id: string, attributes = ""): string =>
        `<message${attributes} from="${ROOM}" type="groupchat">${retracts(id)}</message>`;
      const script: Script = [
        ...OUTAGE,
        // Live, before the archive has told what it is about.
        ...sends(retraction("r3", ' to="$full"')),
        ...tells(both, retraction("r3", ' to="$full"')),
        ...sends(...results(2, 3, 4), result("r5", retraction("r2", ' xmlns="jabber:client"'))),
        ...ends("r5"),
        { rule: "MUC-20", because: "a moderator has retracted it since", to: [] },
        ...tells(both, told(4)),
        {
          to: both,
          expect: `<message from="${ROOM}" to="$full" type="groupchat">${retracts("r2")}<delay xmlns="urn:xmpp:delay" from="${ROOM}" stamp="$_"/>${stanzaId("r5")}</message>`,
        },
      ];
      await play(script, world);
      expect(logged(world)).toEqual(["r1", undefined, "r2", "r3", "r4", "r5"]);
    },
  );
});
