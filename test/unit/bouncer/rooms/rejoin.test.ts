// MUC-11: the session is lost, and rooms are entered anew.

import { describe, it } from "vitest";
import { playPolicy } from "../../../support/account-world.ts";
import { OUR_AWAY } from "../../../support/phrases.ts";
import type { Script } from "../../../support/scenario.ts";
import {
  both,
  enters,
  gone,
  join,
  joinsUpstream,
  occupant,
  refusal,
  ROOM,
  said,
  says,
  subject,
  twoInRoom,
} from "./words.ts";

const session: Script = [
  { upstream: "lost", reason: "gone" },
  { upstream: "bound", as: "$full" },
  { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
  { upstream: "gets", xml: OUR_AWAY },
];
const renamed = (from: string, nick: string): string =>
  occupant(from, [303, 110], {
    type: "unavailable",
    item: `<item affiliation="none" role="none" nick="${nick}"/>`,
  });

const id = (value: string): string => `<stanza-id xmlns="urn:xmpp:sid:0" by="${ROOM}" id="${value}"/>`;

const occupantId = (value: string): string => `<occupant-id xmlns="urn:xmpp:occupant-id:0" id="${value}"/>`;

/** An occupant with an occupant id (XEP-0421). */
const called = (nick: string, value: string, codes: readonly number[] = [], type = ""): string =>
  occupant(nick, codes, { type }).replace("</presence>", `${occupantId(value)}</presence>`);
/** One whose address everybody sees. */
const known = (nick: string, real: string): string =>
  occupant(nick, [], {
    item: `<item affiliation="none" role="participant" jid="${real}"/>`,
  });
/** As a server sends it that has held it back. */
const held = (stanza: string): string =>
  stanza.replace(
    "</presence>",
    `<delay xmlns="urn:xmpp:delay" from="example.org" stamp="2026-01-01T00:00:00Z">Client Inactive</delay></presence>`,
  );

const taken = (nick: string): Script => [
  { upstream: "gets", xml: joinsUpstream(nick) },
  { upstream: "sends", xml: refusal(nick, "conflict", "cancel") },
  { to: both, expect: renamed(nick, `${nick}_`) },
];

describe("MUC-11 a new session: rooms are entered again, and clients see what has changed", () => {
  it("MUC-11 nothing has: they see nothing", async () => {
    await playPolicy([
      ...twoInRoom,
      ...session,
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("bob") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { upstream: "sends", xml: subject("Tea") },
    ]);
  });

  it("MUC-11 MUC-2 regression: what the server has held back (XEP-0352) is no change, and no part of who is there", async () => {
    await playPolicy([
      ...twoInRoom,
      ...session,
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: held(occupant("bob")) },
      { upstream: "sends", xml: held(occupant("carol")) },
      { upstream: "sends", xml: held(occupant("al", [110])) },
      { upstream: "sends", xml: subject("Tea") },
      { to: both, expect: occupant("carol") },
      { from: "alice/three", send: join("al") },
      {
        to: "alice/three",
        inOrder: [occupant("bob"), occupant("carol"), occupant("al", [110]), subject("Tea")],
      },
    ]);
  });

  it("MUC-11 who came, changed and went, what was said meanwhile and was not heard, and the subject", async () => {
    const away = occupant("carol", [], { content: "<show>away</show>" });
    await playPolicy([
      ...twoInRoom,
      { upstream: "sends", xml: occupant("carol") },
      { to: both, expect: occupant("carol") },
      { upstream: "sends", xml: says("bob", "heard", id("1")) },
      { to: both, expect: says("bob", "heard", id("1")) },
      ...session,
      { upstream: "gets", xml: joinsUpstream("al", { since: "2025-12-31T23:59:00.012Z" }) },
      { upstream: "sends", xml: away },
      { to: both, expect: away },
      { upstream: "sends", xml: occupant("dave") },
      { to: both, expect: occupant("dave") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { rule: "MUC-11", because: "it left while we were away", to: [...both] },
      { to: both, expect: gone("bob") },
      { upstream: "sends", xml: said("bob", "heard", "2026-01-01T00:00:00Z", id("1")) },
      { rule: "MUC-11", because: "it was heard before", to: [] },
      { upstream: "sends", xml: said("bob", "missed", "2026-01-01T00:00:01Z", id("2")) },
      { to: both, expect: said("bob", "missed", "2026-01-01T00:00:01Z", id("2")) },
      { upstream: "sends", xml: subject("Cake") },
      { to: both, expect: subject("Cake") },
      { from: "alice/three", send: join("al") },
      { to: "alice/three", expect: away },
      { to: "alice/three", expect: occupant("dave") },
      { to: "alice/three", expect: occupant("al", [110]) },
      { to: "alice/three", expect: said("bob", "heard", "$_", id("1")) },
      { to: "alice/three", expect: said("bob", "missed", "2026-01-01T00:00:01Z", id("2")) },
      { to: "alice/three", expect: subject("Cake") },
    ]);
  });

  it("MUC-11 regression: another one under the same nickname, ourselves too where the room was made anew: the old one goes first", async () => {
    const before = [called("carol", "1"), known("dave", "dave@example.net/a"), called("eve", "3")];
    const told = [...before, called("al", "4", [110]), subject("Tea")];
    const after = [called("carol", "2"), known("dave", "other@example.net/a"), called("eve", "3")];
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      ...told.map((xml) => ({ upstream: "sends", xml }) as const),
      ...told.map((xml) => ({ to: "alice/one", expect: xml }) as const),
      ...session,
      { upstream: "gets", xml: joinsUpstream("al") },
      ...after.map((xml) => ({ upstream: "sends", xml }) as const),
      { to: "alice/one", expect: called("carol", "1", [], "unavailable") },
      { to: "alice/one", expect: called("carol", "2") },
      { to: "alice/one", expect: gone("dave") },
      { to: "alice/one", expect: known("dave", "other@example.net/a") },
      { upstream: "sends", xml: called("al", "5", [110]) },
      { to: "alice/one", expect: called("al", "4", [], "unavailable") },
      { to: "alice/one", expect: called("al", "5", [110]) },
      { upstream: "sends", xml: subject("Tea") },
    ]);
  });

  it("MUC-11 who joins meanwhile is served with the rest", async () => {
    await playPolicy([
      ...twoInRoom,
      ...session,
      { upstream: "gets", xml: joinsUpstream("al") },
      { from: "alice/three", send: join("al") },
      { upstream: "sends", xml: occupant("bob") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: "alice/three", expect: occupant("bob") },
      { to: "alice/three", expect: occupant("al", [110]) },
      { upstream: "sends", xml: subject("Tea") },
      { to: "alice/three", expect: subject("Tea") },
    ]);
  });

  it("MUC-9 MUC-11 our nickname is taken, by our own ghost perhaps: another one, and all are told", async () => {
    await playPolicy([
      ...twoInRoom,
      ...session,
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: refusal("al", "conflict", "cancel") },
      { rule: "MUC-9", because: "our nickname was taken while we were away", to: [...both] },
      { to: both, expect: renamed("al", "al_") },
      { upstream: "gets", xml: joinsUpstream("al_") },
      { upstream: "sends", xml: occupant("bob") },
      { upstream: "sends", xml: occupant("al", [], { content: "<show>away</show>" }) },
      { to: both, expect: occupant("al", [], { content: "<show>away</show>" }) },
      { upstream: "sends", xml: occupant("al_", [110]) },
      { to: both, expect: occupant("al_", [110]) },
      { upstream: "sends", xml: subject("Tea") },
    ]);
  });

  it("MUC-11 the room cannot be reached: tried again, later and later", async () => {
    const unreachable = refusal("al", "remote-server-not-found", "cancel");
    const fails: Script = [
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: unreachable },
    ];
    await playPolicy([
      ...twoInRoom,
      ...session,
      ...fails,
      { waitSeconds: 4 },
      { upstream: "silent" },
      { waitSeconds: 2 },
      ...fails,
      { waitSeconds: 9 },
      { upstream: "silent" },
      { waitSeconds: 2 },
      // Who asks now is told now.
      { from: "alice/three", send: join("al") },
      { upstream: "sends", xml: unreachable },
      { to: "alice/three", expect: unreachable },
      { upstream: "gets", xml: joinsUpstream("al") },
      { waitSeconds: 21 },
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: both, expect: gone("bob") },
      { upstream: "sends", xml: subject("Tea") },
    ]);
  });

  it("MUC-11 some try again sooner than others, so that not all come at once", async () => {
    const fails: Script = [
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: refusal("al", "remote-server-not-found", "cancel") },
    ];
    await playPolicy(
      [
        ...twoInRoom,
        ...session,
        ...fails,
        { waitSeconds: 2 },
        { upstream: "silent" },
        { waitSeconds: 1 },
        ...fails,
        { waitSeconds: 4 },
        { upstream: "silent" },
        { waitSeconds: 2 },
        { upstream: "gets", xml: joinsUpstream("al") },
      ],
      { chance: 0 },
    );
  });

  it.each(["forbidden", "registration-required", "not-authorized", "item-not-found", "gone"])(
    "MUC-11 %s: members are told that they are out, and have to join anew",
    async (condition) => {
      await playPolicy([
        ...twoInRoom,
        ...session,
        { upstream: "gets", xml: joinsUpstream("al") },
        { upstream: "sends", xml: refusal("al", condition) },
        { to: both, expect: gone("al", [110, 333]) },
        { waitSeconds: 3600 },
        { upstream: "silent" },
        ...enters("alice/one"),
      ]);
    },
  );

  it("MUC-11 nicknames run out", async () => {
    await playPolicy([
      ...twoInRoom,
      ...session,
      ...["al", "al_", "al__", "al___", "al____"].flatMap(taken),
      { upstream: "gets", xml: joinsUpstream("al_____") },
      { upstream: "sends", xml: refusal("al_____", "conflict", "cancel") },
      { to: both, expect: gone("al_____", [110, 333]) },
    ]);
  });

  it("MUC-11 the session is lost again while rooms are entered", async () => {
    await playPolicy([
      ...twoInRoom,
      ...session,
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("carol") },
      { to: both, expect: occupant("carol") },
      ...session,
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: both, expect: gone("bob") },
      { to: both, expect: gone("carol") },
      { upstream: "sends", xml: subject("Tea") },
    ]);
  });
});
