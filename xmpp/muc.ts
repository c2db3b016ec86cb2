/**
 * Multi-User Chat (XEP-0045): the words of the protocol, read and written. Knows nothing of who is in which room.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "./namespaces.ts";

/** Status codes (XEP-0045 section 15.6) that change what we do. */
export const STATUS = {
  /** Presence and configuration: real JIDs are visible to everybody. */
  nonAnonymous: "100",
  /** This presence is the receiver's own. */
  self: "110",
  loggingOn: "170",
  loggingOff: "171",
  nowNonAnonymous: "172",
  nowSemiAnonymous: "173",
  created: "201",
  /** The nickname is another one than was asked for. */
  nickAssigned: "210",
  banned: "301",
  nickChanged: "303",
  kicked: "307",
  affiliationLost: "321",
  membersOnly: "322",
  shutdown: "332",
  /** Removed because of an error, not by anybody's will. */
  technical: "333",
} as const;

/** What a presence says of the occupant it is about. */
interface OccupantItem {
  affiliation: string | undefined;
  role: string | undefined;
  nick: string | undefined;
  jid: string | undefined;
}

/** A presence that asks to enter a room (section 7.2). */
export function asksToJoin(presence: Element): boolean {
  return presence.attrs.type === undefined && presence.getChild("x", NS.muc) !== undefined;
}

/** The nickname in an occupant JID; empty in a room's own address. */
export function nickOf(occupantJid: string): string {
  const slash = occupantJid.indexOf("/");
  return slash === -1 ? "" : occupantJid.slice(slash + 1);
}

/** What a join (section 7.2.6) or a bookmark has for a password; an empty one is none. */
export function readPassword(within: Element | undefined): string | undefined {
  const password = within?.getChildText("password");
  return password === null || password === "" ? undefined : password;
}

/** The status codes that a room attached to a stanza. */
export function statusCodes(stanza: Element): string[] {
  const codes = stanza.getChild("x", NS.mucUser)?.getChildren("status") ?? [];
  return codes.flatMap(({ attrs }) => (attrs.code === undefined ? [] : [attrs.code]));
}

export function occupantItem(presence: Element): OccupantItem {
  const { affiliation, role, nick, jid } = presence.getChild("x", NS.mucUser)?.getChild("item")?.attrs ?? {};
  return { affiliation, role, nick, jid };
}

/** By what the room knows an occupant, whatever the nickname (XEP-0421); undefined where it does not say. */
export function occupantId(presence: Element): Element | undefined {
  return presence.getChild("occupant-id", NS.occupantId);
}

/** Is the room gone for good (section 10.9)? */
export function isDestroyed(presence: Element): boolean {
  return presence.getChild("x", NS.mucUser)?.getChild("destroy") !== undefined;
}

/** A message that sets the subject: it has one and no body (section 8.1). */
export function isSubject(message: Element): boolean {
  return message.getChild("subject") !== undefined && message.getChild("body") === undefined;
}

/** An invitation through the room (section 7.8.2). */
export function isInvitation(message: Element): boolean {
  return message.getChild("x", NS.mucUser)?.getChild("invite") !== undefined;
}

/** `unavailable` of an occupant, as the room would send it (sections 7.6 and 7.14). */
export function occupantUnavailable(
  { from, to }: { from: string; to: string },
  { affiliation = "none", nick }: { affiliation?: string | undefined; nick?: string },
  codes: readonly string[],
): Element {
  const item = xml("item", { affiliation, role: "none", nick });
  const statuses = codes.map((code) => xml("status", { code }));
  const user = xml("x", { xmlns: NS.mucUser }, item, ...statuses);
  return xml("presence", { xmlns: NS.client, from, to, type: "unavailable" }, user);
}

/** The `<x/>` of a join (sections 7.2.2, 7.2.5 and 7.2.14). */
export function joinElement({
  password,
  maxstanzas,
  since,
}: {
  password: string | undefined;
  maxstanzas: number;
  since: string | undefined;
}): Element {
  const history = xml("history", { maxstanzas: String(maxstanzas), since });
  return xml(
    "x",
    { xmlns: NS.muc },
    password === undefined ? undefined : xml("password", {}, password),
    history,
  );
}

/** The condition of an error stanza (RFC 6120 section 8.3.3); empty when it names none. */
export function errorCondition(stanza: Element): string {
  const condition = stanza
    .getChild("error")
    ?.getChildElements()
    .find((child) => child.getNS() === NS.stanzaErrors && child.getName() !== "text");
  return condition?.getName() ?? "";
}
