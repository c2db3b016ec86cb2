// UP-9, SM-1, SM-2: sessions that go on, upstream and with clients. That the same stanzas are not sent twice is the shell's.

import { describe, it } from "vitest";
import { playPolicy } from "../../support/account-world.ts";
import { comesOnline, enablesCarbons, OUR_AWAY, OUR_PRESENCE } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";

const bob = `<presence from="bob@example.org/a" to="$full"/>`;
const join = `<presence to="room@muc.example.org/al"/>`;
const part = `<presence to="room@muc.example.org/al" type="unavailable"/>`;
const hello = `<message from="bob@example.org/a" to="$full"><body>Hi</body></message>`;
const request = `<iq type="set" from="bob@example.org/a" to="$full" id="j"><jingle xmlns="urn:xmpp:jingle:1"/></iq>`;

/** One is in a room and has carbons, two is available. */
const begin: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  ...enablesCarbons("alice/one"),
  ...comesOnline("alice/two"),
  ...comesOnline("alice/one", { later: true }),
  { from: "alice/one", send: join },
  { upstream: "gets", xml: join },
];

describe("PRES-1 our presence over the death of the process", () => {
  const dnd = OUR_PRESENCE.replace("<c ", "<show>dnd</show><c ");

  it("PRES-1 regression: where the session is resumed it is not told again, and what has changed is", async () => {
    await playPolicy([
      { attach: "alice/one" },
      ...comesOnline("alice/one"),
      { proxy: "restarts" },
      { resumes: "alice/one" },
      { upstream: "resumed" },
      { upstream: "silent" },
      { proxy: "restarts" },
      { resumes: "alice/one" },
      { from: "alice/one", send: `<presence><show>dnd</show></presence>` },
      { upstream: "resumed" },
      { upstream: "gets", xml: dnd },
    ]);
  });

  it("PRES-1 what is too long to be kept is told once more", async () => {
    const long = `<status>${"x".repeat(70_000)}</status>`;
    const ours = OUR_PRESENCE.replace("<c ", `${long}<c `);
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: `<presence>${long}</presence>` },
      { upstream: "gets", xml: ours },
      { proxy: "restarts" },
      { resumes: "alice/one" },
      { upstream: "resumed" },
      { upstream: "gets", xml: ours },
      { upstream: "silent" },
    ]);
  });

  it("PRES-1 UP-8 a new session is told it, changed or not, and only once", async () => {
    await playPolicy([
      { attach: "alice/one" },
      ...comesOnline("alice/one"),
      { proxy: "restarts" },
      { resumes: "alice/one" },
      { upstream: "bound", as: "$full" },
      { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
      { upstream: "gets", xml: OUR_PRESENCE },
      { proxy: "restarts" },
      { resumes: "alice/one" },
      { upstream: "resumed" },
      { upstream: "silent" },
    ]);
  });
});

describe("UP-9 the upstream session is resumed", () => {
  it("UP-9 contacts and rooms see nothing of it, and clients neither", async () => {
    await playPolicy([
      ...begin,
      { upstream: "sends", xml: bob },
      { to: ["alice/one", "alice/two"], expect: bob },
      { upstream: "lost", reason: "gone" },
      { upstream: "resumed" },
      { waitSeconds: 60 },
    ]);
  });

  it("UP-9 what has changed meanwhile is said, what waited goes out, and both answers still count", async () => {
    await playPolicy([
      ...begin,
      { from: "alice/one", send: `<iq type="get" id="1"/>` },
      { upstream: "gets", xml: `<iq type="get" id="$first"/>` },
      { upstream: "lost", reason: "gone" },
      { from: "alice/one", send: `<iq type="get" id="2"/>` },
      { from: "alice/one", send: `<presence><show>dnd</show></presence>` },
      { waitSeconds: 5 },
      { upstream: "resumed" },
      { upstream: "gets", xml: OUR_PRESENCE.replace("<c ", "<show>dnd</show><c ") },
      { upstream: "gets", xml: `<iq type="get" id="$second"/>` },
      { waitSeconds: 114 },
      { upstream: "sends", xml: `<iq type="result" to="$full" id="$first"/>` },
      { upstream: "sends", xml: `<iq type="result" to="$full" id="$second"/>` },
      { to: "alice/one", expect: `<iq type="result" to="$full" id="1"/>` },
      { to: "alice/one", expect: `<iq type="result" to="$full" id="2"/>` },
    ]);
  });

  it("UP-9 IQ-7 who asked us over it is still answered", async () => {
    await playPolicy([
      ...begin,
      { upstream: "sends", xml: request },
      { to: "alice/one", expect: request },
      { upstream: "lost", reason: "gone" },
      { upstream: "resumed" },
      { from: "alice/one", send: `<iq type="result" to="bob@example.org/a" id="j"/>` },
      { upstream: "gets", xml: `<iq type="result" to="bob@example.org/a" id="j"/>` },
    ]);
  });

  it("UP-9 DOWN-4 an outage that was told is told to be over", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { upstream: "lost", reason: "gone" },
      { waitSeconds: 11 },
      { to: "alice/one", expect: `<message from="$domain" type="headline"><body>$_</body></message>` },
      { upstream: "resumed" },
      { to: "alice/one", expect: `<message from="$domain" type="headline"><body>$_</body></message>` },
    ]);
  });
});

