// LOG-5 to LOG-8: what a client is told that could not resume, and when.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../../support/account-world.ts";
import { comesOnline, enablesCarbons } from "../../../support/phrases.ts";
import type { Script } from "../../../support/scenario.ts";

const DAY_S = 86_400;
const CARBONS_XML = `<iq type="set" id="carbons"><enable xmlns="urn:xmpp:carbons:2"/></iq>`;

const chat = (id: number, extra = ""): string =>
  `<message from="bob@example.org/a" to="$full" type="chat" id="m${id}"><body>${id}</body>${extra}</message>`;
const delayed = (id: number): string => chat(id, `<delay xmlns="urn:xmpp:delay" stamp="$_"/>`);
const said = (id: number): string =>
  `<message to="bob@example.org" type="chat" id="s${id}"><body>${id}</body></message>`;
const sentCarbon = (id: number, delay = ""): string =>
  `<message from="$bare" to="$full" type="chat"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">` +
  `<message xmlns="jabber:client" to="bob@example.org" type="chat" id="s${id}" from="$full"><body>${id}</body></message>${delay}` +
  `</forwarded></sent></message>`;
const DELAY = `<delay xmlns="urn:xmpp:delay" stamp="$_"/>`;

/** The phone was here, has got the first message, and has left. The laptop stays. */
const phoneWasHere: Script = [
  { attach: "alice/laptop" },
  ...enablesCarbons("alice/laptop"),
  ...comesOnline("alice/laptop"),
  { attach: "alice/phone-1", device: "phone" },
  ...enablesCarbons("alice/phone-1"),
  ...comesOnline("alice/phone-1", { later: true }),
  { upstream: "sends", xml: chat(1) },
  { to: ["alice/laptop", "alice/phone-1"], expect: chat(1) },
  { acknowledges: "alice/phone-1" },
  { leave: "alice/phone-1" },
];

/** A conversation of which the phone knows nothing. */
const talks: Script = [
  { upstream: "sends", xml: chat(2) },
  { to: "alice/laptop", expect: chat(2) },
  { from: "alice/laptop", send: said(3) },
  { upstream: "gets", xml: said(3) },
  { upstream: "sends", xml: chat(4) },
  { to: "alice/laptop", expect: chat(4) },
];

