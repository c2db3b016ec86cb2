// SELF: requests of a client to the account's own full JID.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../support/account-world.ts";
import type { Script } from "../../support/scenario.ts";

const query = `<query xmlns="urn:example:q"/>`;
const available = `<presence/>`;
const unavailable = `<error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;
/** Two clients, of which "two" is available; what that led to has been taken. */
const two: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  { from: "alice/two", send: available },
  {
    upstream: "gets",
    xml: `<presence><c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="$_" ver="$_"/></presence>`,
  },
];

describe("SELF-1 what we answer for all clients", () => {
  it.each([
    ["ping", `<ping xmlns="urn:xmpp:ping"/>`, ``],
    [
      "version",
      `<query xmlns="jabber:iq:version"/>`,
      `<query xmlns="jabber:iq:version"><name>xmpproxy</name></query>`,
    ],
    [
      "time",
      `<time xmlns="urn:xmpp:time"/>`,
      `<time xmlns="urn:xmpp:time"><tzo>+00:00</tzo><utc>$_</utc></time>`,
    ],
  ])("SELF-1 %s, without the server, also while it is gone", async (_name, asked, answered) => {
    for (const session of ["up", "down"] as const) {
      await playPolicy(
        [
          { attach: "alice/one" },
          { from: "alice/one", send: `<iq type="get" to="$full" id="1">${asked}</iq>` },
          { rule: "SELF-1", because: "asked of the account's own address: answered for all clients" },
          { to: "alice/one", expect: `<iq type="result" from="$full" id="1">${answered}</iq>` },
          { upstream: "silent" },
        ],
        { session },
      );
    }
  });
});

describe("SELF-2 anything else is for a sibling", () => {
  it.each(["result", "error"])("SELF-2 %s goes back to the asker under its own id", async (type) => {
    await playPolicy([
      ...two,
      { from: "alice/one", send: `<iq type="set" to="$full" id="mine">${query}</iq>` },
      { to: "alice/two", expect: `<iq type="set" to="$full" from="$full" id="$id">${query}</iq>` },
      { from: "alice/one", send: `<iq type="${type}" to="$full" id="$id"/>` },
      { rule: "IQ-7", because: "this client was not asked" },
      { from: "alice/two", send: `<iq type="${type}" to="$full" id="$id">${query}</iq>` },
      { to: "alice/one", expect: `<iq type="${type}" to="$full" from="$full" id="mine">${query}</iq>` },
      { upstream: "silent" },
    ]);
  });

  it("SELF-2 nobody else is there, or available", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { attach: "alice/two" },
      { from: "alice/one", send: `<iq type="get" to="$full" id="1">${query}</iq>` },
      { rule: "SELF-2", because: "no sibling is there to answer", to: ["alice/one"] },
      { to: "alice/one", expect: `<iq type="error" from="$full" id="1">${unavailable}</iq>` },
    ]);
  });

  it.each<[string, Script]>([
    ["is silent", [{ waitSeconds: 20 }]],
    ["leaves", [{ leave: "alice/two" }]],
    ["is cut off", [{ breaksOff: "alice/two" }]],
  ])("SELF-2 the sibling %s", async (_name, happens) => {
    const world = new AccountWorld();
    const asked = `<iq type="get" to="${world.variables.full}" id="1">${query}</iq>`;
    world.attach("alice/one", "one");
    world.attach("alice/two", "two");
    world.send("alice/two", available);
    world.send("alice/one", asked);
    expect(world.next("alice/two")).toContain("urn:example:q");
    for (const step of happens) {
      if ("waitSeconds" in step) world.wait(step.waitSeconds);
      else if ("leave" in step) world.leave(step.leave);
      else if ("breaksOff" in step) world.breakOff(step.breaksOff);
    }
    expect(world.next("alice/one")).toContain("service-unavailable");
    expect(world.next("alice/one")).toBeUndefined();
  });

  it("SELF-2 an asker that has left is told nothing, and a hundred may wait", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "one");
    world.attach("alice/two", "two");
    world.send("alice/two", available);
    for (let count = 0; count < 101; count += 1) {
      world.send("alice/one", `<iq type="get" to="${world.variables.full}" id="${count}">${query}</iq>`);
    }
    expect(world.next("alice/one")).toContain(`id="100"`);
    world.leave("alice/one");
    world.wait(60);
    expect(world.next("alice/one")).toBeUndefined();
  });
});
