// MAM-12, MAM-15: from where a room is filled, and how it is known whether it has an archive.

import { describe, expect, it } from "vitest";
import { AccountWorld, SCRIPTED } from "../../../support/account-world.ts";
import { play, type Script } from "../../../support/scenario.ts";
import {
  ANEW,
  ENTERS,
  HAS,
  HEARD,
  SAID,
  asksAfter,
  asksSince,
  asksWhether,
  ends,
  hasArchive,
  holesOf,
  live,
  logged,
  results,
  sends,
  told,
} from "./fill-words.ts";
import { enters, gone, join, joinsUpstream, leaves, occupant, said, says, subject } from "./words.ts";

/** The process begins anew, and everybody goes on where he was. */
const BACK: Script = [
  { proxy: "restarts" },
  { resumes: "alice/one" },
  { resumes: "alice/two" },
  { resumes: "alice/three" },
  { upstream: "resumed" },
];

describe("MAM-12 from where a room is filled", () => {
  it("MAM-12 without an id to go by, from a minute before the last message on", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...enters("alice/one").toSpliced(0, 0, { attach: "alice/one" }),
      ...sends(says("bob", "m1")),
      { to: "alice/one", expect: says("bob", "m1") },
      ...ANEW,
      ...ENTERS,
      asksSince("$_"),
      ...sends(...results(1, 2)),
      ...ends("r2"),
      { to: "alice/one", expect: told(2) },
    ];
    await play(script, world);
    expect(logged(world)).toEqual([undefined, "r2"]);
  });

  it("MAM-12 a first visit: the log has nothing, and gets what the room tells by itself", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      { attach: "alice/one" },
      { from: "alice/one", send: join("al") },
      { upstream: "gets", xml: joinsUpstream("al") },
      ...sends(occupant("al", [110]), said("bob", "m1", "2025-12-31T23:00:00Z"), subject("Tea")),
      { to: "alice/one", expect: occupant("al", [110]) },
      { to: "alice/one", expect: said("bob", "m1", "2025-12-31T23:00:00Z") },
      { to: "alice/one", expect: subject("Tea") },
      { upstream: "silent" },
    ];
    await play(script, world);
    expect(holesOf(world)).toEqual([]);
  });

  const visit: Script = [
    { attach: "alice/one" },
    ...enters("alice/one"),
    ...sends(live(1)),
    { to: "alice/one", expect: live(1) },
    { from: "alice/one", send: leaves("al") },
    { to: "alice/one", expect: gone("al", [110]) },
    { upstream: "gets", xml: leaves("al") },
    ...sends(gone("al", [110])),
  ];
  const again: Script = [
    { from: "alice/one", send: join("al") },
    { upstream: "gets", xml: joinsUpstream("al", { since: "$_" }) },
    ...sends(occupant("al", [110]), told(9, SAID), subject("Tea")),
    { to: "alice/one", expect: occupant("al", [110]) },
  ];

  it("MAM-12 MAM-13 a room that is visited again within a day is filled too, and the joiner has all that it has missed in order", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...visit,
      { waitSeconds: 86_000 },
      ...again,
      asksAfter("r1"),
      ...sends(...results(8, 9)),
      { silent: "alice/one" },
      ...ends("r9"),
      { to: "alice/one", expect: told(9, SAID) },
      { to: "alice/one", expect: told(8) },
      { to: "alice/one", expect: subject("Tea") },
      { upstream: "silent" },
    ];
    await play(script, world);
    expect(logged(world)).toEqual(["r1", "r9", "r8"]);
  });

  it("MAM-12 later than that it is a visit like a first one, and nothing is missing", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...visit,
      { waitSeconds: 86_500 },
      ...again,
      { to: "alice/one", expect: told(9, SAID) },
      { to: "alice/one", expect: subject("Tea") },
      { upstream: "silent" },
    ];
    await play(script, world);
    expect(holesOf(world)).toEqual([]);
  });

  it("MAM-15 whether a room has an archive is asked once, and while it is not known, the room tells its history", async () => {
    const world = new AccountWorld({ roomArchive: SCRIPTED });
    const script: Script = [
      { attach: "alice/one" },
      ...enters("alice/one"),
      asksWhether("$first"),
      ...sends(live(1)),
      { to: "alice/one", expect: live(1) },
      ...ANEW,
      { upstream: "gets", xml: joinsUpstream("al", { since: "$_" }) },
      ...sends(occupant("bob"), occupant("al", [110]), told(3, SAID)),
      { to: "alice/one", expect: told(3, SAID) },
      ...sends(subject("Tea")),
      asksWhether("$second"),
      ...hasArchive("$second"),
      asksAfter("r1"),
      ...sends(...results(2, 3)),
      ...ends("r3"),
      { to: "alice/one", expect: told(2) },
      ...ANEW,
      { upstream: "gets", xml: joinsUpstream("al", { maxstanzas: 0 }) },
      ...sends(occupant("bob"), occupant("al", [110]), subject("Tea")),
      asksWhether("$third"),
    ];
    await play(script, world);
    expect(logged(world)).toEqual(["r1", "r3", "r2"]);
  });

  it("MAM-15 of rooms that the account is in already it is asked when the session goes on", async () => {
    const world = new AccountWorld({ roomArchive: "error" });
    await play(HEARD, world);
    world.roomArchive = "has";
    await play([...BACK], world);
    world.roomArchive = SCRIPTED;
    const script: Script = [
      ...BACK,
      ...ANEW,
      { upstream: "gets", xml: joinsUpstream("al", { maxstanzas: 0 }) },
    ];
    await play(script, world);
  });

  it("MAM-12 what the room tells by itself goes back far enough: nothing is fetched", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...HEARD,
      { from: "alice/one", send: leaves("al") },
      { to: "alice/one", expect: gone("al", [110]) },
      { from: "alice/two", send: leaves("al") },
      { to: "alice/two", expect: gone("al", [110]) },
      { upstream: "gets", xml: leaves("al") },
      ...sends(gone("al", [110])),
      { from: "alice/three", send: join("al", `<history maxstanzas="1"/>`) },
      { upstream: "gets", xml: joinsUpstream("al", { since: "$_" }) },
      ...sends(occupant("al", [110]), told(1, SAID), told(2, SAID), subject("Tea")),
      { to: "alice/three", expect: occupant("al", [110]) },
      { to: "alice/three", expect: told(2, SAID) },
      { to: "alice/three", expect: subject("Tea") },
      { upstream: "silent" },
    ];
    await play(script, world);
  });
});
