// What a hostile, careless or merely odd client, contact or server sends: who is not fooled by it, and what nobody hears of.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../support/account-world.ts";
import { asksForRoster, comesOnline, enablesCarbons } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";

const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const CARBONS = "urn:xmpp:carbons:2";
const UNAVAILABLE = `<error type="cancel"><service-unavailable xmlns="${STANZAS}"/></error>`;
const BAD_REQUEST = `<error type="modify"><bad-request xmlns="${STANZAS}"/></error>`;

/** One and two are attached, with carbons, and available; two last. */
const two: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  ...enablesCarbons("alice/one"),
  ...enablesCarbons("alice/two"),
  ...comesOnline("alice/one"),
  ...comesOnline("alice/two", { later: true }),
];
const both = ["alice/one", "alice/two"] as const;

describe("the account's own address, however it is written", () => {
  it.each(["$bare", "ALICE@example.org", "alice@EXAMPLE.org"])(
    "MSG-7 carbons to %s are ours to switch, and the server's stay on",
    async (to) => {
      await playPolicy([
        ...two,
        { from: "alice/one", send: `<iq type="set" to="${to}" id="c"><disable xmlns="${CARBONS}"/></iq>` },
        { to: "alice/one", expect: `<iq type="result" from="${to}" id="c"/>` },
        { upstream: "silent" },
      ]);
    },
  );

  it("MSG-7 IQ-1 what is neither enable nor disable switches nothing, and is the server's to refuse", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: `<iq type="set" id="c"><off xmlns="${CARBONS}"/></iq>` },
      { upstream: "gets", xml: `<iq type="set" id="$_"><off xmlns="${CARBONS}"/></iq>` },
      {
        from: "alice/two",
        send: `<message to="bob@example.org" type="chat" id="s"><body>x</body></message>`,
      },
      { upstream: "gets", xml: `<message to="bob@example.org" type="chat" id="s"><body>x</body></message>` },
      {
        to: "alice/one",
        expect: `<message from="$bare" to="$full" type="chat"><sent xmlns="${CARBONS}"><forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client" from="$full" to="bob@example.org" type="chat" id="s"><body>x</body></message></forwarded></sent></message>`,
      },
    ]);
  });

  it("ROS-3 the roster of ALICE@example.org is this one", async () => {
    await playPolicy([
      { attach: "alice/one" },
      {
        from: "alice/one",
        send: `<iq type="get" to="ALICE@example.org" id="r"><query xmlns="jabber:iq:roster"/></iq>`,
      },
      {
        to: "alice/one",
        expect: `<iq type="result" from="ALICE@example.org" id="r"><query xmlns="jabber:iq:roster" ver="$_"/></iq>`,
      },
      { upstream: "silent" },
    ]);
  });

  it.each([
    ["to nobody", ""],
    ["to the bare JID", ` to="$bare"`],
    ["to the full JID", ` to="$full"`],
  ])("MSG-5 MSG-6 a message %s goes up once and comes back to every client once", async (_name, to) => {
    const note = `<message${to} type="chat" id="n"><body>to do</body></message>`;
    const back = `<message from="$full"${to === "" ? ` to="$bare"` : to} type="chat" id="n"><body>to do</body></message>`;
    await playPolicy([
      ...two,
      { from: "alice/one", send: note },
      { upstream: "gets", xml: note },
      { silent: "alice/two" },
      { upstream: "sends", xml: back },
      { to: both, expect: back },
    ]);
  });
});

describe("what is no stanza of any server", () => {
  it.each([
    ["without a type", `<iq id="1"/>`],
    ["of a type that does not exist", `<iq type="ask" id="1"><ping xmlns="urn:xmpp:ping"/></iq>`],
    ["with an empty type", `<iq type="" id="1"/>`],
  ])("IQ-13 an IQ %s is answered, and not sent", async (_name, iq) => {
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: iq },
      { to: "alice/one", expect: `<iq type="error" id="1">${BAD_REQUEST}</iq>` },
      { upstream: "silent" },
    ]);
  });

  it("IQ-13 nor does one pass for the answer that a peer waits for", async () => {
    const request = `<iq type="set" from="bob@example.org/a" to="$full" id="j"><x xmlns="urn:example"/></iq>`;
    await playPolicy([
      { attach: "alice/one" },
      ...comesOnline("alice/one"),
      { upstream: "sends", xml: request },
      { to: "alice/one", expect: request },
      { from: "alice/one", send: `<iq type="yes" to="bob@example.org/a" id="j"/>` },
      { to: "alice/one", expect: `<iq type="error" from="bob@example.org/a" id="j">${BAD_REQUEST}</iq>` },
      { upstream: "silent" },
      { from: "alice/one", send: `<iq type="result" to="bob@example.org/a" id="j"/>` },
      { upstream: "gets", xml: `<iq type="result" to="bob@example.org/a" id="j"/>` },
    ]);
  });

  it.each([
    ["message", `<message id="1"`, "><body>x</body></message>"],
    ["presence", `<presence id="1"`, "/>"],
    ["request", `<iq type="get" id="1"`, `><ping xmlns="urn:xmpp:ping"/></iq>`],
  ])("ERR-3 a %s to an address that cannot be is answered, and kept nowhere", async (_name, begin, end) => {
    const name = /^<(\w+)/.exec(begin)?.[1] ?? "";
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: `${begin} to="${"x".repeat(3_072)}"${end}` },
      {
        to: "alice/one",
        expect: `<${name} type="error" id="1"><error type="modify"><jid-malformed xmlns="${STANZAS}"/></error></${name}>`,
      },
      { upstream: "silent" },
      { leave: "alice/one" },
    ]);
  });

  it("ERR-3 the longest that can be goes", async () => {
    const to = `${"l".repeat(1_023)}@${"d".repeat(1_023)}/${"r".repeat(1_023)}`;
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: `<message to="${to}"/>` },
      { upstream: "gets", xml: `<message to="${to}"/>` },
    ]);
  });

  it.each([
    ["an error to nowhere", `<message type="error" id="1" to="${"x".repeat(4_000)}"/>`],
    ["an answer to nowhere", `<iq type="result" id="1" to="${"x".repeat(4_000)}"/>`],
    ["an answer to nothing", `<iq type="error" id="1" to="bob@example.org/a"/>`],
    ["an error in a room that it is not in", `<message type="error" id="1" to="${"y".repeat(4_000)}/n"/>`],
  ])("ERR-4 %s gets no answer from us", async (_name, stanza) => {
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: stanza },
      { silent: "alice/one" },
      { upstream: "silent" },
    ]);
  });

  it.each([
    ["an error", `<iq type="error" from="bob@example.org/a" to="$full" id="roster"/>`],
    ["a result", `<iq type="result" from="bob@example.org/a" to="$full" id="1"/>`],
    ["an IQ without a type", `<iq from="bob@example.org/a" to="$full" id="1"/>`],
    ["a message error", `<message type="error" from="bob@example.org/a" to="$full" id="1"/>`],
    ["a presence error", `<presence type="error" from="bob@example.org/a" to="$full" id="1"/>`],
  ])("ERR-4 %s that comes is answered by nobody", async (_name, stanza) => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", "<presence/>");
    world.next("upstream");
    world.upstreamSends(stanza);
    expect(world.leftovers()["upstream"]).toBeUndefined();
  });
});

