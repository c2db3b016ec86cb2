// CSI-6 to CSI-8: what is published, and what comes for a client that is cut off, waits as well; and nothing overtakes it.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../support/account-world.ts";
import { comesOnline, OUR_PRESENCE } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";
import { enters, join, occupant, subject } from "./rooms/words.ts";

const TUNE = "http://jabber.org/protocol/tune";
const BLOG = "urn:xmpp:microblog:0";
const MDS = "urn:xmpp:mds:displayed:0";
const CAPS = `<c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="https://example.org/player" ver="v"/>`;

const two: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  ...comesOnline("alice/one"),
  ...comesOnline("alice/two", { later: true }),
];
/** One tells that it wants to hear of these nodes, and then that nobody is looking at it. */
const listens = (...nodes: string[]): Script => [
  { attach: "alice/one" },
  { from: "alice/one", send: `<presence>${CAPS}</presence>` },
  { upstream: "gets", xml: OUR_PRESENCE },
  {
    to: "alice/one",
    expect: `<iq type="get" id="$asked" from="$bare" to="$full"><query xmlns="http://jabber.org/protocol/disco#info" node="https://example.org/player#v"/></iq>`,
  },
  {
    from: "alice/one",
    send: `<iq type="result" id="$asked" to="$bare"><query xmlns="http://jabber.org/protocol/disco#info">${nodes.map((node) => `<feature var="${node}+notify"/>`).join("")}</query></iq>`,
  },
  {
    upstream: "gets",
    xml: `<presence><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="xmpproxy" ver="$_"/></presence>`,
  },
  { from: "alice/one", says: "inactive" },
];
const event = (from: string, node: string, children: string): string =>
  `<message from="${from}" to="$full" type="headline"><event xmlns="http://jabber.org/protocol/pubsub#event"><items node="${node}">${children}</items></event></message>`;
const item = (id: string, from = "bob@example.org", node = TUNE): string =>
  event(from, node, `<item id="${id}"><x xmlns="urn:example"/></item>`);
const bob = (show: string): string =>
  `<presence from="bob@example.org/a" to="$full"><show>${show}</show></presence>`;
const carol = `<presence from="carol@example.org/c" to="$full"/>`;
const text = (from: string): string =>
  `<message from="${from}" to="$full" type="chat"><body>x</body></message>`;
const hello = (stamp = ""): string => text("carol@example.org/c").replace("</message>", `${stamp}</message>`);
const composing = `<message from="bob@example.org/a" to="$full" type="chat"><composing xmlns="http://jabber.org/protocol/chatstates"/></message>`;

const sends = (...stanzas: string[]): Script => stanzas.map((xml) => ({ upstream: "sends", xml }));
const gets = (client: string, ...stanzas: string[]): Script =>
  stanzas.map((expected) => ({ to: client, expect: expected }));
const wakes: Script = [{ from: "alice/one", says: "active" }];

describe("CSI-6 what is published waits for an inactive client", () => {
  it("CSI-6 of a node whose last item says all, the latest, whatever its id", async () => {
    await playPolicy([
      ...listens(TUNE),
      ...sends(item("1"), item("2"), item("3", "carol@example.org"), item("4")),
      { silent: "alice/one" },
      ...wakes,
      ...gets("alice/one", item("3", "carol@example.org"), item("4")),
    ]);
  });

  it("CSI-6 of any other node the latest of each item; a retraction is the latest as well", async () => {
    const retracted = event("bob@example.org", BLOG, `<retract id="1"/>`);
    await playPolicy([
      ...listens(BLOG),
      ...sends(item("1", "bob@example.org", BLOG), item("2", "bob@example.org", BLOG), retracted),
      { silent: "alice/one" },
      ...wakes,
      ...gets("alice/one", item("2", "bob@example.org", BLOG), retracted),
    ]);
  });

  it("CSI-6 CSI-3 its publisher's presence and it keep their order, and a message comes after both", async () => {
    await playPolicy([
      ...listens(TUNE),
      ...sends(item("1"), bob("away"), text("bob@example.org/a")),
      ...gets("alice/one", item("1"), bob("away"), text("bob@example.org/a")),
    ]);
  });

  it.each([
    ["what was displayed elsewhere", MDS, `<item id="bob@example.org"><displayed xmlns="${MDS}"/></item>`],
    ["several items at once", BLOG, `<item id="1"/><item id="2"/>`],
    ["no item", BLOG, ""],
  ])("CSI-6 %s does not wait, and comes after what waits of its publisher", async (_name, node, children) => {
    const now = event("$bare", node, children);
    await playPolicy([
      ...listens(TUNE, BLOG, MDS),
      ...sends(item("1", "$bare"), item("2"), now),
      ...gets("alice/one", item("1", "$bare"), now),
      { silent: "alice/one" },
      ...wakes,
      ...gets("alice/one", item("2")),
    ]);
  });

  it("CSI-6 CSI-5 the latest survives a reset of the object", async () => {
    await playPolicy([
      ...listens(TUNE),
      ...sends(item("1"), item("2")),
      { proxy: "restarts" },
      { upstream: "resumed" },
      ...sends(item("3")),
      { silent: "alice/one" },
      // As the shell has it: XEP-0352 section 5.2.
      ...wakes,
      { resumes: "alice/one" },
      ...gets("alice/one", item("3")),
    ]);
  });
});

