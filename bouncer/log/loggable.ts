/**
 * LOG-2: which messages belong into the account's log, and what the log has to know of them. A pure decision; knows nothing
 * of storage or of who is attached.
 */
import type { Element } from "@xmpp/xml";
import { readCarbon } from "../../xmpp/carbons.ts";
import { bareJidOf } from "../../xmpp/jid.ts";
import { NS } from "../../xmpp/namespaces.ts";

/** A message for the log, in the form in which the account sent or got it. */
export interface Loggable {
  /** The message itself: of a carbon, what is inside. */
  message: Element;
  /** From the account, whichever of its clients sent it. */
  sent: boolean;
  /** The bare JID of the other side: a contact, a room, a server. */
  peer: string;
  /** It is a room's groupchat. */
  room: boolean;
  /** The id under which it is archived (XEP-0359), by the account's server or by the room. */
  stanzaId: string | undefined;
}

export type LogDecision = ({ log: true } & Loggable) | { log: false; reason: string };

/** Children that say nothing by themselves: states of typing, ids, hints, how and when it came. */
const SILENT_NAMESPACES: ReadonlySet<string> = new Set([
  NS.chatStates,
  NS.delay,
  NS.hints,
  NS.stanzaIds,
  "http://jabber.org/protocol/address",
  "http://jabber.org/protocol/nick",
]);

/** A message from upstream, as it came. */
export function shouldLogReceived(message: Element, bareJid: string): LogDecision {
  const carbon = readCarbon(message, bareJid);
  const isSent = carbon?.direction === "sent";
  const inner = carbon?.message ?? message;
  const reason = unloggable(inner);
  if (reason !== undefined) return { log: false, reason };
  const room = inner.attrs.type === "groupchat";
  // RFC 6120 section 8.1.2.1: without `from`, it is from the account itself.
  const peer = bareJidOf((isSent ? inner.attrs.to : inner.attrs.from) ?? bareJid);
  const stanzaId = stanzaIdBy(inner, room ? peer : bareJid);
  return { log: true, message: inner, sent: isSent, peer, room, stanzaId };
}

/** A message that one of our clients has sent. */
export function shouldLogSent(message: Element, bareJid: string): LogDecision {
  const reason = unloggable(message);
  if (reason !== undefined) return { log: false, reason };
  if (message.attrs.type === "groupchat") return { log: false, reason: "its room sends it back" };
  const peer = bareJidOf(message.attrs.to ?? bareJid);
  if (peer === bareJid) return { log: false, reason: "to the account itself: it comes back" };
  return { log: true, message, sent: true, peer, room: false, stanzaId: undefined };
}

/**
 * A message from an archive under its id there: that of the account's server, or of the room `by`. Rooms' messages are taken
 * from the rooms.
 */
export function shouldLogArchived(
  message: Element,
  stanzaId: string,
  { by, bareJid }: { by: string; bareJid: string },
): LogDecision {
  const room = by !== bareJid;
  const { from = bareJid, to = bareJid, type } = message.attrs;
  if ((type === "groupchat") !== room) return { log: false, reason: room ? "no groupchat" : "a room's" };
  if (room && bareJidOf(from) !== by) return { log: false, reason: "of another room" };
  const reason = unloggable(message);
  if (reason !== undefined) return { log: false, reason };
  const sent = bareJidOf(from) === bareJid;
  const peer = bareJidOf(sent ? to : from);
  // What the account says to itself is what it got, as when it comes.
  return { log: true, message, sent: sent && peer !== bareJid, peer, room, stanzaId };
}

/**
 * A reason not to log. XEP-0313 section 5.1.1 has at least every body stored and leaves the rest to us: a conversation is
 * complete only with its receipts, markers, corrections, reactions, invitations and calls, so what is left out is named here,
 * and everything else is kept, encrypted or not.
 */
function unloggable(message: Element): string | undefined {
  const { type } = message.attrs;
  if (type === "error") return "an error";
  if (type === "headline") return "headlines are not conversation";
  if (message.getChild("no-store", NS.hints)) return "<no-store/> hint";
  if (message.getChild("no-permanent-store", NS.hints)) return "<no-permanent-store/> hint";
  if (message.getChild("data", NS.ibb)) return "bytes of a session, for the client that has it (JING-4)";
  let says = false;
  for (const child of message.getChildElements()) {
    const namespace = child.getNS() ?? "";
    // ejabberd also marks what it has archived, as drafts of XEP-0313 had it: `<archived xmlns="urn:xmpp:mam:tmp"/>`.
    if (namespace.startsWith("urn:xmpp:mam:") && child.getName() !== "archived")
      return "a result from an archive";
    if (namespace.startsWith("urn:xmpp:mam:")) continue;
    if (namespace === NS.carbons && child.getName() !== "private") return "a carbon that nobody vouches for";
    if (namespace === NS.pubsubEvent) return "a notification of an event";
    // A room tells its subject anew to whoever joins, and changes of its configuration only to those who are there.
    const isState = type === "groupchat" && (child.is("subject", NS.client) || namespace === NS.mucUser);
    says ||= !isState && !child.is("thread", NS.client) && !SILENT_NAMESPACES.has(namespace);
  }
  return says || message.getChild("store", NS.hints) ? undefined : "it says nothing to be kept";
}

/** XEP-0359 section 3.1: only an id by the archive that we would ask is one to go by. */
function stanzaIdBy(message: Element, by: string): string | undefined {
  for (const child of message.getChildElements()) {
    if (child.is("stanza-id", NS.stanzaIds) && child.attrs.by === by) return child.attrs.id;
  }
  return undefined;
}
