// CAPS: what we advertise, learn from clients, and answer.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../support/account-world.ts";
import { comesOnline, OUR_CAPS, OUR_PRESENCE } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";

const INFO = "http://jabber.org/protocol/disco#info";
const CAPS = "http://jabber.org/protocol/caps";
const withCaps = (ver: string): string =>
  `<presence><c xmlns="${CAPS}" hash="sha-1" node="https://conversejs.org" ver="${ver}"/></presence>`;
const question = (ver: string): string =>
  `<iq type="get" from="$bare" to="$full" id="$ask${ver}"><query xmlns="${INFO}" node="https://conversejs.org#${ver}"/></iq>`;
const features = (...names: string[]): string => names.map((name) => `<feature var="${name}"/>`).join("");
const answer = (ver: string, ...names: string[]): string =>
  `<iq type="result" to="$bare" id="$ask${ver}"><query xmlns="${INFO}" node="https://conversejs.org#${ver}">` +
  `<identity category="client" type="web" name="Converse"/>${features(...names)}</query></iq>`;

const OWN = [
  CAPS,
  INFO,
  "jabber:iq:last",
  "jabber:iq:version",
  "urn:xmpp:bookmarks:1+notify",
  "urn:xmpp:ping",
  "urn:xmpp:time",
];
const NOTIFY = "urn:xmpp:avatar:metadata+notify";
const identity = `<identity category="client" type="web" name="xmpproxy"/>`;
const two: Script = [{ attach: "alice/one" }, { attach: "alice/two" }];

