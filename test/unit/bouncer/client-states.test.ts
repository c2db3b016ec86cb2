// CSI-2 to CSI-5: what the server is told about whether anybody is looking, and what inactive clients get when.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../support/account-world.ts";
import { comesOnline, enablesCarbons } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";
import { enters, occupant, ROOM } from "./rooms/words.ts";

const two: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  ...comesOnline("alice/one"),
  ...comesOnline("alice/two", { later: true }),
];
const oneSleeps: Script = [...two, { from: "alice/one", says: "inactive" }];

const bob = (show: string, resource = "a"): string =>
  `<presence from="bob@example.org/${resource}" to="$full"><show>${show}</show></presence>`;
const gone = `<presence from="bob@example.org/a" to="$full" type="unavailable"/>`;
const text = (from: string, type = "chat"): string =>
  `<message from="${from}" to="$full" type="${type}"><body>x</body></message>`;
/** Two, which is active, gets it at once. */
const comes = (...stanzas: string[]): Script =>
  stanzas.flatMap((xml): Script => [
    { upstream: "sends", xml },
    { to: "alice/two", expect: xml },
  ]);
const getsInOrder = (...stanzas: string[]): Script =>
  stanzas.map((expected) => ({ to: "alice/one", expect: expected }));

describe("CSI-2 the server is told whether anybody is looking", () => {
  it("CSI-2 nobody attached, one, both inactive, one active again, gone", () => {
    const world = new AccountWorld();
    const told: (boolean | undefined)[] = [];
    const then = (event: () => void): void => {
      event();
      told.push(world.upstreamActive);
    };
    then(() => undefined);
    then(() => world.attach("alice/one", "one"));
    then(() => world.attach("alice/two", "two"));
    then(() => world.setClientState("alice/one", false));
    then(() => world.setClientState("alice/two", false));
    then(() => world.setClientState("alice/one", true));
    then(() => world.breakOff("alice/one"));
    then(() => world.resume("alice/one"));
    then(() => world.leave("alice/two"));
    then(() => world.leave("alice/one"));
    expect(told).toEqual([false, true, true, true, false, true, false, true, true, false]);
  });

  it("CSI-1 CSI-2 after a reset: as the clients were, once their sockets are found again", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.setClientState("alice/one", false);
    world.upstreamActive = undefined;
    world.restart({ connected: ["alice/one"] });
    expect(world.upstreamActive).toBe(false);
    world.setClientState("alice/one", true);
    expect(world.upstreamActive).toBe(true);
  });
});

