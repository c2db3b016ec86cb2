// PRES-4, PRES-6 to PRES-10 and ERR-2: who is told of presence, and when.

import { describe, expect, it } from "vitest";
import { AccountWorld, FULL, playPolicy } from "../../support/account-world.ts";
import { comesOnline, OUR_PRESENCE } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";
import { shape } from "../../support/xml-shape.ts";

/** One and two are available, three is not. */
const three: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  { attach: "alice/three" },
  ...comesOnline("alice/one"),
  ...comesOnline("alice/two", { later: true }),
];
const bob = `<presence from="bob@example.org/a" to="$full"><show>chat</show></presence>`;
const MUC_USER = "http://jabber.org/protocol/muc#user";
const occupant = (nick: string, codes: readonly number[] = [], attributes = ""): string =>
  `<presence from="room@muc.example.org/${nick}" to="$full"${attributes}><x xmlns="${MUC_USER}">` +
  `<item affiliation="none" role="participant"/>${codes.map((code) => `<status code="${code}"/>`).join("")}</x></presence>`;
const join = `<presence to="room@muc.example.org/al"/>`;
const joins = (client: string): Script => [
  { from: client, send: join },
  { upstream: "gets", xml: join },
];

describe("PRES-4 a contact's presence goes to every available client", () => {
  it.each([
    ["available", bob],
    ["unavailable", `<presence from="bob@example.org/a" to="$full" type="unavailable"/>`],
    ["a subscription request", `<presence from="bob@example.org" to="$bare" type="subscribe"/>`],
    ["of another resource of our own", `<presence from="$bare/phone" to="$full"/>`],
    [
      "unavailable of another resource of our own",
      `<presence from="$bare/phone" to="$full" type="unavailable"/>`,
    ],
  ])("PRES-4 %s", async (_name, xml) => {
    await playPolicy([
      ...three,
      { upstream: "sends", xml },
      { rule: "PRES-4", because: "to every available client", to: ["alice/one", "alice/two"] },
      { to: ["alice/one", "alice/two"], expect: xml },
      { silent: "alice/three" },
    ]);
  });
});

describe("PRES-6 PRES-7 our own presence", () => {
  it("PRES-6 unavailable from our own full JID reaches no client", async () => {
    await playPolicy([
      ...three,
      { upstream: "sends", xml: `<presence from="$full" to="$full" type="unavailable"/>` },
      { rule: "PRES-6", because: "our own resource: clients take it for their own end", to: [] },
    ]);
  });

  it("PRES-7 as the server reflects it, to every available client", async () => {
    const own = `<presence from="$full" to="$full"><show>dnd</show></presence>`;
    await playPolicy([
      ...three,
      { upstream: "sends", xml: own },
      { rule: "PRES-7", because: "our own presence, reflected", to: ["alice/one", "alice/two"] },
      { to: ["alice/one", "alice/two"], expect: own },
    ]);
  });
});

