// Everybody of one account hears and says everything, once.
import { arrives } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

export const scenario: Scenario = {
  title:
    "MSG-1 MSG-5 MSG-4: what bob says every client hears; what one says bob hears once, the others as a copy",
  script: [
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    { attach: "alice/bot" },
    { from: "alice/bot", send: `<presence/>` },
    // It is there by then: what bob says goes another way.
    { silent: "alice/bot" },
    { contact: "bob", sends: `<message to="$bare" type="chat" id="b1"><body>Tea?</body></message>` },
    {
      to: ["alice/desk", "alice/phone", "alice/bot"],
      expect: `<message from="$bobFull" to="$bare" type="chat" id="b1"><body>Tea?</body></message>`,
    },
    { from: "alice/desk", send: `<message to="$bob" type="chat" id="a1"><body>Yes!</body></message>` },
    {
      contact: "bob",
      gets: `<message from="$full" to="$bob" type="chat" id="a1"><body>Yes!</body></message>`,
    },
    {
      to: "alice/phone",
      expect: `
        <message from="$bare" to="$full" type="chat">
          <sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">
            <message xmlns="jabber:client" from="$full" to="$bob" type="chat" id="a1"><body>Yes!</body></message>
          </forwarded></sent>
        </message>`,
    },
    // The bot has not enabled carbons.
    { silent: "alice/bot" },
    { silent: "alice/desk" },
    { silent: "bob" },
  ],
};
