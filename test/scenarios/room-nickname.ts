// One nickname for all of alice's clients, and one answer when it cannot be had.
import { arrives } from "../support/phrases.ts";
import {
  bobMakesRoom,
  alHere,
  bobHere,
  enters,
  entersToo,
  gone,
  here,
  joins,
  NO_SUBJECT,
  refusal,
  self,
} from "../support/room-phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const both = ["alice/desk", "alice/phone"];
const renamed = (from: string, to: string, codes: readonly number[]): string =>
  gone(from, { role: "participant", codes, item: `nick="${to}"` });

export const scenario: Scenario = {
  title:
    "MUC-9 MUC-8 MUC-3 MUC-5: a nickname that one client takes is everybody's, one that is taken is refused to who asked",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...arrives("alice/tablet"),
    // Nobody is in yet.
    { from: "alice/tablet", send: joins("bob") },
    { to: "alice/tablet", expect: refusal("presence", "$room/bob", "conflict") },
    { silent: "alice/desk" },
    ...enters("alice/desk"),
    ...entersToo("alice/phone"),
    // And now we are, as al.
    { from: "alice/tablet", send: joins("bob") },
    { to: "alice/tablet", inOrder: [bobHere, self({ codes: [110, 210] }), NO_SUBJECT] },
    { from: "alice/phone", send: `<presence to="$room/bob"/>` },
    { to: "alice/phone", expect: refusal("presence", "$room/bob", "conflict") },
    { silent: "alice/desk" },
    { silent: "alice/tablet" },
    { silent: "bob" },
    { from: "alice/phone", send: `<presence to="$room/ally"/>` },
    { contact: "bob", gets: renamed("al", "ally", [303]) },
    { contact: "bob", gets: alHere({}, "ally") },
    ...[...both, "alice/tablet"].map((to) => ({
      to,
      inOrder: [renamed("al", "ally", [110, 303]), self({}, "ally")],
    })),
    // Somebody else does the same.
    { contact: "bob", sends: `<presence to="$room/robert"/>` },
    {
      to: [...both, "alice/tablet"],
      expect: gone("bob", { affiliation: "owner", role: "moderator", codes: [303], item: `nick="robert"` }),
    },
    {
      to: [...both, "alice/tablet"],
      expect: here("robert", { affiliation: "owner", role: "moderator" }),
    },
    {
      contact: "bob",
      gets: gone("bob", {
        affiliation: "owner",
        role: "moderator",
        codes: [110, 303],
        item: `nick="robert"`,
      }),
    },
    { contact: "bob", gets: here("robert", { affiliation: "owner", role: "moderator", codes: [110] }) },
    // Who asks for the old name is told the new one.
    { from: "alice/desk", send: joins("al") },
    {
      to: "alice/desk",
      inOrder: [
        here("robert", { affiliation: "owner", role: "moderator" }),
        self({ codes: [110, 210] }, "ally"),
        NO_SUBJECT,
      ],
    },
  ],
};
