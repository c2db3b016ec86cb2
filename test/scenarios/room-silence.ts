// The room has lost us, told nobody, and is quiet. After a while it is asked.
import { arrives } from "../support/phrases.ts";
import { alHere, bobMakesRoom, enters, entersToo, heard, past, said } from "../support/room-phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const both = ["alice/desk", "alice/phone"];
const why = "it takes eleven minutes; see room-forgotten.ts";
const asks = {
  from: "alice/desk",
  send: `<iq type="get" to="$room/al" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`,
};
const isIn = { to: "alice/desk", expect: `<iq type="result" from="$room/al" id="p"/>` };

export const scenario: Scenario = {
  title:
    "MUC-12: a room that was silent for ten minutes is asked once for all clients, and so is one that a client asks",
  presence: "rooms",
  skip: { Prosody: why, ejabberd: why },
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...enters("alice/desk"),
    ...entersToo("alice/phone"),
    { rooms: "forget" },
    { contact: "bob", sends: said("b1") },
    { contact: "bob", gets: heard("bob", "b1", "$bobFull") },
    { waitSeconds: 590 },
    { silent: "bob" },
    { waitSeconds: 75 },
    { contact: "bob", gets: alHere() },
    { to: both, expect: past("bob", "b1") },
    { silent: "bob" },
    // A client need not wait for that.
    { rooms: "forget" },
    { waitSeconds: 121 },
    asks,
    { contact: "bob", gets: alHere() },
    isIn,
    { silent: "alice/phone" },
    // Lately heard: not asked.
    { rooms: "forget" },
    asks,
    isIn,
    { silent: "bob" },
  ],
};
