// One of alice's clients shows itself to carol, whose program wants none of it.
import { OUR_CAPS } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const refused = `<error type="cancel"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;

export const scenario: Scenario = {
  title: "ERR-2: an error for presence goes to the client that sent it, and ends what it shared",
  presence: true,
  script: [
    { attach: "alice/desk" },
    { attach: "alice/phone" },
    { from: "alice/phone", send: `<presence/>` },
    { contact: "bob", gets: `<presence from="$full">${OUR_CAPS}</presence>` },
    { to: "alice/phone", expect: `<presence from="$full"><show>away</show>${OUR_CAPS}</presence>` },
    { to: "alice/phone", expect: `<presence from="$bobFull"/>` },
    { to: "alice/phone", expect: `<presence from="$full">${OUR_CAPS}</presence>` },
    { from: "alice/desk", send: `<presence to="$carolFull"><status>Hi</status></presence>` },
    { contact: "carol", gets: `<presence from="$full"><status>Hi</status></presence>` },
    { contact: "carol", sends: `<presence to="$full" type="error">${refused}</presence>` },
    { to: "alice/desk", expect: `<presence from="$carolFull" type="error">${refused}</presence>` },
    { silent: "alice/phone" },
    // There is nothing left to take back.
    { leave: "alice/desk" },
    { silent: "carol" },
  ],
};
