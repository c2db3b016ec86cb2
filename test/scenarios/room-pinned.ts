// The owner wants to stay in a room also when no client is there, and then no more.
import { arrives, OUR_CAPS } from "../support/phrases.ts";
import {
  alHere,
  bobHere,
  bobMakesRoom,
  enters,
  field,
  gone,
  heard,
  here,
  joins,
  leaves,
  NO_SUBJECT,
  past,
  said,
  self,
} from "../support/room-phrases.ts";
import type { Script, Scenario } from "../support/scenario.ts";

const ns = "http://jabber.org/protocol/commands";
const command = (attribute = "", inside = ""): string =>
  `<iq type="set" to="$full" id="pin"><command xmlns="${ns}" node="pinned-rooms"${attribute}>${inside}</command></iq>`;
const answer = (status: string, session: string): string =>
  `<iq type="result" from="$full" id="pin"><command xmlns="${ns}" node="pinned-rooms" sessionid="${session}" status="${status}">…</command></iq>`;
const pins = (rooms: string, session: string): Script => [
  { from: "alice/desk", send: command() },
  { to: "alice/desk", expect: answer("executing", session) },
  {
    from: "alice/desk",
    send: command(
      ` sessionid="${session}"`,
      `<x xmlns="jabber:x:data" type="submit">${field("rooms", rooms)}</x>`,
    ),
  },
  { to: "alice/desk", expect: answer("completed", session) },
];
const away = `<show>away</show>${OUR_CAPS}`;
const alAway = here("al", {}, away);

export const scenario: Scenario = {
  title:
    "MUC-7 CMD-4 MUC-6 MUC-14: the account stays in a pinned room without any client, and leaves it with the pin",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...enters("alice/desk"),
    ...pins("$room", "$pin"),
    { from: "alice/desk", send: leaves("al") },
    { to: "alice/desk", expect: gone("al", { codes: [110] }) },
    { contact: "bob", gets: alAway },
    { contact: "bob", sends: said("b1") },
    { contact: "bob", gets: heard("bob", "b1", "$bobFull") },
    { silent: "alice/desk" },
    { from: "alice/phone", send: joins("al") },
    {
      to: "alice/phone",
      inOrder: [bobHere, here("al", { codes: [110] }, away), past("bob", "b1"), NO_SUBJECT],
    },
    { contact: "bob", gets: alHere() },
    { to: "alice/phone", expect: self() },
    { leave: "alice/phone" },
    { contact: "bob", gets: alAway },
    ...pins("", "$unpin"),
    { contact: "bob", gets: gone("al") },
    { silent: "alice/desk" },
  ],
};
