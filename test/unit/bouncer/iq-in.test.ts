// IQ-6 to IQ-8: requests from others.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../support/account-world.ts";
import { comesOnline, OUR_AWAY, OUR_PRESENCE } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";
import { shape } from "../../support/xml-shape.ts";

const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const jingle = `<jingle xmlns="urn:xmpp:jingle:1"/>`;
const request = `<iq type="set" from="bob@example.org/a" to="$full" id="j">${jingle}</iq>`;
const unavailable = `<iq type="error" from="$full" to="bob@example.org/a" id="j"><error type="cancel"><service-unavailable xmlns="${STANZAS}"/></error></iq>`;

/** Two was active last; three never sent presence. */
const online: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  { attach: "alice/three" },
  ...comesOnline("alice/one"),
  ...comesOnline("alice/two", { later: true }),
];

describe("IQ-6 answered by us, once, for all clients", () => {
  it.each([
    ["ping", `<ping xmlns="urn:xmpp:ping"/>`, ``],
    [
      "version",
      `<query xmlns="jabber:iq:version"/>`,
      `<query xmlns="jabber:iq:version"><name>xmpproxy</name></query>`,
    ],
    ["last activity", `<query xmlns="jabber:iq:last"/>`, `<query xmlns="jabber:iq:last" seconds="0"/>`],
  ])("IQ-6 %s", async (_name, payload, answer) => {
    await playPolicy([
      ...online,
      { upstream: "sends", xml: `<iq type="get" from="bob@example.org/a" to="$full" id="7">${payload}</iq>` },
      { rule: "IQ-6", because: "answered for all clients", to: "upstream" },
      {
        upstream: "gets",
        xml: `<iq type="result" from="$full" to="bob@example.org/a" id="7">${answer}</iq>`,
      },
    ]);
  });

  it("IQ-6 time, in UTC", () => {
    const world = new AccountWorld();
    world.nowMs = Date.UTC(2026, 1, 3, 4, 5, 5, 999);
    world.upstreamSends(`<iq type="get" from="bob@example.org/a" id="7"><time xmlns="urn:xmpp:time"/></iq>`);
    expect(shape(world.next("upstream") ?? "")).toEqual(
      shape(
        `<iq type="result" to="bob@example.org/a" id="7"><time xmlns="urn:xmpp:time"><tzo>+00:00</tzo><utc>2026-02-03T04:05:06.000Z</utc></time></iq>`,
      ),
    );
  });

  it("IQ-6 last activity counts from the last client's last activity, in whole seconds", async () => {
    await playPolicy([
      ...online,
      { waitSeconds: 10 },
      { from: "alice/one", send: `<message to="bob@example.org"/>` },
      { upstream: "gets", xml: `<message to="bob@example.org"/>` },
      { waitSeconds: 90.5 },
      { upstream: "sends", xml: `<iq type="get" id="7"><query xmlns="jabber:iq:last"/></iq>` },
      { upstream: "gets", xml: `<iq type="result" id="7"><query xmlns="jabber:iq:last" seconds="90"/></iq>` },
    ]);
  });

  it("IQ-6 nobody is attached: a ping is answered all the same", async () => {
    await playPolicy([
      {
        upstream: "sends",
        xml: `<iq type="get" from="example.org" to="$full" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`,
      },
      { upstream: "gets", xml: `<iq type="result" from="$full" to="example.org" id="p"/>` },
    ]);
  });
});

