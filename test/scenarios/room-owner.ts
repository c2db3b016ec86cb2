// A client sets up a room; its form is its own business, what it makes of the room everybody's.
import { arrives } from "../support/phrases.ts";
import {
  bobMakesRoom,
  decrees,
  enters,
  entersToo,
  field,
  MUC,
  reconfigured,
} from "../support/room-phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const owner = `<query xmlns="${MUC}#owner"/>`;
const named = `<query xmlns="${MUC}#owner"><x xmlns="jabber:x:data" type="submit">${field("FORM_TYPE", `${MUC}#roomconfig`)}${field("muc#roomconfig_roomname", "The parlour")}</x></query>`;

export const scenario: Scenario = {
  title:
    "MUC-5 IQ-2: the form of a room goes to the client that asked for it, and the news to all in the room",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...decrees({ contact: "bob" }, `jid="$bare" affiliation="owner"`),
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...arrives("alice/elsewhere"),
    ...enters("alice/desk", { shown: { affiliation: "owner", role: "moderator" } }),
    ...entersToo("alice/phone", { shown: { affiliation: "owner", role: "moderator" } }),
    { from: "alice/desk", send: `<iq type="get" to="$room" id="form">${owner}</iq>` },
    {
      to: "alice/desk",
      expect: `<iq type="result" from="$room" id="form"><query xmlns="${MUC}#owner"><x xmlns="jabber:x:data" type="form">…</x>…</query></iq>`,
    },
    { from: "alice/desk", send: `<iq type="set" to="$room" id="set">${named}</iq>` },
    { to: "alice/desk", expect: `<iq type="result" from="$room" id="set"/>` },
    { to: ["alice/desk", "alice/phone"], expect: reconfigured("$full") },
    { contact: "bob", gets: reconfigured("$bobFull") },
    { silent: "alice/phone" },
    { silent: "alice/elsewhere" },
  ],
};
