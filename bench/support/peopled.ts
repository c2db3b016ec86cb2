// Fills the account of a source server with people: contacts in the roster that are all online, and rooms with occupants,
// as a server tells of them.

import type { Element } from "@xmpp/xml";
import type { SourceServer } from "./source-server.ts";

export interface People {
  readonly contacts: number;
  readonly rooms: number;
  /** In each room, beside the account itself. */
  readonly occupants: number;
}

const NICK = "alice";

const CAPS =
  `<c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="https://conversejs.org" ver="qgxN8hmrdSa2/4/7PUoM9bPFN2s="/>` +
  `<x xmlns="vcard-temp:x:update"><photo>da39a3ee5e6b4b0d3255bfef95601890afd80709</photo></x>`;

export function roomAddress(index: number): string {
  return `room${index}@muc.bench.example`;
}

/** What a client sends to enter a room (XEP-0045 section 7.2). */
export function joinXml(room: string): string {
  return `<presence xmlns="jabber:client" to="${room}/${NICK}"><x xmlns="http://jabber.org/protocol/muc"/></presence>`;
}

/** From now on the server answers for these. */
export function people(source: SourceServer, { contacts, occupants }: People): void {
  source.onRequest = (iq) =>
    iq.getChild("query", "jabber:iq:roster") && iq.attrs.type === "get"
      ? `<iq type="result" id="${iq.attrs.id}" to="${source.fullJid}">${rosterXml(contacts)}</iq>`
      : undefined;
  let told = false;
  source.onPresence = (presence) => {
    const { to, type } = presence.attrs;
    if (to !== undefined) return source.write(entering(presence, source.fullJid, occupants));
    if (told || type !== undefined) return;
    told = true;
    for (let index = 0; index < contacts; index += 1) source.write(contactPresence(index, source.fullJid));
  };
}

function rosterXml(contacts: number): string {
  let items = "";
  for (let index = 0; index < contacts; index += 1) {
    items += `<item jid="contact${index}@bench.example" name="Contact ${index}" subscription="both"><group>Friends</group></item>`;
  }
  return `<query xmlns="jabber:iq:roster">${items}</query>`;
}

function contactPresence(index: number, to: string): string {
  return `<presence from="contact${index}@bench.example/phone" to="${to}">${CAPS}</presence>`;
}

/** Those who are there, oneself, the subject (XEP-0045 sections 7.2.2 and 7.2.15). */
function entering(presence: Element, to: string, occupants: number): string {
  const [room = "", nick = ""] = (presence.attrs.to ?? "").split("/");
  if (presence.attrs.type !== undefined || !presence.getChild("x", "http://jabber.org/protocol/muc"))
    return "";
  const item = `<item affiliation="none" role="participant"/>`;
  let out = "";
  for (let index = 0; index < occupants; index += 1) {
    out +=
      `<presence from="${room}/occupant ${index}" to="${to}">${CAPS}` +
      `<x xmlns="http://jabber.org/protocol/muc#user">${item}</x></presence>`;
  }
  return (
    `${out}<presence from="${room}/${nick}" to="${to}"><x xmlns="http://jabber.org/protocol/muc#user">` +
    `${item}<status code="110"/></x></presence>` +
    `<message type="groupchat" from="${room}" to="${to}"><subject>Tea</subject></message>`
  );
}