describe("IQ-7 any other request goes to one available client", () => {
  it("IQ-7 the most recently active one, and its answer goes back", async () => {
    await playPolicy([
      ...online,
      { upstream: "sends", xml: request },
      { rule: "IQ-7", because: "the most recently active client", to: ["alice/two"] },
      { to: "alice/two", expect: request },
      { from: "alice/two", send: `<iq type="result" from="$full" to="bob@example.org/a" id="j"/>` },
      { rule: "IQ-7", because: "the answer of the client that was asked", to: "upstream" },
      { upstream: "gets", xml: `<iq type="result" to="bob@example.org/a" id="j"/>` },
    ]);
  });

  it("IQ-7 activity is a message or presence", async () => {
    await playPolicy([
      ...online,
      { from: "alice/one", send: `<message to="bob@example.org"/>` },
      { upstream: "gets", xml: `<message to="bob@example.org"/>` },
      { upstream: "sends", xml: request },
      { to: "alice/one", expect: request },
    ]);
  });

  it.each([
    ["another client", `<iq type="result" to="bob@example.org/a" id="j"/>`, "alice/one"],
    ["to somebody else", `<iq type="result" to="eve@example.org/a" id="j"/>`, "alice/two"],
    ["under another id", `<iq type="result" to="bob@example.org/a" id="J"/>`, "alice/two"],
  ])("IQ-7 an answer of %s does not count", async (_name, answer, client) => {
    await playPolicy([
      ...online,
      { upstream: "sends", xml: request },
      { to: "alice/two", expect: request },
      { from: client, send: answer },
      { rule: "IQ-7", because: "this client was not asked", to: [] },
      { from: "alice/two", send: `<iq type="error" to="bob@example.org/a" id="j"/>` },
      { upstream: "gets", xml: `<iq type="error" to="bob@example.org/a" id="j"/>` },
      { from: "alice/two", send: `<iq type="result" to="bob@example.org/a" id="j"/>` },
      { rule: "IQ-7", because: "this client was not asked", to: [] },
    ]);
  });

  it("IQ-7 two peers may use the same id", async () => {
    const other = request.replace("bob@", "carol@");
    await playPolicy([
      ...online,
      { upstream: "sends", xml: request },
      { upstream: "sends", xml: other },
      { to: "alice/two", expect: request },
      { to: "alice/two", expect: other },
      { from: "alice/two", send: `<iq type="result" to="carol@example.org/a" id="j"/>` },
      { upstream: "gets", xml: `<iq type="result" to="carol@example.org/a" id="j"/>` },
      { from: "alice/two", send: `<iq type="result" to="bob@example.org/a" id="j"/>` },
      { upstream: "gets", xml: `<iq type="result" to="bob@example.org/a" id="j"/>` },
    ]);
  });

  it("IQ-7 IQ-8 silent for 20 s: the next one is asked, then nobody is left", async () => {
    await playPolicy([
      ...online,
      { upstream: "sends", xml: request },
      { to: "alice/two", expect: request },
      { waitSeconds: 19.9 },
      { silent: "alice/one" },
      { waitSeconds: 0.2 },
      { rule: "IQ-7", because: "the most recently active client", to: ["alice/one"] },
      { to: "alice/one", expect: request },
      { from: "alice/two", send: `<iq type="result" to="bob@example.org/a" id="j"/>` },
      { rule: "IQ-7", because: "this client was not asked", to: [] },
      { waitSeconds: 20 },
      { rule: "IQ-8", because: "no client is there to answer", to: "upstream" },
      { upstream: "gets", xml: unavailable },
      { waitSeconds: 60 },
    ]);
  });

  it("IQ-7 IQ-8 when the client that was asked leaves, the next one is asked at once", async () => {
    await playPolicy([
      ...online,
      { upstream: "sends", xml: request },
      { to: "alice/two", expect: request },
      { leave: "alice/two" },
      { to: "alice/one", expect: request },
      { leave: "alice/one" },
      { upstream: "gets", xml: OUR_AWAY },
      { rule: "IQ-8", because: "no client is there to answer", to: "upstream" },
      { upstream: "gets", xml: unavailable },
    ]);
  });
});

const refused = (from: string): unknown =>
  shape(
    `<iq type="error" to="${from}" id="over"><error type="wait"><resource-constraint xmlns="${STANZAS}"/></error></iq>`,
  );

describe("IQ-8 no client is left to ask", () => {
  it.each<[string, Script]>([
    ["nobody is attached", []],
    ["nobody is available", [{ attach: "alice/one" }]],
    [
      "the only one has become unavailable",
      [
        { attach: "alice/one" },
        ...comesOnline("alice/one"),
        { from: "alice/one", send: `<presence type="unavailable"/>` },
        { upstream: "gets", xml: OUR_AWAY },
      ],
    ],
  ])("IQ-8 %s", async (_name, before) => {
    await playPolicy([
      ...before,
      { upstream: "sends", xml: request },
      { rule: "IQ-8", because: "no client is there to answer", to: "upstream" },
      { upstream: "gets", xml: unavailable },
    ]);
  });

  it("IQ-8 at most 1,000 requests wait for clients, and 100 of one peer; the next one is told to wait", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", `<presence/>`);
    world.next("upstream");
    for (let id = 0; id < 100; id += 1)
      world.upstreamSends(`<iq type="set" from="b@c/d${id % 7}" id="${id}"/>`);
    world.upstreamSends(`<iq type="set" from="b@c/e" id="over"/>`);
    expect(shape(world.next("upstream") ?? "")).toEqual(refused("b@c/e"));
    for (let id = 0; id < 900; id += 1)
      world.upstreamSends(`<iq type="set" from="b${id % 90}@c/d" id="${id}"/>`);
    expect(world.leftovers()["alice/one"]).toHaveLength(1_000);
    world.upstreamSends(`<iq type="set" from="new@c/d" id="over"/>`);
    expect(shape(world.next("upstream") ?? "")).toEqual(refused("new@c/d"));
    // What was answered makes room.
    world.send("alice/one", `<iq type="result" to="b@c/d0" id="0"/>`);
    world.next("upstream");
    world.upstreamSends(`<iq type="set" from="b@c/e" id="again"/>`);
    expect(world.leftovers()["alice/one"]).toHaveLength(1_001);
  });

  it("UP-8 a new session: who asked over the old one gets no answer", async () => {
    await playPolicy([
      ...online,
      { upstream: "sends", xml: request },
      { to: "alice/two", expect: request },
      { upstream: "lost", reason: "gone" },
      { upstream: "bound", as: "$full" },
      { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
      { upstream: "gets", xml: OUR_PRESENCE },
      { from: "alice/two", send: `<iq type="result" to="bob@example.org/a" id="j"/>` },
      { rule: "IQ-7", because: "this client was not asked", to: [] },
      { waitSeconds: 30 },
    ]);
  });
});

