// What clients do without anybody having meant it, and what they do too early, too late, or not at all.

import { describe, it } from "vitest";
import { playPolicy } from "../../support/account-world.ts";
import { comesOnline, enablesCarbons, OUR_AWAY, OUR_PRESENCE } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";
import { join, joinsUpstream, occupant, ROOM, says, subject } from "./rooms/words.ts";

const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const CARBONS = "urn:xmpp:carbons:2";
const UNAVAILABLE = `<error type="cancel"><service-unavailable xmlns="${STANZAS}"/></error>`;
const hello = `<message from="bob@example.org/a" to="$full" type="chat" id="m"><body>Hi</body></message>`;

/** One and two are attached, with carbons, and available; two last. */
const two: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  ...enablesCarbons("alice/one"),
  ...enablesCarbons("alice/two"),
  ...comesOnline("alice/one"),
  ...comesOnline("alice/two", { later: true }),
];

describe("PRES-1 what clients send by themselves does not make them the one that a person uses", () => {
  const dnd = `<presence><show>dnd</show></presence>`;
  const leads: Script = [
    { attach: "alice/desk" },
    { attach: "alice/phone" },
    ...comesOnline("alice/desk"),
    { from: "alice/phone", send: dnd },
    { upstream: "gets", xml: OUR_PRESENCE.replace("<c ", "<show>dnd</show><c ") },
    { upstream: "sends", xml: hello },
    { to: ["alice/desk", "alice/phone"], expect: hello },
  ];

  it.each([
    [
      "a receipt",
      `<message to="bob@example.org/a" type="chat"><received xmlns="urn:xmpp:receipts" id="m"/></message>`,
    ],
    ["an error", `<message to="bob@example.org/a" type="error" id="m"><error type="cancel"/></message>`],
    [
      "a marker that it has got it",
      `<message to="bob@example.org/a"><received xmlns="urn:xmpp:chat-markers:0" id="m"/></message>`,
    ],
    [
      "the ringing of a call",
      `<message to="bob@example.org/a"><ringing xmlns="urn:xmpp:jingle-message:0" id="m"/><store xmlns="urn:xmpp:hints"/></message>`,
    ],
  ])("PRES-1 %s", async (_name, automatic) => {
    await playPolicy([
      ...leads,
      { from: "alice/desk", send: automatic },
      { upstream: "gets", xml: automatic },
      { upstream: "silent" },
    ]);
  });

  it.each([
    [
      "words",
      `<message to="bob@example.org/a" type="chat"><body>x</body><received xmlns="urn:xmpp:receipts" id="m"/></message>`,
    ],
    [
      "a marker that it was read",
      `<message to="bob@example.org/a"><displayed xmlns="urn:xmpp:chat-markers:0" id="m"/></message>`,
    ],
  ])("PRES-1 but %s do", async (_name, message) => {
    await playPolicy([
      ...leads,
      { from: "alice/desk", send: message },
      { upstream: "gets", xml: message },
      { upstream: "gets", xml: OUR_PRESENCE },
    ]);
  });
});

describe("RCPT-4 a room's history is what was said before", () => {
  it("RCPT-4 RCPT-1 a marker goes once, also when the room tells the message anew", async () => {
    const marker = `<message to="${ROOM}" type="groupchat"><displayed xmlns="urn:xmpp:chat-markers:0" id="ham"/></message>`;
    const past = says(
      "bob",
      "ham",
      `<delay xmlns="urn:xmpp:delay" from="${ROOM}" stamp="2026-01-01T00:00:00Z"/>`,
    );
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: "alice/one", expect: occupant("al", [110]) },
      { upstream: "sends", xml: subject("Tea") },
      { to: "alice/one", expect: subject("Tea") },
      { upstream: "sends", xml: says("bob", "ham") },
      { to: "alice/one", expect: says("bob", "ham") },
      { from: "alice/one", send: marker },
      { upstream: "gets", xml: marker },
      { upstream: "sends", xml: past },
      { to: "alice/one", expect: past },
      { from: "alice/one", send: marker },
      { rule: "RCPT-1", because: "another client has acknowledged that message" },
      { upstream: "silent" },
    ]);
  });
});

const asked = (id: string): string =>
  `<iq type="get" id="${id}" from="$bare" to="$full"><query xmlns="http://jabber.org/protocol/disco#info" node="n#v"/></iq>`;

describe("CAPS-1 a client that was asked before it was ready", () => {
  it("CAPS-1 CAPS-3 an error is not remembered beyond the process", async () => {
    const caps = `<c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="n" ver="v"/>`;
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: `<presence>${caps}</presence>` },
      { upstream: "gets", xml: OUR_PRESENCE },
      { to: "alice/one", expect: asked("$first") },
      { from: "alice/one", send: `<iq type="error" id="$first" to="$bare">${UNAVAILABLE}</iq>` },
      { proxy: "restarts" },
      { upstream: "resumed" },
      { resumes: "alice/one" },
      { to: "alice/one", expect: asked("$second") },
    ]);
  });
});

describe("SELF-2 a reset of the object", () => {
  it("IQ-11 SELF-2 who asked a sibling is told that nobody answers", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: `<iq type="get" to="$full" id="q"><x xmlns="urn:example"/></iq>` },
      {
        to: "alice/two",
        expect: `<iq type="get" from="$full" to="$full" id="$id"><x xmlns="urn:example"/></iq>`,
      },
      { proxy: "restarts" },
      { resumes: "alice/one" },
      { resumes: "alice/two" },
      { to: "alice/one", expect: `<iq type="error" from="$full" id="q">${UNAVAILABLE}</iq>` },
      { from: "alice/two", send: `<iq type="result" to="$full" id="$id"/>` },
      { silent: "alice/one" },
      { upstream: "bound", as: "$full" },
      { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="${CARBONS}"/></iq>` },
      { upstream: "gets", xml: OUR_PRESENCE },
    ]);
  });
});

describe("clients that never say that they are there", () => {
  it("MSG-1 MSG-5 PRES-1 messages go both ways, contacts see nobody, and nothing of its leaving", async () => {
    const said = `<message to="bob@example.org" type="chat" id="s"><body>x</body></message>`;
    await playPolicy([
      { attach: "alice/one" },
      { upstream: "sends", xml: hello },
      { to: "alice/one", expect: hello },
      { from: "alice/one", send: said },
      { upstream: "gets", xml: said },
      { from: "alice/one", send: `<presence type="unavailable"><status>bye</status></presence>` },
      { leave: "alice/one" },
      { upstream: "silent" },
    ]);
  });

  it("PRES-1 PRES-3 a negative priority is nobody's business, and unavailable's status neither", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: `<presence><priority>-1</priority></presence>` },
      { upstream: "gets", xml: OUR_PRESENCE },
      { upstream: "sends", xml: hello },
      { to: "alice/one", expect: hello },
      { from: "alice/one", send: `<presence type="unavailable"><status>bye</status></presence>` },
      { upstream: "gets", xml: OUR_AWAY },
    ]);
  });
});
