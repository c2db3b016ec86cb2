// MAM-13: who joins a room while it is being filled.

import { describe, it } from "vitest";
import { AccountWorld } from "../../../support/account-world.ts";
import { play, type Script } from "../../../support/scenario.ts";
import {
  HAS,
  OUTAGE,
  asksAfter,
  ends,
  live,
  plain,
  result,
  results,
  sends,
  stanzaId,
  tells,
  told,
} from "./fill-words.ts";
import { both, join, occupant, ROOM, says, subject } from "./words.ts";

const joins = (inside = ""): Script => [
  ...OUTAGE,
  { from: "alice/three", send: join("al", inside) },
  { to: "alice/three", expect: occupant("bob") },
  { to: "alice/three", expect: occupant("al", [110]) },
  ...sends(...results(2)),
  ...ends("r2", { complete: false }),
  ...tells(both, told(2)),
  asksAfter("r2", "$p"),
  { silent: "alice/three" },
];

describe("MAM-13 who joins while a room is being filled", () => {
  const ended: Script = [
    ...sends(result("r3", plain(3), "$p")),
    ...ends("r3", { query: "$p" }),
    ...tells(both, told(3)),
  ];
  const first = says(
    "bob",
    "m1",
    `${stanzaId("r1")}<delay xmlns="urn:xmpp:delay" from="${ROOM}" stamp="$_"/>`,
  );

  it("MAM-13 waits for it, and gets it as history, the subject last", async () => {
    const script: Script = [
      ...joins(),
      ...ended,
      ...tells(["alice/three"], first, told(2), told(3), subject("Tea")),
    ];
    await play(script, new AccountWorld(HAS));
  });

  it("MAM-13 MUC-4 within what it asks for", async () => {
    const script: Script = [
      ...joins(`<history maxstanzas="1"/>`),
      ...ended,
      ...tells(["alice/three"], told(3), subject("Tea")),
    ];
    await play(script, new AccountWorld(HAS));
  });

  it.each([
    ["when something is said", [...sends(live(4)), ...tells(both, live(4))], [live(4)]],
    ["after ten seconds", [{ waitSeconds: 11 }], []],
  ] as [string, Script, string[]][])(
    "MAM-13 waits no longer %s, and is told the rest as it comes",
    async (_when, ending, after) => {
      const script: Script = [
        ...joins(),
        ...ending,
        ...tells(["alice/three"], first, told(2), subject("Tea"), ...after),
        ...ended,
        { to: "alice/three", expect: told(3) },
      ];
      await play(script, new AccountWorld(HAS));
    },
  );

  it.each([`maxstanzas="0"`, `maxchars="0"`, `since="2026-01-01T00:00:06Z"`, `seconds="1"`])(
    "MAM-13 MUC-4 but not the rest where it wants no more than %s",
    async (limit) => {
      const script: Script = [
        ...joins(`<history ${limit}/>`),
        { waitSeconds: 11 },
        { to: "alice/three", expect: subject("Tea") },
        { proxy: "restarts" },
        { resumes: "alice/one" },
        { resumes: "alice/two" },
        { resumes: "alice/three" },
        { upstream: "resumed" },
        asksAfter("r2", "$o"),
        ...sends(result("r3", plain(3), "$o")),
        ...ends("r3", { query: "$o" }),
        ...tells(both, told(3)),
        { silent: "alice/three" },
        // What is said from then on it hears like anybody.
        ...sends(live(4)),
        ...tells([...both, "alice/three"], live(4)),
      ];
      await play(script, new AccountWorld(HAS));
    },
  );
});
