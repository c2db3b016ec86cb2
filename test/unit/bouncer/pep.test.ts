// PEP: who gets notifications, live and on attach.

import { describe, expect, it } from "vitest";
import { AccountWorld, FULL, playPolicy } from "../../support/account-world.ts";
import { play, type Script } from "../../support/scenario.ts";

const EVENT = "http://jabber.org/protocol/pubsub#event";
const INFO = "http://jabber.org/protocol/disco#info";
const NICK = "http://jabber.org/protocol/nick";
const OMEMO = "eu.siacs.conversations.axolotl.devicelist";
const BOB = `<item jid="bob@example.org" subscription="both"/>`;

const presence = (client: string): string =>
  `<presence><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="${client}" ver="v"/></presence>`;
const ours = `<presence><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="xmpproxy" ver="$_"/></presence>`;
const event = (from: string, node: string, content: string, delay = ""): string =>
  `<message${from} to="$full" type="headline"><event xmlns="${EVENT}"><items node="${node}">${content}</items></event>${delay}</message>`;
const nick = (name: string, id = "current"): string =>
  `<item id="${id}"><nick xmlns="${NICK}">${name}</nick></item>`;
const DELAY = `<delay xmlns="urn:xmpp:delay" stamp="$_"/>`;
const fromBob = ` from="bob@example.org"`;

/** A client whose software is interested in these nodes comes online, and says so when it is asked. */
function comes(client: string, ...nodes: string[]): Script {
  const software = `urn:software:${nodes.join(",")}`;
  const features = nodes.map((node) => `<feature var="${node}+notify"/>`).join("");
  const query = `<query xmlns="${INFO}" node="${software}#v">${features}</query>`;
  return [
    { attach: client },
    { from: client, send: presence(software) },
    {
      to: client,
      expect: `<iq type="get" from="$bare" to="$full" id="$${client.slice(6)}"><query xmlns="${INFO}" node="${software}#v"/></iq>`,
    },
    { from: client, send: `<iq type="result" id="$${client.slice(6)}">${query}</iq>` },
  ];
}

/** One wants nicknames, two wants device lists and nicknames. */
const two: Script = [
  ...comes("alice/one", NICK),
  { upstream: "gets", xml: ours },
  { upstream: "gets", xml: ours },
  ...comes("alice/two", OMEMO, NICK),
  { upstream: "gets", xml: ours },
];

describe("PEP-1 each client gets what it is interested in", () => {
  it.each([
    ["from a contact", fromBob],
    ["from the account itself", ` from="$bare"`],
    ["without from", ""],
  ])("PEP-1 %s", async (_name, from) => {
    await playPolicy([
      ...two,
      { upstream: "sends", xml: event(from, NICK, nick("B")) },
      {
        rule: "PEP-1",
        because: "to each client that is interested in the node",
        to: ["alice/one", "alice/two"],
      },
      { to: ["alice/one", "alice/two"], expect: event(from, NICK, nick("B")) },
      { upstream: "sends", xml: event(from, OMEMO, `<item id="1"/>`) },
      { to: "alice/two", expect: event(from, OMEMO, `<item id="1"/>`) },
      { silent: "alice/one" },
    ]);
  });

  it.each([
    ["has said nothing yet", []],
    ["has no capabilities", [`<presence/>`]],
    ["has not said which it has", [presence("urn:software:unheard-of")]],
    [
      "is not available any more",
      [presence(`urn:software:${OMEMO},${NICK}`), `<presence type="unavailable"/>`],
    ],
  ])("PEP-1 nothing goes to a client that %s", async (_name, said) => {
    const world = new AccountWorld();
    await play([...two, { attach: "alice/three" }], world);
    for (const stanza of said) world.send("alice/three", stanza);
    for (const place of ["upstream", "alice/three"]) while (world.next(place) !== undefined);
    world.upstreamSends(event(fromBob, NICK, nick("B")).replace("$full", FULL));
    expect(Object.keys(world.leftovers()).toSorted()).toEqual(["alice/one", "alice/two"]);
  });
});

