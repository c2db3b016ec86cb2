// MSG-8 and CMD-5: what the account sends, as it is, for devices without carbons whose owner wants that.

import { describe, expect, it } from "vitest";
import { connectionDevice } from "../../../bouncer/clients.ts";
import { AccountWorld, FULL, playPolicy } from "../../support/account-world.ts";
import { comesOnline, copiesRaw, copiesRawCommand, copyOf, enablesCarbons } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";

const FIRST = "Here now, without carbons: ";

/** One has carbons; the bot and three have not. */
const here: Script = [
  { attach: "alice/one" },
  { attach: "alice/bot", device: "bot" },
  { attach: "alice/three" },
  ...enablesCarbons("alice/one"),
];
const named: Script = [...here, ...copiesRaw("alice/one", [], ["bot"])];

const said = (payload = "<body>Hi</body>", attrs = ` type="chat"`): string =>
  `<message to="bob@example.org"${attrs} id="m">${payload}</message>`;
const raw = (message: string, from = "$full"): string =>
  message.replace("<message", `<message from="${from}"`);
/** As the account's server copies what a direct client has sent. */
const carbon = (message: string): string =>
  `<message from="$bare" to="$full" type="chat"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">` +
  `${raw(message, "$bare/phone").replace("<message", `<message xmlns="jabber:client"`)}</forwarded></sent></message>`;

describe("MSG-8 what a sibling sends", () => {
  it.each([
    ["a chat message", ` type="chat"`, "<body>Hi</body>"],
    ["a message without type", "", "<body>Hi</body>"],
    ["a receipt", "", `<received xmlns="urn:xmpp:receipts" id="1"/>`],
    ["a chat state", ` type="chat"`, `<composing xmlns="http://jabber.org/protocol/chatstates"/>`],
  ])("MSG-8 %s comes as it is, and as a carbon to those with carbons", async (_what, type, payload) => {
    const message = said(payload, type);
    await playPolicy([
      ...named,
      { from: "alice/three", send: message },
      { rule: "MSG-5", because: "sent carbon to the other clients", to: ["alice/one"] },
      { rule: "MSG-8", because: "no carbons enabled, and its owner wants copies there", to: ["alice/bot"] },
      { upstream: "gets", xml: message },
      { to: "alice/one", expect: copyOf(message).replace(` type="chat"><sent`, `${type}><sent`) },
      { to: "alice/bot", expect: raw(message) },
      { silent: "alice/three" },
    ]);
  });

  it("MSG-4 MSG-8 nothing to a device that is not named, nor once it is named no more", async () => {
    await playPolicy([
      ...here,
      { from: "alice/one", send: said() },
      { upstream: "gets", xml: said() },
      { silent: "alice/bot" },
      ...copiesRaw("alice/one", [], ["bot"]),
      { from: "alice/one", send: said() },
      { upstream: "gets", xml: said() },
      { to: "alice/bot", expect: raw(said()) },
      ...copiesRaw("alice/one", ["bot"], []),
      { from: "alice/one", send: said() },
      { upstream: "gets", xml: said() },
      { silent: "alice/bot" },
    ]);
  });

  it("MSG-8 one that has carbons gets carbons although it is named", async () => {
    await playPolicy([
      ...named,
      ...enablesCarbons("alice/bot"),
      { from: "alice/one", send: said() },
      { upstream: "gets", xml: said() },
      { to: "alice/bot", expect: copyOf(said()) },
    ]);
  });

  it("MSG-8 what it sends itself does not come back to it", async () => {
    await playPolicy([
      ...named,
      { from: "alice/bot", send: said() },
      { upstream: "gets", xml: said() },
      { to: "alice/one", expect: copyOf(said()) },
      { silent: "alice/bot" },
    ]);
  });

  it.each([
    ["groupchat", said("<body>x</body>", ` type="groupchat"`)],
    ["a headline", said("<body>x</body>", ` type="headline"`)],
    ["private", said(`<body>x</body><private xmlns="urn:xmpp:carbons:2"/>`)],
    ["no-copy", said(`<body>x</body><no-copy xmlns="urn:xmpp:hints"/>`)],
    ["nothing of instant messaging", said(`<x xmlns="jabber:x:data" type="submit"/>`, "")],
    ["to the account itself", `<message to="$bare" type="chat"><body>x</body></message>`],
  ])("MSG-6 MSG-8 not what is not eligible: %s", async (_what, message) => {
    await playPolicy([
      ...named,
      { from: "alice/one", send: message },
      { upstream: "gets", xml: message },
      { silent: "alice/bot" },
    ]);
  });
});

describe("MSG-8 what a direct client of the account sends", () => {
  it("MSG-8 comes as it is, from the full JID that sent it", async () => {
    await playPolicy([
      ...named,
      { upstream: "sends", xml: carbon(said()) },
      { rule: "MSG-8", because: "no carbons enabled, and its owner wants copies there", to: ["alice/bot"] },
      { rule: "MSG-4", because: "no carbons enabled: no sent copies", to: [] },
      { to: "alice/one", expect: carbon(said()) },
      { to: "alice/bot", expect: raw(said(), "$bare/phone") },
      { silent: "alice/three" },
    ]);
  });

  it("MSG-4 MSG-8 nothing where no device is named", async () => {
    await playPolicy([
      ...here,
      { upstream: "sends", xml: carbon(said()) },
      { to: "alice/one", expect: carbon(said()) },
      { silent: "alice/bot" },
    ]);
  });

  it("MSG-6 MSG-8 not what is not eligible, whatever the server makes of it", async () => {
    const secret = carbon(said(`<body>x</body><no-copy xmlns="urn:xmpp:hints"/>`));
    await playPolicy([
      ...named,
      { upstream: "sends", xml: secret },
      { rule: "MSG-6", because: "<no-copy/> hint", to: [] },
      { to: "alice/one", expect: secret },
      { silent: "alice/bot" },
    ]);
  });
});

