// DELETE-6: what the owner has deleted of a room does not come back from the room, after an outage.

import { describe, expect, it } from "vitest";
import { AccountWorld, FULL } from "../../../support/account-world.ts";
import { hears, stays, take, to } from "./telling-words.ts";
import { occupant, ROOM, said, says, subject } from "./words.ts";

const SECOND = "2026-01-01T00:00:0";

/** The laptop has heard 1 to 3 there, a second apart; the owner deletes the room, or everything. */
function deleted(
  what: string | undefined,
  beginning?: ConstructorParameters<typeof AccountWorld>[0],
): AccountWorld {
  const world = stays(new AccountWorld(beginning));
  for (const number of [1, 2, 3]) {
    world.nowMs = Date.parse(`${SECOND}${number}Z`);
    const stanzaId = `<stanza-id xmlns="urn:xmpp:sid:0" by="${ROOM}" id="r${number}"/>`;
    world.upstreamSends(to(says("bob", String(number), beginning === undefined ? "" : stanzaId)));
  }
  take(world, "laptop");
  world.account.deletes(what);
  world.log.messages.splice(0);
  while (world.next("upstream") !== undefined);
  return world;
}

function logged(world: AccountWorld): (string | undefined)[] {
  return world.log.messages.map(({ frame }) => /<body>(\d+)</.exec(frame)?.[1]);
}

/** The process dies, and the session with it; the room tells its history. */
function comesBack(world: AccountWorld, ...history: string[]): void {
  world.restart({ connected: ["laptop"] });
  world.nowMs += 60_000;
  world.upstreamBound(FULL);
  world.upstreamSends(to(occupant("al", [110])));
  for (const message of history) world.upstreamSends(to(message));
  world.upstreamSends(to(subject("Tea")));
}

describe.each([
  ["the room", ROOM],
  ["everything", undefined],
])("DELETE-6 %s was deleted", (_name, what) => {
  it("DELETE-6 regression: what the room tells again is neither logged nor told; what is new is", () => {
    const world = deleted(what);
    const again = [1, 2, 3].map((number) => said("bob", String(number), `${SECOND}${number}Z`));
    comesBack(world, ...again, said("bob", "4", `${SECOND}4Z`));
    expect(logged(world)).toEqual(["4"]);
    expect(take(world, "laptop")).toEqual([4]);
    // And once more, now that the log has something.
    comesBack(world, ...again);
    hears(world, 5);
    expect(logged(world)).toEqual(["4", "5"]);
  });

  it("DELETE-6 MAM-12 regression: the room's archive is asked for what came after what was deleted", () => {
    const world = deleted(what, { roomArchive: "has" });
    comesBack(world);
    const asked: string[] = [];
    for (let sent = world.next("upstream"); sent !== undefined; sent = world.next("upstream"))
      asked.push(sent);
    expect(asked.filter((stanza) => stanza.includes(`<after>r3</after>`))).toHaveLength(1);
    expect(asked.filter((stanza) => stanza.includes(`maxstanzas="0"`))).toHaveLength(1);
  });
});
