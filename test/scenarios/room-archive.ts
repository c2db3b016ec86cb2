// Somebody looks something up in the room's own archive, in which the others are not interested.
import { arrives } from "../support/phrases.ts";
import { bobMakesRoom, enters, entersToo, heard, said } from "../support/room-phrases.ts";
import type { Script, Scenario } from "../support/scenario.ts";

const mam = "urn:xmpp:mam:2";
const both = ["alice/desk", "alice/phone"];
const bobSays = (id: string): Script => [
  { contact: "bob", sends: said(id) },
  { contact: "bob", gets: heard("bob", id, "$bobFull") },
  { to: both, expect: heard("bob", id) },
];
const form = `<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>${mam}</value></field></x>`;
const result = (id: string): string =>
  `<message from="$room" to="$full"><result xmlns="${mam}" queryid="mine" id="$_"><forwarded xmlns="urn:xmpp:forward:0"><delay xmlns="urn:xmpp:delay" stamp="$_"/><message xmlns="jabber:client" from="$room/bob" type="groupchat" id="${id}"><body>${id}</body>…</message></forwarded></result></message>`;

export const scenario: Scenario = {
  title: "MUC-5 IQ-9: what a room's archive answers goes to the client that asked",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...enters("alice/desk"),
    ...entersToo("alice/phone"),
    ...bobSays("b1"),
    ...bobSays("b2"),
    {
      from: "alice/phone",
      send: `<iq type="set" to="$room" id="past"><query xmlns="${mam}" queryid="mine">${form}</query></iq>`,
    },
    { to: "alice/phone", inOrder: [result("b1"), result("b2")] },
    {
      to: "alice/phone",
      expect: `<iq type="result" from="$room" id="past"><fin xmlns="${mam}" complete="true">…</fin></iq>`,
    },
    { silent: "alice/phone" },
    { silent: "alice/desk" },
  ],
};
