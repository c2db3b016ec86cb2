// MUC-12: are we still in the room, and is a client?

import { describe, it } from "vitest";
import { playPolicy } from "../../../support/account-world.ts";
import type { Script } from "../../../support/scenario.ts";
import { both, joinsUpstream, occupant, refusal, ROOM, says, subject, twoInRoom } from "./words.ts";

const ping = `<ping xmlns="urn:xmpp:ping"/>`;
const error = (condition: string): string =>
  `<error type="cancel"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;

/** A message comes back. */
const refused = (from: string, condition: string): string =>
  `<message type="error" from="${from}" to="$full" id="m">${error(condition)}</message>`;

describe("MUC-12 are we still in the room? (XEP-0410)", () => {
  it.each([
    ["ten minutes", 0, 590],
    ["eleven, as chance has it", 0.999, 650],
  ])("MUC-12 a silent room is asked once for all, every %s", async (_name, chance, silentSeconds) => {
    const asked: Script = [{ upstream: "gets", xml: `<iq type="get" id="$_" to="${ROOM}/al">${ping}</iq>` }];
    await playPolicy(
      [
        ...twoInRoom,
        { waitSeconds: 590 },
        { upstream: "sends", xml: says("bob", "hello") },
        { to: both, expect: says("bob", "hello") },
        { waitSeconds: silentSeconds },
        { upstream: "silent" },
        { waitSeconds: 20 },
        ...asked,
      ],
      { chance },
    );
  });

  it("MUC-12 a client's own question is answered by us while the room was heard lately", async () => {
    await playPolicy([
      ...twoInRoom,
      { waitSeconds: 60 },
      { from: "alice/two", send: `<iq type="get" id="p" to="${ROOM}/al">${ping}</iq>` },
      { rule: "MUC-12", because: "we are in the room, and so is the client", to: ["alice/two"] },
      { to: "alice/two", expect: `<iq type="result" id="p" from="${ROOM}/al"/>` },
      { from: "alice/three", send: `<iq type="get" id="p" to="${ROOM}/al">${ping}</iq>` },
      {
        to: "alice/three",
        expect: `<iq type="error" id="p" from="${ROOM}/al">${error("not-acceptable")}</iq>`,
      },
    ]);
  });

  it.each([
    ["a result", `type="result"`, ""],
    ["somebody who cannot be pinged", `type="error"`, error("service-unavailable")],
    ["a name that has just changed", `type="error"`, error("item-not-found")],
  ])("MUC-12 else the room is asked, once for all who want to know: %s", async (_name, type, inside) => {
    await playPolicy([
      ...twoInRoom,
      { waitSeconds: 300 },
      { from: "alice/one", send: `<iq type="get" id="1" to="${ROOM}/al">${ping}</iq>` },
      { upstream: "gets", xml: `<iq type="get" id="$ask" to="${ROOM}/al">${ping}</iq>` },
      { from: "alice/two", send: `<iq type="get" id="2" to="${ROOM}/al">${ping}</iq>` },
      { upstream: "sends", xml: `<iq ${type} id="$ask" from="${ROOM}/al" to="$full">${inside}</iq>` },
      { to: "alice/one", expect: `<iq type="result" id="1" from="${ROOM}/al"/>` },
      { to: "alice/two", expect: `<iq type="result" id="2" from="${ROOM}/al"/>` },
      { from: "alice/one", send: `<iq type="get" id="3" to="${ROOM}/al">${ping}</iq>` },
      { to: "alice/one", expect: `<iq type="result" id="3" from="${ROOM}/al"/>` },
    ]);
  });

  it("MUC-12 regression: a room that takes no message of ours is asked at once, and entered again", async () => {
    const message = `<message to="${ROOM}" type="groupchat" id="m"><body>hello</body></message>`;
    await playPolicy([
      ...twoInRoom,
      { from: "alice/one", send: message },
      { upstream: "gets", xml: message },
      { upstream: "sends", xml: refused(ROOM, "not-acceptable") },
      { to: both, expect: refused(ROOM, "not-acceptable") },
      { upstream: "gets", xml: `<iq type="get" id="$ask" to="${ROOM}/al">${ping}</iq>` },
      // What was heard before that is no proof any more.
      { from: "alice/one", send: `<iq type="get" id="1" to="${ROOM}/al">${ping}</iq>` },
      {
        upstream: "sends",
        xml: `<iq type="error" id="$ask" from="${ROOM}/al" to="$full">${error("not-acceptable")}</iq>`,
      },
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("bob") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: "alice/one", expect: `<iq type="result" id="1" from="${ROOM}/al"/>` },
      { upstream: "sends", xml: subject("Tea") },
    ]);
  });

  it("MUC-12 what somebody in the room, or a moderated one, does not take proves nothing", async () => {
    await playPolicy([
      ...twoInRoom,
      { upstream: "sends", xml: refused(ROOM, "forbidden") },
      { to: both, expect: refused(ROOM, "forbidden") },
      { upstream: "sends", xml: refused(`${ROOM}/bob`, "not-acceptable") },
      { to: both, expect: refused(`${ROOM}/bob`, "not-acceptable") },
      { upstream: "silent" },
    ]);
  });

  it("MUC-12 we are not: the room is entered again, and only then the client has its answer", async () => {
    await playPolicy([
      ...twoInRoom,
      { waitSeconds: 300 },
      { from: "alice/one", send: `<iq type="get" id="1" to="${ROOM}/al">${ping}</iq>` },
      { upstream: "gets", xml: `<iq type="get" id="$ask" to="${ROOM}/al">${ping}</iq>` },
      {
        upstream: "sends",
        xml: `<iq type="error" id="$ask" from="${ROOM}/al" to="$full">${error("not-acceptable")}</iq>`,
      },
      { upstream: "gets", xml: joinsUpstream("al") },
      { silent: "alice/one" },
      { upstream: "sends", xml: occupant("bob") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: "alice/one", expect: `<iq type="result" id="1" from="${ROOM}/al"/>` },
      { upstream: "sends", xml: subject("Tea") },
    ]);
  });

  it("MUC-12 nobody knows: neither do we; asked again later", async () => {
    await playPolicy([
      ...twoInRoom,
      { waitSeconds: 300 },
      { from: "alice/one", send: `<iq type="get" id="1" to="${ROOM}/al">${ping}</iq>` },
      { upstream: "gets", xml: `<iq type="get" id="$ask" to="${ROOM}/al">${ping}</iq>` },
      {
        upstream: "sends",
        xml: `<iq type="error" id="$ask" from="${ROOM}/al" to="$full">${error("remote-server-timeout")}</iq>`,
      },
      {
        to: "alice/one",
        expect: `<iq type="error" id="1" from="${ROOM}/al">${error("remote-server-timeout").replace("cancel", "wait")}</iq>`,
      },
      { upstream: "lost", reason: "gone" },
      { from: "alice/one", send: `<iq type="get" id="2" to="${ROOM}/al">${ping}</iq>` },
      {
        to: "alice/one",
        expect: `<iq type="error" id="2" from="${ROOM}/al">${error("remote-server-timeout").replace("cancel", "wait")}</iq>`,
      },
    ]);
  });

  it("MUC-12 presence that comes back makes us ask, and nobody is told before", async () => {
    await playPolicy([
      ...twoInRoom,
      { upstream: "sends", xml: refusal("al", "not-acceptable", "cancel") },
      { upstream: "gets", xml: `<iq type="get" id="$_" to="${ROOM}/al">${ping}</iq>` },
    ]);
  });
});
