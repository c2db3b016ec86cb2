// ROS-5 and ROS-6: what the server is asked about the roster, and what survives the process.

import { describe, expect, it } from "vitest";
import { AccountWorld, SCRIPTED, playPolicy } from "../../support/account-world.ts";
import {
  boundAgain,
  ROSTER,
  bob,
  carol,
  query,
  get,
  result,
  push,
  acknowledged,
  two,
  error,
  asked,
} from "./roster-words.ts";

describe("ROS-5 what the server is asked", () => {
  const again = asked(` ver="v2"`).replace("$fetch", "$second");

  it("ROS-5 IQ-10 once for all clients, which wait for it while it is not known", async () => {
    await playPolicy(
      [
        ...boundAgain,
        { upstream: "gets", xml: asked(` ver=""`) },
        ...two,
        { from: "alice/one", send: get() },
        { rule: "IQ-10", because: "waits for the roster", to: [] },
        { from: "alice/two", send: get(` ver="x"`) },
        { upstream: "silent" },
        { upstream: "sends", xml: `<iq type="result" id="$fetch">${query(bob, ` ver="v1"`)}</iq>` },
        { to: ["alice/one", "alice/two"], expect: result(bob, "$ver") },
        { waitSeconds: 130 },
      ],
      { session: "new", roster: SCRIPTED, rosterVersioning: true },
    );
  });

  it("ROS-5 a new session: only what has changed, by the version of the last push", async () => {
    await playPolicy(
      [
        ...boundAgain,
        { upstream: "gets", xml: asked(` ver=""`) },
        { upstream: "sends", xml: `<iq type="result" id="$fetch">${query(bob, ` ver="v1"`)}</iq>` },
        { upstream: "sends", xml: push(carol, ` ver="v2"`) },
        { upstream: "gets", xml: acknowledged },
        ...two,
        { upstream: "lost", reason: "gone" },
        ...boundAgain,
        { upstream: "gets", xml: again },
        { from: "alice/one", send: get() },
        { to: "alice/one", expect: result(bob + carol) },
        { upstream: "sends", xml: `<iq type="result" id="$second"/>` },
        { from: "alice/two", send: get() },
        { to: "alice/two", expect: result(bob + carol) },
        { upstream: "silent" },
      ],
      { session: "new", roster: SCRIPTED, rosterVersioning: true },
    );
  });

  it("ROS-5 a server without versions is not asked for one, and tells everything anew; only differences are pushed", async () => {
    const regrouped = bob.replace("Friends", "Work");
    await playPolicy(
      [
        ...boundAgain,
        { upstream: "gets", xml: asked("") },
        { upstream: "sends", xml: `<iq type="result" id="$fetch">${query(bob + carol, "")}</iq>` },
        ...two,
        { from: "alice/one", send: get() },
        { to: "alice/one", expect: result(bob + carol, "$ver") },
        { upstream: "lost", reason: "gone" },
        ...boundAgain,
        { upstream: "gets", xml: asked("").replace("$fetch", "$second") },
        {
          upstream: "sends",
          xml: `<iq type="result" to="$full" id="$second">${query(regrouped, "")}</iq>`,
        },
        {
          to: "alice/one",
          expect: `<iq type="set" to="$full" id="$_">${query(regrouped, ` ver="$later"`)}</iq>`,
        },
        {
          to: "alice/one",
          expect: `<iq type="set" to="$full" id="$_">${query(`<item jid="carol@example.org" subscription="remove"/>`, ` ver="$later"`)}</iq>`,
        },
        { silent: "alice/two" },
        { from: "alice/two", send: get(` ver="$ver"`) },
        { to: "alice/two", expect: result(regrouped, "$later") },
      ],
      { session: "new", roster: SCRIPTED },
    );
  });

  it("ROS-5 the same roster in another order is no change", async () => {
    const one = `<item jid="bob@example.org" name="B" subscription="both"><group>x</group><group>y</group></item>`;
    const other = `<item subscription="both" name="B" jid="bob@example.org"><group>y</group><group>x</group></item>`;
    await playPolicy(
      [
        ...boundAgain,
        { upstream: "gets", xml: asked("") },
        { upstream: "sends", xml: `<iq type="result" id="$fetch">${query(carol + one, "")}</iq>` },
        { attach: "alice/one" },
        { from: "alice/one", send: get() },
        {
          to: "alice/one",
          expect: `<iq type="result" id="r"><query xmlns="${ROSTER}" ver="$ver">${carol}${one}</query></iq>`,
        },
        ...boundAgain,
        { upstream: "gets", xml: asked("").replace("$fetch", "$second") },
        { upstream: "sends", xml: `<iq type="result" id="$second">${query(other + carol, "")}</iq>` },
        { silent: "alice/one" },
        { from: "alice/one", send: get(` ver="$ver"`) },
        { to: "alice/one", expect: `<iq type="result" id="r"/>` },
      ],
      { session: "new", roster: SCRIPTED },
    );
  });

  it("ROS-5 a server that does not tell: whoever waits is told so, and the next one asks again", async () => {
    await playPolicy(
      [
        ...boundAgain,
        { upstream: "gets", xml: asked("") },
        ...two,
        { from: "alice/one", send: get() },
        { upstream: "sends", xml: `<iq type="error" id="$fetch">${error("service-unavailable")}</iq>` },
        { to: "alice/one", expect: `<iq type="error" id="r">${error("service-unavailable")}</iq>` },
        { from: "alice/two", send: get() },
        { upstream: "gets", xml: asked("").replace("$fetch", "$second") },
        { upstream: "sends", xml: `<iq type="result" id="$second">${query(bob, "")}</iq>` },
        { to: "alice/two", expect: result(bob) },
        { silent: "alice/one" },
      ],
      { session: "new", roster: SCRIPTED },
    );
  });

  it("ROS-5 DOWN-2 whoever waits while there was never a session is told after ten seconds", () => {
    const world = new AccountWorld({ session: "new", roster: SCRIPTED });
    world.attach("alice/one", "one");
    world.send("alice/one", `<iq type="get" id="r"><query xmlns="${ROSTER}"/></iq>`);
    world.wait(9.9);
    expect(world.next("alice/one")).toBeUndefined();
    world.wait(0.2);
    expect(world.leftovers()).toEqual({ "alice/one": [expect.stringContaining("remote-server-timeout")] });
  });

  it("ROS-5 a push while it is not known is passed on; the whole that comes later counts", async () => {
    await playPolicy(
      [
        ...boundAgain,
        { upstream: "gets", xml: asked("") },
        { attach: "alice/one" },
        { from: "alice/one", send: get() },
        { upstream: "sends", xml: push(carol) },
        { upstream: "gets", xml: acknowledged },
        { to: "alice/one", expect: `<iq type="set" to="$full" id="$_">${query(carol, ` ver="$_"`)}</iq>` },
        { upstream: "sends", xml: `<iq type="result" id="$fetch">${query(bob + carol, "")}</iq>` },
        { to: "alice/one", expect: result(bob + carol) },
      ],
      { session: "new", roster: SCRIPTED },
    );
  });
});

