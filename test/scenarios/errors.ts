// Bob's program refuses things. What it says of a message concerns alice, what it says of presence or a request whoever sent it.
import { arrives, copyOf } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const refused = `<error type="cancel"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;
const all = ["alice/desk", "alice/phone", "alice/watch"];
const message = `<message to="$bob" type="chat" id="a1"><body>Look at this!</body></message>`;
const request = `<iq type="get" to="$bobFull" id="q"><query xmlns="urn:example:question"/></iq>`;
const error = (name: "iq" | "message", id: string): string =>
  `<${name} type="error" id="${id}">${refused}</${name}>`;
const from = (address: string, stanza: string): string => stanza.replace(" ", ` from="${address}" `);
const to = (address: string, stanza: string): string => stanza.replace(" ", ` to="${address}" `);

export const scenario: Scenario = {
  title:
    "ERR-1 RCPT-3 IQ-2 ERR-4: the error of a message goes to every client, that of a request to its asker; of our own errors the first is sent, and none in answer to one",
  script: [
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...arrives("alice/watch"),
    { from: "alice/desk", send: message },
    { contact: "bob", gets: from("$full", message) },
    { to: ["alice/phone", "alice/watch"], expect: copyOf(message) },
    { contact: "bob", sends: to("$full", error("message", "a1")) },
    { to: all, expect: to("$full", from("$bobFull", error("message", "a1"))) },
    { from: "alice/phone", send: request },
    { contact: "bob", gets: from("$full", request).replace(`id="q"`, `id="$ours"`) },
    { contact: "bob", sends: to("$full", error("iq", "$ours")) },
    { to: "alice/phone", expect: from("$bobFull", error("iq", "q")) },
    // Nobody asked that.
    { contact: "bob", sends: to("$full", error("iq", "other")) },
    // Two of alice's clients cannot read what bob says; bob has one conversation partner.
    { contact: "bob", sends: `<message to="$bare" type="chat" id="b1"><body>?</body></message>` },
    { to: all, expect: `<message from="$bobFull" to="$bare" type="chat" id="b1"><body>?</body></message>` },
    { from: "alice/phone", send: to("$bobFull", error("message", "b1")) },
    { contact: "bob", gets: from("$full", to("$bobFull", error("message", "b1"))) },
    {
      to: ["alice/desk", "alice/watch"],
      expect: copyOf(to("$bobFull", error("message", "b1"))).replace(`type="chat"`, `type="error"`),
    },
    { from: "alice/watch", send: to("$bobFull", error("message", "b1")) },
    { silent: "bob" },
    { silent: "alice/desk" },
  ],
};
