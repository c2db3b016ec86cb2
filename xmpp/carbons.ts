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

/**
 * Should this message be copied to the sender's other clients? A reason when not.
 * XEP-0280 section 6.1, read generously: everything but what is excluded, so that siblings see a whole
 * conversation (receipts, markers and corrections included).
 */
export function carbonIneligibility(message: Element): string | undefined {
  if (message.attrs.type === "groupchat") return "groupchat is reflected by its room";
  if (message.attrs.type === "headline") return "headlines are not conversation";
  if (message.getChild("private", NS.carbons)) return "<private/>";
  if (message.getChild("no-copy", NS.hints)) return "<no-copy/> hint";
  return undefined;
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
