// The process dies in the middle of everything.
import { arrives, copyOf } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const said = (id: string): string =>
  `<message to="$bare" type="chat" id="${id}"><body>${id}</body></message>`;
const heard = (id: string): string => said(id).replace("<message", `<message from="$bobFull"`);
const reply = `<message to="$bob" type="chat" id="a1"><body>Still here</body></message>`;
const question = `<query xmlns="urn:example:question"/>`;

export const scenario: Scenario = {
  title: "SM-1 UP-9 IQ-11 IQ-12: the process dies: messages and open requests of both sides go on",
  script: [
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    { contact: "bob", sends: said("b1") },
    { to: ["alice/desk", "alice/phone"], expect: heard("b1") },
    { from: "alice/desk", send: `<iq type="get" to="$bobFull" id="q">${question}</iq>` },
    { contact: "bob", gets: `<iq type="get" from="$full" to="$bobFull" id="$ours">${question}</iq>` },
    { contact: "bob", sends: `<iq type="get" to="$full" id="1">${question}</iq>` },
    { to: "alice/phone", expect: `<iq type="get" from="$bobFull" to="$full" id="1">${question}</iq>` },
    { proxy: "restarts" },
    { resumes: "alice/desk" },
    // No client's connection has outlived that, so there was nobody to ask.
    {
      contact: "bob",
      gets: `<iq type="error" from="$full" to="$bobFull" id="1"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    },
    { contact: "bob", sends: `<iq type="result" to="$full" id="$ours">${question}</iq>` },
    { to: "alice/desk", expect: `<iq type="result" from="$bobFull" id="q">${question}</iq>` },
    { contact: "bob", sends: said("b2") },
    { to: "alice/desk", expect: heard("b2") },
    { from: "alice/desk", send: reply },
    { contact: "bob", gets: reply.replace("<message", `<message from="$full"`) },
    { resumes: "alice/phone" },
    { to: "alice/phone", expect: heard("b2") },
    { to: "alice/phone", expect: copyOf(reply) },
    // An answer that comes too late is none.
    { from: "alice/phone", send: `<iq type="result" to="$bobFull" id="1"/>` },
    { silent: "bob" },
  ],
};
