/**
 * Message Carbons (XEP-0280 v1.0.1): which messages are copied, and the copies' wire form.
 * Knows nothing of who is attached.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "./namespaces.ts";
import { clone } from "./xml/element.ts";

type CarbonDirection = "sent" | "received";

export interface Carbon {
  direction: CarbonDirection;
  /** The forwarded message. */
  message: Element;
}

/** XEP-0280 section 6.1's "payload elements typically used in IM": it names three and means what people say with. */
const IM_PAYLOAD: ReadonlySet<string> = new Set([
  NS.receipts,
  NS.chatStates,
  NS.chatMarkers,
  NS.displayedSync,
  NS.jingleMessage,
  // XEP-0249: a direct invitation to a room.
  NS.conference,
  "urn:xmpp:message-correct:0",
  "urn:xmpp:message-retract:1",
  "urn:xmpp:reactions:0",
  "eu.siacs.conversations.axolotl",
  "urn:xmpp:omemo:2",
  "urn:xmpp:openpgp:0",
]);

/**
 * Should this message be copied to the sender's other clients, or to the receiver's? A reason when not (XEP-0280 section
 * 6.1). An error is as eligible as what it answers, which cannot be told by looking at it.
 */
export function carbonIneligibility(message: Element): string | undefined {
  const { type } = message.attrs;
  if (message.getChild("private", NS.carbons)) return "<private/>";
  if (message.getChild("no-copy", NS.hints)) return "<no-copy/> hint";
  if (type === "groupchat") return "groupchat is reflected by its room";
  if (type === "chat" || type === "error" || message.getChildElements().some(isImPayload)) return undefined;
  if (type === "headline") return "headlines are not conversation";
  return message.getChild("body") ? undefined : "nothing of instant messaging in it";
}

/** Mediated invitations (XEP-0045 section 7.8.2) are among what a room's `<x/>` says; its status codes are not. */
function isImPayload(child: Element): boolean {
  if (child.getNS() !== NS.mucUser) return IM_PAYLOAD.has(child.getNS() ?? "");
  return child.getChild("invite") !== undefined || child.getChild("decline") !== undefined;
}

/**
 * A carbon of `message` (XEP-0280 sections 7 and 8): from the account's bare JID to one of its full JIDs,
 * which is what clients check before they trust it (section 11). Uses the type of the original.
 */
export function carbonOf(message: Element, direction: CarbonDirection, bareJid: string, to: string): Element {
  const inner = clone(message);
  inner.attrs.xmlns = NS.client;
  return xml(
    "message",
    { xmlns: NS.client, from: bareJid, to, type: message.attrs.type },
    xml(direction, { xmlns: NS.carbons }, xml("forwarded", { xmlns: NS.forward }, inner)),
  );
}

/**
 * The carbon inside a message from the account's own bare JID, else undefined. The sender check is the
 * receiver's duty (section 11): a carbon from anyone else is a forgery.
 */
export function readCarbon(message: Element, bareJid: string): Carbon | undefined {
  if (message.attrs.from !== bareJid) return undefined;
  for (const direction of ["sent", "received"] as const) {
    const wrapper = message.getChild(direction, NS.carbons);
    const inner = wrapper?.getChild("forwarded", NS.forward)?.getChild("message", NS.client);
    if (inner) return { direction, message: inner };
  }
  return undefined;
}
