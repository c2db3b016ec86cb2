// RCPT-1 to RCPT-4: one person acknowledges a message once, however many clients it has.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../support/account-world.ts";
import { comesOnline, enablesCarbons } from "../../support/phrases.ts";
import { enters, entersToo } from "./rooms/words.ts";
import type { Script } from "../../support/scenario.ts";

const BOB = "bob@example.org/a";
const two: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  ...enablesCarbons("alice/one"),
  ...enablesCarbons("alice/two"),
];

const received = `<received xmlns="urn:xmpp:receipts" id="m1"/>`;
const marker = (name: string): string => `<${name} xmlns="urn:xmpp:chat-markers:0" id="m1"/>`;
const assist = `<displayed xmlns="urn:xmpp:mds:displayed:0"><stanza-id xmlns="urn:xmpp:sid:0" by="$bare" id="s1"/></displayed>`;
const store = `<store xmlns="urn:xmpp:hints"/>`;

const message = (to: string, payload: string, { id = "r", from = "", type = "chat" } = {}): string =>
  `<message xmlns="jabber:client"${from === "" ? "" : ` from="${from}"`} to="${to}" type="${type}" id="${id}">${payload}</message>`;
const carbon = (to: string, payload: string): string =>
  `<message from="$bare" to="$full" type="chat"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">` +
  `${message(to, payload, { from: "$full" })}</forwarded></sent></message>`;
/** Both clients get a message of bob's that asks for everything. */
const asks = (from = BOB, id = "m1"): Script => {
  const xml = `<message from="${from}" to="$full" type="chat" id="${id}"><body>Hi</body><request xmlns="urn:xmpp:receipts"/><markable xmlns="urn:xmpp:chat-markers:0"/></message>`;
  return [
    { upstream: "sends", xml },
    { to: ["alice/one", "alice/two"], expect: xml },
  ];
};
/** One says it first. */
const first = (to: string, payload: string): Script => [
  { from: "alice/one", send: message(to, payload) },
  { upstream: "gets", xml: message(to, payload) },
  { to: "alice/two", expect: carbon(to, payload) },
];
const swallowed: Script = [
  { rule: "RCPT-1", because: "another client has acknowledged that message", to: [] },
  { upstream: "silent" },
  { silent: "alice/one" },
];

describe("RCPT-1 what one client has acknowledged, no other acknowledges again", () => {
  it.each([
    ["a receipt", received],
    ["a marker: received", marker("received")],
    ["a marker: displayed", marker("displayed")],
    ["a marker: acknowledged", marker("acknowledged")],
    ["a receipt and a marker in one", received + marker("received")],
    ["a marker that the server turns into displayed sync", marker("displayed") + assist],
    ["a receipt with what only goes along", received + store],
  ])("RCPT-1 %s goes upstream once, and to the siblings", async (_name, payload) => {
    await playPolicy([
      ...two,
      ...asks(),
      ...first(BOB, payload),
      { from: "alice/two", send: message(BOB, payload, { id: "r2" }) },
      ...swallowed,
    ]);
  });

  it.each([
    ["the contact's bare JID", "bob@example.org"],
    ["another resource of the contact", "bob@example.org/b"],
    ["the contact in capitals", "BOB@example.org"],
  ])("RCPT-1 to %s: the same person", async (_name, to) => {
    await playPolicy([
      ...two,
      ...asks(),
      ...first(BOB, received),
      { from: "alice/two", send: message(to, received) },
      ...swallowed,
    ]);
  });

  it.each([
    ["another kind", BOB, marker("displayed")],
    ["another message", BOB, `<received xmlns="urn:xmpp:receipts" id="m2"/>`],
    ["another contact", "carol@example.org/a", received],
  ])("RCPT-1 %s is another thing to say", async (_name, to, payload) => {
    await playPolicy([
      ...two,
      ...first(BOB, received),
      { from: "alice/two", send: message(to, payload) },
      { upstream: "gets", xml: message(to, payload) },
      { to: "alice/one", expect: carbon(to, payload) },
    ]);
  });

  it("RCPT-1 also when another device that bypasses us has sent it", async () => {
    const theirs = carbon(BOB, received).replaceAll(`from="$full"`, `from="$bare/phone"`);
    await playPolicy([
      ...two,
      { upstream: "sends", xml: theirs },
      { to: ["alice/one", "alice/two"], expect: theirs },
      { from: "alice/two", send: message(BOB, received) },
      ...swallowed,
    ]);
  });

  it("RCPT-1 a carbon that a stranger made up acknowledges nothing", async () => {
    const forged = carbon(BOB, received).replace(`from="$bare"`, `from="${BOB}"`);
    await playPolicy([
      ...two,
      { upstream: "sends", xml: forged },
      { to: ["alice/one", "alice/two"], expect: forged },
      ...first(BOB, received),
    ]);
  });

  it("RCPT-1 a receipt that found no room did not go: the next one does", () => {
    const world = new AccountWorld();
    for (const client of ["alice/one", "alice/two"]) world.attach(client, client);
    world.hasRoom = false;
    world.send("alice/one", message(BOB, received));
    expect(world.next("alice/one")).toContain("resource-constraint");
    world.hasRoom = true;
    world.send("alice/two", message(BOB, received));
    expect(world.next("upstream")).toContain("<received");
  });

  it("RCPT-1 nobody attached: nothing is acknowledged", async () => {
    await playPolicy([
      {
        upstream: "sends",
        xml: message("$full", `<body>x</body><request xmlns="urn:xmpp:receipts"/>`, { from: BOB }),
      },
      { upstream: "silent" },
    ]);
  });
});

