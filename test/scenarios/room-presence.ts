// The room sees one person, as she is where she was last.
import { arrives } from "../support/phrases.ts";
import {
  alHere,
  bobMakesRoom,
  enters,
  entersToo,
  gone,
  heard,
  leaves,
  said,
  self,
} from "../support/room-phrases.ts";
import type { Script, Scenario } from "../support/scenario.ts";

const both = ["alice/desk", "alice/phone"];
const saying = (stanza: string, show: string): string => stanza.replace(">", `><show>${show}</show>`);
const says = (client: string, show: string): Script => [
  { from: client, send: `<presence to="$room/al"><show>${show}</show></presence>` },
];
const isSeen = (show: string, ...clients: readonly string[]): Script => [
  { contact: "bob", gets: saying(alHere(), show) },
  { to: clients, expect: saying(self(), show) },
];

export const scenario: Scenario = {
  title:
    "MUC-14: a room sees the presence of the client that was active last, and what the client has said only there",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...enters("alice/desk"),
    ...entersToo("alice/phone"),
    ...says("alice/phone", "dnd"),
    ...isSeen("dnd", ...both),
    ...says("alice/desk", "xa"),
    { silent: "bob" },
    { from: "alice/desk", send: said("a1") },
    ...isSeen("xa", ...both),
    { contact: "bob", gets: heard("al", "a1", "$bobFull") },
    { to: both, expect: heard("al", "a1") },
    { from: "alice/desk", send: leaves("al") },
    { to: "alice/desk", expect: gone("al", { codes: [110] }) },
    ...isSeen("dnd", "alice/phone"),
  ],
};