describe("PEP-2 what is no one's interest by capabilities", () => {
  it.each([
    ["a node that a client must have subscribed to", fromBob, "urn:xmpp:microblog:0"],
    ["a service that is nobody's account", ` from="pubsub.example.org"`, NICK],
    ["a resource", ` from="bob@example.org/a"`, NICK],
  ])("PEP-2 MSG-1 %s: to every client", async (_name, from, node) => {
    await playPolicy([
      ...two,
      { attach: "alice/three" },
      { upstream: "sends", xml: event(from, node, nick("B")) },
      { to: ["alice/one", "alice/two", "alice/three"], expect: event(from, node, nick("B")) },
    ]);
  });
});

describe("PEP-3 on its initial presence a client is told the last of each node", () => {
  it("PEP-3 as soon as its capabilities are known, without asking the server", async () => {
    await playPolicy(
      [
        ...two,
        { upstream: "sends", xml: event(fromBob, NICK, nick("Bo")) },
        { upstream: "sends", xml: event(fromBob, NICK, nick("Bob")) },
        { upstream: "sends", xml: event(` from="$bare"`, OMEMO, `<item id="1"/>`) },
        { to: "alice/one", expect: event(fromBob, NICK, nick("Bo")) },
        { to: "alice/one", expect: event(fromBob, NICK, nick("Bob")) },
        { to: "alice/two", expect: event(fromBob, NICK, nick("Bo")) },
        { to: "alice/two", expect: event(fromBob, NICK, nick("Bob")) },
        { to: "alice/two", expect: event(` from="$bare"`, OMEMO, `<item id="1"/>`) },
        ...comes("alice/three", OMEMO),
        { rule: "PEP-3", because: "the last item of a node", to: ["alice/three"] },
        { to: "alice/three", expect: event(` from="$bare"`, OMEMO, `<item id="1"/>`, DELAY) },
        // Software that is known already.
        { attach: "alice/four" },
        { from: "alice/four", send: presence(`urn:software:${NICK}`) },
        { to: "alice/four", expect: event(fromBob, NICK, nick("Bob"), DELAY) },
        // Nobody is told twice; but of what is new to it.
        { from: "alice/four", send: presence(`urn:software:${NICK}`) },
        { silent: "alice/four" },
        { from: "alice/four", send: presence(`urn:software:${OMEMO},${NICK}`) },
        { to: "alice/four", expect: event(` from="$bare"`, OMEMO, `<item id="1"/>`, DELAY) },
        { from: "alice/four", send: `<presence type="unavailable"/>` },
        { from: "alice/four", send: presence(`urn:software:${NICK}`) },
        { to: "alice/four", expect: event(fromBob, NICK, nick("Bob"), DELAY) },
        { upstream: "silent" },
      ],
      { roster: BOB },
    );
  });

  it.each([
    ["the item is retracted", event(fromBob, NICK, `<retract id="current"/>`)],
    [
      "the node is purged",
      `<message${fromBob}><event xmlns="${EVENT}"><purge node="${NICK}"/></event></message>`,
    ],
    [
      "the node is deleted",
      `<message${fromBob}><event xmlns="${EVENT}"><delete node="${NICK}"/></event></message>`,
    ],
  ])("PEP-3 not when %s", async (_name, end) => {
    await playPolicy(
      [
        ...comes("alice/one", NICK),
        { upstream: "gets", xml: ours },
        { upstream: "gets", xml: ours },
        { upstream: "sends", xml: event(fromBob, NICK, nick("Bob")) },
        { to: "alice/one", expect: event(fromBob, NICK, nick("Bob")) },
        { upstream: "sends", xml: end },
        { to: "alice/one", expect: end },
        { attach: "alice/two" },
        { from: "alice/two", send: presence(`urn:software:${NICK}`) },
        { silent: "alice/two" },
      ],
      { roster: BOB },
    );
  });

  it("PEP-3 another item's retraction leaves the last one", async () => {
    await playPolicy(
      [
        ...comes("alice/one", NICK),
        { upstream: "gets", xml: ours },
        { upstream: "gets", xml: ours },
        { upstream: "sends", xml: event(fromBob, NICK, nick("Bob", "2")) },
        { to: "alice/one", expect: event(fromBob, NICK, nick("Bob", "2")) },
        { upstream: "sends", xml: event(fromBob, NICK, `<retract id="1"/>`) },
        { to: "alice/one", expect: event(fromBob, NICK, `<retract id="1"/>`) },
        { attach: "alice/two" },
        { from: "alice/two", send: presence(`urn:software:${NICK}`) },
        { to: "alice/two", expect: event(fromBob, NICK, nick("Bob", "2"), DELAY) },
      ],
      { roster: BOB },
    );
  });
});

