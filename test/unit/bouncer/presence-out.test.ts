// PRES-1 to PRES-3, PRES-5, PRES-11: what the world is told of the account.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../support/account-world.ts";
import { comesOnline, OUR_AWAY, OUR_CAPS, OUR_PRESENCE } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";
import { shape } from "../../support/xml-shape.ts";

const two: Script = [{ attach: "alice/one" }, { attach: "alice/two" }];
const ours = (content: string): string => `<presence>${content}${OUR_CAPS}</presence>`;

describe("PRES-1 presence is the most recently active available client's", () => {
  it("PRES-1 the first client's, and nothing when nothing changes", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: `<presence><show>dnd</show><status>busy</status></presence>` },
      { rule: "PRES-1", because: "the aggregate of all clients", to: "upstream" },
      { upstream: "gets", xml: ours(`<show>dnd</show><status>busy</status>`) },
      { from: "alice/one", send: `<presence><show>dnd</show><status>busy</status></presence>` },
      { from: "alice/two", send: `<presence><show>dnd</show><status>busy</status></presence>` },
      { upstream: "silent" },
    ]);
  });

  it("PRES-1 the later client's replaces it, until it becomes unavailable or leaves", async () => {
    await playPolicy([
      ...two,
      { attach: "alice/three" },
      ...comesOnline("alice/one"),
      { from: "alice/two", send: `<presence><show>dnd</show></presence>` },
      { upstream: "gets", xml: ours(`<show>dnd</show>`) },
      { from: "alice/three", send: `<presence><show>xa</show></presence>` },
      { upstream: "gets", xml: ours(`<show>xa</show>`) },
      { leave: "alice/three" },
      { upstream: "gets", xml: ours(`<show>dnd</show>`) },
      { from: "alice/two", send: `<presence type="unavailable"/>` },
      { upstream: "gets", xml: OUR_PRESENCE },
      { leave: "alice/one" },
      { upstream: "gets", xml: OUR_AWAY },
    ]);
  });

  it("PRES-1 a message is activity too: the presence of who writes is shown from then on", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: `<presence><show>chat</show></presence>` },
      { upstream: "gets", xml: ours(`<show>chat</show>`) },
      { from: "alice/two", send: `<presence><show>dnd</show></presence>` },
      { upstream: "gets", xml: ours(`<show>dnd</show>`) },
      { from: "alice/one", send: `<message to="bob@example.org"/>` },
      { upstream: "gets", xml: `<message to="bob@example.org"/>` },
      { upstream: "gets", xml: ours(`<show>chat</show>`) },
    ]);
  });

  it.each([
    ["a receipt", `<received xmlns="urn:xmpp:receipts" id="m"/>`],
    [
      "a receipt with hints",
      `<received xmlns="urn:xmpp:receipts" id="m"/><store xmlns="urn:xmpp:hints"/><received xmlns="urn:xmpp:chat-markers:0" id="m"/>`,
    ],
    ["that a call rings", `<ringing xmlns="urn:xmpp:jingle-message:0" id="call"/>`],
    ["that nobody types any more", `<inactive xmlns="http://jabber.org/protocol/chatstates"/>`],
  ])("PRES-1 what a program says by itself is no activity: %s", async (_name, said) => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: `<presence><show>xa</show></presence>` },
      { upstream: "gets", xml: ours(`<show>xa</show>`) },
      { from: "alice/two", send: `<presence><show>chat</show></presence>` },
      { upstream: "gets", xml: ours(`<show>chat</show>`) },
      { from: "alice/one", send: `<message to="bob@example.org">${said}</message>` },
      { upstream: "gets", xml: `<message to="bob@example.org">${said}</message>` },
      { upstream: "silent" },
      // Nor is it asked now (IQ-7).
      {
        upstream: "sends",
        xml: `<iq type="get" from="bob@example.org/a" id="q"><query xmlns="urn:q"/></iq>`,
      },
      {
        to: "alice/two",
        expect: `<iq type="get" from="bob@example.org/a" id="q"><query xmlns="urn:q"/></iq>`,
      },
    ]);
  });

  it.each([
    ["displayed", `<displayed xmlns="urn:xmpp:chat-markers:0" id="m"/>`],
    ["typing", `<composing xmlns="http://jabber.org/protocol/chatstates"/>`],
    ["a receipt with words", `<body>Yes</body><received xmlns="urn:xmpp:receipts" id="m"/>`],
  ])("PRES-1 what a person caused is activity: %s", async (_name, said) => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: `<presence><show>xa</show></presence>` },
      { upstream: "gets", xml: ours(`<show>xa</show>`) },
      { from: "alice/two", send: `<presence><show>chat</show></presence>` },
      { upstream: "gets", xml: ours(`<show>chat</show>`) },
      { from: "alice/one", send: `<message to="bob@example.org">${said}</message>` },
      { upstream: "gets", xml: `<message to="bob@example.org">${said}</message>` },
      { upstream: "gets", xml: ours(`<show>xa</show>`) },
    ]);
  });

  it.each([
    ["away", OUR_AWAY],
    ["xa", ours(`<show>xa</show>`)],
    ["", OUR_PRESENCE],
  ])("PRES-1 nobody is available: %j", async (detachedShow, xml) => {
    await playPolicy(
      [
        { attach: "alice/one" },
        { upstream: "bound", as: "$full" },
        { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
        { upstream: "gets", xml },
        { leave: "alice/one" },
      ],
      { session: "new", detachedShow },
    );
  });

  it("PRES-1 a client's unavailable never ends the account's presence", async () => {
    await playPolicy([
      { attach: "alice/one" },
      ...comesOnline("alice/one"),
      { from: "alice/one", send: `<presence type="unavailable"><status>bye</status></presence>` },
      { upstream: "gets", xml: OUR_AWAY },
      { from: "alice/one", send: `<presence type="unavailable"/>` },
    ]);
  });

  it.each(["error", "subscribed", "strange"])(
    "PRES-1 broadcast presence of type %s does not exist",
    async (type) => {
      await playPolicy([
        { attach: "alice/one" },
        { from: "alice/one", send: `<presence type="${type}"/>` },
        { rule: "PRES-1", because: "broadcast presence has no such type", to: [] },
      ]);
    },
  );

  it("PRES-1 without a session nothing is said; with one, what is true then", async () => {
    await playPolicy([
      ...two,
      { upstream: "lost", reason: "gone" },
      { from: "alice/one", send: `<presence><show>dnd</show></presence>` },
      { from: "alice/one", send: `<presence><show>chat</show></presence>` },
      { upstream: "silent" },
      { upstream: "bound", as: "$full" },
      { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
      { upstream: "gets", xml: ours(`<show>chat</show>`) },
    ]);
  });
});

