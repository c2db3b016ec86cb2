// Only a client can answer this. The one that was used last is asked; it is asleep.
import { arrives } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const question = `<query xmlns="urn:example:question"/>`;

export const scenario: Scenario = {
  title:
    "IQ-7 IQ-8: a question goes to the client that was active last, then to the next; one answer comes back",
  script: [
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    { contact: "bob", sends: `<iq type="get" to="$full" id="1">${question}</iq>` },
    { to: "alice/phone", expect: `<iq type="get" from="$bobFull" to="$full" id="1">${question}</iq>` },
    { from: "alice/phone", send: `<iq type="result" to="$bobFull" id="1"/>` },
    { contact: "bob", gets: `<iq type="result" from="$full" to="$bobFull" id="1"/>` },
    { contact: "bob", sends: `<iq type="get" to="$full" id="2">${question}</iq>` },
    { to: "alice/phone", expect: `<iq type="get" from="$bobFull" to="$full" id="2">${question}</iq>` },
    { waitSeconds: 20 },
    { to: "alice/desk", expect: `<iq type="get" from="$bobFull" to="$full" id="2">${question}</iq>` },
    { from: "alice/phone", send: `<iq type="error" to="$bobFull" id="2"/>` },
    { from: "alice/desk", send: `<iq type="result" to="$bobFull" id="2"/>` },
    { contact: "bob", gets: `<iq type="result" from="$full" to="$bobFull" id="2"/>` },
    { contact: "bob", sends: `<iq type="get" to="$full" id="3">${question}</iq>` },
    { to: "alice/phone", expect: `<iq type="get" from="$bobFull" to="$full" id="3">${question}</iq>` },
    { leave: "alice/phone" },
    { to: "alice/desk", expect: `<iq type="get" from="$bobFull" to="$full" id="3">${question}</iq>` },
    { leave: "alice/desk" },
    {
      contact: "bob",
      gets: `<iq type="error" from="$full" to="$bobFull" id="3"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    },
  ],
};
