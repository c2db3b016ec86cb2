// PRES-13: the avatar that our presence tells of (XEP-0153), from whichever client knew it last.

import { describe, it } from "vitest";
import { playPolicy } from "../../support/account-world.ts";
import { OUR_CAPS } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";

const x = (photo: string): string => `<x xmlns="vcard-temp:x:update">${photo}</x>`;
const OLD = x(`<photo>old</photo>`);
const NEW = x(`<photo>new</photo>`);
const ours = (content: string): string => `<presence>${content}${OUR_CAPS}</presence>`;
const two: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  { from: "alice/one", send: `<presence>${OLD}</presence>` },
  { upstream: "gets", xml: ours(OLD) },
];

describe("PRES-13 one avatar, whoever is the most recently active", () => {
  it.each([
    ["says nothing of avatars", ""],
    ["does not know yet", x("")],
  ])("PRES-13 a client that %s does not change it", async (_name, said) => {
    await playPolicy([
      ...two,
      { from: "alice/two", send: `<presence><show>dnd</show>${said}</presence>` },
      { upstream: "gets", xml: ours(`<show>dnd</show>${OLD}`) },
    ]);
  });

  it("PRES-13 what is new counts, what a client only repeats does not", async () => {
    await playPolicy([
      ...two,
      { from: "alice/two", send: `<presence>${NEW}</presence>` },
      { upstream: "gets", xml: ours(NEW) },
      { from: "alice/one", send: `<presence><show>dnd</show>${OLD}</presence>` },
      { upstream: "gets", xml: ours(`<show>dnd</show>${NEW}`) },
      { from: "alice/two", send: `<presence>${x("<photo/>")}</presence>` },
      { upstream: "gets", xml: ours(x("<photo/>")) },
    ]);
  });

  it("PRES-13 it stays while nobody is available, and after a reset", async () => {
    await playPolicy([
      ...two,
      { upstream: "sends", xml: `<presence from="$full" to="$full">${OLD}</presence>` },
      { to: "alice/one", expect: `<presence from="$full" to="$full">${OLD}</presence>` },
      { from: "alice/one", send: `<presence type="unavailable"/>` },
      { upstream: "gets", xml: ours(`<show>away</show>${OLD}`) },
      { proxy: "restarts" },
      { upstream: "resumed" },
    ]);
  });

  it("PRES-13 PRES-1 regression: what only the server has put into our presence is not told by us after a reset", async () => {
    const echo = `<presence from="$full" to="$full">${OUR_CAPS}${OLD}</presence>`;
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: `<presence/>` },
      { upstream: "gets", xml: ours("") },
      { upstream: "sends", xml: echo },
      { to: "alice/one", expect: echo },
      { proxy: "restarts" },
      { resumes: "alice/one" },
      { upstream: "resumed" },
      { upstream: "silent" },
      { from: "alice/one", send: `<presence><show>dnd</show></presence>` },
      { upstream: "gets", xml: ours("<show>dnd</show>") },
    ]);
  });

  it("PRES-13 nobody knows it: a client's own word passes", async () => {
    await playPolicy([
      { attach: "alice/one" },
      { from: "alice/one", send: `<presence>${x("")}</presence>` },
      { upstream: "gets", xml: ours(x("")) },
    ]);
  });
});
