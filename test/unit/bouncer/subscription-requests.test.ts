// PRES-12: requests to subscribe wait for somebody who can answer them.

import { describe, expect, it } from "vitest";
import { AccountWorld, playPolicy } from "../../support/account-world.ts";
import { comesOnline, OUR_PRESENCE } from "../../support/phrases.ts";
import type { Script } from "../../support/scenario.ts";

const request = `<presence from="bob@example.org" to="$bare" type="subscribe" id="s"><status>Hi</status></presence>`;
const asks: Script = [{ upstream: "sends", xml: request }];
/** A client is told of the request on its initial presence. */
const isTold: Script = [
  { attach: "alice/one" },
  ...comesOnline("alice/one"),
  { rule: "PRES-12", because: "nobody has answered it yet", to: ["alice/one"] },
  { to: "alice/one", expect: request },
];
const isNotTold: Script = [
  { attach: "alice/two" },
  ...comesOnline("alice/two", { later: true }),
  { silent: "alice/two" },
];

describe("PRES-12 a request to subscribe waits until it is answered", () => {
  it("PRES-12 no client is available: the next one is told, and the one after that", async () => {
    await playPolicy([
      ...asks,
      ...isTold,
      { attach: "alice/two" },
      ...comesOnline("alice/two", { later: true }),
      { to: "alice/two", expect: request },
    ]);
  });

  it("PRES-12 the process dies meanwhile", async () => {
    await playPolicy([...asks, { proxy: "restarts" }, { upstream: "resumed" }, ...isTold]);
  });

  it.each(["subscribed", "unsubscribed"])(
    "PRES-12 a client answers with %s: nobody is told again",
    async (type) => {
      const answer = `<presence type="${type}" to="bob@example.org"/>`;
      await playPolicy([
        ...asks,
        ...isTold,
        { from: "alice/one", send: answer },
        { upstream: "gets", xml: answer },
        ...isNotTold,
        { proxy: "restarts" },
        { attach: "alice/three" },
        { from: "alice/three", send: `<presence/>` },
        { silent: "alice/three" },
      ]);
    },
  );

  it.each(["subscribe", "unsubscribe", "probe"])(
    "PRES-12 a client's own %s answers nothing",
    async (type) => {
      const other = `<presence type="${type}" to="bob@example.org"/>`;
      await playPolicy([
        ...asks,
        { attach: "alice/two" },
        { from: "alice/two", send: other },
        { upstream: "gets", xml: other },
        ...isTold,
      ]);
    },
  );

  it.each(["unsubscribe", "unsubscribed"])(
    "PRES-12 %s comes from who asked: it is withdrawn",
    async (type) => {
      await playPolicy([
        ...asks,
        { upstream: "sends", xml: `<presence from="bob@example.org" to="$bare" type="${type}"/>` },
        { attach: "alice/one" },
        ...comesOnline("alice/one"),
        { silent: "alice/one" },
      ]);
    },
  );

  it("PRES-12 a new session: its server tells of what is still open", async () => {
    await playPolicy([
      ...asks,
      { upstream: "lost", reason: "gone" },
      { upstream: "bound", as: "$full" },
      { upstream: "gets", xml: `<iq type="set" id="$_"><enable xmlns="urn:xmpp:carbons:2"/></iq>` },
      { upstream: "gets", xml: OUR_PRESENCE.replace("<c ", "<show>away</show><c ") },
      { attach: "alice/two" },
      ...comesOnline("alice/two"),
      { silent: "alice/two" },
      ...asks,
      { to: "alice/two", expect: request },
      { attach: "alice/one" },
      ...comesOnline("alice/one", { later: true }),
      { to: "alice/one", expect: request },
    ]);
  });

  it("PRES-12 a request is not taken for the presence of the same address", async () => {
    const available = `<presence from="bob@example.org" to="$full"/>`;
    await playPolicy([
      ...asks,
      { upstream: "sends", xml: available },
      { proxy: "restarts" },
      { attach: "alice/one" },
      { from: "alice/one", send: `<presence/>` },
      {
        to: "alice/one",
        expect: available.replace(
          "/>",
          `><delay xmlns="urn:xmpp:delay" from="bob@example.org" stamp="$_"/></presence>`,
        ),
      },
      { to: "alice/one", expect: request },
    ]);
  });
});

describe("PRES-12 what is remembered is bounded", () => {
  it("PRES-12 one for each bare JID, the last; 200 together; none over 4 KiB", () => {
    const world = new AccountWorld();
    const asked = (from: string, text = ""): void =>
      world.upstreamSends(`<presence from="${from}" type="subscribe"><status>${text}</status></presence>`);
    asked("large@example.org", "x".repeat(4_096));
    for (let id = 0; id < 200; id += 1) asked(`c${id}@example.org`);
    asked("over@example.org");
    asked("c7@example.org/a", "again");
    world.attach("alice/one", "one");
    world.send("alice/one", `<presence/>`);
    const told = world.leftovers()["alice/one"] ?? [];
    expect(told).toHaveLength(200);
    expect(told[7]).toContain("again");
    expect(told.join("")).not.toMatch(/large@|over@/);
  });
});