describe("LOG-6 a phone that was away for a day has the whole conversation", () => {
  it("LOG-6 both directions, once, in order; then what comes as it comes", async () => {
    await playPolicy([
      ...phoneWasHere,
      ...talks,
      { waitSeconds: DAY_S },
      { attach: "alice/phone-2", device: "phone" },
      { silent: "alice/phone-2" },
      ...enablesCarbons("alice/phone-2"),
      ...comesOnline("alice/phone-2", { later: true }),
      { rule: "LOG-6", because: "3 messages, from 1 to 4 of 4 in the log", to: ["alice/phone-2"] },
      { to: "alice/phone-2", expect: delayed(2) },
      { to: "alice/phone-2", expect: sentCarbon(3, DELAY) },
      { to: "alice/phone-2", expect: delayed(4) },
      { upstream: "sends", xml: chat(5) },
      { to: ["alice/laptop", "alice/phone-2"], expect: chat(5) },
      // All of it is acknowledged: a second return brings nothing again.
      { acknowledges: "alice/phone-2" },
      { leave: "alice/phone-2" },
      { attach: "alice/phone-3", device: "phone" },
      ...enablesCarbons("alice/phone-3"),
      ...comesOnline("alice/phone-3", { later: true }),
      { silent: "alice/phone-3" },
    ]);
  });

  it("LOG-5 what it did not acknowledge comes again", async () => {
    await playPolicy([
      ...phoneWasHere,
      ...talks,
      { attach: "alice/phone-2", device: "phone" },
      ...comesOnline("alice/phone-2", { later: true }),
      { waitSeconds: 2 },
      { to: "alice/phone-2", expect: delayed(2) },
      { to: "alice/phone-2", expect: delayed(4) },
      { leave: "alice/phone-2" },
      { proxy: "restarts" },
      { resumes: "alice/laptop" },
      { attach: "alice/phone-3", device: "phone" },
      ...enablesCarbons("alice/phone-3"),
      ...comesOnline("alice/phone-3", { later: true }),
      { to: "alice/phone-3", expect: delayed(2) },
      { to: "alice/phone-3", expect: sentCarbon(3, DELAY) },
      { to: "alice/phone-3", expect: delayed(4) },
    ]);
  });

  it("LOG-6 what the phone itself has sent does not come back to it", async () => {
    await playPolicy([
      { attach: "alice/phone-1", device: "phone" },
      ...enablesCarbons("alice/phone-1"),
      ...comesOnline("alice/phone-1"),
      { from: "alice/phone-1", send: said(1) },
      { upstream: "gets", xml: said(1) },
      { leave: "alice/phone-1" },
      {
        upstream: "gets",
        xml: `<presence><show>away</show><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="xmpproxy" ver="$_"/></presence>`,
      },
      { upstream: "sends", xml: chat(2) },
      { attach: "alice/phone-2", device: "phone" },
      ...enablesCarbons("alice/phone-2"),
      ...comesOnline("alice/phone-2"),
      { to: "alice/phone-2", expect: delayed(2) },
    ]);
  });

  it("LOG-6 what keeps its own stamp and ids keeps them", async () => {
    const ids = `<stanza-id xmlns="urn:xmpp:sid:0" by="$bare" id="arc"/><origin-id xmlns="urn:xmpp:sid:0" id="o"/>`;
    const offline = `<delay xmlns="urn:xmpp:delay" from="example.org" stamp="2025-12-31T10:00:00Z"/>`;
    await playPolicy([
      ...phoneWasHere,
      { upstream: "sends", xml: chat(2, ids) },
      { to: "alice/laptop", expect: chat(2, ids) },
      { upstream: "sends", xml: chat(3, offline) },
      { to: "alice/laptop", expect: chat(3, offline) },
      { attach: "alice/phone-2", device: "phone" },
      ...comesOnline("alice/phone-2", { later: true }),
      { waitSeconds: 2 },
      { to: "alice/phone-2", expect: chat(2, `${ids}${DELAY}`) },
      { to: "alice/phone-2", expect: chat(3, offline) },
    ]);
  });

  it("LOG-6 nothing that was cut off by retention, and all that is left", () => {
    const world = new AccountWorld();
    world.attach("phone-1", "phone");
    world.account.detach("phone-1");
    for (let id = 1; id <= 50; id += 1) world.upstreamSends(chat(id));
    world.log.keep(3);
    world.attach("phone-2", "phone");
    world.send("phone-2", "<presence/>");
    world.wait(2);
    const came = world.leftovers()["phone-2"]?.map((frame) => / id="(m\d+)"/.exec(frame)?.[1]);
    expect(came?.filter((id) => id !== undefined)).toEqual(["m48", "m49", "m50"]);
  });
});

