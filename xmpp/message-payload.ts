/**
 * What a message says besides its body: receipts, markers, chat states and other payload of instant messaging, and what
 * only accompanies them. Reads; decides nothing about who gets it.
 */
import type { Element } from "@xmpp/xml";
import { NS } from "./namespaces.ts";

/** XEP-0085 section 4: the states of a conversation, as far as the other side is shown them. */
const CHAT_STATES: ReadonlySet<string> = new Set(["active", "composing", "paused", "inactive", "gone"]);
/** XEP-0333; `received` and `acknowledged` are those of its earlier versions. */
const MARKERS: ReadonlySet<string> = new Set(["received", "displayed", "acknowledged"]);

/** Somebody looks at the conversation, or types. */
const PERSONS_STATES: ReadonlySet<string> = new Set(["active", "composing"]);
const AUTOMATIC: ReadonlySet<string> = new Set(["receipts received", "markers received", "call ringing"]);

/** What goes along with a payload and means nothing without it: hints, ids, threads, an archive's or a room's stamp. */
const ACCOMPANIMENT: ReadonlySet<string> = new Set([
  NS.delay,
  NS.hints,
  NS.stanzaIds,
  "urn:xmpp:occupant-id:0",
  "urn:xmpp:eme:0",
]);

/** Says that a message was delivered, displayed or acted upon. */
export interface Acknowledgement {
  element: Element;
  /** Which of the vocabularies' words it is, for instance "receipts received". */
  kind: string;
  /** The id of the message that it speaks of. */
  id: string;
}

/**
 * Receipts (XEP-0184), markers (XEP-0333), displayed sync by server assist (XEP-0490 section 4.4), and what is said of a call
 * that was proposed (XEP-0353), in a message.
 */
export function acknowledgementsIn(message: Element): Acknowledgement[] {
  return message.getChildElements().flatMap((element) => {
    const acknowledgement = readAcknowledgement(element);
    return acknowledgement ? [acknowledgement] : [];
  });
}

function readAcknowledgement(element: Element): Acknowledgement | undefined {
  const name = element.getName();
  const { id } = element.attrs;
  switch (element.getNS()) {
    case NS.receipts:
      return name === "received" && id !== undefined ? { element, kind: "receipts received", id } : undefined;
    case NS.chatMarkers:
      return MARKERS.has(name) && id !== undefined ? { element, kind: `markers ${name}`, id } : undefined;
    case NS.displayedSync: {
      const stanzaId = element.getChild("stanza-id", NS.stanzaIds)?.attrs.id;
      return stanzaId === undefined ? undefined : { element, kind: "displayed-sync displayed", id: stanzaId };
    }
    case NS.jingleMessage:
      if (id === undefined) return undefined;
      if (name === "proceed" || name === "reject") return { element, kind: "call answered", id };
      return name === "ringing" || name === "finish" ? { element, kind: `call ${name}`, id } : undefined;
    default:
      return undefined;
  }
}

/** The name of a chat state in a message (XEP-0085). */
export function chatStateIn(message: Element): string | undefined {
  const element = message.getChildElements().find((child) => isChatState(child));
  return element?.getName();
}

/** What a message says: its children but for mere accompaniment and chat states. */
export function substanceOf(message: Element): Element[] {
  return message.getChildElements().filter((child) => !isChatState(child) && !isAccompaniment(child));
}

/** Is a chat state all that the message says (XEP-0085 section 5.6, a standalone notification)? */
export function isOnlyChatState(message: Element): boolean {
  return (
    message.attrs.type !== "error" && chatStateIn(message) !== undefined && substanceOf(message).length === 0
  );
}

/**
 * Did a program send this by itself? Errors; that a message has come (XEP-0184, XEP-0333's earlier versions) or a call rings
 * (XEP-0353); that nobody is typing any more (XEP-0085 section 5.5: those are sent when time has passed).
 */
export function isAutomatic(message: Element): boolean {
  if (message.attrs.type === "error") return true;
  const substance = substanceOf(message);
  const state = chatStateIn(message);
  if (substance.length === 0) return state !== undefined && !PERSONS_STATES.has(state);
  return substance.every((element) => AUTOMATIC.has(readAcknowledgement(element)?.kind ?? ""));
}

/** A room's `<x/>` that says nothing only marks a private message (XEP-0045 section 7.5). */
function isAccompaniment(element: Element): boolean {
  const namespace = element.getNS() ?? "";
  if (namespace === NS.mucUser) return element.getChildElements().length === 0;
  return ACCOMPANIMENT.has(namespace) || element.is("thread", NS.client);
}

function isChatState(element: Element): boolean {
  return element.getNS() === NS.chatStates && CHAT_STATES.has(element.getName());
}
