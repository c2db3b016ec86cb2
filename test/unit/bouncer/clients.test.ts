// ID: devices and attachments. ID-1 and ID-3 are the client stream's and the shell's.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../support/account-world.ts";
import { comesOnline, enablesCarbons, OUR_AWAY } from "../../support/phrases.ts";

const hello = `<message from="bob@example.org/a"><body>Hi</body></message>`;

describe("ID-2 the resource asked for names the device", () => {
  it("ID-2 the same device attaching again replaces its old attachment", async () => {
    await playPolicy([
      { attach: "alice/one", device: "phone" },
      { attach: "alice/again", device: "phone" },
      { replaced: "alice/one" },
      { upstream: "sends", xml: hello },
      { to: "alice/again", expect: hello },
      { silent: "alice/one" },
    ]);
  });

  it("ID-2 two devices never conflict", async () => {
    await playPolicy([
      { attach: "alice/one", device: "phone" },
      { attach: "alice/two", device: "Phone" },
      { upstream: "sends", xml: hello },
      { to: ["alice/one", "alice/two"], expect: hello },
    ]);
    const world = new AccountWorld();
    world.attach("alice/one", "phone");
    world.attach("alice/two", "laptop");
    expect(["alice/one", "alice/two"].map((client) => world.isReplaced(client))).toEqual([false, false]);
  });

  it("ID-2 MSG-7 the new attachment has to enable carbons for itself", async () => {
    await playPolicy([
      { attach: "alice/one", device: "phone" },
      ...enablesCarbons("alice/one"),
      { attach: "alice/again", device: "phone" },
      { attach: "alice/two" },
      { from: "alice/two", send: `<message to="bob@example.org"/>` },
      { upstream: "gets", xml: `<message to="bob@example.org"/>` },
      { silent: "alice/again" },
    ]);
  });

  it("ID-2 PRES-1 the old attachment's presence goes with it", async () => {
    await playPolicy([
      { attach: "alice/one", device: "phone" },
      ...comesOnline("alice/one"),
      { attach: "alice/again", device: "phone" },
      { upstream: "gets", xml: OUR_AWAY },
    ]);
  });

  it("a client that is gone sends and gets nothing any more, and can leave twice", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { leave: "alice/one" },
      { leave: "alice/one" },
      { from: "alice/one", send: `<message to="bob@example.org"/>` },
      { upstream: "sends", xml: hello },
    ]);
  });
});

describe("what a client's stream remembers of it", () => {
  it("CSI-1 is the device and what it asked for", () => {
    const world = new AccountWorld();
    world.attach("alice/one", "phone");
    const { nowMs } = world;
    expect(world.account.record("alice/one")).toEqual({
      id: "alice/one",
      device: "phone",
      carbons: false,
      interested: false,
      active: true,
      lastActiveMs: nowMs,
    });
    world.send("alice/one", `<iq type="set" id="c"><enable xmlns="urn:xmpp:carbons:2"/></iq>`);
    world.send("alice/one", `<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>`);
    world.send("alice/one", `<message to="bob@example.org"/>`);
    world.account.setClientState("alice/one", false);
    expect(world.account.record("alice/one")).toEqual({
      id: "alice/one",
      device: "phone",
      carbons: true,
      interested: true,
      active: false,
      lastActiveMs: nowMs + 3,
    });
    world.leave("alice/one");
    expect(world.account.record("alice/one")).toBeUndefined();
  });
});

describe("XML-0 what is not a stanza never reaches the policy's rules", () => {
  it.each([
    [`<r xmlns="urn:xmpp:sm:3"/>`],
    [`<message xmlns="jabber:server" from="bob@example.org"/>`],
    [`<body/>`],
  ])("XML-0 %s", async (xml) => {
    await playPolicy([
      { attach: "alice/one" },
      { upstream: "sends", xml },
      { rule: "XML-0", because: "not a stanza", to: [] },
      { from: "alice/one", send: xml },
      { rule: "XML-0", because: "not a stanza", to: [] },
    ]);
  });
});
