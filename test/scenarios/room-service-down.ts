// The room service does not run when we come back. We try again, and no client has to know.
import { arrives } from "../support/phrases.ts";
import { alHere, bobMakesRoom, enters, heard, lost, said } from "../support/room-phrases.ts";
import type { Scenario } from "../support/scenario.ts";

export const scenario: Scenario = {
  title: "MUC-11: a room whose service is down is tried again, without a word to who is in it",
  presence: "rooms",
  skip: { ejabberd: "its rooms do not stop alone without saying so (332), which rooms-admin.test.ts shows" },
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...enters("alice/desk"),
    { proxy: "isAway" },
    { contact: "bob", gets: lost },
    { rooms: "stop" },
    { proxy: "isBack" },
    { resumes: "alice/desk" },
    { silent: "alice/desk" },
    { rooms: "start" },
    { waitSeconds: 12 },
    { contact: "bob", gets: alHere() },
    { contact: "bob", sends: said("b1") },
    { contact: "bob", gets: heard("bob", "b1", "$bobFull") },
    { to: "alice/desk", expect: heard("bob", "b1") },
  ],
};
