// MUC-6, MUC-19: leaving a room one by one.

import { describe, it } from "vitest";
import { playPolicy } from "../../../support/account-world.ts";
import { OUR_CAPS } from "../../../support/phrases.ts";
import type { Script } from "../../../support/scenario.ts";
import {
  enters,
  gone,
  join,
  joinsUpstream,
  leaves,
  occupant,
  ROOM,
  says,
  subject,
  twoInRoom,
} from "./words.ts";

describe("MUC-6 leaving is local until nobody is left", () => {
  it("MUC-6 one leaves: it is told so, the room and the other see nothing", async () => {
    await playPolicy([
      ...twoInRoom,
      { from: "alice/one", send: leaves("al", "<status>bye</status>") },
      { rule: "MUC-6", because: "it has left; the room need not know", to: ["alice/one"] },
      {
        to: "alice/one",
        expect: gone("al", [110]).replace("</presence>", "<status>bye</status></presence>"),
      },
      { upstream: "silent" },
      { silent: "alice/two" },
      { upstream: "sends", xml: says("bob", "hello") },
      { to: "alice/two", expect: says("bob", "hello") },
      { from: "alice/two", send: leaves("al", "<status>bye</status>") },
      {
        to: "alice/two",
        expect: gone("al", [110]).replace("</presence>", "<status>bye</status></presence>"),
      },
      { upstream: "gets", xml: leaves("al", "<status>bye</status>") },
      { upstream: "sends", xml: gone("al", [110]) },
      { upstream: "sends", xml: says("bob", "too late") },
      { to: ["alice/one", "alice/two", "alice/three"], expect: says("bob", "too late") },
    ]);
  });

  it("MUC-6 the room's own address will do, and the end of all presence too (RFC 6121 section 4.6.3)", async () => {
    await playPolicy([
      ...twoInRoom,
      { from: "alice/one", send: `<presence to="${ROOM}" type="unavailable"/>` },
      { to: "alice/one", expect: gone("al", [110]) },
      { from: "alice/two", send: `<presence type="unavailable"/>` },
      { to: "alice/two", expect: gone("al", [110]) },
      { upstream: "gets", xml: leaves("al") },
    ]);
  });

  it("MUC-6 clients that go away for good have left", async () => {
    await playPolicy([
      ...twoInRoom,
      { leave: "alice/one" },
      { upstream: "silent" },
      { leave: "alice/two" },
      { upstream: "gets", xml: leaves("al") },
    ]);
  });

  it("MUC-6 a client that breaks off stays, and what is said waits for it", async () => {
    await playPolicy([
      ...twoInRoom,
      { leave: "alice/two" },
      { breaksOff: "alice/one" },
      { upstream: "sends", xml: says("bob", "hello") },
      { to: "alice/one", expect: says("bob", "hello") },
      { waitSeconds: 30 },
      { resumes: "alice/one" },
      { upstream: "silent" },
    ]);
  });

  it("MUC-6 the only one that waited leaves before the room has answered", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { from: "alice/one", send: leaves("al") },
      { to: "alice/one", expect: gone("al", [110]) },
      { upstream: "gets", xml: leaves("al") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { upstream: "sends", xml: gone("al", [110]) },
    ]);
  });

  it("MUC-6 and is back before the room has heard that it left", async () => {
    await playPolicy([
      { attach: "alice/one" },
      ...enters("alice/one"),
      { from: "alice/one", send: leaves("al") },
      { to: "alice/one", expect: gone("al", [110]) },
      { upstream: "gets", xml: leaves("al") },
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("carol") },
      { upstream: "sends", xml: gone("al", [110]) },
      { upstream: "sends", xml: occupant("bob") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: "alice/one", expect: occupant("bob") },
      { to: "alice/one", expect: occupant("al", [110]) },
      { upstream: "sends", xml: subject() },
      { to: "alice/one", expect: subject() },
    ]);
  });

  it("MUC-6 without a session: told to the room when the session goes on, needless in a new one", async () => {
    await playPolicy([
      { attach: "alice/one" },
      ...enters("alice/one"),
      { upstream: "lost", reason: "gone" },
      { from: "alice/one", send: leaves("al") },
      { to: "alice/one", expect: gone("al", [110]) },
      { upstream: "silent" },
      { upstream: "resumed" },
      { upstream: "gets", xml: leaves("al") },
    ]);
    await playPolicy([
      { attach: "alice/one" },
      ...enters("alice/one"),
      { upstream: "lost", reason: "gone" },
      { leave: "alice/one" },
      { upstream: "bound", as: "$full" },
      { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
      {
        upstream: "gets",
        xml: `<presence><show>away</show><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="xmpproxy" ver="$ourCaps"/></presence>`,
      },
    ]);
  });

  it("MUC-6 a room that never confirms is forgotten after a minute", async () => {
    await playPolicy([
      { attach: "alice/one" },
      ...enters("alice/one"),
      { from: "alice/one", send: leaves("al") },
      { to: "alice/one", expect: gone("al", [110]) },
      { upstream: "gets", xml: leaves("al") },
      { waitSeconds: 61 },
      { upstream: "sends", xml: says("bob", "hello") },
      { to: "alice/one", expect: says("bob", "hello") },
    ]);
  });
});