describe("MSG-8 LOG-6 a device that is brought up to date", () => {
  const DELAY = `<delay xmlns="urn:xmpp:delay" stamp="$_"/>`;
  const ID = `<origin-id xmlns="urn:xmpp:sid:0" id="o"/>`;
  const later = (message: string): string => message.replace("</message>", `${DELAY}</message>`);
  const secret = said(`<body>x</body><private xmlns="urn:xmpp:carbons:2"/>`);
  const came = `<message from="bob@example.org/a" to="$full" type="chat" id="r"><body>r</body></message>`;
  const own = said("<body>by the bot</body>");
  const withId = said(`<body>Hi</body>${ID}`);

  /** The bot has gone; then the account's clients, direct ones too, and a contact have talked. */
  const missed: Script = [
    { from: "alice/bot", send: own },
    { upstream: "gets", xml: own },
    { to: "alice/one", expect: copyOf(own) },
    { leave: "alice/bot" },
    { leave: "alice/three" },
    { from: "alice/one", send: withId },
    { upstream: "gets", xml: withId },
    { from: "alice/one", send: secret },
    { upstream: "gets", xml: secret },
    { upstream: "sends", xml: came },
    { to: "alice/one", expect: came },
    { upstream: "sends", xml: carbon(said("<body>direct</body>")) },
    { to: "alice/one", expect: carbon(said("<body>direct</body>")) },
  ];
  const returns: Script = [
    { attach: "alice/bot-2", device: "bot" },
    ...comesOnline("alice/bot-2"),
    { waitSeconds: 2 },
  ];
  const all: Script = [
    { to: "alice/bot-2", expect: later(raw(withId)) },
    { to: "alice/bot-2", expect: later(came) },
    { to: "alice/bot-2", expect: later(raw(said("<body>direct</body>"), "$bare/phone")) },
  ];

  it("MSG-8 LOG-6 gets both directions in order, with when and its ids, but not its own nor what is private", async () => {
    await playPolicy([...named, ...missed, ...returns, ...all]);
  });

  it("MSG-4 LOG-6 gets only what came where it is not named", async () => {
    await playPolicy([...here, ...missed, ...returns, { to: "alice/bot-2", expect: later(came) }]);
  });

  it("MSG-8 also after a reset of the object, then and live", async () => {
    await playPolicy([
      ...named,
      ...missed,
      { proxy: "restarts" },
      { upstream: "resumed" },
      { resumes: "alice/one" },
      ...returns,
      ...all,
      { from: "alice/one", send: said() },
      { upstream: "gets", xml: said() },
      { to: "alice/bot-2", expect: raw(said()) },
    ]);
  });
});

function form(world: AccountWorld): { session: string; text: string } {
  world.send("one", copiesRawCommand().replace("$full", FULL));
  const text = world.next("one") ?? "";
  return { session: /sessionid="([^"]+)"/.exec(text)?.[1] ?? "", text };
}
function submit(world: AccountWorld, devices: readonly string[]): string {
  world.send("one", copiesRawCommand(form(world).session, devices).replace("$full", FULL));
  return world.next("one") ?? "";
}
const shown = (world: AccountWorld): string[] =>
  [...form(world).text.matchAll(/<value>([^<]*)<\/value>/g)].map(([, name = ""]) => name);

const many = (count: number): string[] => Array.from({ length: count }, (_none, index) => `bot-${index}`);

describe("CMD-5 the command", () => {
  it("CMD-5 takes names without the space around them, and each once", () => {
    const world = new AccountWorld();
    world.attach("one", "phone");
    expect(submit(world, [" logger ", "", "bot", "bot"])).toContain("Saved.");
    expect(shown(world)).toEqual(["bot", "logger"]);
  });

  it("CMD-5 names the devices here that have no carbons, and no mere connections; twenty at most", () => {
    const world = new AccountWorld();
    world.attach("one", "phone");
    world.send("one", `<iq type="set" id="e"><enable xmlns="urn:xmpp:carbons:2"/></iq>`);
    world.next("one");
    expect(form(world).text).not.toContain(FIRST);
    world.attach("nameless", connectionDevice("nameless"));
    world.attach("two", "bot");
    world.attach("three", "logger");
    expect(form(world).text).toContain(`${FIRST}logger, bot.</instructions>`);
    for (let count = 1; count <= 30; count += 1) world.attach(`bot-${count}`, `bot-${count}`.padEnd(9, "x"));
    expect(form(world).text.match(/bot-\d+x+/g)).toHaveLength(20);
  });

  it.each<[string, string[], boolean]>([
    ["a hundred", many(100), true],
    ["a hundred and one", many(101), false],
    ["1,023 octets", ["ü".repeat(511) + "x"], true],
    ["1,024 octets", ["ü".repeat(512)], false],
  ])("CMD-5 MSG-8 %s", (_what, devices, isTaken) => {
    const world = new AccountWorld();
    world.attach("one", "phone");
    submit(world, ["before"]);
    expect(submit(world, devices).includes("Saved.")).toBe(isTaken);
    expect(shown(world)).toEqual(isTaken ? devices.toSorted() : ["before"]);
  });
});