describe("CSI-7 a client that is cut off counts as inactive", () => {
  const cutOff: Script = [...two, { breaksOff: "alice/one" }];

  it("CSI-7 until it resumes: the latest of each, and no chat state", async () => {
    await playPolicy([
      ...cutOff,
      ...sends(bob("away"), carol, bob("xa"), composing),
      ...gets("alice/two", bob("away"), carol, bob("xa"), composing),
      { silent: "alice/one" },
      { resumes: "alice/one" },
      ...gets("alice/one", carol, bob("xa")),
      ...sends(bob("chat")),
      ...gets("alice/one", bob("chat")),
      ...gets("alice/two", bob("chat")),
    ]);
  });

  it("CSI-7 a message brings along what waited from its sender, also by way of another device's carbon, and nothing else", async () => {
    const carbon = `<message from="$bare" to="$full" type="chat"><received xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${text("carol@example.org/c").replace("<message ", `<message xmlns="jabber:client" `)}</forwarded></received></message>`;
    const inner = text("carol@example.org/c");
    await playPolicy([
      ...cutOff,
      ...sends(bob("away"), carol, text("bob@example.org/b")),
      ...gets("alice/one", bob("away"), text("bob@example.org/b")),
      { silent: "alice/one" },
      ...sends(carbon),
      ...gets("alice/one", carol, inner),
      ...gets("alice/two", bob("away"), carol, text("bob@example.org/b"), inner),
    ]);
  });

  it("CSI-7 CSI-1 one that was inactive when it was cut off is so until it says otherwise, or resumes", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", says: "inactive" },
      { breaksOff: "alice/one" },
      ...sends(bob("away")),
      ...gets("alice/two", bob("away")),
      // As the shell has it, too.
      ...wakes,
      { resumes: "alice/one" },
      ...gets("alice/one", bob("away")),
    ]);
  });

  it("CSI-7 CSI-5 a reset of the object in the meantime", async () => {
    await playPolicy([
      ...cutOff,
      ...sends(bob("away"), bob("xa")),
      ...gets("alice/two", bob("away"), bob("xa")),
      { proxy: "restarts" },
      { upstream: "resumed" },
      ...sends(carol),
      { silent: "alice/one" },
      { resumes: "alice/one" },
      ...gets("alice/one", bob("xa"), carol),
      { resumes: "alice/two" },
      ...gets("alice/two", carol),
    ]);
  });

  it("CSI-7 CSI-3 a day of comings and goings is one stanza for each who comes and goes", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", "<presence/>");
    world.breakOff("alice/one");
    for (let hour = 0; hour < 24; hour += 1) {
      for (let contact = 0; contact < 100; contact += 1) {
        const type = hour % 2 === 0 ? "" : ` type="unavailable"`;
        world.upstreamSends(`<presence from="c${contact}@example.org/a"${type}/>`);
      }
    }
    expect(world.leftovers()["alice/one"]).toBeUndefined();
    world.resume("alice/one");
    expect(world.leftovers()["alice/one"]).toHaveLength(100);
  });
});

describe("CSI-8 nothing overtakes what waits", () => {
  it("CSI-8 LOG-6 messages from the log come after it", async () => {
    await playPolicy([
      { attach: "alice/zero", device: "phone" },
      { leave: "alice/zero" },
      { attach: "alice/two" },
      ...comesOnline("alice/two"),
      ...sends(hello()),
      ...gets("alice/two", hello()),
      { attach: "alice/one", device: "phone" },
      ...comesOnline("alice/one", { later: true }),
      { from: "alice/one", says: "inactive" },
      ...sends(bob("away")),
      ...gets("alice/two", bob("away")),
      { silent: "alice/one" },
      { waitSeconds: 3 },
      ...gets("alice/one", bob("away"), hello(`<delay xmlns="urn:xmpp:delay" stamp="$_"/>`)),
    ]);
  });

  it("CSI-8 MUC-2 those who are in a room come after it", async () => {
    await playPolicy([
      { attach: "alice/one" },
      ...comesOnline("alice/one"),
      ...enters("alice/one"),
      { attach: "alice/two" },
      ...comesOnline("alice/two", { later: true }),
      { from: "alice/two", says: "inactive" },
      ...sends(bob("away")),
      ...gets("alice/one", bob("away")),
      { silent: "alice/two" },
      { from: "alice/two", send: join("al") },
      ...gets("alice/two", bob("away"), occupant("bob"), occupant("al", [110]), subject("Tea")),
    ]);
  });

  it("CSI-8 PRES-9 who is there is told to an inactive client that comes online, and does not wait", async () => {
    await playPolicy([
      { attach: "alice/two" },
      ...comesOnline("alice/two"),
      ...sends(carol),
      ...gets("alice/two", carol),
      { attach: "alice/one" },
      { from: "alice/one", says: "inactive" },
      { from: "alice/one", send: "<presence/>" },
      { rule: "PRES-9", because: "who is there, on initial presence", to: ["alice/one"] },
      ...gets(
        "alice/one",
        `<presence from="carol@example.org/c" to="$full"><delay xmlns="urn:xmpp:delay" from="carol@example.org/c" stamp="$_"/></presence>`,
      ),
    ]);
  });
});
