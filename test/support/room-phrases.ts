// Turns of conversation that scripts of rooms share (XEP-0045). The room is $room; bob made it, and is "bob" there; alice is
// "al".

import { OUR_CAPS } from "./phrases.ts";
import type { Script } from "./scenario.ts";

export const MUC = "http://jabber.org/protocol/muc";
export const USER = `${MUC}#user`;

/** To enter, or to become known by another nickname. */
export const joins = (nick: string, inside = ""): string =>
  `<presence to="$room/${nick}"><x xmlns="${MUC}">${inside}</x></presence>`;
export const leaves = (nick: string): string => `<presence to="$room/${nick}" type="unavailable"/>`;

interface Shown {
  affiliation?: string;
  role?: string;
  codes?: readonly number[];
  /** What the item says beside that: `nick="new"`. */
  item?: string;
  /** `…`: what the server says, if anything. */
  reason?: string;
}

const user = ({ affiliation = "none", role = "participant", codes = [], item = "", reason }: Shown): string =>
  `<x xmlns="${USER}"><item affiliation="${affiliation}" role="${role}"${item === "" ? "" : ` ${item}`}>` +
  `${reason === undefined || reason === "…" ? (reason ?? "") : `<reason>${reason}</reason>`}</item>` +
  `${codes.map((code) => `<status code="${code}"/>`).join("")}</x>`;

/** How the room shows somebody. */
export const here = (nick: string, shown: Shown = {}, says = ""): string =>
  `<presence from="$room/${nick}">${says}${user(shown)}</presence>`;
export const gone = (nick: string, shown: Shown = {}): string =>
  `<presence from="$room/${nick}" type="unavailable">${user({ role: "none", ...shown })}</presence>`;
/** The room has seen our session end; servers may say so, or that it was an error (status 333). */
export const lost = gone("al").replace("</x></presence>", "…</x>…</presence>");
/** As the room shows alice. */
export const alHere = (shown: Shown = {}, nick = "al"): string => here(nick, shown, OUR_CAPS);
export const self = (shown: Shown = {}, nick = "al"): string => alHere({ codes: [110], ...shown }, nick);
export const bobHere = here("bob", { affiliation: "owner", role: "moderator" });

export const said = (id: string): string =>
  `<message to="$room" type="groupchat" id="${id}"><body>${id}</body></message>`;
/** The same as somebody hears it. */
export const heard = (nick: string, id: string, to = "$full"): string =>
  `<message from="$room/${nick}" to="${to}" type="groupchat" id="${id}"><body>${id}</body></message>`;
/** And who comes later. */
export const past = (nick: string, id: string, stamp = "$_"): string =>
  heard(nick, id).replace(
    "</message>",
    `<delay xmlns="urn:xmpp:delay" stamp="${stamp}" from="$_"/></message>`,
  );

export const NO_SUBJECT = `<message type="groupchat" from="$_" to="$_"><subject/></message>`;
/** An error from this address. */
export const refusal = (kind: "presence" | "message", from: string, condition: string): string =>
  `<${kind} from="${from}" type="error"><error type="$_"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>…</${kind}>`;

export const bobMakesRoom: Script = [
  { contact: "bob", sends: joins("bob") },
  {
    contact: "bob",
    gets: here("bob", { affiliation: "owner", role: "moderator", codes: [110, 201] }),
  },
  { contact: "bob", gets: NO_SUBJECT },
];

/** What is so when a client enters: what was said before, and what alice is there. */
interface Circumstances {
  before?: readonly string[];
  shown?: Shown;
}

/** The first of alice's clients. */
export const enters = (client: string, circumstances: Circumstances = {}): Script => [
  ...entersToo(client, circumstances),
  { contact: "bob", gets: alHere(circumstances.shown) },
];

/** One more, which nobody notices. */
export const entersToo = (client: string, { before = [], shown }: Circumstances = {}): Script => [
  { from: client, send: joins("al") },
  { to: client, inOrder: [bobHere, self(shown), ...before, NO_SUBJECT] },
];

/** What an owner or moderator makes of somebody (sections 8 to 10). */
export const decrees = (by: { contact: string }, item: string): Script => [
  {
    ...by,
    sends: `<iq type="set" to="$room" id="decree"><query xmlns="${MUC}#admin"><item ${item}><reason>So be it</reason></item></query></iq>`,
  },
  { ...by, gets: `<iq type="result" from="$room" to="$_" id="decree"/>` },
];

export const field = (name: string, value: string): string =>
  `<field var="${name}"><value>${value}</value></field>`;

/** The room tells that it is set up otherwise now. */
export const reconfigured = (to: string, codes: readonly number[] = [104]): string =>
  `<message from="$room" to="${to}" type="groupchat"><x xmlns="${USER}">${codes.map((code) => `<status code="${code}"/>`).join("")}</x>…</message>`;

/** bob sets the room up otherwise. */
export const configures = (...fields: readonly (readonly [name: string, value: string])[]): Script => {
  const values = fields.map(([name, value]) => field(`muc#roomconfig_${name}`, value)).join("");
  const form = `<x xmlns="jabber:x:data" type="submit">${field("FORM_TYPE", `${MUC}#roomconfig`)}${values}</x>`;
  return [
    {
      contact: "bob",
      sends: `<iq type="set" to="$room" id="set"><query xmlns="${MUC}#owner">${form}</query></iq>`,
    },
    { contact: "bob", gets: `<iq type="result" from="$room" to="$bobFull" id="set"/>` },
    { contact: "bob", gets: reconfigured("$bobFull") },
  ];
};
