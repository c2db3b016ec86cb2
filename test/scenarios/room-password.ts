// One of alice's clients knows the password. The others need not, once it is in.
import { arrives } from "../support/phrases.ts";
import {
  alHere,
  bobHere,
  bobMakesRoom,
  configures,
  entersToo,
  gone,
  joins,
  leaves,
  NO_SUBJECT,
  refusal,
  self,
} from "../support/room-phrases.ts";
import type { Scenario } from "../support/scenario.ts";

export const scenario: Scenario = {
  title:
    "MUC-8 MUC-1: a room with a password refuses who has not got it, and is open to all of us once one is in",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...configures(["passwordprotectedroom", "1"], ["roomsecret", "sesame"]),
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    { from: "alice/phone", send: joins("al") },
    { to: "alice/phone", expect: refusal("presence", "$room/al", "not-authorized") },
    { from: "alice/phone", send: joins("al", "<password>guess</password>") },
    { to: "alice/phone", expect: refusal("presence", "$room/al", "not-authorized") },
    { silent: "alice/desk" },
    { silent: "bob" },
    { from: "alice/desk", send: joins("al", "<password>sesame</password>") },
    { to: "alice/desk", inOrder: [bobHere, self(), NO_SUBJECT] },
    { contact: "bob", gets: alHere() },
    ...entersToo("alice/phone"),
    { from: "alice/desk", send: leaves("al") },
    { to: "alice/desk", expect: gone("al", { codes: [110] }) },
    { from: "alice/phone", send: leaves("al") },
    { to: "alice/phone", expect: gone("al", { codes: [110] }) },
    { contact: "bob", gets: gone("al") },
    { from: "alice/phone", send: joins("al") },
    { to: "alice/phone", expect: refusal("presence", "$room/al", "not-authorized") },
  ],
};
