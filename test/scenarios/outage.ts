// The server goes for a while. Alice's clients stay, and are told.
import { arrives, copyOf } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const said = `<message to="$bob" type="chat" id="a1"><body>On my way</body></message>`;
const hello = `<message to="$bare" type="chat" id="b1"><body>Welcome back</body></message>`;
const notice = `<message from="$domain" type="headline"><body>$_</body></message>`;

export const scenario: Scenario = {
  title:
    "DOWN-1 DOWN-2 DOWN-3 DOWN-4: without the server clients stay, their requests fail and what they say waits; they are told of the end and of the beginning",
  script: [
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    { server: "stops" },
    { from: "alice/desk", send: said },
    { to: "alice/phone", expect: copyOf(said) },
    { from: "alice/desk", send: `<iq type="get" to="$bobFull" id="q"><ping xmlns="urn:xmpp:ping"/></iq>` },
    { waitSeconds: 11 },
    {
      to: "alice/desk",
      expect: `<iq type="error" from="$bobFull" id="q"><error type="wait"><remote-server-timeout xmlns="${STANZAS}"/></error></iq>`,
    },
    { to: ["alice/desk", "alice/phone"], expect: notice },
    { attach: "alice/watch" },
    { breaksOff: "alice/phone" },
    { server: "starts" },
    // Whoever comes makes the proxy try at once (UP-7).
    { resumes: "alice/phone" },
    { contact: "bob", gets: said.replace("<message", `<message from="$full"`) },
    { to: ["alice/desk", "alice/phone", "alice/watch"], expect: notice },
    { contact: "bob", sends: hello },
    {
      to: ["alice/desk", "alice/phone", "alice/watch"],
      expect: hello.replace("<message", `<message from="$bobFull"`),
    },
    { silent: "bob" },
  ],
};