describe("MUC-6 a device that attaches anew", () => {
  const anew: Script = [
    { attach: "alice/old", device: "page" },
    ...enters("alice/old"),
    { attach: "alice/new", device: "page" },
    { replaced: "alice/old" },
  ];
  const AWAY = `<presence to="${ROOM}/al"><show>away</show>`;

  it("MUC-6 regression: the room does not see that nobody was there, if it enters again in ten seconds", async () => {
    await playPolicy([
      ...anew,
      { waitSeconds: 9 },
      { upstream: "sends", xml: says("bob", "hello") },
      { upstream: "silent" },
      { from: "alice/new", send: join("al", `<history maxstanzas="0"/>`) },
      { to: "alice/new", expect: occupant("bob") },
      { to: "alice/new", expect: occupant("al", [110]) },
      { to: "alice/new", expect: subject("Tea") },
      { waitSeconds: 60 },
      { upstream: "silent" },
      { from: "alice/new", send: leaves("al") },
      { to: "alice/new", expect: gone("al", [110]) },
      { upstream: "gets", xml: leaves("al") },
    ]);
  });

  it("MUC-6 MUC-15 it does not: the room is left, by the next process where this one dies", async () => {
    await playPolicy([...anew, { waitSeconds: 11 }, { upstream: "gets", xml: leaves("al") }]);
    await playPolicy([
      ...anew,
      { proxy: "restarts" },
      { resumes: "alice/new" },
      { upstream: "resumed" },
      { upstream: "gets", xml: leaves("al") },
    ]);
  });

  it("MUC-6 somebody else is in the room, or comes: nothing to wait for", async () => {
    await playPolicy([
      { attach: "alice/two" },
      ...anew,
      { from: "alice/two", send: join("al") },
      { to: "alice/two", expect: occupant("bob") },
      { to: "alice/two", expect: occupant("al", [110]) },
      { to: "alice/two", expect: subject("Tea") },
      { waitSeconds: 11 },
      { upstream: "silent" },
      { leave: "alice/two" },
      { upstream: "gets", xml: leaves("al") },
    ]);
  });

  it("MUC-6 MUC-14 a room that is kept hears only then that nobody is there", async () => {
    const item = `<item id="${ROOM}"><conference xmlns="urn:xmpp:bookmarks:1" autojoin="true"><nick>al</nick></conference></item>`;
    await playPolicy([
      { attach: "alice/old", device: "page" },
      ...enters("alice/old"),
      {
        upstream: "sends",
        xml: `<message from="$bare" to="$full" type="headline"><event xmlns="http://jabber.org/protocol/pubsub#event"><items node="urn:xmpp:bookmarks:1">${item}</items></event></message>`,
      },
      { attach: "alice/new", device: "page" },
      { replaced: "alice/old" },
      { waitSeconds: 9 },
      { upstream: "silent" },
      { waitSeconds: 2 },
      { upstream: "gets", xml: `${AWAY}${OUR_CAPS}</presence>` },
    ]);
  });
});

describe("MUC-19 presence in a room that a client has not joined", () => {
  it("MUC-19 it learns that it is not in (XEP-0045 section 7.2.17); its goodbye goes nowhere", async () => {
    await playPolicy([
      ...twoInRoom,
      { from: "alice/three", send: `<presence to="${ROOM}/al"><show>away</show></presence>` },
      { to: "alice/three", expect: gone("al", [110, 307, 333]) },
      { from: "alice/three", send: leaves("al") },
      { upstream: "silent" },
    ]);
  });
});
