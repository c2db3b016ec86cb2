// What the owner of a room does to us, he does to all of us.
import { arrives } from "../support/phrases.ts";
import {
  bobMakesRoom,
  decrees,
  enters,
  entersToo,
  gone,
  joins,
  leaves,
  MUC,
  refusal,
} from "../support/room-phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const bob = { contact: "bob" };
const both = ["alice/desk", "alice/phone"];
const reason = "So be it";
const destroy = `<destroy jid="next-$room"><reason>Moved</reason></destroy>`;
const ended = (nick: string): string =>
  gone(nick, { affiliation: "$_" }).replace("</item>", `</item>${destroy}…`);
const member = { affiliation: "member" };

export const scenario: Scenario = {
  title:
    "MUC-10 MUC-8: kick, ban and the end of the room are told to every client that is in it, and to no other",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...arrives("alice/elsewhere"),
    ...enters("alice/desk"),
    ...entersToo("alice/phone"),
    ...decrees(bob, `nick="al" role="none"`),
    { contact: "bob", gets: gone("al", { codes: [307], reason }) },
    { to: both, expect: gone("al", { codes: [110, 307], reason }) },
    // Nobody comes back by itself; who does is seen to.
    { silent: "bob" },
    ...enters("alice/phone"),
    ...entersToo("alice/desk"),
    ...decrees(bob, `jid="$bare" affiliation="outcast"`),
    { contact: "bob", gets: gone("al", { affiliation: "outcast", codes: [301], reason }) },
    { to: both, expect: gone("al", { affiliation: "outcast", codes: [110, 301], reason }) },
    { from: "alice/phone", send: joins("al") },
    { to: "alice/phone", expect: refusal("presence", "$room/al", "forbidden") },
    { silent: "alice/desk" },
    ...decrees(bob, `jid="$bare" affiliation="member"`),
    ...enters("alice/desk", { shown: member }),
    ...entersToo("alice/phone", { shown: member }),
    { from: "alice/desk", send: leaves("al") },
    { to: "alice/desk", expect: gone("al", { ...member, role: "none", codes: [110] }) },
    {
      contact: "bob",
      sends: `<iq type="set" to="$room" id="end"><query xmlns="${MUC}#owner">${destroy}</query></iq>`,
    },
    { contact: "bob", gets: `<iq type="result" from="$room" to="$bobFull" id="end"/>` },
    { contact: "bob", gets: ended("bob") },
    { to: "alice/phone", expect: ended("al") },
    { silent: "alice/desk" },
    { silent: "alice/elsewhere" },
    // It is another room from now on.
    ...bobMakesRoom,
    ...enters("alice/desk"),
  ],
};
