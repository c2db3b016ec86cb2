// MUC-15: passwords of rooms: kept once they were right, let go once they were wrong, and never said to anybody but the room.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../../support/account-world.ts";
import { OUR_AWAY } from "../../../support/phrases.ts";
import { play, type Script } from "../../../support/scenario.ts";
import { both, gone, join, joinsUpstream, leaves, occupant, refusal, ROOM, subject } from "./words.ts";

const AWAY = "<show>away</show>";
const NODE = "urn:xmpp:bookmarks:1";
const secret = (password: string): string => `<password>${password}</password>`;
const wrong = (nick = "al"): string => refusal(nick, "not-authorized");

const session: Script = [
  { upstream: "lost", reason: "gone" },
  { upstream: "bound", as: "$full" },
  { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
  { upstream: "gets", xml: OUR_AWAY },
];
/** One is in the room, with the password "sesame", and two is attached. */
const inside: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  { from: "alice/one", send: join("al", secret("sesame")) },
  { upstream: "gets", xml: joinsUpstream("al", { password: "sesame" }) },
  { upstream: "sends", xml: occupant("al", [110]) },
  { to: "alice/one", expect: occupant("al", [110]) },
  { upstream: "sends", xml: subject("Tea") },
  { to: "alice/one", expect: subject("Tea") },
];
const dies: Script = [{ proxy: "restarts" }, { resumes: "alice/one" }, { resumes: "alice/two" }];
const expelled: Script = [{ to: "alice/one", expect: gone("al", [110, 333]) }];

describe("MUC-15 the password that has let us in", () => {
  it("MUC-15 outlives the process: the session is lost as well, and the room is entered with it; members see nothing", async () => {
    await playPolicy([
      ...inside,
      ...dies,
      ...session.slice(1),
      { upstream: "gets", xml: joinsUpstream("al", { password: "sesame" }) },
      { upstream: "sends", xml: occupant("al", [110]) },
      { upstream: "sends", xml: subject("Tea") },
    ]);
  });

  it("MUC-15 MUC-10 is forgotten with a room that has put us out, and is not kept", async () => {
    await playPolicy([
      ...inside,
      { upstream: "sends", xml: gone("al", [110, 307]) },
      { to: "alice/one", expect: gone("al", [110, 307]) },
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: wrong() },
      { to: "alice/one", expect: wrong() },
    ]);
  });

  it("MUC-15 is forgotten when the room is left", async () => {
    await playPolicy([
      ...inside,
      { from: "alice/one", send: leaves("al") },
      { to: "alice/one", expect: gone("al", [110]) },
      { upstream: "gets", xml: leaves("al") },
      { upstream: "sends", xml: gone("al", [110]) },
      ...dies,
      { upstream: "resumed" },
      { from: "alice/two", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
    ]);
  });

  it("MUC-15 MUC-8 regression: it is forgotten from the moment the room is left, before the room has answered", async () => {
    await playPolicy([
      ...inside,
      { from: "alice/one", send: leaves("al") },
      { to: "alice/one", expect: gone("al", [110]) },
      { upstream: "gets", xml: leaves("al") },
      { from: "alice/two", send: join("al") },
      { upstream: "sends", xml: gone("al", [110]) },
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: wrong() },
      { to: "alice/two", expect: wrong() },
    ]);
  });

  it("MUC-15 is forgotten when the room refuses it, over the death of the process too", async () => {
    await playPolicy([
      ...inside,
      ...session,
      { upstream: "gets", xml: joinsUpstream("al", { password: "sesame" }) },
      { upstream: "sends", xml: wrong() },
      ...expelled,
      ...dies,
      { upstream: "resumed" },
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
    ]);
  });

  it("MUC-15 stays good when the room refuses us for another reason", async () => {
    await playPolicy([
      ...inside,
      ...session,
      { upstream: "gets", xml: joinsUpstream("al", { password: "sesame" }) },
      { upstream: "sends", xml: refusal("al", "remote-server-not-found", "cancel") },
      ...dies,
      { upstream: "resumed" },
      { waitSeconds: 6 },
      { upstream: "gets", xml: joinsUpstream("al", { password: "sesame" }) },
    ]);
  });

  it("MUC-15 a password that was never right is not kept: the process dies before the room has answered", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { attach: "alice/two" },
      { from: "alice/one", send: join("al", secret("guess")) },
      { upstream: "gets", xml: joinsUpstream("al", { password: "guess" }) },
      ...dies,
      { upstream: "resumed" },
      { upstream: "gets", xml: joinsUpstream("al") },
    ]);
  });

  it("MUC-15 an empty password is none, and one that is too long is not kept", async () => {
    const long = "x".repeat(1_024);
    await playPolicy([
      { attach: "alice/one" },
      { attach: "alice/two" },
      { from: "alice/two", send: join("al", "<password/>") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { from: "alice/one", send: join("al", secret(long)) },
      { upstream: "sends", xml: wrong() },
      { to: "alice/two", expect: wrong() },
      { upstream: "gets", xml: joinsUpstream("al", { password: long }) },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: "alice/one", expect: occupant("al", [110]) },
      { upstream: "sends", xml: subject("Tea") },
      { to: "alice/one", expect: subject("Tea") },
      ...dies,
      ...session.slice(1),
      { upstream: "gets", xml: joinsUpstream("al") },
    ]);
  });

  it("MUC-15 where it is wrong by now, who waits may know the new one, and nobody is put out", async () => {
    await playPolicy([
      ...inside,
      ...session,
      { upstream: "gets", xml: joinsUpstream("al", { password: "sesame" }) },
      { from: "alice/two", send: join("al", secret("open")) },
      { upstream: "sends", xml: wrong() },
      { upstream: "gets", xml: joinsUpstream("al", { password: "open" }) },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: "alice/two", expect: occupant("al", [110]) },
      { upstream: "sends", xml: subject("Tea") },
      { to: "alice/two", expect: subject("Tea") },
    ]);
  });

  it("MUC-15 who waits knows it no better: all are told", async () => {
    await playPolicy([
      ...inside,
      ...session,
      { upstream: "gets", xml: joinsUpstream("al", { password: "sesame" }) },
      { from: "alice/two", send: join("al", secret("open")) },
      { upstream: "sends", xml: wrong() },
      { upstream: "gets", xml: joinsUpstream("al", { password: "open" }) },
      { upstream: "sends", xml: wrong() },
      { to: "alice/two", expect: wrong() },
      ...expelled,
    ]);
  });

  it("MUC-15 is in no decision that the owner can read", async () => {
    const world = new AccountWorld();
    await play(inside, world);
    expect(JSON.stringify(world.account.trace())).not.toContain("sesame");
    expect(world.account.trace().some(({ stanza }) => stanza.includes(`to=${ROOM}/al`))).toBe(true);
  });
});

