// A room for members: all of us are let in when we are one, and put out when we are none any more.
import { arrives } from "../support/phrases.ts";
import {
  bobMakesRoom,
  configures,
  decrees,
  enters,
  entersToo,
  gone,
  joins,
  refusal,
} from "../support/room-phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const bob = { contact: "bob" };
const both = ["alice/desk", "alice/phone"];
const member = { affiliation: "member" };

export const scenario: Scenario = {
  title:
    "MUC-10 MUC-8: a members-only room refuses who asks, lets all of us in as a member, and puts all of us out",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...configures(["membersonly", "1"]),
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    { from: "alice/desk", send: joins("al") },
    { to: "alice/desk", expect: refusal("presence", "$room/al", "registration-required") },
    { silent: "alice/phone" },
    { silent: "bob" },
    ...decrees(bob, `jid="$bare" affiliation="member"`),
    ...enters("alice/phone", { shown: member }),
    ...entersToo("alice/desk", { shown: member }),
    ...decrees(bob, `jid="$bare" affiliation="none"`),
    { contact: "bob", gets: gone("al", { codes: [321], reason: "…" }) },
    { to: both, expect: gone("al", { codes: [110, 321], reason: "…" }) },
  ],
};
