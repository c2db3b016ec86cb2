// ROS: pushes from the account's own server, and what only looks like one.

import { describe, it } from "vitest";
import { playPolicy } from "../../support/account-world.ts";
import { asksForRoster, comesOnline } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";

const versioned = `<query xmlns="jabber:iq:roster" ver="$_"><item jid="bob@example.org" subscription="both"/></query>`;
const roster = `<query xmlns="jabber:iq:roster"><item jid="bob@example.org" subscription="both"/></query>`;
const three: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  { attach: "alice/three" },
  ...asksForRoster("alice/one"),
  ...asksForRoster("alice/two"),
];

describe("ROS-1 pushes from the account's own server", () => {
  it.each([
    ["without from", ``, ``],
    ["from the bare JID", ` from="$bare"`, ` to="$bare"`],
  ])("ROS-1 a roster push %s, to each client that has asked for the roster", async (_name, from, to) => {
    await playPolicy([
      ...three,
      { upstream: "sends", xml: `<iq type="set"${from} to="$full" id="push">${roster}</iq>` },
      { rule: "ROS-1", because: "a push is acknowledged once", to: "upstream" },
      { rule: "ROS-1", because: "a roster push, under a fresh id", to: ["alice/one"] },
      { upstream: "gets", xml: `<iq type="result"${to} from="$full" id="push"/>` },
      { to: "alice/one", expect: `<iq type="set"${from} to="$full" id="$first">${versioned}</iq>` },
      { to: "alice/two", expect: `<iq type="set"${from} to="$full" id="$second">${versioned}</iq>` },
      { from: "alice/one", send: `<iq type="result" id="$first"/>` },
      { from: "alice/two", send: `<iq type="result" id="$second"/>` },
      { rule: "IQ-7", because: "this client was not asked", to: [] },
      { upstream: "silent" },
    ]);
  });

  it("ROS-1 nobody wants it: it is acknowledged all the same", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { upstream: "sends", xml: `<iq type="set" to="$full" id="push">${roster}</iq>` },
      { upstream: "gets", xml: `<iq type="result" from="$full" id="push"/>` },
    ]);
  });
});

describe("ROS-2 a push from anybody else is none", () => {
  it.each([
    ["a contact", "bob@example.org/a"],
    ["our server's domain", "example.org"],
    ["our own full JID", "$full"],
  ])("ROS-2 IQ-14 from %s: refused, and no client sees it", async (_name, from) => {
    await playPolicy([
      { attach: "alice/one" },
      { attach: "alice/two" },
      ...asksForRoster("alice/one"),
      ...comesOnline("alice/two"),
      { upstream: "sends", xml: `<iq type="set" from="${from}" to="$full" id="push">${roster}</iq>` },
      { rule: "IQ-14", because: "nobody else's to ask", to: "upstream" },
      {
        upstream: "gets",
        xml: `<iq type="error" from="$full" to="${from}" id="push"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
      },
    ]);
  });
});