describe("PRES-8 a room occupant's presence goes to those who sent presence to that room", () => {
  it("PRES-8 available clients that did not are left alone, others need not be available", async () => {
    await playPolicy([
      ...three,
      ...joins("alice/one"),
      ...joins("alice/three"),
      { upstream: "sends", xml: occupant("bob") },
      {
        rule: "PRES-8",
        because: "a room's occupant, to those in the room",
        to: ["alice/one", "alice/three"],
      },
      { to: ["alice/one", "alice/three"], expect: occupant("bob") },
      { silent: "alice/two" },
    ]);
  });

  it("PRES-8 nobody is in that room", async () => {
    await playPolicy([
      ...three,
      { upstream: "sends", xml: occupant("bob") },
      { rule: "PRES-8", because: "a room's occupant, to those in the room", to: [] },
    ]);
  });

  it("PRES-8 who leaves is told that it has left, and no more after that", async () => {
    const part = `<presence to="room@muc.example.org/al" type="unavailable"/>`;
    await playPolicy([
      ...three,
      ...joins("alice/one"),
      { from: "alice/one", send: part },
      { upstream: "gets", xml: part },
      { upstream: "sends", xml: occupant("al", [110], ` type="unavailable"`) },
      { to: "alice/one", expect: occupant("al", [110], ` type="unavailable"`) },
      { upstream: "sends", xml: occupant("bob") },
      // Somebody else takes the nickname.
      { upstream: "sends", xml: occupant("al") },
      { silent: "alice/one" },
    ]);
  });

  it("PRES-8 PRES-5 thrown out of the room: nobody holds it any more", async () => {
    await playPolicy([
      ...three,
      ...joins("alice/one"),
      { upstream: "sends", xml: occupant("al", [110, 307], ` type="unavailable"`) },
      { to: "alice/one", expect: occupant("al", [110, 307], ` type="unavailable"`) },
      { upstream: "sends", xml: occupant("bob") },
      { silent: "alice/one" },
      { leave: "alice/one" },
      { upstream: "silent" },
    ]);
  });

  it("PRES-8 another nickname (XEP-0045 section 7.6): those who were in the room still are", async () => {
    const rename = `<presence to="room@muc.example.org/ally"/>`;
    const renamed = `<presence from="room@muc.example.org/al" to="$full" type="unavailable"><x xmlns="${MUC_USER}">
      <item nick="ally" affiliation="none" role="participant"/><status code="303"/><status code="110"/></x></presence>`;
    await playPolicy([
      ...three,
      ...joins("alice/one"),
      ...joins("alice/three"),
      { from: "alice/one", send: rename },
      { upstream: "gets", xml: rename },
      { upstream: "sends", xml: renamed },
      { to: ["alice/one", "alice/three"], expect: renamed },
      { upstream: "sends", xml: occupant("ally", [110]) },
      { to: ["alice/one", "alice/three"], expect: occupant("ally", [110]) },
      { leave: "alice/one" },
      { upstream: "silent" },
      { leave: "alice/three" },
      { upstream: "gets", xml: `<presence to="room@muc.example.org/ally" type="unavailable"/>` },
    ]);
  });
});

describe("ERR-2 a presence error", () => {
  const error = `<presence from="room@muc.example.org/al" to="$full" type="error"><error type="cancel"><conflict xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></presence>`;

  it("ERR-2 goes to the clients that sent presence there", async () => {
    await playPolicy([
      ...three,
      ...joins("alice/three"),
      { upstream: "sends", xml: error },
      { rule: "ERR-2", because: "an error for those who sent presence there", to: ["alice/three"] },
      { to: "alice/three", expect: error },
    ]);
  });

  it("ERR-2 else to every available one, and is remembered of nobody", async () => {
    await playPolicy([
      ...three,
      { upstream: "sends", xml: error },
      { rule: "ERR-2", because: "an error that no directed presence caused", to: ["alice/one", "alice/two"] },
      { to: ["alice/one", "alice/two"], expect: error },
      ...comesOnline("alice/three", { later: true }),
      { silent: "alice/three" },
    ]);
  });
});