describe("PRES-14 its language", () => {
  it("PRES-14 is the leader's, and none where that says none", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: `<presence xml:lang="de"><status>weg</status></presence>` },
      { upstream: "gets", xml: `<presence xml:lang="de"><status>weg</status>${OUR_CAPS}</presence>` },
      { from: "alice/one", send: `<presence xml:lang="nl"><status>weg</status></presence>` },
      { upstream: "gets", xml: `<presence xml:lang="nl"><status>weg</status>${OUR_CAPS}</presence>` },
      { from: "alice/one", send: `<presence><status>weg</status></presence>` },
      { upstream: "gets", xml: `<presence><status>weg</status>${OUR_CAPS}</presence>` },
    ]);
  });
});

describe("PRES-2 PRES-3 what is replaced in it", () => {
  it.each([
    ["PRES-3 the priority", `<priority>5</priority>`, ``],
    ["PRES-3 a negative priority", `<show>xa</show><priority>-1</priority>`, `<show>xa</show>`],
    ["PRES-2 capabilities", `<c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="x" ver="y"/>`, ``],
    [
      "PRES-2 capabilities of XEP-0390",
      `<c xmlns="urn:xmpp:caps"><hash xmlns="urn:xmpp:hashes:2" algo="sha-256">x</hash></c>`,
      ``,
    ],
    [
      "everything else stays",
      `<status xml:lang="de">weg</status><x xmlns="vcard-temp:x:update"><photo>ab</photo></x><idle xmlns="urn:xmpp:idle:1" since="2026-01-01T00:00:00Z"/>`,
      `<status xml:lang="de">weg</status><idle xmlns="urn:xmpp:idle:1" since="2026-01-01T00:00:00Z"/><x xmlns="vcard-temp:x:update"><photo>ab</photo></x>`,
    ],
  ])("%s", (_name, sent, told) => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", `<presence>${sent}</presence>`);
    const got = world.next("upstream") ?? "";
    const caps = /<c [^>]*>/.exec(got)?.[0] ?? "";
    expect(caps).toContain(`node="xmpproxy"`);
    expect(shape(got)).toEqual(shape(`<presence>${told}${caps}</presence>`));
  });
});

