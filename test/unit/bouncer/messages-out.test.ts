// MSG-5 to MSG-7: what becomes of a client's message, and who gets copies.

import { describe, expect, it } from "vitest";
import { AccountWorld, FULL, playPolicy } from "../../support/account-world.ts";
import { enablesCarbons } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";
import { shape } from "../../support/xml-shape.ts";

const ALL = ["alice/one", "alice/two", "alice/three"];
const attached: Script = ALL.map((client) => ({ attach: client }));
/** One and two have carbons, three has not. */
const mixed: Script = [...attached, ...enablesCarbons("alice/one"), ...enablesCarbons("alice/two")];

const inner = `<message xmlns="jabber:client" from="bob@example.org/a" to="$bare/phone" type="chat" id="m"><body>Hi</body></message>`;
const carbon = (direction: string, from = "$bare"): string =>
  `<message from="${from}" to="$full" type="chat"><${direction} xmlns="urn:xmpp:carbons:2">` +
  `<forwarded xmlns="urn:xmpp:forward:0">${inner}</forwarded></${direction}></message>`;

const sentCarbon = (message: string, type = ` type="chat"`): string =>
  `<message from="$bare" to="$full"${type}><sent xmlns="urn:xmpp:carbons:2">` +
  `<forwarded xmlns="urn:xmpp:forward:0">${message}</forwarded></sent></message>`;

describe("MSG-5 a message from a client", () => {
  it.each([
    ["chat", `<message xmlns="jabber:client"`, ` type="chat"`, `<body>Hi</body>`],
    ["no type", `<message xmlns="jabber:client"`, ``, `<body>Hi</body>`],
    [
      "a receipt without body",
      `<message xmlns="jabber:client"`,
      ``,
      `<received xmlns="urn:xmpp:receipts" id="1"/>`,
    ],
  ])(
    "MSG-5 %s: once upstream, as a sent carbon to the others with carbons",
    async (_name, tag, type, payload) => {
      const rest = `to="bob@example.org"${type} id="m">${payload}</message>`;
      await playPolicy([
        ...mixed,
        { from: "alice/one", send: `${tag} ${rest}` },
        { rule: "MSG-5", because: "what a client sends goes upstream once", to: "upstream" },
        { rule: "MSG-5", because: "sent carbon to the other clients", to: ["alice/two"] },
        { upstream: "gets", xml: `${tag} ${rest}` },
        { upstream: "silent" },
        { to: "alice/two", expect: sentCarbon(`${tag} from="$full" ${rest}`, type) },
        { silent: "alice/one" },
        { silent: "alice/three" },
      ]);
    },
  );

  it("MSG-5 from a client without carbons itself", async () => {
    await playPolicy([
      ...mixed,
      { from: "alice/three", send: `<message to="bob@example.org" type="chat"><body>x</body></message>` },
      { upstream: "gets", xml: `<message to="bob@example.org" type="chat"><body>x</body></message>` },
      {
        to: ["alice/one", "alice/two"],
        expect: sentCarbon(
          `<message xmlns="jabber:client" from="$full" to="bob@example.org" type="chat"><body>x</body></message>`,
        ),
      },
    ]);
  });

  it("MSG-5 the client's own from is not what goes on", async () => {
    await playPolicy([
      ...attached,
      { from: "alice/one", send: `<message from="$bare" to="bob@example.org"/>` },
      { upstream: "gets", xml: `<message to="bob@example.org"/>` },
    ]);
  });
});

describe("MSG-6 no sent carbon", () => {
  it.each([
    [
      "groupchat",
      `<message to="room@muc.example.org" type="groupchat"><body>x</body></message>`,
      "groupchat is reflected by its room",
    ],
    [
      "headline",
      `<message to="bob@example.org" type="headline"><body>x</body></message>`,
      "headlines are not conversation",
    ],
    [
      "private",
      `<message to="bob@example.org" type="chat"><private xmlns="urn:xmpp:carbons:2"/></message>`,
      "<private/>",
    ],
    [
      "no-copy",
      `<message to="bob@example.org" type="chat"><no-copy xmlns="urn:xmpp:hints"/></message>`,
      "<no-copy/> hint",
    ],
    ["to the bare JID", `<message to="$bare" type="chat"><body>x</body></message>`, "to the account itself"],
    ["to the full JID", `<message to="$full" type="chat"><body>x</body></message>`, "to the account itself"],
    [
      "to another resource of the account",
      `<message to="$bare/phone" type="chat"><body>x</body></message>`,
      "to the account itself",
    ],
    [
      "to the account in capitals",
      `<message to="ALICE@Example.ORG" type="chat"><body>x</body></message>`,
      "to the account itself",
    ],
    [
      "to nobody, which is the account",
      `<message type="chat"><body>x</body></message>`,
      "to the account itself",
    ],
  ])("MSG-6 %s", async (_name, xml, because) => {
    await playPolicy([
      ...mixed,
      { from: "alice/one", send: xml },
      { rule: "MSG-6", because, to: [] },
      { upstream: "gets", xml },
      { silent: "alice/two" },
    ]);
  });

  it("MSG-6 a message to the account itself comes back to every client, the sender too", async () => {
    const note = `<message from="$full" to="$bare" type="chat"><body>milk</body></message>`;
    await playPolicy([
      ...mixed,
      { from: "alice/one", send: `<message to="$bare" type="chat"><body>milk</body></message>` },
      { upstream: "gets", xml: `<message to="$bare" type="chat"><body>milk</body></message>` },
      { upstream: "sends", xml: note },
      { to: ALL, expect: note },
    ]);
  });
});

const mucUser = (child: string): string => `<x xmlns="http://jabber.org/protocol/muc#user">${child}</x>`;