describe("IQ-12 requests that clients are asked to answer outlive the process", () => {
  it("IQ-12 the client that was asked answers after it has come back", async () => {
    await playPolicy([
      ...online,
      { upstream: "sends", xml: request },
      { to: "alice/two", expect: request },
      { proxy: "restarts" },
      { rule: "IQ-8", because: "no client is there to answer", to: "upstream" },
      { upstream: "gets", xml: unavailable },
    ]);
  });

  it("IQ-12 its connection was kept: it is still the one to answer, once", () => {
    const world = new AccountWorld();
    for (const client of ["alice/one", "alice/two"]) {
      world.attach(client, client);
      world.send(client, `<presence/>`);
    }
    world.next("upstream");
    world.upstreamSends(request);
    expect(world.next("alice/two")).toContain("jingle");
    world.restart({ connected: ["alice/one", "alice/two"] });
    world.upstreamResumed();
    world.next("upstream");
    world.send("alice/one", `<iq type="result" to="bob@example.org/a" id="j"/>`);
    expect(world.leftovers()).toEqual({});
    world.send("alice/two", `<iq type="result" to="bob@example.org/a" id="j"/>`);
    expect(world.next("upstream")).toContain(`type="result"`);
    world.send("alice/two", `<iq type="result" to="bob@example.org/a" id="j"/>`);
    world.wait(60);
    expect(world.leftovers()).toEqual({});
  });

  it("IQ-12 whoever was asked is gone: the next one is, and who was asked before is not asked again", () => {
    const world = new AccountWorld();
    for (const client of ["alice/one", "alice/two", "alice/three"]) {
      world.attach(client, client);
      world.send(client, `<presence/>`);
    }
    world.next("upstream");
    world.upstreamSends(request);
    expect(world.next("alice/three")).toContain("jingle");
    world.wait(20);
    expect(world.next("alice/two")).toContain("jingle");
    world.restart({ lost: ["alice/two"], connected: ["alice/one", "alice/three"] });
    expect(world.leftovers()).toEqual({ "alice/one": [expect.stringContaining("jingle")] });
    world.next("alice/one");
    world.wait(20);
    expect(world.leftovers()).toEqual({ upstream: [expect.stringContaining("service-unavailable")] });
  });
});

describe("IQ-7 what waits for clients is bounded", () => {
  it("IQ-7 IQ-8 a request that fits into no frame is refused at once", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", `<presence/>`);
    world.next("upstream");
    world.upstreamSends(`<iq type="set" from="b@c/d" id="1"><q xmlns="q">${"x".repeat(500_000)}</q></iq>`);
    expect(world.leftovers()).toEqual({ upstream: [expect.stringContaining("resource-constraint")] });
  });

  it("IQ-7 IQ-8 and so is one too many characters in all, until some are answered", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", `<presence/>`);
    world.next("upstream");
    const large = `<q xmlns="q">${"x".repeat(450_000)}</q>`;
    for (let id = 1; id <= 10; id += 1) {
      world.upstreamSends(`<iq type="set" from="b@c/d" id="${id}">${large}</iq>`);
    }
    expect(world.leftovers()["alice/one"]).toHaveLength(9);
    expect(world.next("upstream")).toContain(`id="10"`);
    world.send("alice/one", `<iq type="result" to="b@c/d" id="1"/>`);
    expect(world.next("upstream")).toContain(`id="1"`);
    world.upstreamSends(`<iq type="set" from="b@c/d" id="11">${large}</iq>`);
    expect(world.leftovers()["alice/one"]).toHaveLength(10);
  });
});
