// MSG-1 to MSG-4 and ERR-1: who gets a message from upstream, and in which form.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../support/account-world.ts";
import { enablesCarbons } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";

const ALL = ["alice/one", "alice/two", "alice/three"];
const attached: Script = ALL.map((client) => ({ attach: client }));
/** One and two have carbons, three has not. */
const mixed: Script = [...attached, ...enablesCarbons("alice/one"), ...enablesCarbons("alice/two")];

const inner = `<message xmlns="jabber:client" from="bob@example.org/a" to="$bare/phone" type="chat" id="m"><body>Hi</body></message>`;
const carbon = (direction: string, from = "$bare"): string =>
  `<message from="${from}" to="$full" type="chat"><${direction} xmlns="urn:xmpp:carbons:2">` +
  `<forwarded xmlns="urn:xmpp:forward:0">${inner}</forwarded></${direction}></message>`;

describe("MSG-1 a message from upstream goes to every attached client unchanged", () => {
  it.each([
    ["chat", `<message from="bob@example.org/a" to="$full" type="chat" id="1"><body>Hi</body></message>`],
    ["no type", `<message from="bob@example.org/a" to="$bare"><body xml:lang="de">Hallo</body></message>`],
    [
      "groupchat",
      `<message from="room@muc.example.org/bob" to="$full" type="groupchat"><body>x</body></message>`,
    ],
    [
      "headline from nobody",
      `<message type="headline"><event xmlns="http://jabber.org/protocol/pubsub#event"/></message>`,
    ],
    [
      "ERR-1 an error",
      `<message from="bob@example.org" to="$full" type="error" id="2"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`,
    ],
    ["an unknown type", `<message from="bob@example.org/a" to="$full" type="strange"/>`],
    [
      "with foreign attributes",
      `<message xmlns:x="urn:x" x:y="z" from="bob@example.org/a"><p xmlns="urn:p"><q xmlns="" z="1"/></p></message>`,
    ],
  ])("MSG-1 %s", async (_name, xml) => {
    await playPolicy([
      ...attached,
      { upstream: "sends", xml },
      { rule: "MSG-1", because: "every message to every client", to: ALL },
      { to: ALL, expect: xml },
    ]);
  });

  it("MSG-1 the very same frame for everybody", () => {
    const world = new AccountWorld();
    for (const client of ALL) world.attach(client, client);
    world.upstreamSends(`<message from="bob@example.org/a"><body>a &lt; b</body></message>`);
    const frames = ALL.map((client) => world.next(client));
    expect(frames[0]).toBe(
      `<message xmlns="jabber:client" from="bob@example.org/a"><body>a &lt; b</body></message>`,
    );
    expect(new Set(frames).size).toBe(1);
  });

  it("MSG-1 nobody is attached: nothing is sent, and the trace says so", async () => {
    await playPolicy([
      { upstream: "sends", xml: `<message from="bob@example.org/a"/>` },
      { rule: "MSG-1", because: "every message to every client", to: [] },
    ]);
  });
});

describe("MSG-2 to MSG-4 carbons from the account's own server", () => {
  it("MSG-2 MSG-3 a received carbon: whole to those with carbons, its message to the others", async () => {
    await playPolicy([
      ...mixed,
      { upstream: "sends", xml: carbon("received") },
      {
        rule: "MSG-2",
        because: "the server's received carbon, to clients that enabled carbons",
        to: ["alice/one", "alice/two"],
      },
      { rule: "MSG-3", because: "no carbons enabled: the message itself", to: ["alice/three"] },
      { to: ["alice/one", "alice/two"], expect: carbon("received") },
      { to: "alice/three", expect: inner },
    ]);
  });

  it("MSG-2 MSG-4 a sent carbon: whole to those with carbons, nothing to the others", async () => {
    await playPolicy([
      ...mixed,
      { upstream: "sends", xml: carbon("sent") },
      { rule: "MSG-4", because: "no carbons enabled: no sent copies", to: [] },
      { to: ["alice/one", "alice/two"], expect: carbon("sent") },
      { silent: "alice/three" },
    ]);
  });

  it.each([
    ["from a contact", "bob@example.org"],
    ["from our own full JID", "$full"],
    ["from our server", "example.org"],
  ])("MSG-2 a carbon %s is a forgery: an ordinary message, never taken apart", async (_name, from) => {
    await playPolicy([
      ...mixed,
      { upstream: "sends", xml: carbon("received", from) },
      { rule: "MSG-1", because: "every message to every client", to: ALL },
      { to: ALL, expect: carbon("received", from) },
    ]);
  });

  it.each([
    ["without forwarded", `<message from="$bare"><received xmlns="urn:xmpp:carbons:2"/></message>`],
    [
      "without a message in it",
      `<message from="$bare"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0"/></sent></message>`,
    ],
    [
      "of another protocol version",
      `<message from="$bare"><sent xmlns="urn:xmpp:carbons:1"><forwarded xmlns="urn:xmpp:forward:0">${inner}</forwarded></sent></message>`,
    ],
  ])("MSG-1 what only looks like a carbon (%s) goes to everybody", async (_name, xml) => {
    await playPolicy([...mixed, { upstream: "sends", xml }, { to: ALL, expect: xml }]);
  });
});
