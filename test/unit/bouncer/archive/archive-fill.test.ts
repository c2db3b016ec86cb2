// MAM-8, MAM-9: after an outage the log is filled from the server's archive, and clients are handed what it has missed.

import { describe, expect, it } from "vitest";
import { AccountWorld } from "../../../support/account-world.ts";
import { comesOnline, enablesCarbons, OUR_AWAY, OUR_PRESENCE } from "../../../support/phrases.ts";
import { play, type Script } from "../../../support/scenario.ts";
import {
  CONVERSATION,
  HAS,
  OUTAGE,
  SAID,
  STAMPED,
  archived,
  asCarbon,
  asksAfter,
  begins,
  chat,
  elsewhere,
  ends,
  holesOf,
  result,
  sends,
  stanzaId,
} from "./fill-words.ts";

describe("MAM-8 MAM-9 after an outage the log is filled from the server's archive", () => {
  it("MAM-8 MAM-9 what came and what was sent elsewhere, once, in order, and every client has it", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...OUTAGE,
      ...sends(result("a2", chat(2)), result("a3", elsewhere(3)), result("a4", chat(4))),
      // Nobody is told before a page is whole.
      { silent: "alice/one" },
      ...ends("a4"),
      { rule: "MAM-8", because: "3 messages of the archive, 3 new", to: [] },
      { to: "alice/one", expect: archived(2, STAMPED) },
      { to: "alice/one", expect: asCarbon(elsewhere(3, stanzaId("a3"))) },
      { to: "alice/one", expect: archived(4, STAMPED) },
      { to: "alice/two", expect: archived(2, STAMPED) },
      { to: "alice/two", expect: archived(4, STAMPED) },
      { acknowledges: "alice/one" },
      { acknowledges: "alice/two" },
      // And from then on everything comes as it comes.
      ...sends(archived(5)),
      { to: ["alice/one", "alice/two"], expect: archived(5) },
      { upstream: "silent" },
    ];
    await play(script, world);
    expect(world.log.messages.map(({ stanzaId: id, sent }) => [id, sent])).toEqual([
      ["a1", false],
      ["a2", false],
      ["a3", true],
      ["a4", false],
      ["a5", false],
    ]);
    expect(world.log.messages[1]?.atMs).toBe(Date.parse(SAID));
    expect(holesOf(world)).toEqual([]);
  });

  it("MAM-8 page after page", async () => {
    const script: Script = [
      ...OUTAGE,
      ...sends(result("a2", chat(2))),
      ...ends("a2", false),
      asksAfter("a2", "$r"),
      { to: ["alice/one", "alice/two"], expect: archived(2, STAMPED) },
      { acknowledges: "alice/one" },
      ...sends(result("a3", chat(3), "$r")),
      ...ends("a3", false, "$r"),
      asksAfter("a3", "$s"),
      { to: "alice/one", expect: archived(3, STAMPED) },
      // The other has not acknowledged the first page.
      { silent: "alice/two" },
      ...ends(undefined, true, "$s"),
      { acknowledges: "alice/two" },
      { to: "alice/two", expect: archived(3, STAMPED) },
    ];
    await play(script, new AccountWorld(HAS));
  });

  it("MAM-8 what comes meanwhile is not logged twice, live, late, or by offline storage", async () => {
    const offline = archived(2, `<delay xmlns="urn:xmpp:delay" from="example.org" stamp="${SAID}"/>`);
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...OUTAGE,
      ...sends(offline, archived(4)),
      { to: ["alice/one", "alice/two"], expect: offline },
      { to: ["alice/one", "alice/two"], expect: archived(4) },
      ...sends(result("a2", chat(2)), result("a3", chat(3)), result("a4", chat(4))),
      ...ends("a4"),
      { rule: "MAM-8", because: "3 messages of the archive, 1 new", to: [] },
      { to: ["alice/one", "alice/two"], expect: archived(3, STAMPED) },
      ...sends(archived(3, `<delay xmlns="urn:xmpp:delay" from="example.org" stamp="${SAID}"/>`)),
      { rule: "LOG-4", because: "it came before" },
    ];
    await play(script, world);
    expect(world.log.messages.map(({ stanzaId: id }) => id)).toEqual(["a1", "a2", "a4", "a3"]);
  });

  it("MAM-8 what was sent from here is in the log already, with or without an id; what others call the same is not", async () => {
    const own = '<message to="bob@example.org" type="chat"><body>mine</body></message>';
    const stamped = own.replace("<message", '<message xmlns="jabber:client" from="$full"');
    const world = new AccountWorld(HAS);
    const script: Script = [
      { attach: "alice/one" },
      ...sends(archived(1)),
      { to: "alice/one", expect: archived(1) },
      { upstream: "lost", reason: "gone" },
      { from: "alice/one", send: own },
      { upstream: "gets", xml: own },
      ...begins(OUR_AWAY),
      asksAfter("a1"),
      ...sends(
        result("a2", stamped),
        result("a3", stamped.replace('from="$full"', 'from="$bare/elsewhere"')),
        result(
          "a4",
          '<message xmlns="jabber:client" from="bob@example.org/a" to="$bare" type="chat"><composing xmlns="http://jabber.org/protocol/chatstates"/></message>',
        ),
        result(
          "a5",
          '<message xmlns="jabber:client" from="room@muc.example.org/x" to="$bare" type="groupchat"><body>all</body></message>',
        ),
      ),
      ...ends("a5"),
    ];
    await play(script, world);
    expect(world.log.messages.map(({ stanzaId: id }) => id)).toEqual(["a1", undefined, "a3"]);
  });

  it("MAM-8 only results of our own question, from our own archive, count", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...OUTAGE,
      ...sends(
        result("x1", chat(66)).replace('from="$bare"', 'from="eve@example.org"'),
        result("x2", chat(67), "another"),
        result("a2", chat(2)),
      ),
      ...ends("a2"),
      { to: ["alice/one", "alice/two"], expect: archived(2, STAMPED) },
    ];
    await play(script, world);
    expect(world.log.messages).toHaveLength(2);
  });

  it("MAM-8 survives the end of the session and of the process in the middle of it", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...OUTAGE,
      ...sends(result("a2", chat(2))),
      ...ends("a2", false),
      asksAfter("a2", "$r"),
      { to: ["alice/one", "alice/two"], expect: archived(2, STAMPED) },
      { acknowledges: "alice/one" },
      { acknowledges: "alice/two" },
      ...sends(result("a3", chat(3), "$r")),
      { proxy: "restarts" },
      { resumes: "alice/one" },
      { resumes: "alice/two" },
      { upstream: "resumed" },
      // What of the page had come was not kept: it is asked for again.
      asksAfter("a2", "$s"),
      { upstream: "lost", reason: "gone" },
      ...begins(OUR_PRESENCE),
      asksAfter("a2", "$t"),
      ...sends(result("a3", chat(3), "$s"), result("a3", chat(3), "$t"), result("a4", chat(4), "$t")),
      ...ends("a4", true, "$t"),
      ...[3, 4].map((n): Script[number] => ({
        to: ["alice/one", "alice/two"],
        expect: archived(n, STAMPED),
      })),
    ];
    await play(script, world);
    expect(world.log.messages).toHaveLength(4);
  });

  it("MAM-9 a client that has not come online waits until it has, one that is gone until it resumes", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...CONVERSATION,
      { attach: "alice/three" },
      { breaksOff: "alice/two" },
      { upstream: "lost", reason: "gone" },
      { waitSeconds: 9 },
      ...begins(OUR_PRESENCE),
      asksAfter("a1"),
      ...sends(result("a2", chat(2))),
      ...ends("a2"),
      { to: "alice/one", expect: archived(2, STAMPED) },
      { silent: "alice/two" },
      { silent: "alice/three" },
      { resumes: "alice/two" },
      { to: "alice/two", expect: archived(2, STAMPED) },
      ...enablesCarbons("alice/three"),
      ...comesOnline("alice/three", { later: true }),
      { to: "alice/three", expect: archived(2, STAMPED) },
    ];
    await play(script, world);
  });
});