describe("ROS-6 the roster and the death of the process", () => {
  it("ROS-6 what was asked and not answered is asked again when the session goes on; who waited still waits", async () => {
    await playPolicy(
      [
        ...boundAgain,
        { upstream: "gets", xml: `<iq type="get" id="$fetch"><query xmlns="${ROSTER}"/></iq>` },
        { attach: "alice/one" },
        { from: "alice/one", send: get() },
        { proxy: "restarts" },
        { upstream: "resumed" },
        { upstream: "gets", xml: `<iq type="get" id="$second"><query xmlns="${ROSTER}"/></iq>` },
        { upstream: "sends", xml: `<iq type="result" id="$fetch">${query(carol, "")}</iq>` },
        { silent: "alice/one" },
        { upstream: "sends", xml: `<iq type="result" id="$second">${query(bob, "")}</iq>` },
        { to: "alice/one", expect: result(bob) },
      ],
      { session: "new", roster: SCRIPTED },
    );
  });

  it("ROS-6 what is known is not asked for again", async () => {
    await playPolicy(
      [
        ...two,
        { proxy: "restarts" },
        { upstream: "resumed" },
        { from: "alice/one", send: get() },
        { to: "alice/one", expect: result(bob) },
        { upstream: "silent" },
      ],
      { roster: bob },
    );
  });

  it("ROS-6 pushes are kept: additions, changes and removals", () => {
    const world = new AccountWorld({ roster: bob });
    world.upstreamSends(`<iq type="set" id="1">${query(carol, "")}</iq>`);
    world.upstreamSends(`<iq type="set" id="2">${query(bob.replace("Bob", "Robert"), "")}</iq>`);
    world.upstreamSends(
      `<iq type="set" id="3">${query(`<item jid="carol@example.org" subscription="remove"/>`, "")}</iq>`,
    );
    world.restart();
    world.attach("alice/one", "one");
    world.send("alice/one", `<iq type="get" id="r"><query xmlns="${ROSTER}"/></iq>`);
    const frame = world.next("alice/one");
    expect(frame).toContain(`name="Robert"`);
    expect(frame).not.toContain("carol@");
  });
});
