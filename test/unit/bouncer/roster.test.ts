// ROS-3, ROS-4 and ROS-7: one roster for all clients, served from here.

import { describe, expect, it } from "vitest";
import { AccountWorld, FULL, SCRIPTED, playPolicy } from "../../support/account-world.ts";

import {
  ROSTER,
  bob,
  carol,
  query,
  get,
  result,
  set,
  push,
  acknowledged,
  two,
  ask,
  contacts,
} from "./roster-words.ts";

describe("ROS-3 clients are told the roster without a round trip to the server", () => {
  it.each([
    ["to nobody", "", ""],
    ["to the bare JID", ` to="$bare"`, ` from="$bare"`],
  ])("ROS-3 asked %s", async (_name, to, from) => {
    await playPolicy(
      [
        ...two,
        { from: "alice/one", send: get("", to) },
        { rule: "ROS-3", because: "the roster, as it is known", to: ["alice/one"] },
        {
          to: "alice/one",
          expect: `<iq type="result"${from} id="r">${query(bob + carol, ` ver="$ver"`)}</iq>`,
        },
        { from: "alice/two", send: get() },
        { to: "alice/two", expect: result(bob + carol, "$ver") },
        { upstream: "silent" },
      ],
      { roster: bob + carol },
    );
  });

  it("ROS-3 an empty one too, and without a session", async () => {
    await playPolicy([
      ...two,
      { upstream: "lost", reason: "gone" },
      { from: "alice/one", send: get() },
      { to: "alice/one", expect: result("") },
    ]);
  });

  it("ROS-3 somebody else's roster is somebody else's", async () => {
    await playPolicy(
      [
        ...two,
        { from: "alice/one", send: get("", ` to="bob@example.org"`) },
        { upstream: "gets", xml: `<iq type="get" to="bob@example.org" id="$id">${query("", "")}</iq>` },
      ],
      { roster: SCRIPTED },
    );
  });

  it("ROS-3 what strangers wrote into names and groups stays what it is", async () => {
    const odd = `<item jid="b@example.org" name="&lt;&quot;&amp;&apos;&#10;" subscription="to"><group>&lt;/query&gt;</group></item>`;
    await playPolicy([...two, { from: "alice/one", send: get() }, { to: "alice/one", expect: result(odd) }], {
      roster: odd,
    });
  });

  it("ROS-3 10,000 contacts are served, from the store as well; a roster that fits into no frame is refused in words", () => {
    const world = new AccountWorld({ roster: contacts(10_000) });
    world.restart();
    world.attach("alice/one", "one");
    world.send("alice/one", `<iq type="get" id="r"><query xmlns="${ROSTER}"/></iq>`);
    const frame = world.next("alice/one") ?? "";
    expect(frame.match(/<item /g)).toHaveLength(10_000);
    expect(frame).toContain(`jid="contact-9999@example.org"`);
    expect(frame.length).toBeLessThan(1_800_000);

    const larger = new AccountWorld({ roster: contacts(19_000) });
    larger.attach("alice/one", "one");
    larger.send("alice/one", `<iq type="get" id="r"><query xmlns="${ROSTER}"/></iq>`);
    expect(larger.next("alice/one")).toContain("The roster is too large.");
  });
});

describe("ROS-4 by version", () => {
  it("ROS-4 who has this version is told nothing, who has another everything", async () => {
    await playPolicy(
      [
        ...two,
        { from: "alice/one", send: get(` ver=""`) },
        { to: "alice/one", expect: result(bob, "$ver") },
        { from: "alice/two", send: get(` ver="$ver"`) },
        { rule: "ROS-4", because: "the client has this version", to: ["alice/two"] },
        { to: "alice/two", expect: `<iq type="result" id="r"/>` },
        { upstream: "sends", xml: push(carol) },
        { upstream: "gets", xml: acknowledged },
        {
          to: ["alice/one", "alice/two"],
          expect: `<iq type="set" to="$full" id="$_">${query(carol, ` ver="$later"`)}</iq>`,
        },
        { from: "alice/one", send: get(` ver="$later"`) },
        { to: "alice/one", expect: `<iq type="result" id="r"/>` },
        { from: "alice/one", send: get(` ver="$ver"`) },
        { to: "alice/one", expect: result(bob + carol, "$later") },
        { from: "alice/two", send: get(` ver="17"`) },
        { to: "alice/two", expect: result(bob + carol, "$later") },
      ],
      { roster: bob },
    );
  });

  it("ROS-4 versions outlive the process, and another account's are others", () => {
    const world = new AccountWorld({ roster: bob });
    world.attach("alice/one", "one");
    const ver = / ver="[^"]*"/.exec(ask(world, ""))?.[0] ?? "none";
    world.restart();
    expect(ask(world, ver)).not.toContain("bob@");
    expect(ask(world, ` ver="other"`)).toContain("bob@");
  });
});

describe("ROS-7 what a client changes goes to the server, whose push tells everybody", () => {
  it("ROS-7 ROS-1 the answer to whoever asked, the push to all that have asked for the roster", async () => {
    await playPolicy([
      ...two,
      { attach: "alice/three" },
      { from: "alice/one", send: get() },
      { to: "alice/one", expect: result("") },
      { from: "alice/two", send: get() },
      { to: "alice/two", expect: result("") },
      { from: "alice/one", send: set },
      { upstream: "gets", xml: set.replace(`"s"`, `"$set"`) },
      { upstream: "sends", xml: push(carol) },
      { upstream: "gets", xml: acknowledged },
      { upstream: "sends", xml: `<iq type="result" to="$full" id="$set"/>` },
      {
        to: ["alice/one", "alice/two"],
        expect: `<iq type="set" to="$full" id="$_">${query(carol, ` ver="$ver"`)}</iq>`,
      },
      { to: "alice/one", expect: `<iq type="result" to="$full" id="s"/>` },
      { from: "alice/three", send: get() },
      { to: "alice/three", expect: result(carol, "$ver") },
    ]);
  });

  it("ROS-2 a push from anybody else changes nothing", () => {
    const world = new AccountWorld({ roster: bob });
    world.upstreamSends(
      `<iq type="set" from="eve@example.org/x" to="${FULL}" id="1">${query(carol, "")}</iq>`,
    );
    world.attach("alice/one", "one");
    world.send("alice/one", `<iq type="get" id="r"><query xmlns="${ROSTER}"/></iq>`);
    expect(world.next("alice/one")).not.toContain("carol@");
  });
});
