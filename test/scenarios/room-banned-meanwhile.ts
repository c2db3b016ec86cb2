// While the proxy was away we were banned: all clients learn that they are out, and nobody tries again.
import { arrives } from "../support/phrases.ts";
import {
  bobMakesRoom,
  decrees,
  enters,
  entersToo,
  gone,
  joins,
  lost,
  refusal,
} from "../support/room-phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const out = gone("al", { codes: [110, 333] });

export const scenario: Scenario = {
  title: "MUC-11 MUC-8: a room that lets us in no more after a new session: members learn that they are out",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...arrives("alice/elsewhere"),
    ...enters("alice/desk"),
    ...entersToo("alice/phone"),
    { proxy: "isAway" },
    { contact: "bob", gets: lost },
    ...decrees({ contact: "bob" }, `jid="$bare" affiliation="outcast"`),
    { proxy: "isBack" },
    { resumes: "alice/desk" },
    { to: "alice/desk", expect: out },
    { resumes: "alice/phone" },
    { to: "alice/phone", expect: out },
    { resumes: "alice/elsewhere" },
    { from: "alice/phone", send: joins("al") },
    { to: "alice/phone", expect: refusal("presence", "$room/al", "forbidden") },
    { silent: "alice/desk" },
    { silent: "alice/elsewhere" },
    { silent: "bob" },
  ],
};
