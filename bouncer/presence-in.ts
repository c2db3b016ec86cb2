/**
 * PRES, inward: what contacts are, remembered so that a client that comes later is told at once. Who gets a
 * presence from upstream, and why.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import { clone } from "../xmpp/xml/element.ts";
import type { Clients } from "./clients.ts";
import type { Delivery } from "./outlet.ts";
import type { PresenceStore } from "./ports.ts";

/** More contacts' resources than this are not remembered; clients still hear of them as they come. */
const MAX_REMEMBERED = 20_000;

interface Remembered {
  presence: Element;
  atMs: number;
}

export class PresenceIn {
  /** By full JID: the last available presence of each contact's resource. */
  readonly #contacts = new Map<string, Remembered>();
  readonly #store: PresenceStore;
  /** Our own presence, as the server reflected it last. */
  #own: Element | undefined;

  constructor(store: PresenceStore, fullJid: string) {
    this.#store = store;
    for (const { from, stanza, atMs } of store.entries()) {
      if (from === fullJid) this.#own = stanza;
      else this.#contacts.set(from, { presence: stanza, atMs });
    }
  }

  /** Takes a presence from upstream and says who gets it. `holders` are those who sent presence there. */
  receive(
    presence: Element,
    context: { fullJid: string; holders: string[]; nowMs: number },
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
      this.#store.set(from, presence, context.nowMs);
      return deliver("PRES-7", available, "our own presence, reflected");
    }
    if (type === "error") {
      return context.holders.length > 0
        ? deliver("ERR-2", context.holders, "an error for those who sent presence there")
        : deliver("ERR-2", available, "an error that no directed presence caused");
    }
    if (presence.getChild("x", NS.mucUser)) {
      return deliver("PRES-8", context.holders, "a room's occupant, to those in the room");
    }
    this.#remember(from, presence, context.nowMs);
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
    this.#store.clear();
    this.#own = undefined;
    return gone;
  }

  #remember(from: string, presence: Element, nowMs: number): void {
    const { type } = presence.attrs;
    if (type === "unavailable") {
      if (this.#contacts.delete(from)) this.#store.delete(from);
    } else if (type === undefined && (this.#contacts.has(from) || this.#contacts.size < MAX_REMEMBERED)) {
      this.#contacts.set(from, { presence, atMs: nowMs });
      this.#store.set(from, presence, nowMs);
    }
  }
}