describe("PRES-5 directed presence", () => {
  const join = `<presence to="room@muc.example.org/al"/>`;
  const part = `<presence to="room@muc.example.org/al" type="unavailable"/>`;

  it("PRES-5 goes upstream; unavailable only when the last holder lets go", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: join },
      { rule: "PRES-5", because: "directed presence", to: "upstream" },
      { upstream: "gets", xml: join },
      { from: "alice/two", send: join },
      { upstream: "gets", xml: join },
      { from: "alice/one", send: part },
      { rule: "PRES-5", because: "another client is still there", to: [] },
      { from: "alice/two", send: part },
      { upstream: "gets", xml: part },
    ]);
  });

  it("PRES-5 the last holder leaves the bouncer", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: join },
      { from: "alice/two", send: join },
      { upstream: "gets", xml: join },
      { upstream: "gets", xml: join },
      { leave: "alice/two" },
      { upstream: "silent" },
      { leave: "alice/one" },
      { rule: "PRES-5", because: "the last client there is gone", to: "upstream" },
      { upstream: "gets", xml: part },
    ]);
  });

  it("PRES-5 who holds nothing may send unavailable, and takes nobody's place away", async () => {
    await playPolicy([
      ...two,
      { from: "alice/two", send: part },
      { upstream: "gets", xml: part },
      { from: "alice/one", send: join },
      { upstream: "gets", xml: join },
      { from: "alice/two", send: part },
      { rule: "PRES-5", because: "another client is still there", to: [] },
    ]);
  });

  it("PRES-5 an error is no presence there: nothing is left behind when its sender leaves", async () => {
    const error = `<presence to="bob@example.org/a" type="error"/>`;
    await playPolicy([
      ...two,
      { from: "alice/one", send: error },
      { upstream: "gets", xml: error },
      { leave: "alice/one" },
      { upstream: "silent" },
    ]);
  });

  it("PRES-5 what came back as an error is held no more", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: join },
      { upstream: "gets", xml: join },
      { upstream: "sends", xml: `<presence from="room@muc.example.org/al" to="$full" type="error"/>` },
      { to: "alice/one", expect: `<presence from="room@muc.example.org/al" to="$full" type="error"/>` },
      { leave: "alice/one" },
      { upstream: "silent" },
    ]);
  });

  it("PRES-5 at most 1,000 targets: the next one is refused in words, and there is room again later", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    for (let id = 1; id <= 1_000; id += 1) world.send("alice/one", `<presence to="b${id}@example.org"/>`);
    expect(world.leftovers()["upstream"]).toHaveLength(1_000);
    world.send("alice/one", `<presence to="over@example.org"/>`);
    expect(world.leftovers()["upstream"]).toHaveLength(1_000);
    expect(world.next("alice/one")).toContain("resource-constraint");
    world.send("alice/one", `<presence to="b1@example.org" type="unavailable"/>`);
    world.send("alice/one", `<presence to="over@example.org"/>`);
    expect(world.leftovers()["upstream"]).toHaveLength(1_002);
    expect(world.next("alice/one")).toBeUndefined();
  });

  it("UP-8 repeated on a new session, as it was last", async () => {
    const later = `<presence to="room@muc.example.org/al"><show>dnd</show></presence>`;
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: join },
      { from: "alice/one", send: later },
      { upstream: "gets", xml: join },
      { upstream: "gets", xml: later },
      { upstream: "lost", reason: "gone" },
      { upstream: "bound", as: "$full" },
      { rule: "UP-8", because: "directed presence, repeated", to: "upstream" },
      { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
      { upstream: "gets", xml: OUR_AWAY },
      { upstream: "gets", xml: later },
    ]);
  });
});

describe("PRES-11 subscription stanzas go upstream unchanged", () => {
  it.each(["subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe"])("PRES-11 %s", async (type) => {
    const xml = `<presence type="${type}" to="bob@example.org" id="s"><status>hi</status></presence>`;
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: xml },
      { rule: "PRES-11", because: "subscription management is the account's", to: "upstream" },
      { upstream: "gets", xml },
      { leave: "alice/one" },
    ]);
  });
});
