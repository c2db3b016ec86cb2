// Alice leaves herself a note, and her clients ask about themselves.
import { arrives } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const all = ["alice/desk", "alice/phone", "alice/bot"];
const note = (address: string, id: string): string =>
  `<message to="${address}" type="chat" id="${id}"><body>Buy tea</body></message>`;
const heard = (address: string, id: string): string =>
  note(address, id).replace("<message", `<message from="$full"`);
const question = `<query xmlns="urn:example:question"/>`;

export const scenario: Scenario = {
  title:
    "MSG-6 SELF-1 SELF-2: what one says to oneself every client hears once; what one asks oneself a sibling answers",
  script: [
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    { attach: "alice/bot" },
    { from: "alice/desk", send: note("$bare", "n1") },
    { to: all, expect: heard("$bare", "n1").replace(` to="$bare"`, "") },
    { from: "alice/phone", send: note("$full", "n2") },
    { to: all, expect: heard("$full", "n2") },
    {
      from: "alice/phone",
      send: `<iq type="get" to="$full" id="1"><query xmlns="jabber:iq:version"/></iq>`,
    },
    {
      to: "alice/phone",
      expect: `<iq type="result" from="$full" id="1"><query xmlns="jabber:iq:version"><name>xmpproxy</name></query></iq>`,
    },
    { from: "alice/phone", send: `<iq type="get" to="$full" id="2">${question}</iq>` },
    { to: "alice/desk", expect: `<iq type="get" from="$full" to="$full" id="$ours">${question}</iq>` },
    { from: "alice/desk", send: `<iq type="result" to="$full" id="$ours">${question}</iq>` },
    { to: "alice/phone", expect: `<iq type="result" from="$full" id="2">${question}</iq>` },
    { leave: "alice/desk" },
    { from: "alice/phone", send: `<iq type="get" to="$full" id="3">${question}</iq>` },
    {
      to: "alice/phone",
      expect: `<iq type="error" from="$full" id="3"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    },
    // Who has sent no presence is asked nothing.
    { silent: "alice/bot" },
    { silent: "bob" },
  ],
};
