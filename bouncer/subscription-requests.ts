/**
 * PRES-12: requests to subscribe to the account that nobody has answered yet (RFC 6121 section 3.1.3). The server tells a
 * session of them once, when it begins or as they come; clients come when they like.
 *
 * Kept among contacts' presence, under an address that no contact can have. Whether a client is there is not known here.
 */
import type { Element } from "@xmpp/xml";
import { bareJidOf } from "../xmpp/jid.ts";
import { serialize } from "../xmpp/xml/serialize.ts";
import type { PresenceStore } from "./ports.ts";

/** Beyond this a request is for those that are there when it comes. */
export const MAX_REQUESTS = {
  count: 200,
  /** Characters of one request, serialized. */
  length: 4_096,
};

export class SubscriptionRequests {
  /** By the bare JID of who asks. */
  readonly #requests = new Map<string, Element>();
  readonly #store: PresenceStore;

  constructor(store: PresenceStore) {
    this.#store = store;
  }

  /** Takes back what was stored; false when it is no request. */
  load(presence: Element): boolean {
    const { from, type } = presence.attrs;
    if (type !== "subscribe" || from === undefined) return false;
    this.#requests.set(bareJidOf(from), presence);
    return true;
  }

  /** A presence came from a contact: a request, or the end of one. */
  receive(presence: Element, nowMs: number): void {
    const { from, type } = presence.attrs;
    if (from === undefined) return;
    if (type === "unsubscribe" || type === "unsubscribed") return this.answered(from);
    if (type !== "subscribe" || serialize(presence).length > MAX_REQUESTS.length) return;
    const jid = bareJidOf(from);
    if (!this.#requests.has(jid) && this.#requests.size >= MAX_REQUESTS.count) return;
    this.#requests.set(jid, presence);
    this.#store.set(keyOf(jid), presence, nowMs);
  }

  /** A client granted or denied it, or it was withdrawn. */
  answered(address: string): void {
    const jid = bareJidOf(address);
    if (this.#requests.delete(jid)) this.#store.delete(keyOf(jid));
  }

  /** What is still to be answered, in the order it came. */
  open(): Element[] {
    return [...this.#requests.values()];
  }

  /** The store was cleared: a new session's server tells of all of them again. */
  clear(): void {
    this.#requests.clear();
  }
}

/** A localpart cannot contain a colon, and a domainpart neither. */
function keyOf(jid: string): string {
  return `subscribe:${jid}`;
}
