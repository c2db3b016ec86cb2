// JING-1 to JING-5: Jingle, bytestreams and calls stay with the client that has them.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../support/account-world.ts";
import { comesOnline, enablesCarbons, OUR_CAPS } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";

const BOB = "bob@example.org/a";
const jingle = (action: string, { sid = "s1", content = "" } = {}): string =>
  `<jingle xmlns="urn:xmpp:jingle:1" action="${action}" sid="${sid}">${content}</jingle>`;
const ibb = (name: string, sid = "s1"): string =>
  `<${name} xmlns="http://jabber.org/protocol/ibb" sid="${sid}"/>`;
const socks5 = (child: string): string =>
  `<query xmlns="http://jabber.org/protocol/bytestreams" sid="s1">${child}</query>`;
const si = `<si xmlns="http://jabber.org/protocol/si" id="s1"/>`;

const unavailable = (id: string): string =>
  `<iq type="error" from="$full" to="${BOB}" id="${id}"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`;

/** Two was active last. */
const two: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  ...comesOnline("alice/one"),
  ...comesOnline("alice/two", { later: true }),
];
/** Bob asks, and this client is the one that hears and answers. */
const asks = (payload: string, client: string, { from = BOB, id = "b" } = {}): Script => {
  const request = `<iq type="set" from="${from}" to="$full" id="${id}">${payload}</iq>`;
  const answer = (address: string): string => `<iq type="result" ${address} id="${id}"/>`;
  return [
    { upstream: "sends", xml: request },
    { to: client, expect: request },
    { from: client, send: answer(`to="${from}"`) },
    { upstream: "gets", xml: answer(`to="${from}"`) },
  ];
};
const tells = (client: string, payload: string, to = BOB): Script => [
  { from: client, send: `<iq type="set" to="${to}" id="c">${payload}</iq>` },
  { upstream: "gets", xml: `<iq type="set" to="${to}" id="$_">${payload}</iq>` },
];
/** One has been active since: without a rule it would be asked now. */
const oneIsActive: Script = [
  { from: "alice/one", send: `<presence><show>dnd</show></presence>` },
  { upstream: "gets", xml: `<presence><show>dnd</show>${OUR_CAPS}</presence>` },
];

