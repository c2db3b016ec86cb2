// As much of an XMPP server as the scenarios need, in memory: one account, the contacts that are friends of its, and
// strangers. It hands stanzas on under the right addresses and does to roster, block list and PEP what RFC 6121, XEP-0191 and
// XEP-0163 say. Must not know the policy: it sees what a server sees.

import xml, { type Element } from "@xmpp/xml";
import { bareJidOf } from "../../xmpp/jid.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { errorReply, iqPayload, iqResult, isIqRequest, stanzaKind } from "../../xmpp/stanza.ts";
import { clone } from "../../xmpp/xml/element.ts";
import { isAvailability } from "./mailboxes.ts";
import type { RoomsEvent } from "./scenario.ts";
import { SmallRoom } from "./small-room.ts";
import { SmallStorage } from "./small-storage.ts";

export interface Contact {
  readonly name: string;
  readonly fullJid: string;
  /** Subscribed both ways. */
  readonly isFriend: boolean;
}

interface Hands {
  toAccount(stanza: Element): void;
  toContact(name: string, stanza: Element): void;
  /** Now (XEP-0082). */
  stamp(): string;
}

export class SmallServer {
  readonly #account: { bare: string; full: string };
  readonly #contacts: readonly Contact[];
  readonly #hands: Hands;
  readonly #roster = new Map<string, Element>();
  readonly #blocked = new Set<string>();
  readonly #rooms = new Map<string, SmallRoom>();
  #hasRooms = true;
  /** By node: the last item of the account. */
  readonly #items = new Map<string, Element>();
  readonly #storage = new SmallStorage();
  /** What the account's capabilities say, by node and hash. */
  readonly #capabilities = new Map<string, Set<string>>();
  /** The last broadcast presence of each full JID. */
  readonly #present = new Map<string, Element>();
  #interests = new Set<string>();
  #ids = 0;

  constructor(account: { bare: string; full: string }, contacts: readonly Contact[], hands: Hands) {
    this.#account = account;
    this.#contacts = contacts;
    this.#hands = hands;
    for (const { fullJid, isFriend } of contacts) {
      const jid = bareJidOf(fullJid);
      if (isFriend) this.#roster.set(jid, xml("item", { jid, subscription: "both" }));
    }
  }