describe("PRES-9 on its initial presence a client is told who is there", () => {
  it("PRES-9 our own presence, then the last one of every contact's resource with the time it came", () => {
    const world = new AccountWorld();
    world.upstreamSends(`<presence from="${FULL}" to="${FULL}"><show>away</show></presence>`);
    world.upstreamSends(`<presence from="bob@example.org/a"><show>dnd</show></presence>`);
    world.nowMs = Date.UTC(2026, 1, 3, 4, 5, 5, 999);
    world.upstreamSends(`<presence from="bob@example.org/a"><show>chat</show></presence>`);
    world.upstreamSends(`<presence from="bob@example.org/b"/>`);
    world.upstreamSends(`<presence from="carol@example.org/a"/>`);
    world.upstreamSends(`<presence from="carol@example.org/a" type="unavailable"/>`);
    world.nowMs += 3_600_000;
    world.attach("alice/one", "one");
    expect(world.next("alice/one")).toBeUndefined();
    world.send("alice/one", `<presence/>`);
    expect(world.decisions()).toContainEqual(
      expect.objectContaining({ rule: "PRES-9", reason: "who is there, on initial presence" }),
    );
    const told = [1, 2, 3].map(() => shape(world.next("alice/one") ?? "<missing/>"));
    expect(told).toEqual([
      shape(`<presence from="${FULL}" to="${FULL}"><show>away</show></presence>`),
      shape(
        `<presence from="bob@example.org/a"><show>chat</show><delay xmlns="urn:xmpp:delay" from="bob@example.org/a" stamp="2026-02-03T04:05:06.000Z"/></presence>`,
      ),
      shape(
        `<presence from="bob@example.org/b"><delay xmlns="urn:xmpp:delay" from="bob@example.org/b" stamp="2026-02-03T04:05:06.001Z"/></presence>`,
      ),
    ]);
    expect(world.next("alice/one")).toBeUndefined();
  });

  it("PRES-9 a stamp that is there already stays the only one", async () => {
    const stamped = `<presence from="bob@example.org/a"><delay xmlns="urn:xmpp:delay" stamp="2020-01-01T00:00:00Z"/></presence>`;
    await playPolicy([
      { upstream: "sends", xml: stamped },
      { attach: "alice/one" },
      ...comesOnline("alice/one"),
      { to: "alice/one", expect: stamped },
    ]);
  });

  it("PRES-9 only on the initial one: the next presence tells nothing, the first after unavailable does", async () => {
    const known = `<presence from="bob@example.org/a" to="$full"><show>chat</show><delay xmlns="urn:xmpp:delay" from="bob@example.org/a" stamp="$_"/></presence>`;
    await playPolicy([
      { upstream: "sends", xml: bob },
      { attach: "alice/one" },
      { attach: "alice/two" },
      ...comesOnline("alice/one"),
      { to: "alice/one", expect: known },
      ...comesOnline("alice/one", { later: true }),
      { silent: "alice/one" },
      ...comesOnline("alice/two", { later: true }),
      { to: "alice/two", expect: known },
      { from: "alice/two", send: `<presence type="unavailable"/>` },
      ...comesOnline("alice/two", { later: true }),
      { to: "alice/two", expect: known },
    ]);
  });

  it.each([
    ["a room's occupant", occupant("bob")],
    ["a granted subscription", `<presence from="bob@example.org" type="subscribed"/>`],
    ["an error", `<presence from="bob@example.org" type="error"/>`],
  ])("PRES-9 %s is nobody's last presence", async (_name, xml) => {
    await playPolicy([
      { upstream: "sends", xml },
      { attach: "alice/one" },
      ...comesOnline("alice/one"),
      { silent: "alice/one" },
    ]);
  });

  it("PRES-9 20,000 resources are remembered, known ones stay up to date, later ones are still told as they come", () => {
    const world = new AccountWorld();
    for (let id = 0; id < 20_000; id += 1) world.upstreamSends(`<presence from="c${id}@example.org/a"/>`);
    world.upstreamSends(`<presence from="over@example.org/a"/>`);
    world.upstreamSends(`<presence from="c0@example.org/a"><show>dnd</show></presence>`);
    world.attach("alice/one", "one");
    world.send("alice/one", `<presence/>`);
    const told = world.leftovers()["alice/one"] ?? [];
    expect(told).toHaveLength(20_000);
    expect(told.join("")).not.toContain("over@example.org");
    expect(told[0]).toContain("<show>dnd</show>");
    world.upstreamSends(`<presence from="over@example.org/b"/>`);
    expect(world.leftovers()["alice/one"]?.at(-1)).toContain("over@example.org/b");
    world.upstreamSends(`<presence from="c5@example.org/a" type="unavailable"/>`);
    world.upstreamSends(`<presence from="over@example.org/a"/>`);
    world.attach("alice/two", "two");
    world.send("alice/two", `<presence/>`);
    expect(world.leftovers()["alice/two"]?.join("")).toContain("over@example.org/a");
  });
});

describe("PRES-10 a new session replaces a lost one", () => {
  it("PRES-10 contacts known before become unavailable to every available client, first of all", async () => {
    await playPolicy([
      ...three,
      { upstream: "sends", xml: bob },
      { to: ["alice/one", "alice/two"], expect: bob },
      { upstream: "lost", reason: "gone" },
      { silent: "alice/one" },
      { upstream: "bound", as: "$full" },
      { rule: "PRES-10", because: "the old session's presence is void", to: ["alice/one", "alice/two"] },
      {
        to: ["alice/one", "alice/two"],
        expect: `<presence from="bob@example.org/a" to="$full" type="unavailable"/>`,
      },
      { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
      { upstream: "gets", xml: OUR_PRESENCE },
      ...comesOnline("alice/three", { later: true }),
      { silent: "alice/three" },
    ]);
  });
});