describe("JING-1 what belongs to a session goes to the client that has it", () => {
  it.each([
    ["Jingle", jingle("session-initiate"), jingle("session-info")],
    ["in-band bytes", ibb("open"), ibb("data")],
    ["SOCKS5", socks5(`<streamhost jid="${BOB}" host="h"/>`), socks5("")],
    ["stream initiation, then SOCKS5 under its id", si, socks5(`<streamhost jid="${BOB}" host="h"/>`)],
    [
      "Jingle, then in-band bytes under the transport's id",
      jingle("session-initiate", {
        sid: "j1",
        content: `<content><transport xmlns="urn:xmpp:jingle:transports:ibb:1" sid="s1"/></content>`,
      }),
      ibb("open"),
    ],
  ])("JING-1 %s", async (_name, begins, goesOn) => {
    await playPolicy([...two, ...asks(begins, "alice/two"), ...oneIsActive, ...asks(goesOn, "alice/two")]);
  });

  it.each([
    ["Jingle", jingle("session-initiate"), jingle("session-terminate"), jingle("session-info")],
    ["in-band bytes", ibb("open"), ibb("close"), ibb("data")],
  ])("JING-1 %s, until it ends", async (_name, begins, ends, later) => {
    await playPolicy([
      ...two,
      ...asks(begins, "alice/two"),
      ...oneIsActive,
      ...asks(ends, "alice/two"),
      ...asks(later, "alice/one"),
    ]);
  });

  it("JING-1 the same id of another peer is another session", async () => {
    await playPolicy([
      ...two,
      ...asks(jingle("session-initiate"), "alice/two"),
      ...oneIsActive,
      ...asks(jingle("session-info"), "alice/one", { from: "carol@example.org/c" }),
    ]);
  });

  it("JING-1 IQ-7 a client that is gone for now may be back in time; nobody else is asked", async () => {
    const request = `<iq type="set" from="${BOB}" to="$full" id="b">${jingle("session-info")}</iq>`;
    await playPolicy([
      ...two,
      ...asks(jingle("session-initiate"), "alice/two"),
      { upstream: "sends", xml: request },
      { rule: "IQ-7", because: "the client that has this session", to: ["alice/two"] },
      { to: "alice/two", expect: request },
      { breaksOff: "alice/two" },
      { silent: "alice/one" },
      { upstream: "sends", xml: request.replace(`"b"`, `"b2"`) },
      { to: "alice/two", expect: request.replace(`"b"`, `"b2"`) },
      { waitSeconds: 21 },
      {
        upstream: "gets",
        xml: unavailable("b"),
      },
      { upstream: "gets", xml: unavailable("b2") },
      { silent: "alice/one" },
    ]);
  });

  it("JING-1 a reset of the object does not part them", async () => {
    await playPolicy([
      ...two,
      ...asks(jingle("session-initiate"), "alice/two"),
      { proxy: "restarts" },
      { upstream: "resumed" },
      { resumes: "alice/one" },
      { resumes: "alice/two" },
      ...oneIsActive,
      ...asks(jingle("session-info"), "alice/two"),
    ]);
  });

  it("JING-1 of 500 sessions at most, for a day", () => {
    const world = new AccountWorld();
    for (const client of ["alice/one", "alice/two"]) {
      world.attach(client, client);
      world.send(client, `<presence/>`);
    }
    const asked = (sid: string, action: string): string | undefined => {
      world.upstreamSends(
        `<iq type="set" from="${BOB}" id="${sid}${action}">${jingle(action, { sid })}</iq>`,
      );
      const client = ["alice/one", "alice/two"].find((name) => world.next(name) !== undefined);
      world.send(client ?? "", `<iq type="result" to="${BOB}" id="${sid}${action}"/>`);
      return client;
    };
    for (let count = 0; count <= 500; count += 1)
      expect(asked(`s${count}`, "session-initiate")).toBe("alice/two");
    world.send("alice/one", `<presence><show>dnd</show></presence>`);
    expect([asked("s0", "session-info"), asked("s1", "session-info")]).toEqual(["alice/one", "alice/two"]);
    world.wait(24 * 3600);
    expect(asked("s1", "session-info")).toBe("alice/one");
  });
});

describe("JING-2 a client's own sessions are its own", () => {
  it("JING-2 what the peer says of it comes to that client", async () => {
    await playPolicy([
      ...two,
      ...tells("alice/one", jingle("session-initiate")),
      ...asks(jingle("session-accept"), "alice/one"),
    ]);
  });

  it("JING-2 a sibling that meddles does not take it over", async () => {
    await playPolicy([
      ...two,
      ...tells("alice/one", jingle("session-initiate")),
      ...tells("alice/two", jingle("session-info")),
      ...asks(jingle("session-accept"), "alice/one"),
    ]);
  });
});