  fromContact(name: string, stanza: Element): void {
    const contact = this.#contacts.find((other) => other.name === name);
    if (!contact) throw new Error(`there is nobody called ${name}`);
    stanza.attrs.from = isSubscription(stanza) ? bareJidOf(contact.fullJid) : contact.fullJid;
    if (stanza.attrs.to === undefined) return this.#broadcast(stanza, contact);
    if (this.#blocked.has(bareJidOf(contact.fullJid))) return;
    // Of the account itself they can ask for what is for everybody.
    const shown = stanza.attrs.to === this.#account.bare ? this.#storage.answer(stanza) : undefined;
    if (shown && stanza.attrs.type === "get") this.#answer(stanza, ...shown);
    else this.#route(stanza);
  }

  fromAccount(stanza: Element): void {
    stanza.attrs.from = this.#account.full;
    const { to = this.#account.bare } = stanza.attrs;
    const isForServer = to === this.#account.bare || !to.includes("@");
    switch (stanzaKind(stanza)) {
      case "iq":
        if (!isForServer) return this.#route(stanza);
        return isIqRequest(stanza) ? this.#serve(stanza) : this.#learn(stanza);
      case "presence":
        if (isSubscription(stanza)) return this.#subscribe(stanza);
        return stanza.attrs.to === undefined ? this.#broadcastOwn(stanza) : this.#route(stanza);
      default:
        return this.#route(stanza);
    }
  }

  /** The account's session is over: it is gone from wherever it was. */
  endSession(): void {
    for (const room of this.#rooms.values()) {
      const occupant = room.at(this.#account.full);
      if (occupant) room.takeOut(occupant);
    }
  }

  doToRooms(event: RoomsEvent, jid: string): void {
    this.#hasRooms = event !== "stop";
    const room = this.#rooms.get(jid);
    const nick = room?.at(this.#account.full)?.nick;
    if (event === "forget" && nick !== undefined) room?.occupants.delete(nick);
  }

  #route(stanza: Element): void {
    const to = bareJidOf(stanza.attrs.to ?? "");
    if (to === this.#account.bare) return this.#hands.toAccount(clone(stanza));
    const contact = this.#contacts.find(({ fullJid }) => bareJidOf(fullJid) === to);
    if (contact) return this.#hands.toContact(contact.name, clone(stanza));
    if (!to.includes("@rooms.")) return;
    const around = { send: (copy: Element) => this.#route(copy), stamp: () => this.#hands.stamp() };
    const room = this.#rooms.get(to) ?? new SmallRoom(to, around);
    if (!this.#hasRooms) return room.refuse(stanza, "service-unavailable");
    this.#rooms.set(to, room);
    room.receive(stanza);
    if (room.occupants.size === 0) this.#rooms.delete(to);
  }

  #broadcast(presence: Element, { fullJid, isFriend }: Contact): void {
    this.#present.set(fullJid, presence);
    if (!isFriend || this.#blocked.has(bareJidOf(fullJid))) return;
    const copy = clone(presence);
    copy.attrs.to = this.#account.bare;
    this.#hands.toAccount(copy);
  }

  #broadcastOwn(presence: Element): void {
    const isInitial = !this.#present.has(this.#account.full);
    this.#present.set(this.#account.full, presence);
    for (const { name, fullJid, isFriend } of this.#contacts) {
      if (!isFriend) continue;
      const copy = clone(presence);
      copy.attrs.to = bareJidOf(fullJid);
      this.#hands.toContact(name, copy);
      const theirs = this.#present.get(fullJid);
      if (isInitial && theirs) this.#broadcast(theirs, { name, fullJid, isFriend });
    }
    const reflected = clone(presence);
    reflected.attrs.to = this.#account.full;
    this.#hands.toAccount(reflected);
    this.#look(presence);
  }

  /** RFC 6121 section 3.1.5: who is let see the account is told, and so are those who look at the roster. */
  #subscribe(presence: Element): void {
    const { to = "", type } = presence.attrs;
    presence.attrs.from = this.#account.bare;
    this.#route(presence);
    if (type !== "subscribed") return;
    const item = xml("item", { jid: to, subscription: "from" });
    this.#roster.set(to, item);
    this.#ask(xml("query", { xmlns: NS.roster }, clone(item)), "set", this.#account.bare);
  }

  /** XEP-0163 section 3: what the account wants to be told of is in its capabilities. */
  #look(presence: Element): void {
    const { node = "", ver = "" } = presence.getChild("c", NS.caps)?.attrs ?? {};
    const known = this.#capabilities.get(`${node}#${ver}`);
    if (known) return this.#interested(known);
    this.#ask(xml("query", { xmlns: NS.discoInfo, node: `${node}#${ver}` }), "get", this.#account.bare);
  }

  #learn(answer: Element): void {
    const query = answer.getChild("query", NS.discoInfo);
    if (!query) return;
    const features = query.getChildren("feature").map((feature) => feature.attrs.var ?? "");
    this.#capabilities.set(query.attrs.node ?? "", new Set(features));
    this.#interested(new Set(features));
  }

  #interested(features: Set<string>): void {
    const before = this.#interests;
    this.#interests = features;
    for (const node of this.#items.keys()) if (!before.has(`${node}+notify`)) this.#notify(node);
  }

  #notify(node: string): void {
    const item = this.#items.get(node);
    if (!item || !this.#interests.has(`${node}+notify`)) return;
    const told = xml("item", { id: item.attrs.id }, ...item.getChildElements().map((child) => clone(child)));
    const event = xml("event", { xmlns: NS.pubsubEvent }, xml("items", { node }, told));
    const { bare: from, full: to } = this.#account;
    this.#hands.toAccount(xml("message", { xmlns: NS.client, from, to, type: "headline" }, event));
  }

  #serve(request: Element): void {
    const payload = iqPayload(request);
    const { type, to } = request.attrs;
    const stored = this.#storage.answer(request);
    if (stored) return this.#answer(request, ...stored);
    switch (`${type} ${payload?.getNS()}`) {
      case `get ${NS.roster}`:
        return this.#answer(
          request,
          xml("query", { xmlns: NS.roster }, ...[...this.#roster.values()].map(clone)),
        );
      case `set ${NS.roster}`:
        return this.#editRoster(request, payload?.getChild("item"));
      case `set ${NS.blocking}`:
        return this.#block(request, payload);
      case `get ${NS.blocking}`: {
        const items = [...this.#blocked].map((jid) => xml("item", { jid }));
        return this.#answer(request, xml("blocklist", { xmlns: NS.blocking }, ...items));
      }
      case `set ${NS.pubsub}`:
        return this.#publish(request, payload?.getChild("publish"));
      case `get ${NS.pubsub}`: {
        const { node = "" } = payload?.getChild("items")?.attrs ?? {};
        const items = xml("items", { node }, ...[this.#items.get(node) ?? []].flat().map(clone));
        return this.#answer(request, xml("pubsub", { xmlns: NS.pubsub }, items));
      }
      case `get ${NS.discoInfo}`:
        return this.#answer(
          request,
          xml("query", { xmlns: NS.discoInfo }, xml("feature", { var: NS.discoInfo })),
        );
      case `get ${NS.ping}`:
      case `set ${NS.carbons}`:
        return this.#answer(request);
      default: {
        const error = errorReply(request, { type: "cancel", condition: "service-unavailable" });
        error.attrs.from = to ?? this.#account.bare;
        return this.#hands.toAccount(error);
      }
    }
  }

  #answer(request: Element, ...payload: Element[]): void {
    const result = iqResult(request, ...payload);
    result.attrs.from ??= this.#account.bare;
    this.#route(result);
  }

  /** A request of the server's own. */
  #ask(payload: Element, type: "get" | "set", from: string): void {
    const id = `server-${(this.#ids += 1)}`;
    const { full: to } = this.#account;
    this.#hands.toAccount(xml("iq", { xmlns: NS.client, type, id, from, to }, payload));
  }

  #editRoster(request: Element, item: Element | undefined): void {
    const jid = item?.attrs.jid ?? "";
    const subscription = this.#roster.get(jid)?.attrs.subscription ?? "none";
    const now = item ? clone(item) : xml("item", { jid });
    now.attrs.subscription ??= subscription;
    if (now.attrs.subscription === "remove") this.#roster.delete(jid);
    else this.#roster.set(jid, now);
    this.#ask(xml("query", { xmlns: NS.roster }, clone(now)), "set", this.#account.bare);
    this.#answer(request);
  }

  #block(request: Element, payload: Element | undefined): void {
    const jids = payload?.getChildren("item").map(({ attrs }) => attrs.jid ?? "") ?? [];
    for (const jid of jids) {
      if (payload?.is("block")) this.#blocked.add(jid);
      else this.#blocked.delete(jid);
    }
    this.#answer(request);
    if (payload) this.#ask(clone(payload), "set", this.#account.bare);
  }

  #publish(request: Element, publish: Element | undefined): void {
    const node = publish?.attrs.node ?? "";
    const item = publish?.getChild("item");
    if (item) this.#items.set(node, clone(item));
    const id = item?.attrs.id;
    this.#answer(request, xml("pubsub", { xmlns: NS.pubsub }, xml("publish", { node }, xml("item", { id }))));
    this.#notify(node);
  }
}

function isSubscription(stanza: Element): boolean {
  return stanza.is("presence") && !isAvailability(stanza);
}
