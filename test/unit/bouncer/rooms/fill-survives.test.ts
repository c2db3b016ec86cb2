// MAM-12: the filling of rooms, whatever comes between.

import { describe, expect, it } from "vitest";
import { AccountWorld, FULL, SCRIPTED } from "../../../support/account-world.ts";
import { play, type Script } from "../../../support/scenario.ts";
import {
  ANEW,
  ENTERS,
  HAS,
  OUTAGE,
  SAID,
  asksAfter,
  asksWhether,
  ends,
  fails,
  hasArchive,
  holesOf,
  live,
  logged,
  plain,
  result,
  results,
  sends,
  tells,
  told,
} from "./fill-words.ts";
import { both, enters, join, joinsUpstream, occupant, ROOM, subject } from "./words.ts";

const inRoom = (xml: string, room: string): string => xml.replaceAll(ROOM, room).replaceAll("$full", FULL);

describe("MAM-12 the filling of a room survives", () => {
  it("MAM-12 the end of the process and of the session in the middle of it", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...OUTAGE,
      ...sends(...results(2)),
      ...ends("r2", { complete: false }),
      ...tells(both, told(2)),
      asksAfter("r2", "$p"),
      ...sends(result("r3", plain(3), "$p")),
      { proxy: "restarts" },
      { resumes: "alice/one" },
      { resumes: "alice/two" },
      { resumes: "alice/three" },
      { upstream: "resumed" },
      // The room had told all: the join is over ten seconds later, since nothing else comes.
      { waitSeconds: 11 },
      // What of the page had come was not kept: it is asked for again.
      asksAfter("r2", "$o"),
      {
        upstream: "gets",
        xml: `<iq type="get" id="$ping" to="${ROOM}/al"><ping xmlns="urn:xmpp:ping"/></iq>`,
      },
      ...sends(`<iq type="result" id="$ping" from="${ROOM}/al" to="$full"/>`, live(5)),
      ...tells(both, live(5)),
      ...ANEW,
      ...ENTERS,
      asksAfter("r2", "$n"),
      ...sends(result("r3", plain(3), "$o"), ...[3, 4, 5].map((n) => result(`r${n}`, plain(n), "$n"))),
      ...ends("r5", { query: "$n" }),
      ...tells(both, told(3), told(4)),
    ];
    await play(script, world);
    expect(logged(world)).toEqual(["r1", "r2", "r5", "r3", "r4"]);
    expect(holesOf(world)).toEqual([]);
  });

  it("MAM-12 a room that had lost us while it was asked, and lets us in again", async () => {
    const world = new AccountWorld(HAS);
    const script: Script = [
      ...OUTAGE,
      ...sends(...results(2)),
      ...sends(
        `<presence from="${ROOM}/al" to="$full" type="error"><error type="cancel"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></presence>`,
      ),
      {
        upstream: "gets",
        xml: `<iq type="get" id="$ping" to="${ROOM}/al"><ping xmlns="urn:xmpp:ping"/></iq>`,
      },
      ...sends(
        `<iq type="error" id="$ping" from="${ROOM}/al" to="$full"><error type="cancel"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
      ),
      { upstream: "gets", xml: joinsUpstream("al", { maxstanzas: 0 }) },
      ...sends(result("r3", plain(3))),
      ...ends("r3"),
      { silent: "alice/one" },
      ...sends(occupant("bob"), occupant("al", [110]), subject("Tea")),
      asksAfter("r1", "$p"),
      ...sends(result("r2", plain(2), "$p"), result("r3", plain(3), "$p")),
      ...ends("r3", { query: "$p" }),
      ...tells(both, told(2), told(3)),
    ];
    await play(script, world);
    expect(logged(world)).toEqual(["r1", "r2", "r3"]);
  });

  it("MAM-12 four rooms are asked at once, the others when one of them has answered", async () => {
    const world = new AccountWorld(HAS);
    const rooms = Array.from({ length: 6 }, (_, n) => `room${n}@muc.example.org`);
    const asked = (): string[] => {
      const frames: string[] = [];
      for (let frame = world.next("upstream"); frame !== undefined; frame = world.next("upstream")) {
        if (frame.includes("<after>")) frames.push(/to="([^"]+)"/.exec(frame)?.[1] ?? "");
        if (frame.includes("<after>")) ids.push(/queryid="([^"]+)"/.exec(frame)?.[1] ?? "");
      }
      return frames;
    };
    const ids: string[] = [];
    const enter = (room: string): void => {
      for (const xml of [occupant("al", [110]), subject("Tea")]) world.upstreamSends(inRoom(xml, room));
    };
    world.attach("alice/one", "one");
    for (const room of rooms) {
      world.send("alice/one", inRoom(join("al"), room));
      enter(room);
      world.upstreamSends(inRoom(live(1), room));
    }
    world.upstreamLost("gone");
    world.upstreamBound(FULL);
    for (const room of rooms) enter(room);
    expect(asked()).toEqual(rooms.slice(0, 4));
    const [id = ""] = ids;
    for (const step of ends(undefined, { query: id })) {
      if ("xml" in step) world.upstreamSends(inRoom(step.xml, rooms[0] ?? ""));
    }
    expect(asked()).toEqual([rooms[4]]);
    // The others have no time: they are asked again later, and do not keep the last one waiting.
    for (const step of fails("wait", "resource-constraint", ids[1])) {
      if ("xml" in step) world.upstreamSends(inRoom(step.xml, rooms[1] ?? ""));
    }
    expect(asked()).toEqual([rooms[5]]);
    world.wait(60);
    expect(asked()).toEqual([rooms[1]]);
  });

  it("MAM-12 another stay that the room's own history does not tell apart from the one before", async () => {
    const world = new AccountWorld({ roomArchive: SCRIPTED });
    const script: Script = [
      { attach: "alice/one" },
      ...enters("alice/one"),
      asksWhether("$_"),
      ...sends(live(1)),
      { to: "alice/one", expect: live(1) },
      ...ANEW,
      { upstream: "gets", xml: joinsUpstream("al", { since: "$_" }) },
      ...sends(occupant("bob"), occupant("al", [110]), subject("Tea")),
      asksWhether("$_"),
      ...sends(live(5)),
      { to: "alice/one", expect: live(5) },
      // The room has not answered whether there is an archive: what came before m5 is still missing.
      ...ANEW,
      { upstream: "gets", xml: joinsUpstream("al", { since: "$_" }) },
      ...sends(occupant("bob"), occupant("al", [110]), told(5, SAID), subject("Tea")),
      asksWhether("$d"),
      ...hasArchive("$d"),
      asksAfter("r1"),
      ...sends(...results(4, 5)),
      ...ends("r5"),
      { to: "alice/one", expect: told(4) },
    ];
    await play(script, world);
    expect(logged(world)).toEqual(["r1", "r5", "r4"]);
  });
});