const items = (inner: string): string =>
  `<pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="${NODE}">${inner}</items></pubsub>`;
const bookmark = (password: string): string =>
  `<item id="${ROOM}"><conference xmlns="${NODE}" autojoin="true"><nick>al</nick>${password === "" ? "" : secret(password)}</conference></item>`;
const event = (inner: string): string =>
  `<message from="$bare" to="$full" type="headline"><event xmlns="http://jabber.org/protocol/pubsub#event"><items node="${NODE}">${inner}</items></event></message>`;
const asksFor = (id: string): Script => [
  {
    upstream: "gets",
    xml: `<iq type="get" id="$${id}"><pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="${NODE}"/></pubsub></iq>`,
  },
];
const answers = (id: string, password: string): Script => [
  { upstream: "sends", xml: `<iq type="result" id="$${id}" to="$full">${items(bookmark(password))}</iq>` },
];
const joins = (password = ""): Script => [
  { upstream: "gets", xml: joinsUpstream("al", { content: AWAY, password }) },
];
const isLetIn: Script = [
  { upstream: "sends", xml: occupant("al", [110]) },
  { upstream: "sends", xml: subject("Tea") },
];
/** One is in a room that is bookmarked with "sesame"; then the session is lost, and the room entered before the bookmarks are read. */
const bookmarkedAndLost: Script = [
  ...session.slice(1),
  ...asksFor("asked"),
  ...answers("asked", "sesame"),
  ...joins("sesame"),
  ...isLetIn,
  { attach: "alice/one" },
  { from: "alice/one", send: join("al") },
  { upstream: "gets", xml: joinsUpstream("al").replace(/<x .*<\/x>/, "") },
  { to: "alice/one", expect: occupant("al", [110]) },
  { to: "alice/one", expect: subject("Tea") },
  ...session,
  { upstream: "gets", xml: joinsUpstream("al", { password: "sesame" }) },
  ...asksFor("again"),
];
const down = { session: "down", bookmarks: true } as const;

describe("MUC-15 MUC-17 the password in a bookmark", () => {
  it("MUC-15 regression: the first who joins has none, and does not take the bookmark's away", async () => {
    await playPolicy([
      { upstream: "sends", xml: event(bookmark("sesame")) },
      ...joins("sesame"),
      { upstream: "sends", xml: refusal("al", "remote-server-timeout", "wait") },
      { attach: "alice/one" },
      { attach: "alice/two" },
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al", { password: "sesame" }) },
      { from: "alice/two", send: join("al") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: both, expect: occupant("al", [110]) },
      { upstream: "sends", xml: subject("Tea") },
      { to: both, expect: subject("Tea") },
    ]);
  });

  it("MUC-7 MUC-15 regression: a client's wrong guess does not keep the account out of a room that it is to stay in", async () => {
    await playPolicy([
      { upstream: "sends", xml: event(bookmark("sesame")) },
      ...joins("sesame"),
      { upstream: "sends", xml: refusal("al", "remote-server-timeout", "wait") },
      { attach: "alice/one" },
      { from: "alice/one", send: join("al", secret("guess")) },
      { upstream: "gets", xml: joinsUpstream("al", { password: "guess" }) },
      { upstream: "sends", xml: wrong() },
      { to: "alice/one", expect: wrong() },
      { waitSeconds: 11 },
      ...joins("sesame"),
    ]);
  });

  it("MUC-17 what a room that the account stays in refuses is put off until the bookmarks are read", async () => {
    await playPolicy(
      [
        ...bookmarkedAndLost,
        // It was changed meanwhile, and the bookmark with it.
        { upstream: "sends", xml: wrong() },
        { upstream: "silent" },
        ...answers("again", "open"),
        { upstream: "gets", xml: joinsUpstream("al", { password: "open" }) },
        ...isLetIn,
      ],
      down,
    );
  });

  it("MUC-17 where it does not stand there either, they are told then", async () => {
    await playPolicy(
      [...bookmarkedAndLost, { upstream: "sends", xml: wrong() }, ...answers("again", "sesame"), ...expelled],
      down,
    );
  });

  it("MUC-17 a process that has not read them asks for them when it has to know", async () => {
    await playPolicy(
      [
        ...session.slice(1),
        ...asksFor("asked"),
        ...answers("asked", ""),
        ...joins(),
        ...isLetIn,
        { proxy: "restarts" },
        { upstream: "resumed" },
        { upstream: "sends", xml: gone("al", [110, 332]) },
        { waitSeconds: 11 },
        ...joins(),
        { upstream: "sends", xml: wrong() },
        ...asksFor("again"),
        ...answers("again", "open"),
        ...joins("open"),
        ...isLetIn,
      ],
      down,
    );
  });
});
