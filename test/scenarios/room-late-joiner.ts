// One client has been in the room for a while. Another comes, and hears what it would have heard from the room, in the order
// of XEP-0045 section 7.1; the room hears nothing.
import { arrives } from "../support/phrases.ts";
import {
  alHere,
  bobHere,
  bobMakesRoom,
  enters,
  gone,
  heard,
  here,
  joins,
  NO_SUBJECT,
  past,
  said,
  self,
} from "../support/room-phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const tea = (to: string): string =>
  `<message from="$room/bob" to="${to}" type="groupchat"><subject>Tea</subject>…</message>`;
const carolHere = here("carol");

export const scenario: Scenario = {
  title:
    "MUC-1 MUC-2 MUC-3 MUC-4 MUC-5: who comes later gets the others, itself, what was said, and the subject last, empty or not",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...arrives("alice/tablet"),
    ...arrives("alice/elsewhere"),
    ...enters("alice/desk"),
    { contact: "carol", sends: joins("carol") },
    { contact: "carol", getsInOrder: [[bobHere, alHere()], here("carol", { codes: [110] }), NO_SUBJECT] },
    { contact: "bob", gets: carolHere },
    { to: "alice/desk", expect: carolHere },
    { contact: "carol", sends: said("c1") },
    { contact: "bob", gets: heard("carol", "c1", "$bobFull") },
    { contact: "carol", gets: heard("carol", "c1", "$carolFull") },
    { to: "alice/desk", expect: heard("carol", "c1") },
    // Under another nickname than the one that we have: status 210.
    { from: "alice/phone", send: joins("ally") },
    {
      to: "alice/phone",
      inOrder: [[bobHere, carolHere], self({ codes: [110, 210] }), past("carol", "c1"), NO_SUBJECT],
    },
    { contact: "bob", sends: `<message to="$room" type="groupchat"><subject>Tea</subject></message>` },
    { contact: "bob", gets: tea("$bobFull") },
    { contact: "carol", gets: tea("$carolFull") },
    { to: ["alice/desk", "alice/phone"], expect: tea("$full") },
    { from: "alice/desk", send: said("a1") },
    { contact: "bob", gets: heard("al", "a1", "$bobFull") },
    { contact: "carol", gets: heard("al", "a1", "$carolFull") },
    { to: ["alice/desk", "alice/phone"], expect: heard("al", "a1") },
    // Carol goes, and what she was is nobody's business any more; what she said is.
    { contact: "carol", sends: `<presence to="$room/carol" type="unavailable"/>` },
    { contact: "carol", gets: gone("carol", { codes: [110] }) },
    { contact: "bob", gets: gone("carol") },
    {
      to: ["alice/desk", "alice/phone"],
      expect: gone("carol"),
    },
    { from: "alice/tablet", send: joins("al") },
    {
      to: "alice/tablet",
      inOrder: [bobHere, self(), past("carol", "c1"), past("al", "a1"), tea("$full")],
    },
    { silent: "bob" },
    { silent: "alice/elsewhere" },
  ],
};