describe("JING-3 calls that are proposed by message (XEP-0353)", () => {
  const call = (name: string, { from = "", to = BOB } = {}): string =>
    `<message xmlns="jabber:client"${from === "" ? "" : ` from="${from}"`} to="${to}" type="chat"><${name} xmlns="urn:xmpp:jingle-message:0" id="s1"/></message>`;
  const carbon = (name: string, to = BOB): string =>
    `<message from="$bare" to="$full" type="chat"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${call(name, { from: "$full", to })}</forwarded></sent></message>`;
  const withCarbons: Script = [...two, ...enablesCarbons("alice/one"), ...enablesCarbons("alice/two")];
  const rings: Script = [
    { upstream: "sends", xml: call("propose", { from: BOB, to: "$bare" }) },
    { to: ["alice/one", "alice/two"], expect: call("propose", { from: BOB, to: "$bare" }) },
  ];
  const says = (client: string, sibling: string, name: string, to = BOB): Script => [
    { from: client, send: call(name, { to }) },
    { upstream: "gets", xml: call(name, { to }) },
    { to: sibling, expect: carbon(name, to) },
  ];
  const inVain = (client: string, name: string): Script => [
    { from: client, send: call(name) },
    { rule: "RCPT-1", because: "another client has acknowledged that message", to: [] },
    { upstream: "silent" },
  ];

  it("JING-3 it rings on all; bob hears so once; who proceeds gets the call, the other sees that", async () => {
    await playPolicy([
      ...withCarbons,
      ...rings,
      ...says("alice/one", "alice/two", "ringing"),
      ...inVain("alice/two", "ringing"),
      ...says("alice/one", "alice/two", "proceed"),
      ...inVain("alice/two", "proceed"),
      ...asks(jingle("session-initiate"), "alice/one"),
      ...asks(jingle("transport-info"), "alice/one"),
      ...says("alice/one", "alice/two", "finish"),
      ...inVain("alice/two", "finish"),
    ]);
  });

  it.each([
    ["proceed", "reject"],
    ["reject", "proceed"],
    ["reject", "reject"],
  ])("JING-3 RCPT-1 the first answer counts: %s, then %s", async (first, second) => {
    await playPolicy([
      ...withCarbons,
      ...rings,
      ...says("alice/one", "alice/two", first),
      ...inVain("alice/two", second),
    ]);
  });

  it("JING-3 a call that its caller has taken back is nobody's", async () => {
    const retract = call("retract", { from: BOB, to: "$bare" });
    await playPolicy([
      ...withCarbons,
      ...rings,
      ...says("alice/one", "alice/two", "proceed"),
      { upstream: "sends", xml: retract },
      { to: ["alice/one", "alice/two"], expect: retract },
      { from: "alice/two", send: `<presence><show>dnd</show></presence>` },
      { upstream: "gets", xml: `<presence><show>dnd</show>${OUR_CAPS}</presence>` },
      ...asks(jingle("session-initiate"), "alice/two"),
    ]);
  });

  it("JING-3 who proposes has the call, whichever resource of the peer takes it", async () => {
    await playPolicy([
      ...withCarbons,
      ...says("alice/one", "alice/two", "propose", "bob@example.org"),
      ...asks(jingle("session-info"), "alice/one"),
    ]);
  });
});

describe("JING-4 in-band bytes by message", () => {
  const block = `<message from="${BOB}" to="$full"><data xmlns="http://jabber.org/protocol/ibb" sid="s1" seq="0">AA==</data></message>`;
  it("JING-4 only the client that has the session gets them", async () => {
    await playPolicy([
      ...two,
      ...asks(ibb("open"), "alice/two"),
      { upstream: "sends", xml: block },
      { rule: "JING-4", because: "the client that has this session", to: ["alice/two"] },
      { to: "alice/two", expect: block },
      { silent: "alice/one" },
    ]);
  });

  it("JING-4 MSG-1 of a session that nobody has: a message like any other", async () => {
    await playPolicy([
      ...two,
      { upstream: "sends", xml: block },
      { to: ["alice/one", "alice/two"], expect: block },
    ]);
  });
});

describe("JING-5 the peer learns that the client is gone", () => {
  it.each([
    [
      "Jingle",
      jingle("session-initiate"),
      `<jingle xmlns="urn:xmpp:jingle:1" action="session-terminate" sid="s1"><reason><gone/></reason></jingle>`,
    ],
    ["in-band bytes", ibb("open"), ibb("close")],
  ])("JING-5 %s", async (_name, begins, ends) => {
    await playPolicy([
      ...two,
      ...asks(begins, "alice/two"),
      { leave: "alice/two" },
      { upstream: "gets", xml: `<iq type="set" to="${BOB}" id="$end">${ends}</iq>` },
      { upstream: "sends", xml: `<iq type="result" from="${BOB}" to="$full" id="$end"/>` },
      { silent: "alice/one" },
    ]);
  });

  it("JING-5 also when it did not survive a reset", () => {
    const world = new AccountWorld();
    for (const client of ["alice/one", "alice/two"]) world.attach(client, client);
    world.send("alice/one", `<iq type="set" to="${BOB}" id="c">${jingle("session-initiate")}</iq>`);
    world.next("upstream");
    world.restart({ lost: ["alice/one"] });
    world.upstreamResumed();
    expect(world.leftovers()["upstream"]?.join("")).toContain("session-terminate");
  });

  it("JING-5 a session that ended before is not ended again", async () => {
    await playPolicy([
      ...two,
      ...asks(jingle("session-initiate"), "alice/two"),
      ...tells("alice/two", jingle("session-terminate")),
      { leave: "alice/two" },
      { upstream: "silent" },
    ]);
  });
});
