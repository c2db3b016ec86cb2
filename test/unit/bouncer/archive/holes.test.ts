// MAM-7, MAM-10: from where the log is filled, and what cannot be.

import { describe, expect, it } from "vitest";
import { Holes } from "../../../../bouncer/archive/holes.ts";
import { AccountWorld } from "../../../support/account-world.ts";
import { MemoryDevices } from "../../../support/memory-log.ts";
import { memoryStores } from "../../../support/memory-store.ts";
import { OUR_AWAY } from "../../../support/phrases.ts";
import { play, type Script } from "../../../support/scenario.ts";
import {
  HAS,
  MAM,
  OUTAGE,
  STAMPED,
  archived,
  asksSince,
  begins,
  chat,
  ends,
  fails,
  holesOf,
  result,
  sends,
  stanzaId,
} from "./fill-words.ts";

describe("MAM-7 from where the log is filled", () => {
  it("MAM-7 without anything in the log there is nothing to ask", async () => {
    const world = new AccountWorld(HAS);
    await play([{ upstream: "lost", reason: "gone" }, ...begins(OUR_AWAY), { upstream: "silent" }], world);
    expect(holesOf(world)).toEqual([]);
  });

  it("MAM-7 without an id to go by, from a minute before the last message on", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      { attach: "alice/one" },
      ...sends(chat(1)),
      { to: "alice/one", expect: chat(1) },
      { waitSeconds: 3_600 },
      { upstream: "lost", reason: "gone" },
      ...begins(OUR_AWAY),
      asksSince("2025-12-31T23:59:00.004Z", "$q"),
      ...sends(result("a1", chat(1)), result("a2", chat(2))),
      ...ends("a2"),
    ];
    await play([...script, { waitSeconds: 40 }, { to: "alice/one", expect: archived(2, STAMPED) }], world);
    expect(world.log.messages.map(({ stanzaId: id }) => id)).toEqual([undefined, "a2"]);
  });

  it("MAM-10 an id that the archive knows no more: from the time on, and a hole", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...OUTAGE,
      ...fails("cancel", "item-not-found"),
      {
        upstream: "gets",
        xml: `<iq type="set" id="$r"><query xmlns="${MAM}" queryid="$r"><x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE" type="hidden"><value>${MAM}</value></field><field var="start"><value>$_</value></field></x><set xmlns="http://jabber.org/protocol/rsm"><max>100</max></set></query></iq>`,
      },
      ...sends(result("a1", chat(1), "$r"), result("a7", chat(7), "$r")),
      ...ends("a7", true, "$r"),
      { to: ["alice/one", "alice/two"], expect: archived(7, STAMPED) },
    ];
    await play(script, world);
    expect(holesOf(world)).toEqual([
      "The server's archive did not know the last message that the log has; it may have deleted others.",
    ]);
  });
});

describe("MAM-10 what cannot be filled is a hole", () => {
  it.each([
    ["no archive", "has-not", "The server keeps no archive that could tell what came meanwhile."],
    [
      "no answer that says whether there is one",
      "error",
      "The server's archive could not be asked: undefined-condition.",
    ],
  ] as const)("MAM-10 %s", async (_what, archive, reason) => {
    const world = new AccountWorld({ archive });
    const script: Script = [
      { attach: "alice/one" },
      ...sends(chat(1)),
      { to: "alice/one", expect: archive === "has-not" ? chat(1, stanzaId("$_")) : chat(1) },
      { upstream: "lost", reason: "gone" },
      ...begins(OUR_AWAY),
      { upstream: "silent" },
    ];
    await play(script, world);
    expect(holesOf(world)).toEqual([reason]);
    world.restart();
    expect(holesOf(world)).toEqual([reason]);
  });

  it.each([
    ["a refusal", fails("cancel", "not-allowed"), "The server's archive could not be asked: not-allowed."],
    [
      "nonsense",
      sends('<iq type="result" id="$q" to="$full"/>'),
      "The server's archive answered something else than a page.",
    ],
    ["a page that is followed by itself", ends("a1", false), "The server's archive did not go on."],
  ])("MAM-10 %s", async (_what, answer, reason) => {
    const world = new AccountWorld(HAS);
    await play([...OUTAGE, ...answer, { upstream: "silent" }], world);
    expect(holesOf(world)).toEqual([reason]);
  });

  it("MAM-10 an archive that has no time is asked again, five times, a minute apart", async () => {
    const world = new AccountWorld(HAS);
    await play([...OUTAGE, ...fails("wait", "resource-constraint")], world);
    for (const again of ["$a", "$b", "$c", "$d"]) {
      expect(holesOf(world)).toEqual([]);
      world.wait(60);
      const request = world.next("upstream") ?? "";
      expect(request, again).toContain("<after>a1</after>");
      const [, id = ""] = /queryid="([^"]+)"/.exec(request) ?? [];
      world.upstreamSends(
        `<iq type="error" id="${id}"><error type="wait"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
      );
    }
    expect(holesOf(world)).toEqual(["The server's archive could not be asked: resource-constraint."]);
    world.wait(600);
    expect(world.next("upstream")).toBeUndefined();
  });

  it("MAM-10 a hundred holes are remembered, the latest", async () => {
    const world = new AccountWorld({ archive: "has-not" });
    world.upstreamSends(chat(1));
    for (let n = 0; n < 105; n += 1) {
      world.upstreamLost("gone");
      world.upstreamBound(world.variables.full);
    }
    expect(world.account.holes()).toHaveLength(100);
    expect(world.account.holes().at(-1)?.toMs).toBeGreaterThan(world.nowMs - 10);
  });

  it("MAM-10 MAM-14 regression: holes of a busy room do not push out the account's", () => {
    let ids = 0;
    const ports = { store: memoryStores(new MemoryDevices()), ids: { next: () => `${(ids += 1)}` } };
    const holes = new Holes(ports);
    holes.add({ fromMs: 1, toMs: 2, reason: "the account's" });
    for (let n = 0; n < 105; n += 1) {
      holes.add({ fromMs: n, toMs: 10 + n, reason: "the room's", room: "tea@muc.example.org" });
    }
    for (const known of [holes, new Holes(ports)]) {
      expect(known.all().filter(({ room }) => room === undefined)).toHaveLength(1);
      expect(known.all().filter(({ room }) => room !== undefined)).toHaveLength(100);
      expect(known.all().at(-1)?.fromMs).toBe(104);
    }
  });
});
