/**
 * CSI-3: how soon a client has to have a stanza that nobody is looking at (XEP-0352), and what makes another one void that
 * waits. A pure decision; knows nothing of who waits.
 */
import type { Element } from "@xmpp/xml";
import { readCarbon } from "../xmpp/carbons.ts";
import { isOnlyChatState, substanceOf } from "../xmpp/message-payload.ts";
import { NS } from "../xmpp/namespaces.ts";
import { stanzaKind } from "../xmpp/stanza.ts";

type Urgency =
  /** A person would want to see it: the client gets it, after all that waited. */
  | "important"
  /** The client gets it, after what waited from the same sender. */
  | "ordinary"
  /** It waits, and takes the place of what waited from the same full JID on the same topic. */
  | "can-wait"
  /** Nobody will want it later. */
  | "stale";

interface Waiting {
  urgency: Urgency;
  /** Who says it; of a carbon, who said what is inside. */
  from: string;
  /** What of `from` it tells, if it can wait. */
  topic: string;
}

/** Characters of a stanza; a larger one does not wait. */
const MAX_LENGTH = 8_192;

/** Payload that nobody is waiting for. */
const UNIMPORTANT: ReadonlySet<string> = new Set([
  NS.receipts,
  NS.chatMarkers,
  NS.displayedSync,
  NS.pubsubEvent,
]);

/** Nodes whose last item says all, under whatever id: each is void when the next one comes. */
const STATES: ReadonlySet<string> = new Set([
  "eu.siacs.conversations.axolotl.devicelist",
  "http://jabber.org/protocol/activity",
  "http://jabber.org/protocol/geoloc",
  "http://jabber.org/protocol/mood",
  "http://jabber.org/protocol/nick",
  "http://jabber.org/protocol/tune",
  "urn:xmpp:avatar:metadata",
  "urn:xmpp:omemo:2:devices",
  "urn:xmpp:vcard4",
]);

/** `length`: of the stanza, serialized, in characters. */
export function urgencyOf(stanza: Element, length: number, bareJid: string): Waiting {
  const message = readCarbon(stanza, bareJid)?.message ?? stanza;
  const { from = bareJid } = message.attrs;
  const topic = length > MAX_LENGTH ? undefined : topicOf(message, bareJid);
  if (topic !== undefined) return { urgency: "can-wait", from, topic };
  return {
    urgency: stanzaKind(stanza) === "message" ? urgencyOfMessage(message) : "important",
    from,
    topic: "",
  };
}

function urgencyOfMessage(message: Element): Urgency {
  if (isOnlyChatState(message)) return "stale";
  return isUnimportant(message) ? "ordinary" : "important";
}

/** Of what can wait: what it is about. Undefined for anything else. */
function topicOf(stanza: Element, bareJid: string): string | undefined {
  switch (stanzaKind(stanza)) {
    case "presence":
      return isMereAvailability(stanza) ? "presence" : undefined;
    case "message":
      return newsOf(stanza, bareJid);
    default:
      return undefined;
  }
}

/** Not a request to subscribe, an error, or news about the client itself in a room (XEP-0045 section 15.6.2). */
function isMereAvailability(presence: Element): boolean {
  const { from, type } = presence.attrs;
  if (from === undefined || (type !== undefined && type !== "unavailable")) return false;
  return presence.getChild("x", NS.mucUser)?.getChild("status") === undefined;
}

/**
 * A notification of one item of a node (XEP-0163), which makes the one before it void. What was displayed elsewhere
 * (XEP-0490) takes notifications off a screen, and does not wait.
 */
function newsOf(message: Element, bareJid: string): string | undefined {
  const [event, ...others] = substanceOf(message);
  const { from = bareJid, type } = message.attrs;
  if (!event?.is("event", NS.pubsubEvent) || others.length > 0 || type === "error") return undefined;
  const [items, ...rest] = event.getChildElements();
  const node = items?.attrs.node;
  const isNews = items?.getName() === "items" && rest.length === 0 && !from.includes("/");
  if (!isNews || node === undefined || node === NS.displayedSync) return undefined;
  const [item, ...more] = items?.getChildElements() ?? [];
  if (!item || more.length > 0) return undefined;
  return JSON.stringify(STATES.has(node) ? [node] : [node, item.attrs.id]);
}

/** Of a room, what a person is meant by gets noticed by the client itself: it gets all that is said there. */
function isUnimportant(message: Element): boolean {
  const { type } = message.attrs;
  if (type === "groupchat") return true;
  if (type === "error" || message.getChild("body")) return false;
  return type === "headline" || substanceOf(message).every((child) => UNIMPORTANT.has(child.getNS() ?? ""));
}
