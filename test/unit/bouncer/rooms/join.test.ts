// MUC-1 to MUC-4, MUC-8: getting into a room, together and one after the other.

import { describe, it } from "vitest";
import { playPolicy } from "../../../support/account-world.ts";
import type { Script } from "../../../support/scenario.ts";
import {
  both,
  enters,
  entersToo,
  join,
  joinsUpstream,
  occupant,
  refusal,
  ROOM,
  said,
  says,
  subject,
} from "./words.ts";

const attached: Script = [{ attach: "alice/one" }, { attach: "alice/two" }, { attach: "alice/three" }];

describe("MUC-1 a room is joined once", () => {
  it("MUC-1 MUC-2 who comes later is served from what is known, in the order of XEP-0045", async () => {
    await playPolicy([
      ...attached,
      ...enters("alice/one"),
      { upstream: "sends", xml: says("bob", "hello") },
      { to: "alice/one", expect: says("bob", "hello") },
      { waitSeconds: 60 },
      { from: "alice/two", send: join("al") },
      { rule: "MUC-2", because: "those who are in the room", to: ["alice/two"] },
      { upstream: "silent" },
      { to: "alice/two", expect: occupant("bob") },
      { to: "alice/two", expect: occupant("al", [110]) },
      { to: "alice/two", expect: said("bob", "hello", "2026-01-01T00:00:00.010Z") },
      { to: "alice/two", expect: subject("Tea") },
      { silent: "alice/one" },
    ]);
  });

  it("MUC-1 joins that come while the first is under way wait, and all are served", async () => {
    await playPolicy([
      ...attached,
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { from: "alice/two", send: join("ally") },
      { upstream: "sends", xml: occupant("bob") },
      { from: "alice/three", send: join("al", `<history maxstanzas="0"/>`) },
      { silent: "alice/one" },
      { upstream: "sends", xml: occupant("al", [110, 100]) },
      { to: ["alice/one", "alice/two", "alice/three"], expect: occupant("bob") },
      { to: ["alice/one", "alice/three"], expect: occupant("al", [110, 100]) },
      { to: "alice/two", expect: occupant("al", [110, 100, 210]) },
      { upstream: "sends", xml: said("bob", "hello", "2025-12-31T23:00:00Z") },
      { silent: "alice/one" },
      { upstream: "sends", xml: subject() },
      { to: both, expect: said("bob", "hello", "2025-12-31T23:00:00Z") },
      { to: ["alice/one", "alice/two", "alice/three"], expect: subject() },
    ]);
  });

  it("MUC-1 who comes while history is on its way gets it with the others", async () => {
    await playPolicy([
      ...attached,
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: "alice/one", expect: occupant("al", [110]) },
      { upstream: "sends", xml: said("bob", "hello", "2025-12-31T23:00:00Z") },
      { from: "alice/two", send: join("al") },
      { to: "alice/two", expect: occupant("al", [110]) },
      { upstream: "sends", xml: subject("Tea") },
      { to: both, expect: said("bob", "hello", "2025-12-31T23:00:00Z") },
      { to: both, expect: subject("Tea") },
    ]);
  });

  it("MUC-2 a room that was just made says so to who made it, and to nobody else", async () => {
    await playPolicy([
      ...attached,
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("al", [110, 201]) },
      { to: "alice/one", expect: occupant("al", [110, 201]) },
      { upstream: "sends", xml: subject() },
      { to: "alice/one", expect: subject() },
      { from: "alice/two", send: join("al") },
      { to: "alice/two", expect: occupant("al", [110]) },
      { to: "alice/two", expect: subject() },
    ]);
  });

  it("MUC-2 a room that never sends a subject: an empty one after ten seconds, or with what is said", async () => {
    const begin: Script = [
      ...attached,
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: "alice/one", expect: occupant("al", [110]) },
    ];
    await playPolicy([...begin, { waitSeconds: 11 }, { to: "alice/one", expect: subject() }]);
    await playPolicy([
      ...begin,
      { upstream: "sends", xml: says("bob", "hello") },
      { to: "alice/one", expect: subject() },
      { to: "alice/one", expect: says("bob", "hello") },
    ]);
  });

  it("MUC-3 the room gives us another nickname than the first client asked for", async () => {
    await playPolicy([
      ...attached,
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("alice", [110, 210]) },
      { to: "alice/one", expect: occupant("alice", [110, 210]) },
      { upstream: "sends", xml: subject() },
      { to: "alice/one", expect: subject() },
      { from: "alice/two", send: join("alice") },
      { to: "alice/two", expect: occupant("alice", [110]) },
      { to: "alice/two", expect: subject() },
    ]);
  });

  it("MUC-1 a client that joins a second time is served anew, and nobody else notices", async () => {
    await playPolicy([
      ...attached,
      ...enters("alice/one"),
      ...entersToo("alice/two"),
      ...entersToo("alice/one"),
    ]);
  });

  it("MUC-1 without a session the join waits for one, and is sent once", async () => {
    await playPolicy(
      [
        { attach: "alice/one" },
        { attach: "alice/two" },
        { from: "alice/one", send: join("al") },
        { from: "alice/two", send: join("al") },
        { upstream: "silent" },
        { upstream: "bound", as: "$full" },
        { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
        {
          upstream: "gets",
          xml: `<presence><show>away</show><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="xmpproxy" ver="$ourCaps"/></presence>`,
        },
        { upstream: "gets", xml: joinsUpstream("al") },
        { upstream: "sends", xml: occupant("al", [110]) },
        { to: both, expect: occupant("al", [110]) },
        { upstream: "sends", xml: subject() },
        { to: both, expect: subject() },
      ],
      { session: "down" },
    );
  });

  it("MUC-1 joined already, it is served also while there is no session", async () => {
    await playPolicy([
      ...attached,
      ...enters("alice/one"),
      { upstream: "lost", reason: "gone" },
      ...entersToo("alice/two"),
      { upstream: "resumed" },
    ]);
  });
});

