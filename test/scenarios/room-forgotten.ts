// The room has lost us and told nobody, as one does whose server was restored from a backup, or after trouble between servers.
import { arrives } from "../support/phrases.ts";
import { alHere, bobMakesRoom, enters, entersToo, heard, past, said } from "../support/room-phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const both = ["alice/desk", "alice/phone"];

export const scenario: Scenario = {
  title:
    "MUC-12 MUC-11: a room that has forgotten us is found out by a new process, entered again, and nothing is missed",
  presence: "rooms",
  skip: { ejabberd: "whatever ends a stay in its rooms is told to who stays there" },
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...enters("alice/desk"),
    ...entersToo("alice/phone"),
    { rooms: "forget" },
    { contact: "bob", sends: said("b1") },
    { contact: "bob", gets: heard("bob", "b1", "$bobFull") },
    { silent: "alice/desk" },
    { proxy: "restarts" },
    { resumes: "alice/desk" },
    { resumes: "alice/phone" },
    // What has happened since is not known, so the room is asked (XEP-0410).
    { waitSeconds: 1 },
    { contact: "bob", gets: alHere() },
    { to: both, expect: past("bob", "b1") },
    { from: "alice/phone", send: said("a1") },
    { contact: "bob", gets: heard("al", "a1", "$bobFull") },
    { to: both, expect: heard("al", "a1") },
    {
      from: "alice/desk",
      send: `<iq type="get" to="$room/al" id="am I in?"><ping xmlns="urn:xmpp:ping"/></iq>`,
    },
    { to: "alice/desk", expect: `<iq type="result" from="$room/al" id="am I in?"/>` },
  ],
};