describe("CAPS-1 a client whose capabilities hash is unknown is asked once", () => {
  it("CAPS-1 its features join the union, which is told at once", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: withCaps("A") },
      { rule: "CAPS-1", because: "unknown capabilities", to: ["alice/one"] },
      { upstream: "gets", xml: OUR_PRESENCE },
      { to: "alice/one", expect: question("A") },
      { from: "alice/one", send: answer("A", NOTIFY, "urn:xmpp:ping") },
      { rule: "PRES-1", because: "the aggregate of all clients", to: "upstream" },
      { upstream: "gets", xml: OUR_PRESENCE.replace("$ourCaps", "$union") },
      {
        upstream: "sends",
        xml: `<iq type="get" from="bob@example.org/a" to="$full" id="d"><query xmlns="${INFO}" node="xmpproxy#$union"/></iq>`,
      },
      {
        upstream: "gets",
        xml: `<iq type="result" from="$full" to="bob@example.org/a" id="d"><query xmlns="${INFO}" node="xmpproxy#$union">${identity}${features(
          ...[...OWN, NOTIFY].toSorted(),
        )}</query></iq>`,
      },
    ]);
  });

  it("CAPS-1 a hash that is known is asked of nobody again", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: withCaps("A") },
      { upstream: "gets", xml: OUR_PRESENCE },
      { to: "alice/one", expect: question("A") },
      { from: "alice/one", send: answer("A", "urn:xmpp:ping") },
      { from: "alice/one", send: withCaps("A") },
      { from: "alice/two", send: withCaps("A") },
      { silent: "alice/one" },
      { silent: "alice/two" },
    ]);
  });

  it("CAPS-1 a client is not asked again while it has not answered yet", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: withCaps("A") },
      { upstream: "gets", xml: OUR_PRESENCE },
      { to: "alice/one", expect: question("A") },
      { from: "alice/one", send: withCaps("A") },
      { silent: "alice/one" },
    ]);
  });

  it.each([
    ["an error", `<iq type="error" to="$bare" id="$askA"/>`],
    ["no answer at all", `<iq type="result" to="$bare" id="$askA"/>`],
  ])("CAPS-1 a client that answers with %s is not asked again", async (_name, bad) => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: withCaps("A") },
      { upstream: "gets", xml: OUR_PRESENCE },
      { to: "alice/one", expect: question("A") },
      { from: "alice/one", send: bad },
      { upstream: "silent" },
      { from: "alice/one", send: withCaps("A") },
      { silent: "alice/one" },
    ]);
  });

  it("CAPS-1 a client that has left without answering is asked when it is back", async () => {
    await playPolicy([
      { attach: "alice/two" },
      ...comesOnline("alice/two"),
      { attach: "alice/one" },
      { from: "alice/one", send: withCaps("A") },
      { to: "alice/one", expect: question("A") },
      { leave: "alice/one" },
      { attach: "alice/one" },
      { from: "alice/one", send: withCaps("A") },
      { to: "alice/one", expect: question("A").replace("$askA", "$_") },
    ]);
  });

  it("CAPS-1 nobody answers for another client", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: withCaps("A") },
      { upstream: "gets", xml: OUR_PRESENCE },
      { to: "alice/one", expect: question("A") },
      { from: "alice/two", send: answer("A", NOTIFY) },
      { rule: "IQ-7", because: "this client was not asked", to: [] },
      { upstream: "silent" },
    ]);
  });

  it("CAPS-1 what was learned stays when the client has left", async () => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: withCaps("A") },
      { upstream: "gets", xml: OUR_PRESENCE },
      { to: "alice/one", expect: question("A") },
      { from: "alice/one", send: answer("A", NOTIFY) },
      { upstream: "gets", xml: OUR_PRESENCE.replace("$ourCaps", "$union") },
      { leave: "alice/one" },
      {
        upstream: "gets",
        xml: `<presence><show>away</show>${OUR_CAPS.replace("$ourCaps", "$union")}</presence>`,
      },
    ]);
  });

  it.each([
    ["without capabilities", `<presence/>`],
    ["without a hash", `<presence><c xmlns="${CAPS}" node="https://conversejs.org"/></presence>`],
    ["in another namespace", `<presence><c xmlns="urn:xmpp:caps" node="x" ver="y"/></presence>`],
  ])("CAPS-1 presence %s asks nothing", async (_name, presence) => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", presence);
    expect(world.next("alice/one")).toBeUndefined();
  });

  it("CAPS-1 a client that shows ever new hashes is not asked without end, and the union stays bounded", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    let asked = 0;
    for (let count = 0; count < 200; count += 1) {
      world.send("alice/one", withCaps(`v${count}`));
      const id = /id="([^"]+)"/.exec(world.next("alice/one") ?? "")?.[1];
      if (id === undefined) continue;
      asked += 1;
      const many = features(...Array.from({ length: 300 }, (_, index) => `urn:f:${count}:${index}`));
      world.send("alice/one", `<iq type="result" id="${id}"><query xmlns="${INFO}">${many}</query></iq>`);
    }
    expect(asked).toBe(32);
    world.leftovers();
    while (world.next("upstream") !== undefined);
    world.upstreamSends(`<iq type="get" id="d"><query xmlns="${INFO}"/></iq>`);
    expect(world.next("upstream")?.match(/<feature /g)).toHaveLength(32 * 256 + OWN.length);
  });
});

