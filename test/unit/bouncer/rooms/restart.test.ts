// MUC-15: the process dies while in a room, on the way in, and on the way out.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../../support/account-world.ts";
import { OUR_AWAY } from "../../../support/phrases.ts";
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

describe("MUC-15 the process dies", () => {
  const back: Script = [
    { proxy: "restarts" },
    { resumes: "alice/one" },
    { resumes: "alice/two" },
    { resumes: "alice/three" },
    { upstream: "resumed" },
  ];

  it("MUC-15 and both sides resume: the room sees nothing, and all is known that was", async () => {
    await playPolicy([
      ...twoInRoom,
      { upstream: "sends", xml: says("bob", "hello") },
      { to: both, expect: says("bob", "hello") },
      { upstream: "sends", xml: occupant("carol") },
      { to: both, expect: occupant("carol") },
      ...back,
      { upstream: "sends", xml: says("bob", "again") },
      { to: both, expect: says("bob", "again") },
      { from: "alice/three", send: join("al", `<history maxstanzas="1"/>`) },
      { to: "alice/three", expect: occupant("bob") },
      { to: "alice/three", expect: occupant("carol") },
      { to: "alice/three", expect: occupant("al", [110]) },
      { to: "alice/three", expect: said("bob", "again", "$_") },
      { to: "alice/three", expect: subject("Tea") },
      // We ask whether it is true, when there is time.
      { from: "alice/one", send: leaves("al") },
      { to: "alice/one", expect: gone("al", [110]) },
    ]);
  });

  it("MUC-15 while a room was being entered: the join is repeated (XEP-0045 section 17.3), and all are served", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { attach: "alice/two" },
      { attach: "alice/three" },
      { from: "alice/one", send: join("al", "<password>sesame</password>") },
      { upstream: "gets", xml: joinsUpstream("al", { password: "sesame" }) },
      { from: "alice/two", send: join("ally") },
      { upstream: "sends", xml: occupant("bob") },
      ...back,
      // The password was not kept: in the room already, none is needed.
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("bob") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: both, expect: occupant("bob") },
      { to: "alice/one", expect: occupant("al", [110]) },
      { to: "alice/two", expect: occupant("al", [110, 210]) },
      { upstream: "sends", xml: subject("Tea") },
      { to: both, expect: subject("Tea") },
    ]);
  });

  it("MUC-15 MUC-6 regression: while a room was being entered for a client that does not come back: we may be in it, and leave", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.send("alice/one", join("al"));
    world.restart({ lost: ["alice/one"] });
    while (world.next("upstream") !== undefined);
    world.upstreamResumed();
    expect(world.leftovers()["upstream"]).toContainEqual(
      expect.stringMatching(/^<presence [^>]*type="unavailable"/),
    );
  });

  it("MUC-15 between our own presence and the subject: it comes with what the server sends again", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { attach: "alice/two" },
      { attach: "alice/three" },
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: "alice/one", expect: occupant("al", [110]) },
      { upstream: "sends", xml: said("bob", "hello", "2025-12-31T23:00:00Z") },
      ...back,
      { upstream: "sends", xml: subject("Tea") },
      { to: "alice/one", expect: said("bob", "hello", "2025-12-31T23:00:00Z") },
      { to: "alice/one", expect: subject("Tea") },
    ]);
  });

  it("MUC-15 while a room was being left: it is left once more", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { attach: "alice/two" },
      { attach: "alice/three" },
      ...enters("alice/one"),
      { from: "alice/one", send: leaves("al") },
      { to: "alice/one", expect: gone("al", [110]) },
      { upstream: "gets", xml: leaves("al") },
      ...back,
      { upstream: "gets", xml: leaves("al") },
      { upstream: "sends", xml: gone("al", [110]) },
      ...enters("alice/two"),
    ]);
  });

  it("MUC-15 and the session cannot be resumed: what has changed since is seen", async () => {
    await playPolicy([
      ...twoInRoom,
      { proxy: "restarts" },
      { resumes: "alice/one" },
      { resumes: "alice/two" },
      { resumes: "alice/three" },
      ...session.slice(1),
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: both, expect: gone("bob") },
      { upstream: "sends", xml: subject("Tea") },
    ]);
  });

  it("MUC-15 and a client does not come back: it has left", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { attach: "alice/two" },
      ...enters("alice/one"),
      ...entersToo("alice/two"),
      { proxy: "restarts" },
      { upstream: "resumed" },
      { leave: "alice/one" },
      { leave: "alice/two" },
      { upstream: "gets", xml: leaves("al") },
    ]);
  });
});