describe("MSG-6 which messages are conversation (XEP-0280 section 6.1)", () => {
  const room = "room@muc.example.org";
  it.each([
    ["chat, whatever it says", ` type="chat"`, `<x xmlns="urn:example"/>`],
    ["normal with a body", ` type="normal"`, `<body>x</body>`],
    ["normal by default with a body", "", `<body>x</body>`],
    ["a chat state", "", `<composing xmlns="http://jabber.org/protocol/chatstates"/>`],
    ["a marker", "", `<displayed xmlns="urn:xmpp:chat-markers:0" id="1"/>`],
    ["a direct invitation", "", `<x xmlns="jabber:x:conference" jid="${room}"/>`],
    ["a mediated invitation", "", mucUser(`<invite to="carol@example.org"/>`)],
    ["that it was declined", "", mucUser(`<decline to="carol@example.org"/>`)],
    ["a reaction", "", `<reactions xmlns="urn:xmpp:reactions:0" id="1"/>`],
  ])("MSG-5 %s is copied", async (_name, type, payload) => {
    const rest = `to="bob@example.org"${type} id="m">${payload}</message>`;
    await playPolicy([
      ...mixed,
      { from: "alice/one", send: `<message ${rest}` },
      { upstream: "gets", xml: `<message ${rest}` },
      { to: "alice/two", expect: sentCarbon(`<message xmlns="jabber:client" from="$full" ${rest}`, type) },
    ]);
  });

  it.each([
    ["a form", "", `<x xmlns="jabber:x:data" type="submit"/>`],
    ["an event", "", `<event xmlns="http://jabber.org/protocol/pubsub#event"/>`],
    ["a room's status", "", mucUser(`<status code="100"/>`)],
    ["nothing", ` type="normal"`, ``],
  ])("MSG-6 %s is not", async (_name, type, payload) => {
    const xml = `<message to="bob@example.org"${type}>${payload}</message>`;
    await playPolicy([
      ...mixed,
      { from: "alice/one", send: xml },
      { rule: "MSG-6", because: "nothing of instant messaging in it", to: [] },
      { upstream: "gets", xml },
    ]);
  });

  it("MSG-6 the error of a message that is not known to be conversation is not", async () => {
    const form = `<message from="bob@example.org/a" to="$full" id="m1"><x xmlns="jabber:x:data" type="form"/></message>`;
    const error = `<message to="bob@example.org/a" type="error" id="m1"><error type="cancel"><not-allowed xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`;
    await playPolicy([
      ...mixed,
      { upstream: "sends", xml: form },
      { to: ALL, expect: form },
      { from: "alice/one", send: error },
      { rule: "MSG-6", because: "the error of a message that was not conversation", to: [] },
      { upstream: "gets", xml: error },
    ]);
  });
});

describe("MSG-7 switching carbons", () => {
  const enable = `<enable xmlns="urn:xmpp:carbons:2"/>`;
  const disable = `<disable xmlns="urn:xmpp:carbons:2"/>`;

  it.each([
    ["enable", enable, undefined],
    ["disable", disable, undefined],
    ["enable, to the bare JID", enable, "$bare"],
  ])("MSG-7 %s is answered by us", async (_name, payload, to) => {
    const address = to === undefined ? "" : ` to="${to}"`;
    const from = to === undefined ? "" : ` from="${to}"`;
    await playPolicy([
      ...attached,
      { from: "alice/one", send: `<iq type="set" id="c"${address}>${payload}</iq>` },
      { rule: "MSG-7", because: "carbons are ours to switch", to: ["alice/one"] },
      { to: "alice/one", expect: `<iq type="result" id="c"${from}/>` },
      { upstream: "silent" },
    ]);
  });

  it("MSG-7 concerns only the client that asked, until it disables them", async () => {
    await playPolicy([
      ...mixed,
      { from: "alice/one", send: `<iq type="set" id="d">${disable}</iq>` },
      { to: "alice/one", expect: `<iq type="result" id="d"/>` },
      { upstream: "sends", xml: carbon("sent") },
      { to: "alice/two", expect: carbon("sent") },
    ]);
  });

  it.each([
    ["to somebody else", `<iq type="set" id="c" to="bob@example.org">${enable}</iq>`],
    ["as a question", `<iq type="get" id="c">${enable}</iq>`],
  ])("MSG-7 IQ-1 %s is a request like any other", async (_name, request) => {
    await playPolicy([
      ...attached,
      { from: "alice/one", send: request },
      { upstream: "gets", xml: request.replace(`"c"`, `"$id"`) },
      { silent: "alice/one" },
    ]);
  });
});

describe("MSG-5 the carbon's form, to the letter", () => {
  it("MSG-5", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.attach("alice/two", "two");
    world.send("alice/two", `<iq type="set" id="c"><enable xmlns="urn:xmpp:carbons:2"/></iq>`);
    world.next("alice/two");
    world.send("alice/one", `<message to="bob@example.org" type="chat" id="m"><body>Hi</body></message>`);
    expect(world.next("upstream")).toBe(
      `<message xmlns="jabber:client" to="bob@example.org" type="chat" id="m"><body>Hi</body></message>`,
    );
    const copy = world.next("alice/two") ?? "";
    expect(shape(copy)).toEqual(
      shape(
        `<message from="alice@example.org" to="${FULL}" type="chat"><sent xmlns="urn:xmpp:carbons:2">
          <forwarded xmlns="urn:xmpp:forward:0">
            <message xmlns="jabber:client" from="${FULL}" to="bob@example.org" type="chat" id="m"><body>Hi</body></message>
          </forwarded>
        </sent></message>`,
      ),
    );
  });
});
