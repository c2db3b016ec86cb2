// While we were away somebody has taken our nickname. It is replaced once, for all clients.
import { arrives } from "../support/phrases.ts";
import {
  alHere,
  bobHere,
  bobMakesRoom,
  enters,
  entersToo,
  gone,
  here,
  joins,
  lost,
  NO_SUBJECT,
  self,
} from "../support/room-phrases.ts";
import type { Script, Scenario } from "../support/scenario.ts";

const hears = (client: string): Script => [
  { resumes: client },
  { to: client, expect: gone("al", { codes: [110, 303], item: `nick="al_"` }) },
  { to: client, expect: here("al") },
  { to: client, expect: self({}, "al_") },
];

export const scenario: Scenario = {
  title: "MUC-9 MUC-11: a nickname that was taken while we were away is replaced, once for all clients",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...enters("alice/desk"),
    ...entersToo("alice/phone"),
    { proxy: "isAway" },
    { contact: "bob", gets: lost },
    { contact: "carol", sends: joins("al") },
    { contact: "carol", getsInOrder: [bobHere, here("al", { codes: [110] }), NO_SUBJECT] },
    { contact: "bob", gets: here("al") },
    { proxy: "isBack" },
    ...hears("alice/desk"),
    { contact: "bob", gets: alHere({}, "al_") },
    { contact: "carol", gets: alHere({}, "al_") },
    ...hears("alice/phone"),
  ],
};
