// What we are in a room, and what others are, is the same on all clients; so is the right to speak.
import { arrives } from "../support/phrases.ts";
import {
  alHere,
  bobHere,
  bobMakesRoom,
  configures,
  decrees,
  enters,
  entersToo,
  field,
  heard,
  here,
  joins,
  MUC,
  NO_SUBJECT,
  reconfigured,
  refusal,
  said,
  self,
} from "../support/room-phrases.ts";
import type { Script, Scenario } from "../support/scenario.ts";

const bob = { contact: "bob" };
const both = ["alice/desk", "alice/phone"];
const reason = "So be it";
const isShown = (shown: { affiliation?: string; role?: string; reason?: string }): Script => [
  { contact: "bob", gets: alHere(shown) },
  { contact: "carol", gets: alHere(shown) },
  { to: both, expect: self(shown) },
];
const member = { affiliation: "member" };
const request = (...fields: readonly string[]): string =>
  `<message to="$room"><x xmlns="jabber:x:data" type="submit">${field("FORM_TYPE", `${MUC}#request`)}${fields.join("")}</x></message>`;

export const scenario: Scenario = {
  title:
    "MUC-5 MUC-2: affiliations, roles and the right to speak are seen by all clients, and by who comes later",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...arrives("alice/tablet"),
    ...enters("alice/desk"),
    ...entersToo("alice/phone"),
    { contact: "carol", sends: joins("carol") },
    { contact: "carol", getsInOrder: [[bobHere, alHere()], here("carol", { codes: [110] }), NO_SUBJECT] },
    { contact: "bob", gets: here("carol") },
    { to: both, expect: here("carol") },
    ...configures(["moderatedroom", "1"], ["roomname", "The hall"]),
    { contact: "carol", gets: reconfigured("$carolFull") },
    { to: both, expect: reconfigured("$full") },
    ...decrees(bob, `nick="al" role="visitor"`),
    ...isShown({ role: "visitor", reason }),
    { from: "alice/phone", send: said("a1") },
    { to: both, expect: refusal("message", "$room", "forbidden").replace("<message", `<message id="a1"`) },
    { from: "alice/phone", send: request(field("muc#role", "participant")) },
    {
      contact: "bob",
      gets: `<message from="$room" to="$bobFull"><x xmlns="jabber:x:data" type="form">…</x>…</message>`,
    },
    {
      contact: "bob",
      sends: request(
        field("muc#role", "participant"),
        field("muc#jid", "$full"),
        field("muc#roomnick", "al"),
        field("muc#request_allow", "1"),
      ),
    },
    ...isShown({ role: "participant", reason: "…" }),
    { from: "alice/desk", send: said("a2") },
    { contact: "bob", gets: heard("al", "a2", "$bobFull") },
    { contact: "carol", gets: heard("al", "a2", "$carolFull") },
    { to: both, expect: heard("al", "a2") },
    ...decrees(bob, `jid="$bare" affiliation="member"`),
    ...isShown({ ...member, reason }),
    ...decrees(bob, `nick="carol" role="visitor"`),
    { contact: "bob", gets: here("carol", { role: "visitor", reason }) },
    { contact: "carol", gets: here("carol", { role: "visitor", codes: [110], reason }) },
    { to: both, expect: here("carol", { role: "visitor", reason }) },
    { from: "alice/tablet", send: joins("al", `<history maxstanzas="0"/>`) },
    {
      to: "alice/tablet",
      inOrder: [
        [bobHere, here("carol", { role: "visitor", reason })],
        self({ ...member, reason }),
        NO_SUBJECT,
      ],
    },
  ],
};
