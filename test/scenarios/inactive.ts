// The phone is in a pocket. What bob does meanwhile waits until somebody looks at it, or until it matters.
import { arrives, OUR_CAPS } from "../support/phrases.ts";
import type { Scenario } from "../support/scenario.ts";

const bobIs = (show: string): string => `<presence><show>${show}</show></presence>`;
const bobIsSeen = (show: string): string => bobIs(show).replace("<presence", `<presence from="$bobFull"`);
const composing = `<message to="$full" type="chat"><composing xmlns="http://jabber.org/protocol/chatstates"/></message>`;
const hello = `<message to="$bare" type="chat" id="b1"><body>Are you there?</body></message>`;
const heard = (stanza: string): string => stanza.replace("<message", `<message from="$bobFull"`);
const own = `<presence from="$full">${OUR_CAPS}</presence>`;
/** Bob is first one thing and then another; the desk sees both. */
const bobIsFirst = (show: string, then: string): Scenario["script"] =>
  [show, then].flatMap((what) => [
    { contact: "bob", sends: bobIs(what) },
    { to: "alice/desk", expect: bobIsSeen(what) },
  ]);

export const scenario: Scenario = {
  title:
    "CSI-1 CSI-3 CSI-4: for an inactive client the latest presence waits, until it is active or a message comes, and who is typing is not told",
  presence: true,
  script: [
    ...arrives("alice/desk"),
    { to: "alice/desk", expect: `<presence from="$full"><show>away</show>${OUR_CAPS}</presence>` },
    { to: "alice/desk", expect: `<presence from="$bobFull"/>` },
    { to: "alice/desk", expect: own },
    { contact: "bob", gets: own },
    ...arrives("alice/phone"),
    { to: "alice/phone", expect: own },
    { to: "alice/phone", expect: `<presence from="$bobFull"/>` },
    { from: "alice/phone", says: "inactive" },
    ...bobIsFirst("dnd", "xa"),
    { contact: "bob", sends: composing },
    { to: "alice/desk", expect: heard(composing) },
    { silent: "alice/phone" },
    { contact: "bob", sends: hello },
    { to: "alice/desk", expect: heard(hello) },
    { to: "alice/phone", expect: bobIsSeen("xa") },
    { to: "alice/phone", expect: heard(hello) },
    ...bobIsFirst("chat", "away"),
    { silent: "alice/phone" },
    { from: "alice/phone", says: "active" },
    { to: "alice/phone", expect: bobIsSeen("away") },
    ...bobIsFirst("dnd", "xa"),
    { to: "alice/phone", expect: bobIsSeen("dnd") },
    { to: "alice/phone", expect: bobIsSeen("xa") },
  ],
};
