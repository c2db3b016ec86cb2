// BLOCK-1 to BLOCK-4: who hears of the block list, and what blocking somebody means here.

import { describe, it } from "vitest";
import { playPolicy } from "../../support/account-world.ts";
import { comesOnline, OUR_AWAY } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";

const LIST = `<blocklist xmlns="urn:xmpp:blocking"/>`;
const UNAVAILABLE = `<error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;
const block = (jid: string): string => `<block xmlns="urn:xmpp:blocking"><item jid="${jid}"/></block>`;
const asksForList = (client: string): Script => [
  { from: client, send: `<iq type="get" id="l">${LIST}</iq>` },
  { upstream: "gets", xml: `<iq type="get" id="$_">${LIST}</iq>` },
];
/** One and two have asked for the list, three has not. */
const three: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  { attach: "alice/three" },
  ...asksForList("alice/one"),
  ...asksForList("alice/two"),
];
const push = (payload: string): Script => [
  { upstream: "sends", xml: `<iq type="set" to="$full" id="push">${payload}</iq>` },
  { upstream: "gets", xml: `<iq type="result" from="$full" id="push"/>` },
];

describe("BLOCK-1 pushes", () => {
  it.each([
    ["block", block("eve@example.org"), "", ""],
    ["unblock", `<unblock xmlns="urn:xmpp:blocking"><item jid="eve@example.org"/></unblock>`, "", ""],
    ["unblock everybody", `<unblock xmlns="urn:xmpp:blocking"/>`, "", ""],
    ["block, from the bare JID", block("eve@example.org"), ` from="$bare"`, ` to="$bare"`],
  ])(
    "BLOCK-1 %s: acknowledged once, re-issued under fresh ids to those who asked for the list",
    async (_name, payload, from, to) => {
      await playPolicy([
        ...three,
        { upstream: "sends", xml: `<iq type="set"${from} to="$full" id="push">${payload}</iq>` },
        { rule: "BLOCK-1", because: "a push is acknowledged once", to: "upstream" },
        { rule: "BLOCK-1", because: "a blocking push, under a fresh id", to: ["alice/two"] },
        { upstream: "gets", xml: `<iq type="result"${to} from="$full" id="push"/>` },
        { to: "alice/one", expect: `<iq type="set"${from} to="$full" id="$first">${payload}</iq>` },
        { to: "alice/two", expect: `<iq type="set"${from} to="$full" id="$second">${payload}</iq>` },
        { from: "alice/one", send: `<iq type="result" id="$first"/>` },
        { from: "alice/two", send: `<iq type="result" id="$second"/>` },
        { upstream: "silent" },
        { silent: "alice/three" },
      ]);
    },
  );

  it("BLOCK-1 also after a reset of the object, to those who are still there", async () => {
    await playPolicy([
      ...three,
      { leave: "alice/one" },
      { proxy: "restarts" },
      { upstream: "resumed" },
      { resumes: "alice/two" },
      ...push(block("eve@example.org")),
      { to: "alice/two", expect: `<iq type="set" to="$full" id="$_">${block("eve@example.org")}</iq>` },
    ]);
  });

  it.each([
    ["a contact", "bob@example.org/a"],
    ["our server's domain", "example.org"],
  ])("BLOCK-1 IQ-14 from %s it is none", async (_name, from) => {
    await playPolicy([
      ...three,
      {
        upstream: "sends",
        xml: `<iq type="set" from="${from}" to="$full" id="push">${block("eve@example.org")}</iq>`,
      },
      { rule: "IQ-14", because: "nobody else's to ask", to: "upstream" },
      { upstream: "gets", xml: `<iq type="error" from="$full" to="${from}" id="push">${UNAVAILABLE}</iq>` },
    ]);
  });
});

const stays = (from: string): Script => [
  {
    to: "alice/two",
    expect: `<presence from="${from}" to="$full"><delay xmlns="urn:xmpp:delay" from="${from}" stamp="$_"/></presence>`,
  },
];
const gone = (...resources: string[]): Script =>
  resources.map((resource) => ({
    to: "alice/one",
    expect: `<presence from="eve@example.net/${resource}" to="$full" type="unavailable"/>`,
  }));

describe("BLOCK-2 of who is blocked nothing more is heard", () => {
  const known: Script = [
    { attach: "alice/one" },
    ...comesOnline("alice/one"),
    ...["eve@example.net/a", "eve@example.net/b", "bob@example.org/a"].flatMap((from): Script => [
      { upstream: "sends", xml: `<presence from="${from}" to="$full"/>` },
      { to: "alice/one", expect: `<presence from="${from}" to="$full"/>` },
    ]),
  ];

  it.each([
    ["a bare JID", "eve@example.net", ["a", "b"]],
    ["however it is written", "EVE@example.net", ["a", "b"]],
    ["a full JID", "eve@example.net/b", ["b"]],
    ["a whole domain", "example.net", ["a", "b"]],
    ["somebody else", "mallory@example.net", []],
  ])("BLOCK-2 %s", async (_name, jid, resources) => {
    const left = ["a", "b"].filter((resource) => !resources.includes(resource));
    await playPolicy([
      ...known,
      ...push(block(jid)),
      ...gone(...resources),
      { attach: "alice/two" },
      { from: "alice/two", send: "<presence/>" },
      ...left.flatMap((resource) => stays(`eve@example.net/${resource}`)),
      ...stays("bob@example.org/a"),
    ]);
  });

  it("BLOCK-2 PRES-12 nor is the request told that was still open", async () => {
    await playPolicy([
      { upstream: "sends", xml: `<presence from="eve@example.net" to="$full" type="subscribe"/>` },
      ...push(block("eve@example.net")),
      { attach: "alice/one" },
      ...comesOnline("alice/one"),
      { silent: "alice/one" },
    ]);
  });

  it("BLOCK-2 to unblock somebody brings nobody back before there is news", async () => {
    await playPolicy([
      ...known,
      ...push(block("eve@example.net")),
      ...gone("a", "b"),
      ...push(`<unblock xmlns="urn:xmpp:blocking"/>`),
      { silent: "alice/one" },
    ]);
  });
});

describe("BLOCK-3 a new session asks for the list, since a server pushes only to who has asked", () => {
  it("BLOCK-3 when a client wants to know", async () => {
    await playPolicy([
      { attach: "alice/one" },
      ...asksForList("alice/one"),
      { upstream: "lost", reason: "gone" },
      { upstream: "bound", as: "$full" },
      { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
      { upstream: "gets", xml: OUR_AWAY },
      { upstream: "gets", xml: `<iq type="get" id="$again">${LIST}</iq>` },
      { upstream: "sends", xml: `<iq type="result" to="$full" id="$again">${LIST}</iq>` },
      { silent: "alice/one" },
    ]);
  });
});

describe("BLOCK-4 what is sent to somebody who is blocked comes back with the reason, and that is not changed", () => {
  const error = `<error type="cancel"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/><blocked xmlns="urn:xmpp:blocking:errors"/></error>`;

  it("BLOCK-4 IQ-2 a request's, to its asker", async () => {
    const ping = `<ping xmlns="urn:xmpp:ping"/>`;
    await playPolicy([
      { attach: "alice/one" },
      { attach: "alice/two" },
      { from: "alice/one", send: `<iq type="get" to="eve@example.net/a" id="p">${ping}</iq>` },
      { upstream: "gets", xml: `<iq type="get" to="eve@example.net/a" id="$id">${ping}</iq>` },
      {
        upstream: "sends",
        xml: `<iq type="error" from="eve@example.net/a" to="$full" id="$id">${error}</iq>`,
      },
      {
        to: "alice/one",
        expect: `<iq type="error" from="eve@example.net/a" to="$full" id="p">${error}</iq>`,
      },
    ]);
  });

  it("BLOCK-4 ERR-1 a message's, to every client, since each saw it go", async () => {
    const failed = `<message type="error" from="eve@example.net" to="$full" id="m">${error}</message>`;
    const sent = `<message to="eve@example.net" type="chat" id="m"><body>x</body></message>`;
    await playPolicy([
      { attach: "alice/one" },
      { attach: "alice/two" },
      { from: "alice/one", send: sent },
      { upstream: "gets", xml: sent },
      { upstream: "sends", xml: failed },
      { to: ["alice/one", "alice/two"], expect: failed },
    ]);
  });

  it("BLOCK-4 ERR-2 a presence's, to who sent it", async () => {
    const failed = `<presence type="error" from="eve@example.net" to="$full">${error}</presence>`;
    await playPolicy([
      { attach: "alice/one" },
      { attach: "alice/two" },
      { from: "alice/one", send: `<presence to="eve@example.net"/>` },
      { upstream: "gets", xml: `<presence to="eve@example.net"/>` },
      { upstream: "sends", xml: failed },
      { to: "alice/one", expect: failed },
      { silent: "alice/two" },
    ]);
  });
});
