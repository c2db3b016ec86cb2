// What is said to and by a room in these scripts.

import { OUR_CAPS } from "../../../support/phrases.ts";
import type { Script } from "../../../support/scenario.ts";

export const ROOM = "room@muc.example.org";
const USER = "http://jabber.org/protocol/muc#user";
const MUC = "http://jabber.org/protocol/muc";

/** A client asks to enter; `inside` stands in the `<x/>`. */
export function join(nick: string, inside = ""): string {
  return `<presence to="${ROOM}/${nick}"><x xmlns="${MUC}">${inside}</x></presence>`;
}

/** The one join that the room gets. */
export function joinsUpstream(
  nick: string,
  { content = "", password = "", since = "", maxstanzas = 50 } = {},
): string {
  const limits = since === "" ? "" : ` since="${since}"`;
  const secret = password === "" ? "" : `<password>${password}</password>`;
  return `<presence to="${ROOM}/${nick}">${content}${OUR_CAPS}<x xmlns="${MUC}">${secret}<history maxstanzas="${maxstanzas}"${limits}/></x></presence>`;
}

/** Somebody's presence in the room, as the room sends it. */
export function occupant(
  nick: string,
  codes: readonly number[] = [],
  { type = "", content = "", item = "" }: { type?: string; content?: string; item?: string } = {},
): string {
  const attributes = type === "" ? "" : ` type="${type}"`;
  const role = type === "unavailable" ? "none" : "participant";
  const statuses = codes.map((code) => `<status code="${code}"/>`).join("");
  const about = item === "" ? `<item affiliation="none" role="${role}"/>` : item;
  return `<presence from="${ROOM}/${nick}" to="$full"${attributes}>${content}<x xmlns="${USER}">${about}${statuses}</x></presence>`;
}

export function gone(nick: string, codes: readonly number[] = []): string {
  return occupant(nick, codes, { type: "unavailable" });
}

export function says(nick: string, body: string, more = ""): string {
  return `<message from="${ROOM}/${nick}" to="$full" type="groupchat" id="${body}"><body>${body}</body>${more}</message>`;
}

/** The same, when it is history. */
export function said(nick: string, body: string, stamp: string, more = ""): string {
  return says(nick, body, `${more}<delay xmlns="urn:xmpp:delay" from="${ROOM}" stamp="${stamp}"/>`);
}

export function subject(text = ""): string {
  const inside = text === "" ? "<subject/>" : `<subject>${text}</subject>`;
  return `<message from="${ROOM}" to="$full" type="groupchat">${inside}</message>`;
}

/** The room refuses presence. */
export function refusal(nick: string, condition: string, type = "auth"): string {
  return `<presence from="${ROOM}/${nick}" to="$full" type="error"><error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></presence>`;
}

export function leaves(nick: string, content = ""): string {
  return `<presence to="${ROOM}/${nick}" type="unavailable">${content}</presence>`;
}

/** A client enters as "al"; bob is there, and the subject is "Tea". */
export function enters(client: string): Script {
  return [
    { from: client, send: join("al") },
    { upstream: "gets", xml: joinsUpstream("al") },
    { upstream: "sends", xml: occupant("bob") },
    { upstream: "sends", xml: occupant("al", [110]) },
    { upstream: "sends", xml: subject("Tea") },
    { to: client, expect: occupant("bob") },
    { to: client, expect: occupant("al", [110]) },
    { to: client, expect: subject("Tea") },
  ];
}

/** Another client enters the room that is entered already. */
export function entersToo(client: string): Script {
  return [
    { from: client, send: join("al") },
    { to: client, expect: occupant("bob") },
    { to: client, expect: occupant("al", [110]) },
    { to: client, expect: subject("Tea") },
  ];
}

export const both = ["alice/one", "alice/two"] as const;

/** One and two are attached and in the room, three is attached only. */
export const twoInRoom: Script = [
  { attach: "alice/one" },
  { attach: "alice/two" },
  { attach: "alice/three" },
  ...enters("alice/one"),
  ...entersToo("alice/two"),
];