const event = (from: string): string =>
  `<message from="${from}" to="$full" type="headline"><event xmlns="http://jabber.org/protocol/pubsub#event"><items node="urn:xmpp:bookmarks:1"><item id="x"/></items></event></message>`;

const jingle = (from: string, action: string, id: string): string =>
  `<iq type="set" from="${from}" to="$full" id="${id}"><jingle xmlns="urn:xmpp:jingle:1" action="${action}" sid="s"/></iq>`;

describe("forgeries", () => {
  it.each([
    [
      "a roster push",
      `<query xmlns="jabber:iq:roster"><item jid="eve@example.net" subscription="both"/></query>`,
    ],
    ["a request for the roster", `<query xmlns="jabber:iq:roster"/>`],
    ["a push of the block list", `<unblock xmlns="urn:xmpp:blocking"/>`],
    ["a switch of carbons", `<enable xmlns="${CARBONS}"/>`],
    ["a privacy list", `<query xmlns="jabber:iq:privacy"><list name="x"/></query>`],
  ])(
    "IQ-14 ROS-2 %s by a contact reaches no client, not even one that says nothing of itself",
    async (_name, payload) => {
      await playPolicy([
        ...two,
        ...asksForRoster("alice/one"),
        {
          upstream: "sends",
          xml: `<iq type="set" from="bob@example.org/a" to="$full" id="f">${payload}</iq>`,
        },
        {
          upstream: "gets",
          xml: `<iq type="error" from="$full" to="bob@example.org/a" id="f">${UNAVAILABLE}</iq>`,
        },
      ]);
    },
  );

  it("PEP-1 an event from a contact's full JID, or a room, is nobody's node", async () => {
    await playPolicy([
      ...two,
      ...["bob@example.org/a", "example.org/x"].flatMap((from): Script => [
        { upstream: "sends", xml: event(from) },
        { to: both, expect: event(from) },
      ]),
    ]);
  });

  it("PRES-4 PRES-8 a contact that says to be an occupant of a room is a contact all the same, and no ghost of it stays", async () => {
    const x = `<x xmlns="http://jabber.org/protocol/muc#user"/>`;
    const here = `<presence from="bob@example.org/a" to="$full"/>`;
    const gone = `<presence from="bob@example.org/a" to="$full" type="unavailable">${x}</presence>`;
    await playPolicy([
      ...two,
      { upstream: "sends", xml: here },
      { to: both, expect: here },
      { upstream: "sends", xml: gone },
      { to: both, expect: gone },
      { attach: "alice/three" },
      ...comesOnline("alice/three", { later: true }),
      { silent: "alice/three" },
    ]);
  });

  it("JING-1 nobody takes over another peer's session by its id", async () => {
    await playPolicy([
      ...two,
      {
        from: "alice/one",
        send: `<iq type="set" to="bob@example.org/a" id="i"><jingle xmlns="urn:xmpp:jingle:1" action="session-initiate" sid="s"/></iq>`,
      },
      {
        upstream: "gets",
        xml: `<iq type="set" to="bob@example.org/a" id="$_"><jingle xmlns="urn:xmpp:jingle:1" action="session-initiate" sid="s"/></iq>`,
      },
      { upstream: "sends", xml: jingle("eve@example.net/a", "session-terminate", "1") },
      { to: "alice/two", expect: jingle("eve@example.net/a", "session-terminate", "1") },
      { upstream: "sends", xml: jingle("bob@example.org/a", "session-info", "2") },
      { to: "alice/one", expect: jingle("bob@example.org/a", "session-info", "2") },
    ]);
  });
});
