// Invitations are for a person, and so for all of her clients, in the room or not.
import { arrives, copyOf } from "../support/phrases.ts";
import { bobMakesRoom, enters, USER } from "../support/room-phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const all = ["alice/desk", "alice/phone"];
const direct = (to: string): string =>
  `<message to="${to}" type="chat" id="d"><x xmlns="jabber:x:conference" jid="$room" reason="Tea"/></message>`;
const mediated = (to: string): string =>
  `<message to="$room" id="m"><x xmlns="${USER}"><invite to="${to}"><reason>Tea</reason></invite></x></message>`;
/** From whom it says that it is differs: a full, a bare or an occupant's JID. */
const invitation = `<message from="$room"><x xmlns="${USER}"><invite from="$_"><reason>Tea</reason></invite>…</x>…</message>`;

export const scenario: Scenario = {
  title:
    "MUC-18 MSG-1 MSG-5: invitations, direct and through a room, reach every client; so do copies of our own",
  presence: "rooms",
  script: [
    ...bobMakesRoom,
    ...arrives("alice/desk"),
    ...arrives("alice/phone"),
    { contact: "bob", sends: direct("$bare") },
    { to: all, expect: direct("$bare").replace("<message", `<message from="$bobFull"`) },
    // Through a room that we are not in, and through one in which one client is.
    { contact: "bob", sends: mediated("$bare") },
    { to: all, expect: invitation },
    ...enters("alice/desk"),
    { contact: "bob", sends: mediated("$bare") },
    { to: all, expect: invitation },
    { silent: "bob" },
    { from: "alice/desk", send: direct("$bob") },
    { contact: "bob", gets: direct("$bob").replace("<message", `<message from="$full"`) },
    {
      to: "alice/phone",
      expect: copyOf(direct("$bob")),
    },
  ],
};
