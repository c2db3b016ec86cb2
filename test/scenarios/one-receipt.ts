// Three programs are eager to acknowledge; bob has one conversation partner.
import { arrives, copyOf } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const receipt = `<message to="$bobFull" type="chat" id="r1"><received xmlns="urn:xmpp:receipts" id="b1"/></message>`;
const marker = `<message to="$bobFull" type="chat" id="d1"><displayed xmlns="urn:xmpp:chat-markers:0" id="b1"/></message>`;
const asked = `<message from="$bobFull" to="$bare" type="chat" id="b1"><body>Tea?</body><request xmlns="urn:xmpp:receipts"/><markable xmlns="urn:xmpp:chat-markers:0"/></message>`;

export const scenario: Scenario = {
  title: "RCPT-1: one message has one receipt and one marker, whoever acknowledges it",
  script: [
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...arrives("alice/watch"),
    { contact: "bob", sends: asked.replace(` from="$bobFull"`, "") },
    { to: ["alice/desk", "alice/phone", "alice/watch"], expect: asked },
    { from: "alice/desk", send: receipt },
    { contact: "bob", gets: receipt.replace("<message", `<message from="$full"`) },
    { to: ["alice/phone", "alice/watch"], expect: copyOf(receipt) },
    { from: "alice/phone", send: receipt },
    { from: "alice/watch", send: receipt },
    { from: "alice/phone", send: marker },
    { contact: "bob", gets: marker.replace("<message", `<message from="$full"`) },
    { to: ["alice/desk", "alice/watch"], expect: copyOf(marker) },
    { proxy: "restarts" },
    { resumes: "alice/desk" },
    { resumes: "alice/phone" },
    { resumes: "alice/watch" },
    { from: "alice/desk", send: marker },
    { silent: "bob" },
  ],
};
