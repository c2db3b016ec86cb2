// MUC-7, MUC-17: rooms that the account stays in without a client: bookmarked (XEP-0402, XEP-0048) and pinned ones.

import { describe, it } from "vitest";
import { playPolicy } from "../../../support/account-world.ts";
import { OUR_AWAY, OUR_CAPS } from "../../../support/phrases.ts";
import type { Script } from "../../../support/scenario.ts";
import { gone, join, joinsUpstream, leaves, occupant, refusal, ROOM, said, says, subject } from "./words.ts";

const AWAY = "<show>away</show>";
const NODE = "urn:xmpp:bookmarks:1";
const items = (inside: string): string =>
  `<pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="${NODE}">${inside}</items></pubsub>`;
const bookmark = (autojoin: string, inside = "<nick>al</nick>"): string =>
  `<item id="${ROOM}"><conference xmlns="${NODE}" autojoin="${autojoin}">${inside}</conference></item>`;
const event = (inside: string, from = "$bare"): string =>
  `<message from="${from}" to="$full" type="headline"><event xmlns="http://jabber.org/protocol/pubsub#event"><items node="${NODE}">${inside}</items></event></message>`;

const session: Script = [
  { upstream: "bound", as: "$full" },
  { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
  { upstream: "gets", xml: OUR_AWAY },
  {
    upstream: "gets",
    xml: `<iq type="get" id="$asked"><pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="${NODE}"/></pubsub></iq>`,
  },
];
const bookmarked = (inside: string): Script => [
  ...session,
  { upstream: "sends", xml: `<iq type="result" id="$asked" to="$full">${items(inside)}</iq>` },
];
/** The room is entered by the account itself. */
const entered: Script = [
  { upstream: "gets", xml: joinsUpstream("al", { content: AWAY }) },
  { upstream: "sends", xml: occupant("bob") },
  { upstream: "sends", xml: occupant("al", [110]) },
  { upstream: "sends", xml: subject("Tea") },
];
const served = (client: string): Script => [
  { from: client, send: join("al") },
  { upstream: "gets", xml: `<presence to="${ROOM}/al">${OUR_CAPS}</presence>` },
  { to: client, expect: occupant("bob") },
  { to: client, expect: occupant("al", [110]) },
];
const down = { session: "down", bookmarks: true } as const;

const query = (inside: string): string =>
  `<query xmlns="jabber:iq:private"><storage xmlns="storage:bookmarks">${inside}</storage></query>`;

describe("MUC-17 bookmarked rooms are joined by the account itself", () => {
  it.each(["true", "1"])(
    "MUC-17 MUC-7 autojoin=%s: with no client at all; who comes is served",
    async (autojoin) => {
      await playPolicy(
        [
          ...bookmarked(bookmark(autojoin)),
          ...entered,
          { upstream: "sends", xml: says("bob", "hello") },
          { attach: "alice/one" },
          ...served("alice/one"),
          { to: "alice/one", expect: said("bob", "hello", "$_") },
          { to: "alice/one", expect: subject("Tea") },
          { from: "alice/one", send: leaves("al") },
          { to: "alice/one", expect: gone("al", [110]) },
          { rule: "MUC-14", because: "what the room sees of us has changed", to: "upstream" },
          { upstream: "gets", xml: `<presence to="${ROOM}/al">${AWAY}${OUR_CAPS}</presence>` },
        ],
        down,
      );
    },
  );

  it("MUC-17 only those that say so, with the account's name where they have no nickname, and the password", async () => {
    await playPolicy(
      [
        ...bookmarked(
          bookmark("false").replace(ROOM, "off@muc.example.org") +
            `<item id="none@muc.example.org"><conference xmlns="${NODE}"/></item><item id="not a jid/"/>` +
            bookmark("true", "<password>sesame</password>"),
        ),
        { upstream: "gets", xml: joinsUpstream("alice", { content: AWAY, password: "sesame" }) },
      ],
      down,
    );
  });

  it("MUC-17 where there are none, the older place is asked", async () => {
    await playPolicy(
      [
        ...session,
        { upstream: "sends", xml: `<iq type="error" id="$asked" to="$full"/>` },
        { upstream: "gets", xml: `<iq type="get" id="$older">${query("")}</iq>` },
        {
          upstream: "sends",
          xml: `<iq type="result" id="$older" to="$full">${query(`<conference jid="${ROOM}" autojoin="1"><nick>al</nick></conference><conference jid="x@muc.example.org"/>`)}</iq>`,
        },
        ...entered,
      ],
      down,
    );
  });

  it("MUC-17 what changes while we are there: joined, left, and only by the account's own server", async () => {
    const add = event(bookmark("true"));
    const forged = event(bookmark("true"), "mallory@example.org");
    await playPolicy([
      { upstream: "sends", xml: forged },
      { upstream: "silent" },
      { attach: "alice/one" },
      { upstream: "sends", xml: add },
      ...entered,
      { upstream: "sends", xml: event(`<retract id="${ROOM}"/>`) },
      { upstream: "gets", xml: leaves("al") },
      { upstream: "sends", xml: gone("al", [110]) },
      { upstream: "sends", xml: add },
      ...entered,
      { upstream: "sends", xml: event(bookmark("false")) },
      { upstream: "gets", xml: leaves("al") },
    ]);
  });

  it("MUC-17 a bookmark that goes takes nobody's place away", async () => {
    await playPolicy([
      { upstream: "sends", xml: event(bookmark("true")) },
      ...entered,
      { attach: "alice/one" },
      ...served("alice/one"),
      { to: "alice/one", expect: subject("Tea") },
      { upstream: "sends", xml: event(`<retract id="${ROOM}"/>`) },
      { upstream: "silent" },
      { from: "alice/one", send: leaves("al") },
      { to: "alice/one", expect: gone("al", [110]) },
      { upstream: "gets", xml: leaves("al") },
    ]);
  });

  it("MUC-17 an answer that is older than what was told since takes nothing away", async () => {
    await playPolicy(
      [
        ...session,
        { upstream: "sends", xml: event(bookmark("true")) },
        ...entered,
        { upstream: "sends", xml: `<iq type="result" id="$asked" to="$full">${items("")}</iq>` },
        { upstream: "gets", xml: `<iq type="get" id="$older">${query("")}</iq>` },
        { upstream: "sends", xml: `<iq type="result" id="$older" to="$full">${query("")}</iq>` },
        { upstream: "silent" },
      ],
      down,
    );
  });

  it("MUC-17 gone from the bookmarks since the last session: left", async () => {
    await playPolicy(
      [
        ...bookmarked(bookmark("true")),
        ...entered,
        { upstream: "lost", reason: "gone" },
        ...session.slice(0, 3),
        { upstream: "gets", xml: joinsUpstream("al", { content: AWAY }) },
        {
          upstream: "gets",
          xml: `<iq type="get" id="$again"><pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="${NODE}"/></pubsub></iq>`,
        },
        {
          upstream: "sends",
          xml: `<iq type="result" id="$again" to="$full">${items(bookmark("true").replace(ROOM, "other@muc.example.org"))}</iq>`,
        },
        {
          upstream: "gets",
          xml: joinsUpstream("al", { content: AWAY }).replace(ROOM, "other@muc.example.org"),
        },
        { upstream: "gets", xml: leaves("al") },
      ],
      down,
    );
  });
});

describe("MUC-7 rooms that are kept", () => {
  it("MUC-7 over the death of the process", async () => {
    await playPolicy([
      { upstream: "sends", xml: event(bookmark("true")) },
      ...entered,
      { proxy: "restarts" },
      { upstream: "resumed" },
      { attach: "alice/one" },
      ...served("alice/one"),
      { to: "alice/one", expect: subject("Tea") },
    ]);
  });

  it("MUC-7 MUC-10 a kick ends it until somebody joins; a shutdown does not", async () => {
    await playPolicy([
      { upstream: "sends", xml: event(bookmark("true")) },
      ...entered,
      { upstream: "sends", xml: gone("al", [110, 332]) },
      { waitSeconds: 9 },
      { upstream: "silent" },
      { waitSeconds: 2 },
      ...entered,
      { upstream: "sends", xml: gone("al", [110, 307]) },
      { waitSeconds: 3600 },
      { upstream: "silent" },
      { attach: "alice/one" },
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
    ]);
  });

  it("MUC-10 after a shutdown some come back sooner than others", async () => {
    await playPolicy(
      [
        { upstream: "sends", xml: event(bookmark("true")) },
        ...entered,
        { upstream: "sends", xml: gone("al", [110, 332]) },
        { waitSeconds: 4 },
        { upstream: "silent" },
        { waitSeconds: 2 },
        ...entered,
      ],
      { chance: 0 },
    );
  });

  it("MUC-11 MUC-15 a room that could not be entered before the process died is tried again soon, not at once", async () => {
    await playPolicy([
      { upstream: "sends", xml: event(bookmark("true")) },
      { upstream: "gets", xml: joinsUpstream("al", { content: AWAY }) },
      { upstream: "sends", xml: refusal("al", "remote-server-not-found", "cancel") },
      { proxy: "restarts" },
      { upstream: "resumed" },
      { waitSeconds: 4 },
      { upstream: "silent" },
      { waitSeconds: 2 },
      ...entered,
    ]);
  });

  it("MUC-7 MUC-9 a nickname that is taken, while no client is there to choose", async () => {
    await playPolicy([
      { upstream: "sends", xml: event(bookmark("true")) },
      { upstream: "gets", xml: joinsUpstream("al", { content: AWAY }) },
      { upstream: "sends", xml: refusal("al", "conflict", "cancel") },
      { upstream: "gets", xml: joinsUpstream("al_", { content: AWAY }) },
    ]);
  });
});

const command = (inside: string, sessionId = ""): string =>
  `<command xmlns="http://jabber.org/protocol/commands" node="pinned-rooms"${sessionId}>${inside}</command>`;
const form = (...rooms: string[]): string =>
  `<x xmlns="jabber:x:data" type="submit"><field var="rooms">${rooms.map((room) => `<value>${room}</value>`).join("")}</field></x>`;
/** The owner asks for the form, in which these rooms stand, and fills in others. */
const pins = (before: readonly string[], after: readonly string[], note: string): Script => [
  { from: "alice/one", send: `<iq type="set" to="$full" id="1">${command("")}</iq>` },
  {
    to: "alice/one",
    expect: `<iq type="result" from="$full" id="1"><command xmlns="http://jabber.org/protocol/commands" node="pinned-rooms" sessionid="$session${after.length}" status="executing" xml:lang="en">
      <actions execute="complete"><complete/></actions>
      <x xmlns="jabber:x:data" type="form"><title>$_</title><instructions>$_</instructions>
        <field var="rooms" label="Rooms" type="text-multi">${before.map((room) => `<value>${room}</value>`).join("")}</field></x></command></iq>`,
  },
  {
    from: "alice/one",
    send: `<iq type="set" to="$full" id="2">${command(form(...after), ` sessionid="$session${after.length}"`)}</iq>`,
  },
  {
    to: "alice/one",
    expect: `<iq type="result" from="$full" id="2"><command xmlns="http://jabber.org/protocol/commands" node="pinned-rooms" sessionid="$session${after.length}" status="completed" xml:lang="en"><note type="info">${note}</note></command></iq>`,
  },
];

describe("MUC-7 rooms that the owner has pinned", () => {
  it("MUC-7 CMD-4 joined at once and left when they are pinned no more, as long as nobody is there", async () => {
    const pinned = joinsUpstream("alice", { content: AWAY });
    await playPolicy([
      { attach: "alice/one" },
      ...pins([], [ROOM], "Saved."),
      { upstream: "gets", xml: pinned },
      { upstream: "sends", xml: occupant("alice", [110]) },
      { upstream: "sends", xml: subject("Tea") },
      { upstream: "sends", xml: says("bob", "hello") },
      ...pins([ROOM], [], "Saved."),
      { upstream: "gets", xml: leaves("alice") },
    ]);
  });
});
