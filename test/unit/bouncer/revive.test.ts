// PRES-5, CAPS-1 and SM-2: clients that survive the process, clients that do not, and clients that let go of everything.

import { describe, expect, it } from "vitest";
import { AccountWorld, FULL, playPolicy } from "../../support/account-world.ts";
import { comesOnline, OUR_AWAY } from "../../support/phrases.ts";
import { shape } from "../../support/xml-shape.ts";

const HOUR_MS = 3_600_000;
const join = `<presence to="room@muc.example.org/al"/>`;
const part = `<presence to="room@muc.example.org/al" type="unavailable"/>`;

describe("PRES-5 directed presence of clients that did not survive the process", () => {
  it("PRES-5 is let go where nobody else holds it, and only there", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.attach("alice/two", "two");
    world.send("alice/one", join);
    world.send("alice/one", `<presence to="bob@example.org"/>`);
    world.send("alice/two", `<presence to="bob@example.org"/>`);
    for (let sent = 0; sent < 3; sent += 1) world.next("upstream");
    world.restart({ lost: ["alice/one"] });
    expect(world.leftovers()).toEqual({ upstream: [expect.stringContaining("room@muc.example.org/al")] });
    expect(shape(world.next("upstream") ?? "<nothing/>")).toEqual(shape(part));
    world.restart();
    expect(world.leftovers()).toEqual({});
    world.leave("alice/two");
    expect(world.next("upstream")).toContain("bob@example.org");
  });
});

describe("PRES-5 a client's broadcast unavailable lets go of its directed presence (RFC 6121 section 4.6.3)", () => {
  it("PRES-5 and it is told that it has left the room", async () => {
    const left = `<presence from="room@muc.example.org/al" to="$full" type="unavailable"><x xmlns="http://jabber.org/protocol/muc#user"><status code="110"/></x></presence>`;
    await playPolicy([
      { attach: "alice/one" },
      ...comesOnline("alice/one"),
      { from: "alice/one", send: join },
      { upstream: "gets", xml: join },
      { from: "alice/one", send: `<presence type="unavailable"/>` },
      { rule: "PRES-5", because: "the last client there is gone", to: "upstream" },
      { upstream: "gets", xml: part },
      { upstream: "gets", xml: OUR_AWAY },
      { upstream: "sends", xml: left },
      { to: "alice/one", expect: left },
      { leave: "alice/one" },
    ]);
  });

  it("PRES-5 what another client holds stays held", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { attach: "alice/two" },
      { from: "alice/one", send: join },
      { upstream: "gets", xml: join },
      { from: "alice/two", send: join },
      { upstream: "gets", xml: join },
      { from: "alice/one", send: `<presence type="unavailable"/>` },
      { upstream: "silent" },
      { leave: "alice/two" },
      { upstream: "gets", xml: part },
    ]);
  });
});

describe("CAPS-1 features are forgotten with the process", () => {
  const caps = `<c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="n" ver="v"/>`;

  it("CAPS-1 a client that resumes is asked again, once", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", `<presence>${caps}</presence>`);
    const answer = (): string => {
      const id = / id="([^"]*)"/.exec(world.next("alice/one") ?? "")?.[1];
      return `<iq type="result" id="${id}"><query xmlns="http://jabber.org/protocol/disco#info"><feature var="f"/></query></iq>`;
    };
    world.send("alice/one", answer());
    world.next("upstream");
    world.next("upstream");
    world.breakOff("alice/one");
    world.resume("alice/one");
    expect(world.leftovers()).toEqual({});
    world.restart();
    world.resume("alice/one");
    world.send("alice/one", answer());
    world.upstreamResumed();
    // It can do what it could: there is nothing new to tell.
    expect(world.next("upstream")).toBeUndefined();
    world.breakOff("alice/one");
    world.resume("alice/one");
    expect(world.leftovers()).toEqual({});
  });
});

describe("SM-2 how long a client had been gone when the process died", () => {
  it.each([
    ["SM-2 20 hours: it does not count as present", 20 * HOUR_MS, [OUR_AWAY]],
    ["SM-2 PRES-1 half a minute: it does, and nothing is to be told", 30_000, []],
  ])("%s", (_name, goneMs, expected) => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", `<presence/>`);
    const ours = world.next("upstream") ?? "";
    const ver = / ver="([^"]*)"/.exec(ours)?.[1] ?? "";
    world.restart({ suspendedAtMs: world.nowMs - goneMs });
    world.upstreamResumed();
    const told = world.leftovers()["upstream"] ?? [];
    expect(told.map(shape)).toEqual(expected.map((presence) => shape(presence.replace("$ourCaps", ver))));
  });

  it("SM-2 UP-8 and a new session is told the same", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", `<presence/>`);
    world.next("upstream");
    world.restart({ suspendedAtMs: world.nowMs - 20 * HOUR_MS });
    world.upstreamBound(FULL);
    expect(world.leftovers()["upstream"]?.at(-1)).toContain("<show>away</show>");
  });
});