describe("MUC-8 a room that does not let us in", () => {
  it.each(["not-authorized", "registration-required", "forbidden", "conflict", "service-unavailable"])(
    "MUC-8 %s: those who waited are told, each under its own name, and nobody else",
    async (condition) => {
      await playPolicy([
        ...attached,
        { from: "alice/one", send: join("al") },
        { upstream: "gets", xml: joinsUpstream("al") },
        { from: "alice/two", send: join("al") },
        { upstream: "sends", xml: refusal("al", condition) },
        { rule: "MUC-8", because: "the room did not let it in", to: ["alice/one"] },
        { to: both, expect: refusal("al", condition) },
        // And the next attempt is one.
        ...enters("alice/three"),
      ]);
    },
  );

  it("MUC-8 somebody else has the password", async () => {
    await playPolicy([
      ...attached,
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { from: "alice/two", send: join("al", "<password>sesame</password>") },
      { upstream: "sends", xml: refusal("al", "not-authorized") },
      { to: "alice/one", expect: refusal("al", "not-authorized") },
      { upstream: "gets", xml: joinsUpstream("al", { password: "sesame" }) },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: "alice/two", expect: occupant("al", [110]) },
      { upstream: "sends", xml: subject() },
      { to: "alice/two", expect: subject() },
    ]);
  });

  it("MUC-9 somebody else asked for another nickname", async () => {
    await playPolicy([
      ...attached,
      { from: "alice/one", send: join("bob") },
      { upstream: "gets", xml: joinsUpstream("bob") },
      { from: "alice/two", send: join("al") },
      { upstream: "sends", xml: refusal("bob", "conflict", "cancel") },
      { to: "alice/one", expect: refusal("bob", "conflict", "cancel") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: occupant("al", [110]) },
      { to: "alice/two", expect: occupant("al", [110]) },
      { upstream: "sends", xml: subject() },
      { to: "alice/two", expect: subject() },
    ]);
  });

  it("MUC-8 an error without a name of ours is for all who waited", async () => {
    const error = refusal("al", "remote-server-not-found", "cancel");
    await playPolicy([
      ...attached,
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { upstream: "sends", xml: error.replace(`${ROOM}/al`, ROOM) },
      { to: "alice/one", expect: error },
    ]);
  });

  it("MUC-8 a room that says nothing for a minute", async () => {
    await playPolicy([
      ...attached,
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      { waitSeconds: 61 },
      {
        to: "alice/one",
        expect: `<presence from="${ROOM}/al" to="$full" type="error"><error type="wait">
          <remote-server-timeout xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>
          <text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">$_</text></error></presence>`,
      },
      ...enters("alice/two"),
    ]);
  });

  it("MUC-16 no nickname, or no room for another room", async () => {
    const noNick = `<presence to="${ROOM}"><x xmlns="http://jabber.org/protocol/muc"/></presence>`;
    await playPolicy([
      ...attached,
      { from: "alice/one", send: noNick },
      {
        to: "alice/one",
        expect: `<presence from="${ROOM}" type="error"><error type="modify"><jid-malformed xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></presence>`,
      },
    ]);
  });
});
