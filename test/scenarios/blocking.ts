// Somebody is blocked on one client; on the others as well.
import { arrives } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const ns = "urn:xmpp:blocking";
const both = ["alice/desk", "alice/phone"];
const asksForList = (client: string): Scenario["script"] => [
  { from: client, send: `<iq type="get" id="list"><blocklist xmlns="${ns}"/></iq>` },
  { to: client, expect: `<iq type="result" id="list"><blocklist xmlns="${ns}"/></iq>` },
];
const pushed = (what: string): Scenario["script"][number] => ({
  to: both,
  expect: `<iq type="set" id="$_"><${what} xmlns="${ns}"><item jid="$carol"/></${what}></iq>`,
});

export const scenario: Scenario = {
  title: "BLOCK-1: who is blocked or not any more by one client is so for every client that has the list",
  script: [
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    ...arrives("alice/bot"),
    ...asksForList("alice/desk"),
    ...asksForList("alice/phone"),
    { contact: "carol", sends: `<message to="$bare" type="chat" id="c1"><body>Offer 1</body></message>` },
    {
      to: [...both, "alice/bot"],
      expect: `<message from="$carolFull" to="$bare" type="chat" id="c1"><body>Offer 1</body></message>`,
    },
    {
      from: "alice/desk",
      send: `<iq type="set" id="block"><block xmlns="${ns}"><item jid="$carol"/></block></iq>`,
    },
    { to: "alice/desk", expect: `<iq type="result" id="block"/>` },
    pushed("block"),
    {
      from: "alice/phone",
      send: `<iq type="set" id="unblock"><unblock xmlns="${ns}"><item jid="$carol"/></unblock></iq>`,
    },
    { to: "alice/phone", expect: `<iq type="result" id="unblock"/>` },
    pushed("unblock"),
    { silent: "alice/bot" },
  ],
};