describe("PEP-4 what is remembered", () => {
  const begin: Script = [
    ...comes("alice/one", NICK),
    { upstream: "gets", xml: ours },
    { upstream: "gets", xml: ours },
  ];
  const known = presence(`urn:software:${NICK}`);

  it("PEP-4 survives the process, and those that come back are not told again", async () => {
    await playPolicy(
      [
        ...begin,
        { upstream: "sends", xml: event(fromBob, NICK, nick("Bob")) },
        { to: "alice/one", expect: event(fromBob, NICK, nick("Bob")) },
        { proxy: "restarts" },
        { resumes: "alice/one" },
        { from: "alice/one", send: known },
        { silent: "alice/one" },
        { attach: "alice/two" },
        { from: "alice/two", send: known },
        { to: "alice/two", expect: event(fromBob, NICK, nick("Bob"), DELAY) },
      ],
      { roster: BOB },
    );
  });

  it("PEP-4 a new session's server tells anew", async () => {
    await playPolicy(
      [
        ...begin,
        { upstream: "sends", xml: event(fromBob, NICK, nick("Bob")) },
        { to: "alice/one", expect: event(fromBob, NICK, nick("Bob")) },
        { upstream: "lost", reason: "gone" },
        { upstream: "bound", as: "$full" },
        { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
        { upstream: "gets", xml: ours },
        { attach: "alice/two" },
        { from: "alice/two", send: known },
        { silent: "alice/two" },
        { upstream: "sends", xml: event(fromBob, NICK, nick("Robert")) },
        { to: ["alice/one", "alice/two"], expect: event(fromBob, NICK, nick("Robert")) },
      ],
      { roster: BOB },
    );
  });

  it("PEP-4 is bounded, and strangers are heard but not remembered", () => {
    const world = new AccountWorld({ roster: BOB });
    const send = (from: string, node: string, content: string): void => {
      world.upstreamSends(
        `<message from="${from}" to="${FULL}"><event xmlns="${EVENT}"><items node="${node}"><item>${content}</item></items></event></message>`,
      );
    };
    const nodes = Array.from({ length: 100 }, (_, n) => `urn:node:${n}`);
    world.attach("alice/one", "one");
    world.send("alice/one", presence("many"));
    const id = / id="([^"]*)"/.exec(world.next("alice/one") ?? "")?.[1];
    const features = nodes.map((node) => `<feature var="${node}+notify"/>`).join("");
    world.send("alice/one", `<iq type="result" id="${id}"><query xmlns="${INFO}">${features}</query></iq>`);
    for (const node of nodes) send("bob@example.org", node, "");
    send("bob@example.org", "urn:node:1", "x".repeat(70_000));
    for (let n = 0; n < 100; n += 1) send(`eve-${n}@example.net`, "urn:node:0", "");
    expect(world.leftovers()["alice/one"]).toHaveLength(201);
    world.restart();
    world.attach("alice/two", "two");
    world.send("alice/two", presence("many"));
    const told = world.leftovers()["alice/two"] ?? [];
    expect(told).toHaveLength(63);
    expect(told.join("")).not.toMatch(/eve-|"urn:node:1"|"urn:node:64"/);
  });

  it("PEP-4 beyond 4 MiB the oldest give way", () => {
    const roster = Array.from({ length: 100 }, (_, n) => `<item jid="c${n}@example.org"/>`).join("");
    const world = new AccountWorld({ roster });
    world.attach("alice/one", "one");
    world.send("alice/one", presence("n"));
    const id = / id="([^"]*)"/.exec(world.next("alice/one") ?? "")?.[1];
    world.send(
      "alice/one",
      `<iq type="result" id="${id}"><query xmlns="${INFO}"><feature var="n+notify"/></query></iq>`,
    );
    for (let n = 0; n < 100; n += 1) {
      world.upstreamSends(
        `<message from="c${n}@example.org" to="${FULL}"><event xmlns="${EVENT}"><items node="n"><item>${"x".repeat(60_000)}</item></items></event></message>`,
      );
    }
    world.attach("alice/two", "two");
    world.send("alice/two", presence("n"));
    const told = world.leftovers()["alice/two"] ?? [];
    expect(told).toHaveLength(69);
    expect(told[0]).toContain("c31@");
    expect(told.at(-1)).toContain("c99@");
  });
});