describe("CSI-3 presence waits for an inactive client", () => {
  it("CSI-3 until it is active: the latest of each full JID, in the order in which those came", async () => {
    await playPolicy([
      ...oneSleeps,
      ...comes(bob("away"), bob("dnd", "b"), bob("xa"), bob("chat")),
      { silent: "alice/one" },
      { from: "alice/one", says: "active" },
      ...getsInOrder(bob("dnd", "b"), bob("chat")),
      ...comes(gone),
      ...getsInOrder(gone),
    ]);
  });

  it("CSI-3 who has come and gone is gone", async () => {
    await playPolicy([
      ...oneSleeps,
      ...comes(bob("away"), gone),
      { from: "alice/one", says: "active" },
      ...getsInOrder(gone),
    ]);
  });

  it.each([
    ["a message with a body", text("carol@example.org/c")],
    [
      "a message with a subject",
      `<message from="carol@example.org/c" to="$full"><subject>x</subject></message>`,
    ],
    [
      "an error",
      `<message from="carol@example.org/c" to="$full" type="error"><error type="cancel"/></message>`,
    ],
    [
      "a call",
      `<message from="carol@example.org/c" to="$full" type="chat"><propose xmlns="urn:xmpp:jingle-message:0" id="1"/></message>`,
    ],
    [
      "an invitation",
      `<message from="carol@example.org/c" to="$full"><x xmlns="jabber:x:conference" jid="room@muc.example.org"/></message>`,
    ],
    ["a request to subscribe", `<presence from="carol@example.org" to="$full" type="subscribe"/>`],
  ])("CSI-3 %s is important: what waited comes first", async (_name, important) => {
    await playPolicy([
      ...oneSleeps,
      ...comes(bob("away"), important),
      ...getsInOrder(bob("away"), important),
    ]);
  });

  it("CSI-3 so is an answer that it asked for, and what a person reads on a sibling", async () => {
    const sent = `<message to="bob@example.org" type="chat"><body>x</body></message>`;
    await playPolicy([
      ...two,
      ...enablesCarbons("alice/one"),
      { from: "alice/one", says: "inactive" },
      ...comes(bob("away")),
      { from: "alice/one", send: `<iq type="get" id="a"><query xmlns="urn:example"/></iq>` },
      { upstream: "gets", xml: `<iq type="get" id="$id"><query xmlns="urn:example"/></iq>` },
      { upstream: "sends", xml: `<iq type="result" id="$id" to="$full"/>` },
      ...getsInOrder(bob("away"), `<iq type="result" id="a" to="$full"/>`),
      ...comes(bob("xa")),
      { from: "alice/two", send: sent },
      { upstream: "gets", xml: sent },
      ...getsInOrder(
        bob("xa"),
        `<message from="$bare" to="$full" type="chat"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client" from="$full" to="bob@example.org" type="chat"><body>x</body></message></forwarded></sent></message>`,
      ),
    ]);
  });

  it.each([
    [
      "a receipt",
      `<message from="bob@example.org/b" to="$full"><received xmlns="urn:xmpp:receipts" id="1"/></message>`,
    ],
    [
      "a headline",
      `<message from="bob@example.org" to="$full" type="headline"><event xmlns="http://jabber.org/protocol/pubsub#event"/></message>`,
    ],
  ])("CSI-3 %s comes at once, after what waited from the same sender only", async (_name, ordinary) => {
    const carol = `<presence from="carol@example.org/c" to="$full"/>`;
    await playPolicy([
      ...oneSleeps,
      ...comes(carol, bob("away"), ordinary),
      ...getsInOrder(bob("away"), ordinary),
      { silent: "alice/one" },
      { from: "alice/one", says: "active" },
      ...getsInOrder(carol),
    ]);
  });

  it("CSI-3 in a room: occupants come and go unnoticed, what is said comes after them, and so does what concerns oneself", async () => {
    await playPolicy([
      { attach: "alice/one" },
      ...comesOnline("alice/one"),
      { from: "alice/one", says: "inactive" },
      ...enters("alice/one"),
      { upstream: "sends", xml: occupant("dave") },
      { silent: "alice/one" },
      {
        upstream: "sends",
        xml: occupant("al", [110], { item: `<item affiliation="owner" role="moderator"/>` }),
      },
      ...getsInOrder(
        occupant("dave"),
        occupant("al", [110], { item: `<item affiliation="owner" role="moderator"/>` }),
      ),
      { upstream: "sends", xml: occupant("dave") },
      { upstream: "sends", xml: bob("away") },
      { upstream: "sends", xml: text(`${ROOM}/dave`, "groupchat") },
      ...getsInOrder(occupant("dave"), text(`${ROOM}/dave`, "groupchat")),
      { from: "alice/one", says: "active" },
      ...getsInOrder(bob("away")),
    ]);
  });

  it("CSI-3 of 500 full JIDs at most", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", "<presence/>");
    world.setClientState("alice/one", false);
    for (let count = 0; count < 500; count += 1) world.upstreamSends(bob("away", `r${count}`));
    expect(world.next("alice/one")).toBeUndefined();
    world.upstreamSends(bob("away", "one more"));
    expect(world.leftovers()["alice/one"]).toHaveLength(501);
  });

  it("CSI-3 a presence that is too large to be kept does not wait", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", "<presence/>");
    world.setClientState("alice/one", false);
    world.upstreamSends(
      `<presence from="bob@example.org/a"><status>${"x".repeat(8_192)}</status></presence>`,
    );
    expect(world.next("alice/one")).toContain("xxx");
  });
});

describe("CSI-4 chat states are not for an inactive client", () => {
  const state = `<message from="bob@example.org/a" to="$full" type="chat"><composing xmlns="http://jabber.org/protocol/chatstates"/></message>`;
  it("CSI-4 it never gets them", async () => {
    await playPolicy([
      ...oneSleeps,
      ...comes(state),
      { from: "alice/one", says: "active" },
      { silent: "alice/one" },
    ]);
  });

  it("CSI-4 nor a sibling's", async () => {
    const composing = `<message to="bob@example.org" type="chat"><composing xmlns="http://jabber.org/protocol/chatstates"/></message>`;
    await playPolicy([
      ...two,
      ...enablesCarbons("alice/one"),
      { from: "alice/one", says: "inactive" },
      { from: "alice/two", send: composing },
      { upstream: "gets", xml: composing },
      { silent: "alice/one" },
    ]);
  });
});

describe("CSI-5 what waits survives", () => {
  it("CSI-5 a reset of the object: no contact stays online that has gone", async () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", "<presence/>");
    world.setClientState("alice/one", false);
    world.upstreamSends(bob("away", "b"));
    world.upstreamSends(gone);
    world.restart({ connected: ["alice/one"] });
    expect(world.next("alice/one")).toBeUndefined();
    world.setClientState("alice/one", true);
    expect([world.next("alice/one"), world.next("alice/one")].join("")).toMatch(/away.*unavailable/);
    world.restart({ connected: ["alice/one"] });
    world.setClientState("alice/one", false);
    world.setClientState("alice/one", true);
    expect(world.next("alice/one")).toBeUndefined();
  });

  it("CSI-5 a client that is gone for good takes it along", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", "<presence/>");
    world.setClientState("alice/one", false);
    world.upstreamSends(gone);
    world.restart({ lost: ["alice/one"] });
    world.restart();
    world.attach("alice/one", "one");
    world.setClientState("alice/one", false);
    world.setClientState("alice/one", true);
    expect(world.next("alice/one")).toBeUndefined();
  });
});