describe("CAPS-3 what was learned is kept for as long as it is of use", () => {
  const learned: Script = [
    ...two,
    { from: "alice/one", send: withCaps("A") },
    { upstream: "gets", xml: OUR_PRESENCE },
    { to: "alice/one", expect: question("A") },
    { from: "alice/one", send: answer("A", NOTIFY) },
    { upstream: "gets", xml: OUR_PRESENCE.replace("$ourCaps", "$union") },
  ];
  const DAYS = 24 * 3600;

  it("CAPS-3 a reset of the object forgets nothing: the same hash is advertised, and nobody is asked again", async () => {
    await playPolicy([
      ...learned,
      { proxy: "restarts" },
      { upstream: "resumed" },
      { resumes: "alice/one" },
      { from: "alice/two", send: withCaps("A") },
      { silent: "alice/one" },
      { silent: "alice/two" },
    ]);
  });

  it("CAPS-3 what no client has shown for 30 days is no longer ours", async () => {
    await playPolicy([
      ...learned,
      { leave: "alice/one" },
      {
        upstream: "gets",
        xml: `<presence><show>away</show>${OUR_CAPS.replace("$ourCaps", "$union")}</presence>`,
      },
      { waitSeconds: 31 * DAYS },
      { from: "alice/two", send: withCaps("B") },
      { upstream: "gets", xml: OUR_PRESENCE.replace("$ourCaps", "$union") },
      { to: "alice/two", expect: question("B") },
      { from: "alice/two", send: answer("B") },
      { from: "alice/two", send: `<presence><show>dnd</show></presence>` },
      { upstream: "gets", xml: `<presence><show>dnd</show>${OUR_CAPS}</presence>` },
    ]);
  });

  it("CAPS-3 what an attached client shows stays, however long ago it said so", async () => {
    await playPolicy([
      ...learned,
      { waitSeconds: 31 * DAYS },
      { from: "alice/two", send: withCaps("A") },
      { silent: "alice/two" },
    ]);
  });

  it("CAPS-3 when 32 are known, what was not seen for a day gives way", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    const learn = (ver: string): boolean => {
      world.send("alice/one", withCaps(ver));
      const id = /id="([^"]+)"/.exec(world.next("alice/one") ?? "")?.[1];
      world.send("alice/one", `<iq type="result" id="${id}"><query xmlns="${INFO}"/></iq>`);
      return id !== undefined;
    };
    for (let count = 0; count < 32; count += 1) expect(learn(`v${count}`)).toBe(true);
    expect(learn("one too many")).toBe(false);
    world.wait(2 * DAYS);
    expect(learn("the next day")).toBe(true);
  });
});

describe("CAPS-2 disco#info", () => {
  it("CAPS-2 for no node: what we can do now", async () => {
    await playPolicy([
      {
        upstream: "sends",
        xml: `<iq type="get" from="bob@example.org/a" to="$full" id="d"><query xmlns="${INFO}"/></iq>`,
      },
      { rule: "IQ-6", because: "answered for all clients", to: "upstream" },
      {
        upstream: "gets",
        xml: `<iq type="result" from="$full" to="bob@example.org/a" id="d"><query xmlns="${INFO}">${identity}${features(...OWN)}</query></iq>`,
      },
    ]);
  });

  it("CAPS-2 for a node that we advertised before: what was behind it then", async () => {
    await playPolicy([
      ...two,
      ...comesOnline("alice/two"),
      { from: "alice/one", send: withCaps("A") },
      { to: "alice/one", expect: question("A") },
      { from: "alice/one", send: answer("A", NOTIFY) },
      { upstream: "gets", xml: OUR_PRESENCE.replace("$ourCaps", "$union") },
      {
        upstream: "sends",
        xml: `<iq type="get" from="bob@example.org/a" to="$full" id="d"><query xmlns="${INFO}" node="xmpproxy#$ourCaps"/></iq>`,
      },
      {
        upstream: "gets",
        xml: `<iq type="result" from="$full" to="bob@example.org/a" id="d"><query xmlns="${INFO}" node="xmpproxy#$ourCaps">${identity}${features(...OWN)}</query></iq>`,
      },
    ]);
  });

  it.each(["xmpproxy#unknown", "https://conversejs.org#A", ""])(
    "CAPS-2 for the node %j: item-not-found",
    async (node) => {
      await playPolicy([
        {
          upstream: "sends",
          xml: `<iq type="get" from="bob@example.org/a" to="$full" id="d"><query xmlns="${INFO}" node="${node}"/></iq>`,
        },
        {
          upstream: "gets",
          xml: `<iq type="error" from="$full" to="bob@example.org/a" id="d"><error type="cancel"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
        },
      ]);
    },
  );
});
