// Whoever edits the roster, everybody who looks at it sees the same.
import { asksForRosterOf } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const roster = "jabber:iq:roster";
const both = ["alice/desk", "alice/phone"];

export const scenario: Scenario = {
  title: "ROS-1 ROS-3 ROS-7: a contact that one client adds, names and removes is so for every client",
  script: [
    { attach: "alice/desk" },
    { attach: "alice/phone" },
    { attach: "alice/bot" },
    ...asksForRosterOf("alice/desk", `<item jid="$bob" subscription="both"/>`),
    ...asksForRosterOf("alice/phone", `<item jid="$bob" subscription="both"/>`),
    {
      from: "alice/desk",
      send: `<iq type="set" id="add"><query xmlns="${roster}"><item jid="dave@$domain" name="Dave"/></query></iq>`,
    },
    {
      to: both,
      expect: `<iq type="set" id="$_"><query xmlns="${roster}" ver="$_"><item jid="dave@$domain" name="Dave" subscription="none"/></query></iq>`,
    },
    { to: "alice/desk", expect: `<iq type="result" id="add"/>` },
    {
      from: "alice/phone",
      send: `<iq type="set" id="name"><query xmlns="${roster}"><item jid="dave@$domain" name="David"/></query></iq>`,
    },
    {
      to: both,
      expect: `<iq type="set" id="$_"><query xmlns="${roster}" ver="$_"><item jid="dave@$domain" name="David" subscription="none"/></query></iq>`,
    },
    { to: "alice/phone", expect: `<iq type="result" id="name"/>` },
    { attach: "alice/late" },
    ...asksForRosterOf(
      "alice/late",
      `<item jid="$bob" subscription="both"/><item jid="dave@$domain" name="David" subscription="none"/>`,
    ),
    {
      from: "alice/late",
      send: `<iq type="set" id="remove"><query xmlns="${roster}"><item jid="dave@$domain" subscription="remove"/></query></iq>`,
    },
    {
      to: [...both, "alice/late"],
      expect: `<iq type="set" id="$_"><query xmlns="${roster}" ver="$_"><item jid="dave@$domain" subscription="remove"/></query></iq>`,
    },
    { to: "alice/late", expect: `<iq type="result" id="remove"/>` },
    // It has not asked for the roster.
    { silent: "alice/bot" },
  ],
};