describe("LOG-6 when it begins", () => {
  it("LOG-6 carbons that are enabled after the presence are waited for, and told first", async () => {
    await playPolicy([
      ...phoneWasHere,
      ...talks,
      { attach: "alice/phone-2", device: "phone" },
      ...comesOnline("alice/phone-2", { later: true }),
      { silent: "alice/phone-2" },
      { from: "alice/phone-2", send: CARBONS_XML },
      { to: "alice/phone-2", expect: `<iq type="result" id="carbons"/>` },
      { waitSeconds: 0 },
      { to: "alice/phone-2", expect: delayed(2) },
      { to: "alice/phone-2", expect: sentCarbon(3, DELAY) },
      { to: "alice/phone-2", expect: delayed(4) },
    ]);
  });

  it("LOG-6 without carbons: two seconds after the presence, and no sent copies (MSG-4)", async () => {
    await playPolicy([
      ...phoneWasHere,
      ...talks,
      { attach: "alice/phone-2", device: "phone" },
      ...comesOnline("alice/phone-2", { later: true }),
      { waitSeconds: 1 },
      { silent: "alice/phone-2" },
      { waitSeconds: 1 },
      { to: "alice/phone-2", expect: delayed(2) },
      { to: "alice/phone-2", expect: delayed(4) },
    ]);
  });

  it("LOG-6 LOG-8 a client that breaks off before it begins is told when it resumes, however late", async () => {
    await playPolicy([
      ...phoneWasHere,
      ...talks,
      { attach: "alice/phone-2", device: "phone" },
      ...comesOnline("alice/phone-2", { later: true }),
      { breaksOff: "alice/phone-2" },
      { waitSeconds: 10 },
      { silent: "alice/phone-2" },
      { resumes: "alice/phone-2" },
      { to: "alice/phone-2", expect: delayed(2) },
      { to: "alice/phone-2", expect: delayed(4) },
      { upstream: "sends", xml: chat(5) },
      { to: ["alice/laptop", "alice/phone-2"], expect: chat(5) },
    ]);
  });

  it("LOG-6 a client that sends no presence: after half a minute", async () => {
    await playPolicy([
      ...phoneWasHere,
      ...talks,
      { attach: "alice/phone-2", device: "phone" },
      { waitSeconds: 29 },
      { silent: "alice/phone-2" },
      { waitSeconds: 1 },
      { to: "alice/phone-2", expect: delayed(2) },
      { to: "alice/phone-2", expect: delayed(4) },
    ]);
  });

  it("LOG-8 what comes before it begins waits for it; what is not in the log does not", async () => {
    const typing = `<message from="bob@example.org/a" to="$full" type="chat"><composing xmlns="http://jabber.org/protocol/chatstates"/></message>`;
    await playPolicy([
      ...phoneWasHere,
      { upstream: "sends", xml: chat(2) },
      { to: "alice/laptop", expect: chat(2) },
      { attach: "alice/phone-2", device: "phone" },
      { upstream: "sends", xml: typing },
      { to: ["alice/laptop", "alice/phone-2"], expect: typing },
      { upstream: "sends", xml: chat(3) },
      { rule: "MSG-1", because: "every message to every client", to: ["alice/laptop"] },
      { to: "alice/laptop", expect: chat(3) },
      ...enablesCarbons("alice/phone-2"),
      ...comesOnline("alice/phone-2", { later: true }),
      { to: "alice/phone-2", expect: delayed(2) },
      { to: "alice/phone-2", expect: delayed(3) },
    ]);
  });

  it("LOG-6 a device that has missed nothing gets messages at once", async () => {
    await playPolicy([
      ...phoneWasHere,
      { attach: "alice/phone-2", device: "phone" },
      { upstream: "sends", xml: chat(2) },
      { to: ["alice/laptop", "alice/phone-2"], expect: chat(2) },
    ]);
  });

  it("LOG-6 messages of rooms are not its business", async () => {
    const inRoom = `<message from="room@muc.example.org/bob" to="$full" type="groupchat" id="r"><body>r</body></message>`;
    await playPolicy([
      ...phoneWasHere,
      { upstream: "sends", xml: inRoom },
      { to: "alice/laptop", expect: inRoom },
      { attach: "alice/phone-2", device: "phone" },
      ...enablesCarbons("alice/phone-2"),
      ...comesOnline("alice/phone-2", { later: true }),
      { silent: "alice/phone-2" },
    ]);
  });
});

describe("LOG-7 a device that was never here", () => {
  const history: Script = [
    { upstream: "sends", xml: chat(1) },
    { waitSeconds: 2 * DAY_S },
    { upstream: "sends", xml: chat(2) },
    { waitSeconds: DAY_S },
    { upstream: "sends", xml: chat(3) },
    { attach: "alice/new" },
    ...enablesCarbons("alice/new"),
    ...comesOnline("alice/new"),
  ];
  const DAY_MS = DAY_S * 1000;

  it.each<[string, { count: number; ageMs: number }, number[]]>([
    ["nothing", { count: 0, ageMs: 10 * DAY_MS }, []],
    ["the last two", { count: 2, ageMs: 10 * DAY_MS }, [2, 3]],
    ["two days", { count: 200, ageMs: 2 * DAY_MS }, [2, 3]],
    ["everything", { count: 200, ageMs: 10 * DAY_MS }, [1, 2, 3]],
  ])("LOG-7 %s", async (_what, newDevice, ids) => {
    const expected: Script = ids.map((id) => ({ to: "alice/new", expect: delayed(id) }));
    await playPolicy([...history, ...expected], { newDevice });
  });
});
