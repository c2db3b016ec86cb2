// RCPT-5 and RCPT-6: a conversation has one state towards the other side, that of the client that a person uses.

import { describe, it } from "vitest";
import { playPolicy } from "../../support/account-world.ts";
import type { Script } from "../../support/scenario.ts";

const BOB = "bob@example.org";
const two: Script = [{ attach: "alice/one" }, { attach: "alice/two" }];
const state = (name: string, { to = BOB, type = "chat" } = {}): string =>
  `<message to="${to}" type="${type}"><${name} xmlns="http://jabber.org/protocol/chatstates"/></message>`;
const says = (client: string, xml: string): Script => [
  { from: client, send: xml },
  { upstream: "gets", xml },
];
const says5 = (client: string, xml: string): Script => [
  { from: client, send: xml },
  { rule: "RCPT-5", because: "another client speaks for this conversation", to: [] },
  { upstream: "silent" },
];

describe("RCPT-5 chat states come from the client that was used last", () => {
  it.each(["inactive", "gone", "paused", "active"])(
    "RCPT-5 one is typing; two, hidden or looked at, says %s: nobody hears it",
    async (name) => {
      await playPolicy([
        ...two,
        ...says("alice/one", state("composing")),
        ...says5("alice/two", state(name)),
        ...says("alice/one", state("paused")),
      ]);
    },
  );

  it("RCPT-5 who begins to type speaks from then on", async () => {
    await playPolicy([
      ...two,
      ...says("alice/one", state("composing")),
      ...says("alice/two", state("composing")),
      ...says5("alice/one", state("paused")),
      ...says("alice/two", state("paused")),
    ]);
  });

  it("RCPT-5 who writes speaks from then on", async () => {
    const text = `<message to="${BOB}" type="chat"><body>Hi</body><active xmlns="http://jabber.org/protocol/chatstates"/></message>`;
    await playPolicy([
      ...two,
      ...says("alice/one", state("active")),
      ...says("alice/two", text),
      ...says5("alice/one", state("gone")),
      ...says("alice/two", state("gone")),
    ]);
  });

  it.each(["paused", "inactive", "gone"])(
    "RCPT-5 after %s on one, to look at it on two takes it over",
    async (name) => {
      await playPolicy([
        ...two,
        ...says("alice/one", state(name)),
        ...says("alice/two", state("active")),
        ...says5("alice/one", state("gone")),
      ]);
    },
  );

  it("RCPT-5 who says for two minutes that it types may have stopped", async () => {
    await playPolicy([
      ...two,
      ...says("alice/one", state("composing")),
      { waitSeconds: 121 },
      ...says("alice/two", state("active")),
    ]);
  });

  it("RCPT-5 each conversation for itself", async () => {
    await playPolicy([
      ...two,
      ...says("alice/one", state("composing")),
      ...says("alice/two", state("gone", { to: "carol@example.org" })),
      ...says("alice/two", state("inactive", { to: "room@muc.example.org", type: "groupchat" })),
    ]);
  });

  it("RCPT-5 what says more than a state is a message like any other", async () => {
    await playPolicy([
      ...two,
      ...says("alice/one", state("composing")),
      ...says(
        "alice/two",
        `<message to="${BOB}" type="chat"><subject>x</subject><inactive xmlns="http://jabber.org/protocol/chatstates"/></message>`,
      ),
    ]);
  });
});

const leaves = (step: Script[number]): Script => [
  ...two,
  ...says("alice/one", state("composing")),
  step,
  { rule: "RCPT-6", because: "the client that was typing is gone", to: "upstream" },
  { upstream: "gets", xml: state("paused") },
  ...says("alice/two", state("gone")),
];

describe("RCPT-6 a client that is gone types no more", () => {
  it.each([
    ["its connection broke off", { breaksOff: "alice/one" }],
    ["it left", { leave: "alice/one" }],
  ] satisfies [string, Script[number]][])("RCPT-6 %s", async (_name, step) => {
    await playPolicy(leaves(step));
  });

  it("RCPT-6 one that was not typing leaves silently", async () => {
    await playPolicy([
      ...two,
      ...says("alice/one", state("active")),
      { leave: "alice/one" },
      { upstream: "silent" },
    ]);
  });

  it("RCPT-6 without a session there is nobody to tell", async () => {
    await playPolicy([
      ...two,
      ...says("alice/one", state("composing")),
      { upstream: "lost", reason: "gone" },
      { leave: "alice/one" },
      { upstream: "silent" },
    ]);
  });
});