describe("SM-2 a client whose connection breaks off stays a client", () => {
  it("SM-2 messages are for it too, and the world is told after a minute that it is gone", async () => {
    await playPolicy([
      { attach: "alice/one" },
      ...comesOnline("alice/one"),
      { breaksOff: "alice/one" },
      { upstream: "sends", xml: hello },
      { to: "alice/one", expect: hello },
      { waitSeconds: 59 },
      { upstream: "silent" },
      { waitSeconds: 2 },
      { rule: "PRES-1", because: "the aggregate of all clients", to: "upstream" },
      { upstream: "gets", xml: OUR_AWAY },
      { resumes: "alice/one" },
      { upstream: "gets", xml: OUR_PRESENCE },
    ]);
  });

  it("SM-1 back in time, nobody has noticed; it keeps carbons and its room", async () => {
    await playPolicy([
      ...begin,
      { breaksOff: "alice/one" },
      { waitSeconds: 30 },
      { resumes: "alice/one" },
      { waitSeconds: 60 },
      { from: "alice/two", send: `<message to="bob@example.org" type="chat"/>` },
      { upstream: "gets", xml: `<message to="bob@example.org" type="chat"/>` },
      {
        to: "alice/one",
        expect: `<message from="$bare" to="$full" type="chat"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">
          <message xmlns="jabber:client" from="$full" to="bob@example.org" type="chat"/></forwarded></sent></message>`,
      },
      { leave: "alice/one" },
      { upstream: "gets", xml: part },
    ]);
  });

  it("SM-2 IQ-7 what it was asked goes to the next one at once, and it is not asked after that", async () => {
    await playPolicy([
      ...begin,
      { upstream: "sends", xml: request },
      { to: "alice/one", expect: request },
      { breaksOff: "alice/one" },
      { to: "alice/two", expect: request },
      { from: "alice/two", send: `<iq type="result" to="bob@example.org/a" id="j"/>` },
      { upstream: "gets", xml: `<iq type="result" to="bob@example.org/a" id="j"/>` },
      { upstream: "sends", xml: request },
      { to: "alice/two", expect: request },
      { silent: "alice/one" },
      { from: "alice/two", send: `<iq type="result" to="bob@example.org/a" id="j"/>` },
      { upstream: "gets", xml: `<iq type="result" to="bob@example.org/a" id="j"/>` },
    ]);
  });

  it("SM-2 IQ-2 its own requests stay open", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: `<iq type="get" id="1"/>` },
      { upstream: "gets", xml: `<iq type="get" id="$id"/>` },
      { breaksOff: "alice/one" },
      { upstream: "sends", xml: `<iq type="result" to="$full" id="$id"/>` },
      { to: "alice/one", expect: `<iq type="result" to="$full" id="1"/>` },
    ]);
  });

  it("ID-2 its device attaches anew in place of resuming", async () => {
    await playPolicy([
      { attach: "alice/one", device: "phone" },
      { breaksOff: "alice/one" },
      { attach: "alice/again", device: "phone" },
      { replaced: "alice/one" },
      { upstream: "sends", xml: hello },
      { to: "alice/again", expect: hello },
    ]);
  });
});

describe("UP-9 SM-1 the process dies", () => {
  it("UP-9 and both sides resume: what was known is known, and the world has seen nothing", async () => {
    await playPolicy([
      ...begin,
      { upstream: "sends", xml: `<presence from="$full" to="$full"/>` },
      { to: ["alice/one", "alice/two"], expect: `<presence from="$full" to="$full"/>` },
      { upstream: "sends", xml: bob },
      { to: ["alice/one", "alice/two"], expect: bob },
      { proxy: "restarts" },
      { upstream: "resumed" },
      { resumes: "alice/one" },
      { resumes: "alice/two" },
      { waitSeconds: 120 },
      { attach: "alice/three" },
      ...comesOnline("alice/three", { later: true }),
      { to: "alice/three", expect: `<presence from="$full" to="$full"/>` },
      {
        to: "alice/three",
        expect: `<presence from="bob@example.org/a" to="$full"><delay xmlns="urn:xmpp:delay" from="bob@example.org/a" stamp="$_"/></presence>`,
      },
      { leave: "alice/one" },
      { upstream: "gets", xml: part },
    ]);
  });

  it("UP-9 nobody comes back: after a minute the account is away, the room is left when the client is given up", async () => {
    await playPolicy([
      ...begin,
      { proxy: "restarts" },
      { upstream: "resumed" },
      { waitSeconds: 59 },
      { upstream: "silent" },
      { waitSeconds: 2 },
      { upstream: "gets", xml: OUR_AWAY },
      { leave: "alice/one" },
      { upstream: "gets", xml: part },
      { leave: "alice/two" },
    ]);
  });

  it("UP-11 the session cannot be resumed: contacts are gone first, the room is entered again", async () => {
    await playPolicy([
      ...begin,
      { upstream: "sends", xml: bob },
      { to: ["alice/one", "alice/two"], expect: bob },
      { proxy: "restarts" },
      { resumes: "alice/one" },
      { resumes: "alice/two" },
      { upstream: "bound", as: "$full" },
      {
        to: ["alice/one", "alice/two"],
        expect: `<presence from="bob@example.org/a" to="$full" type="unavailable"/>`,
      },
      { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
      { upstream: "gets", xml: OUR_PRESENCE },
      { upstream: "gets", xml: join },
    ]);
  });
});
