// Two clients share a room, and the room sees one occupant.
import { arrives } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const muc = `<x xmlns="http://jabber.org/protocol/muc"/>`;
const subject = `<message type="groupchat" from="$_" to="$_"><subject/></message>`;
const said = (id: string): string =>
  `<message to="$room" type="groupchat" id="${id}"><body>${id}</body></message>`;
const heard = (nick: string, to: string, id: string): string =>
  `<message from="$room/${nick}" to="${to}" type="groupchat" id="${id}"><body>${id}</body></message>`;

export const scenario: Scenario = {
  title:
    "MUC-1 MUC-2 MUC-4 MUC-5 MUC-6: two clients in one room hear and say everything once, and leave when the last one does",
  script: [
    { contact: "bob", sends: `<presence to="$room/bob">${muc}</presence>` },
    { contact: "bob", gets: subject },
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...arrives("alice/elsewhere"),
    { from: "alice/desk", send: `<presence to="$room/al">${muc}</presence>` },
    { to: "alice/desk", expect: subject },
    { contact: "bob", sends: said("b1") },
    { contact: "bob", gets: heard("bob", "$bobFull", "b1") },
    { to: "alice/desk", expect: heard("bob", "$full", "b1") },
    { from: "alice/phone", send: `<presence to="$room/al">${muc}</presence>` },
    // What was said before, from our own log.
    {
      to: "alice/phone",
      expect: heard("bob", "$full", "b1").replace(
        "</message>",
        `<delay xmlns="urn:xmpp:delay" stamp="$_" from="$_"/></message>`,
      ),
    },
    { to: "alice/phone", expect: subject },
    { from: "alice/phone", send: said("a1") },
    { contact: "bob", gets: heard("al", "$bobFull", "a1") },
    { to: ["alice/desk", "alice/phone"], expect: heard("al", "$full", "a1") },
    { from: "alice/desk", send: `<presence to="$room/al" type="unavailable"/>` },
    // It has left by then: what bob says goes another way.
    { silent: "alice/desk" },
    { contact: "bob", sends: said("b2") },
    { contact: "bob", gets: heard("bob", "$bobFull", "b2") },
    { to: "alice/phone", expect: heard("bob", "$full", "b2") },
    { silent: "alice/desk" },
    { silent: "alice/elsewhere" },
  ],
};
