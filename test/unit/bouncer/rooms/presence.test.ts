// MUC-9, MUC-10, MUC-14: our own presence in a room: what it says, under which name, and its end.

import { describe, it } from "vitest";
import { playPolicy } from "../../../support/account-world.ts";
import { OUR_CAPS } from "../../../support/phrases.ts";
import type { Script } from "../../../support/scenario.ts";
import {
  both,
  enters,
  entersToo,
  gone,
  join,
  joinsUpstream,
  leaves,
  occupant,
  refusal,
  ROOM,
  says,
  subject,
  twoInRoom,
} from "./words.ts";

const sends = (...stanzas: string[]): Script => stanzas.map((xml) => ({ upstream: "sends", xml }));
const gets = (client: string, ...stanzas: string[]): Script =>
  stanzas.map((expected) => ({ to: client, expect: expected }));
const to = (nick: string, content = ""): string => `<presence to="${ROOM}/${nick}">${content}</presence>`;
const ours = (content = "", nick = "al"): string => to(nick, content + OUR_CAPS);
const renamed = (from: string, nick: string): string =>
  occupant(from, [303, 110], {
    type: "unavailable",
    item: `<item affiliation="none" role="participant" nick="${nick}"/>`,
  });

describe("MUC-14 a room sees the presence of the client that was active last", () => {
  it("MUC-14 of the members, with our capabilities, and only when it changes", async () => {
    const say = `<message to="${ROOM}" type="groupchat"><body>x</body></message>`;
    await playPolicy([
      ...twoInRoom,
      {
        from: "alice/two",
        send: to(
          "al",
          `<show>dnd</show><priority>5</priority><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="n" ver="v"/>`,
        ),
      },
      { rule: "MUC-14", because: "what the room sees of us has changed", to: "upstream" },
      { upstream: "gets", xml: ours("<show>dnd</show>") },
      { from: "alice/one", send: to("al", "<show>away</show>") },
      { upstream: "silent" },
      { from: "alice/one", send: say },
      { upstream: "gets", xml: ours("<show>away</show>") },
      { upstream: "gets", xml: say },
      { from: "alice/one", send: say },
      { upstream: "gets", xml: say },
      { leave: "alice/one" },
      { upstream: "gets", xml: ours("<show>dnd</show>") },
    ]);
  });

  it("PRES-2 MUC-14 a client's capabilities of either kind stay out of it, when it joins and later", async () => {
    const hashes = `<c xmlns="urn:xmpp:caps"><hash xmlns="urn:xmpp:hashes:2" algo="sha-256">x</hash></c>`;
    const asks = join("al").replace("</presence>", `${hashes}<status>Tea</status></presence>`);
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: asks },
      { upstream: "gets", xml: joinsUpstream("al", { content: "<status>Tea</status>" }) },
      ...sends(occupant("al", [110]), subject()),
      ...gets("alice/one", occupant("al", [110]), subject()),
      { from: "alice/one", send: to("al", `<show>dnd</show>${hashes}`) },
      { upstream: "gets", xml: ours("<show>dnd</show>") },
      // The same but for them is nothing new.
      { from: "alice/one", send: to("al", "<show>dnd</show>") },
      { upstream: "silent" },
    ]);
  });

  it("PRES-14 in the language that the member says it is in", async () => {
    const german = to("al", "<status>weg</status>").replace("<presence", `<presence xml:lang="de"`);
    await playPolicy([
      ...twoInRoom,
      { from: "alice/two", send: german },
      { upstream: "gets", xml: german.replace("</presence>", `${OUR_CAPS}</presence>`) },
    ]);
  });

  it("MUC-14 regression: of one that waits to be let in, what it has said last", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { from: "alice/one", send: to("al", "<show>dnd</show>") },
      { upstream: "silent" },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: "alice/one", expect: occupant("al", [110]) },
      { upstream: "gets", xml: ours("<show>dnd</show>") },
      { upstream: "sends", xml: subject("Tea") },
      { to: "alice/one", expect: subject("Tea") },
    ]);
  });

  it("MUC-14 a client that is gone for longer than a minute counts no more", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { attach: "alice/two" },
      ...enters("alice/one"),
      ...entersToo("alice/two"),
      { from: "alice/two", send: to("al", "<show>dnd</show>") },
      { upstream: "gets", xml: ours("<show>dnd</show>") },
      { breaksOff: "alice/two" },
      { waitSeconds: 59 },
      { upstream: "silent" },
      { waitSeconds: 2 },
      { upstream: "gets", xml: ours() },
      { breaksOff: "alice/one" },
      { waitSeconds: 61 },
      { upstream: "gets", xml: ours("<show>away</show>") },
      { resumes: "alice/two" },
      { upstream: "gets", xml: ours("<show>dnd</show>") },
    ]);
  });

  it("MUC-14 without a session it is said when the session goes on", async () => {
    await playPolicy([
      ...twoInRoom,
      { upstream: "lost", reason: "gone" },
      { from: "alice/two", send: to("al", "<show>dnd</show>") },
      { upstream: "silent" },
      { upstream: "resumed" },
      { upstream: "gets", xml: ours("<show>dnd</show>") },
    ]);
  });
});