describe("RCPT-2 what else a message says goes on without the repeated acknowledgement", () => {
  it.each([
    ["a body", `<body>Yes</body>`, received],
    ["a marker that has not gone", marker("displayed"), received],
    [
      "a reaction",
      `<reactions xmlns="urn:xmpp:reactions:0" id="m1"><reaction>+</reaction></reactions>`,
      received,
    ],
  ])("RCPT-2 %s", async (_name, rest, repeated) => {
    await playPolicy([
      ...two,
      ...first(BOB, repeated),
      { from: "alice/two", send: message(BOB, rest + repeated) },
      { upstream: "gets", xml: message(BOB, rest) },
      { to: "alice/one", expect: carbon(BOB, rest) },
    ]);
  });
});

describe("RCPT-3 errors", () => {
  const error = `<error type="cancel"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;
  it("RCPT-3 MSG-6 what one client has refused, no other refuses again", async () => {
    await playPolicy([
      ...two,
      ...asks(),
      { from: "alice/one", send: message(BOB, error, { type: "error", id: "m1" }) },
      { upstream: "gets", xml: message(BOB, error, { type: "error", id: "m1" }) },
      {
        to: "alice/two",
        expect: `<message from="$bare" to="$full" type="error"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${message(BOB, error, { type: "error", id: "m1", from: "$full" })}</forwarded></sent></message>`,
      },
      { from: "alice/two", send: message(BOB, error, { type: "error", id: "m1" }) },
      { rule: "RCPT-3", because: "another client has refused that message", to: [] },
      { upstream: "silent" },
    ]);
  });
});

describe("RCPT-4 ids that are used again", () => {
  it("RCPT-4 a new message under an old id is acknowledged again, once", async () => {
    await playPolicy([
      ...two,
      ...asks(),
      ...first(BOB, received),
      ...asks(),
      ...first(BOB, received),
      { from: "alice/two", send: message(BOB, received) },
      ...swallowed,
    ]);
  });

  it("RCPT-4 occupants of a room are different people; the room is one", async () => {
    const room = "room@muc.example.org";
    const ofRoom = `<x xmlns="http://jabber.org/protocol/muc#user"/>`;
    await playPolicy([
      ...two,
      ...comesOnline("alice/one"),
      ...enters("alice/one"),
      ...entersToo("alice/two"),
      ...first(`${room}/carol`, received + ofRoom),
      { from: "alice/two", send: message(`${room}/dave`, received) },
      { upstream: "gets", xml: message(`${room}/dave`, received) },
      { to: "alice/one", expect: carbon(`${room}/dave`, received + ofRoom) },
      { from: "alice/two", send: message(`${room}/carol`, received) },
      ...swallowed,
      { from: "alice/one", send: message(room, marker("displayed"), { type: "groupchat" }) },
      { upstream: "gets", xml: message(room, marker("displayed"), { type: "groupchat" }) },
      { from: "alice/two", send: message(room, marker("displayed"), { type: "groupchat" }) },
      ...swallowed,
    ]);
  });
});

describe("RCPT-1 what was acknowledged is remembered", () => {
  it("RCPT-1 a client that resumes after a reset acknowledges late, and in vain", async () => {
    await playPolicy([
      ...two,
      ...asks(),
      ...first(BOB, received),
      { breaksOff: "alice/two" },
      { proxy: "restarts" },
      { upstream: "resumed" },
      { resumes: "alice/two" },
      { from: "alice/two", send: message(BOB, received) },
      ...swallowed,
    ]);
  });

  it("RCPT-1 for two weeks", async () => {
    await playPolicy([
      ...two,
      ...first(BOB, received),
      { waitSeconds: 13 * 24 * 3600 },
      { from: "alice/two", send: message(BOB, received) },
      ...swallowed,
      { waitSeconds: 2 * 24 * 3600 },
      ...first(BOB, received),
    ]);
  });

  it("RCPT-1 of 5,000 messages at most", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    const receipt = (id: number): boolean => {
      world.send("alice/one", message(BOB, `<received xmlns="urn:xmpp:receipts" id="${id}"/>`));
      return world.next("upstream") !== undefined;
    };
    for (let id = 0; id <= 5_000; id += 1) expect(receipt(id)).toBe(true);
    expect(receipt(5_000)).toBe(false);
    expect(receipt(1)).toBe(false);
    expect(receipt(0)).toBe(true);
    world.restart();
    world.attach("alice/one", "one");
    expect([receipt(5_000), receipt(1)]).toEqual([false, true]);
  });
});
