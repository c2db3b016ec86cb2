// Bob calls: everything rings, one client answers, and the call is its own.
import { arrives, copyOf } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const jmi = (name: string, inside = ""): string =>
  `<${name} xmlns="urn:xmpp:jingle-message:0" id="call1">${inside}</${name}>`;
const propose = `<message to="$bare" type="chat" id="p1">${jmi("propose", `<description xmlns="urn:xmpp:jingle:apps:rtp:1" media="audio"/>`)}</message>`;
const proceed = `<message to="$bobFull" type="chat" id="p2">${jmi("proceed")}</message>`;
const initiate = (head: string): string =>
  `<iq type="set" ${head} id="j1"><jingle xmlns="urn:xmpp:jingle:1" action="session-initiate" sid="call1"/></iq>`;

export const scenario: Scenario = {
  title: "JING-1 JING-3: a call rings everywhere and belongs to the client that proceeds",
  script: [
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    { contact: "bob", sends: propose },
    { to: ["alice/desk", "alice/phone"], expect: propose.replace("<message", `<message from="$bobFull"`) },
    { from: "alice/desk", send: proceed },
    { contact: "bob", gets: proceed.replace("<message", `<message from="$full"`) },
    { to: "alice/phone", expect: copyOf(proceed) },
    { from: "alice/phone", send: proceed },
    { contact: "bob", sends: initiate(`to="$full"`) },
    { to: "alice/desk", expect: initiate(`from="$bobFull" to="$full"`) },
    { from: "alice/desk", send: `<iq type="result" to="$bobFull" id="j1"/>` },
    { contact: "bob", gets: `<iq type="result" from="$full" to="$bobFull" id="j1"/>` },
    { silent: "alice/phone" },
  ],
};