describe("MUC-9 nicknames", () => {
  it("MUC-9 one client takes another, and all of us have it", async () => {
    await playPolicy([
      ...twoInRoom,
      { from: "alice/one", send: to("ally") },
      { upstream: "gets", xml: ours("", "ally") },
      { upstream: "sends", xml: renamed("al", "ally") },
      { to: both, expect: renamed("al", "ally") },
      { upstream: "sends", xml: occupant("ally", [110]) },
      { to: both, expect: occupant("ally", [110]) },
      { from: "alice/three", send: join("al") },
      { to: "alice/three", expect: occupant("bob") },
      { to: "alice/three", expect: occupant("ally", [110, 210]) },
      { to: "alice/three", expect: subject("Tea") },
      { leave: "alice/one" },
      { leave: "alice/two" },
      { from: "alice/three", send: leaves("ally") },
      { to: "alice/three", expect: gone("ally", [110]) },
      { upstream: "gets", xml: leaves("ally") },
    ]);
  });

  it("MUC-9 one that is taken: the client that asked is told, and we keep ours", async () => {
    await playPolicy([
      ...twoInRoom,
      { from: "alice/two", send: to("bob") },
      { upstream: "gets", xml: ours("", "bob") },
      { upstream: "sends", xml: refusal("bob", "conflict", "cancel") },
      { rule: "MUC-9", because: "the nickname it asked for", to: ["alice/two"] },
      { to: "alice/two", expect: refusal("bob", "conflict", "cancel") },
      ...entersToo("alice/three"),
    ]);
  });

  it("MUC-9 somebody else takes another", async () => {
    const robert = occupant("bob", [303], {
      type: "unavailable",
      item: `<item affiliation="none" role="participant" nick="robert"/>`,
    });
    await playPolicy([
      ...twoInRoom,
      { upstream: "sends", xml: robert },
      { to: both, expect: robert },
      { upstream: "sends", xml: occupant("robert") },
      { to: both, expect: occupant("robert") },
      { from: "alice/three", send: join("al") },
      { to: "alice/three", expect: occupant("robert") },
      { to: "alice/three", expect: occupant("al", [110]) },
      { to: "alice/three", expect: subject("Tea") },
    ]);
  });
});

describe("MUC-10 the room puts us out", () => {
  const destroyed = occupant("al", [110], { type: "unavailable" }).replace(
    "</x>",
    `<destroy jid="new@muc.example.org"/></x>`,
  );

  it.each([
    ["kicked", gone("al", [110, 307])],
    ["banned", gone("al", [110, 301])],
    ["no member any more", gone("al", [110, 321])],
    ["a room for members only now", gone("al", [110, 322])],
    ["the service shuts down", gone("al", [110, 332])],
    ["an error", gone("al", [110, 307, 333])],
    ["destroyed", destroyed],
    ["without status 110, as older rooms say it", gone("al", [307])],
  ])("MUC-10 %s: everybody in the room is told, and has to join anew", async (_name, xml) => {
    await playPolicy([
      ...twoInRoom,
      { upstream: "sends", xml },
      { rule: "MUC-10", because: "we are out of the room", to: [...both] },
      { to: both, expect: xml },
      { leave: "alice/one" },
      { upstream: "silent" },
      { waitSeconds: 60 },
      { from: "alice/two", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: "alice/two", expect: occupant("al", [110]) },
      { upstream: "sends", xml: subject() },
      { to: "alice/two", expect: subject() },
    ]);
  });

  it("MUC-10 others are put out: everybody in the room is told, and who comes later does not meet them", async () => {
    await playPolicy([
      ...twoInRoom,
      { upstream: "sends", xml: gone("bob", [301]) },
      { to: both, expect: gone("bob", [301]) },
      { from: "alice/three", send: join("al") },
      { to: "alice/three", expect: occupant("al", [110]) },
      { to: "alice/three", expect: subject("Tea") },
      { upstream: "sends", xml: says("carol", "oh") },
      { to: [...both, "alice/three"], expect: says("carol", "oh") },
    ]);
  });
});
