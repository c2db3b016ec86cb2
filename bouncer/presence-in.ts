/**
 * PRES, inward: what contacts are, remembered so that a client that comes later is told at once. Who gets a
 * presence from upstream, and why.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import { clone } from "../xmpp/xml/element.ts";
import { serialize } from "../xmpp/xml/serialize.ts";
import type { Clients } from "./clients.ts";
import type { Delivery } from "./outlet.ts";
import type { PresenceStore } from "./ports.ts";
import { SubscriptionRequests } from "./subscription-requests.ts";

/** What goes beyond this is not remembered, so that a new process can load all of it; clients still hear of it as it comes. */
export const MAX_REMEMBERED = {
  /** Contacts' resources. */
  count: 20_000,
  /** Characters of one presence, serialized. */
  length: 8_192,
  /** Characters of all contacts' together. */
  totalLength: 4_194_304,
};

interface Remembered {
  presence: Element;
  atMs: number;
  /** Characters, serialized. */
  length: number;
}

export class PresenceIn {
  /** By full JID: the last available presence of each contact's resource. */
  readonly #contacts = new Map<string, Remembered>();
  readonly requests: SubscriptionRequests;
  /** Characters of all contacts' presence, serialized. */
  #totalLength = 0;
  readonly #store: PresenceStore;
  /** Our own presence, as the server reflected it last. */
  #own: Element | undefined;

  constructor(store: PresenceStore, fullJid: string) {
    this.#store = store;
    this.requests = new SubscriptionRequests(store);
    for (const { from, stanza, atMs } of store.entries()) {
      if (this.requests.load(stanza)) continue;
      if (from === fullJid) this.#own = stanza;
      else if (!this.#remember(from, stanza, atMs)) store.delete(from);
    }
  }

  /** Our own presence, as the server reflected it last. */
  get own(): Element | undefined {
    return this.#own;
  }

  /** Takes a presence from upstream and says who gets it. `holders()` are those who sent presence there. */
  receive(
    presence: Element,
    context: { fullJid: string; holders: () => string[]; nowMs: number },
    clients: Clients,
  ): Delivery {
    const { from = "", type } = presence.attrs;
    const deliver = (rule: string, to: string[], reason: string): Delivery => ({
      rule,
      stanza: presence,
      to,
      reason,
    });
    const available = clients.idsWhere((client) => client.presence !== undefined);
    if (from === context.fullJid) {
      if (type === "unavailable") {
        return deliver("PRES-6", [], "our own resource: clients take it for their own end");
      }
      this.#own = presence;
      if (serialize(presence).length > MAX_REMEMBERED.length) this.#store.delete(from);
      else this.#store.set(from, presence, context.nowMs);
      return deliver("PRES-7", available, "our own presence, reflected");
    }
    if (type === "error") {
      const holders = context.holders();
      return holders.length > 0
        ? deliver("ERR-2", holders, "an error for those who sent presence there")
        : deliver("ERR-2", available, "an error that no directed presence caused");
    }
    // Nobody is an occupant of a room and a contact at once: what a contact says is no room's.
    if (presence.getChild("x", NS.mucUser) && !this.#contacts.has(from)) {
      return deliver("PRES-8", context.holders(), "a room's occupant, to those in the room");
    }
    this.requests.receive(presence, context.nowMs);
    if (type === "unavailable") this.#forgetContact(from);
    else if (type === undefined) {
      if (this.#remember(from, presence, context.nowMs)) this.#store.set(from, presence, context.nowMs);
    }
    return deliver("PRES-4", available, "to every available client");
  }

  /** PRES-9: what a client is told on its initial presence, our own presence, and contacts' stamped with when it came. */
  snapshot(stamp: (atMs: number) => string): Element[] {
    const contacts = [...this.#contacts.values()].map(({ presence, atMs }) => {
      const copy = clone(presence);
      if (!copy.getChild("delay", NS.delay)) {
        copy.append(xml("delay", { xmlns: NS.delay, from: presence.attrs.from, stamp: stamp(atMs) }));
      }
      return copy;
    });
    return this.#own ? [this.#own, ...contacts] : contacts;
  }

  /** PRES-10: the session is another one and its server will tell anew: until then everybody is unavailable. */
  forget(to: string): Element[] {
    const gone = [...this.#contacts.keys()].map((from) =>
      xml("presence", { xmlns: NS.client, from, to, type: "unavailable" }),
    );
    this.#contacts.clear();
    this.#totalLength = 0;
    this.requests.clear();
    this.#store.clear();
    this.#own = undefined;
    return gone;
  }

  /** Contacts of which nothing more is heard: what to tell of those that were there. */
  drop(isGone: (address: string) => boolean, to: string): Element[] {
    for (const { attrs } of this.requests.open()) {
      if (attrs.from !== undefined && isGone(attrs.from)) this.requests.answered(attrs.from);
    }
    const gone = [...this.#contacts.keys()].filter((from) => isGone(from));
    for (const from of gone) this.#forgetContact(from);
    return gone.map((from) => xml("presence", { xmlns: NS.client, from, to, type: "unavailable" }));
  }

  /** False when it is too much: what was remembered of that address before is void then. */
  #remember(from: string, presence: Element, atMs: number): boolean {
    const before = this.#contacts.get(from);
    const { length } = serialize(presence);
    const totalLength = this.#totalLength - (before?.length ?? 0) + length;
    const isOneTooMany = before === undefined && this.#contacts.size >= MAX_REMEMBERED.count;
    if (isOneTooMany || length > MAX_REMEMBERED.length || totalLength > MAX_REMEMBERED.totalLength) {
      this.#forgetContact(from);
      return false;
    }
    this.#contacts.set(from, { presence, atMs, length });
    this.#totalLength = totalLength;
    return true;
  }

  #forgetContact(from: string): void {
    const known = this.#contacts.get(from);
    if (!known) return;
    this.#contacts.delete(from);
    this.#totalLength -= known.length;
    this.#store.delete(from);
  }
}
