// The proxy is gone for a while, and the room has seen us go. Its clients hear what has changed when it is back.
import { arrives } from "../support/phrases.ts";
import {
  alHere,
  bobMakesRoom,
  enters,
  entersToo,
  gone,
  heard,
  here,
  joins,
  lost,
  NO_SUBJECT,
  past,
  said,
  bobHere,
} from "../support/room-phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const both = ["alice/desk", "alice/phone"];

export const scenario: Scenario = {
  title:
    "MUC-11 MUC-15 MAM-13: a new session is in the room again, and members hear who has gone and what was said",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...enters("alice/desk"),
    ...entersToo("alice/phone"),
    { contact: "carol", sends: joins("carol") },
    { contact: "carol", getsInOrder: [[bobHere, alHere()], here("carol", { codes: [110] }), NO_SUBJECT] },
    { contact: "bob", gets: here("carol") },
    { to: both, expect: here("carol") },
    { proxy: "isAway" },
    { contact: "bob", gets: lost },
    { contact: "carol", gets: lost },
    { contact: "carol", sends: `<presence to="$room/carol" type="unavailable"/>` },
    { contact: "carol", gets: gone("carol", { codes: [110] }) },
    { contact: "bob", gets: gone("carol") },
    { contact: "bob", sends: said("b1") },
    { contact: "bob", gets: heard("bob", "b1", "$bobFull") },
    { proxy: "isBack" },
    { resumes: "alice/desk" },
    { contact: "bob", gets: alHere() },
    { to: "alice/desk", expect: gone("carol") },
    { to: "alice/desk", expect: past("bob", "b1") },
    { resumes: "alice/phone" },
    { to: "alice/phone", expect: gone("carol") },
    { to: "alice/phone", expect: past("bob", "b1") },
    { from: "alice/phone", send: said("a1") },
    { contact: "bob", gets: heard("al", "a1", "$bobFull") },
    { to: both, expect: heard("al", "a1") },
  ],
};
