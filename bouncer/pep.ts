/**
 * PEP: notifications from contacts' nodes and our own (XEP-0163): avatars, nicknames, device lists, bookmarks, what was
 * displayed elsewhere (XEP-0490). The server sends us what any of our clients is interested in; each client gets what it is
 * interested in itself, and the last of each node when it comes.
 */
import xml, { type Element } from "@xmpp/xml";
import { withDelay } from "../xmpp/delay.ts";
import { bareJidOf } from "../xmpp/jid.ts";
import { NS } from "../xmpp/namespaces.ts";
import { stanzaKind } from "../xmpp/stanza.ts";
import { escapeAttribute } from "../xmpp/xml/serialize.ts";
import type { Part, PartContext } from "./part.ts";
import { type PepItem, PepItems } from "./pep-items.ts";
import type { ClientId } from "./ports.ts";

interface PepDependencies {
  /** May this bare JID be in the roster? */
  isContact(bareJid: string): boolean;
}

export class Pep implements Part {
  readonly #context: PartContext;
  readonly #deps: PepDependencies;
  readonly #items: PepItems;
  /** The features for which a client has been told the last items. */
  readonly #toldFor = new Map<ClientId, ReadonlySet<string>>();

  constructor(context: PartContext, deps: PepDependencies) {
    this.#context = context;
    this.#deps = deps;
    this.#items = new PepItems(context.ports.store.pep);
  }

  fromUpstream(stanza: Element): boolean {
    if (stanzaKind(stanza) !== "message" || stanza.attrs.type === "error") return false;
    const change = stanza.getChild("event", NS.pubsubEvent)?.getChildElements()[0];
    const publisher = this.#publisherOf(stanza);
    const node = change?.attrs.node;
    if (!change || publisher === undefined || node === undefined) return false;
    const { caps, clients, outlet } = this.#context;
    const interest = interestIn(node);
    if (!caps.isAdvertised(interest)) {
      // Nobody has asked for it by capabilities, so a client has subscribed to it; which one is known to the node only.
      const reason = "of a node that was subscribed to: to every client";
      outlet.deliver({ rule: "PEP-2", stanza, to: clients.allIds(), reason });
      return true;
    }
    this.#remember(publisher, node, change, stanza);
    const to = clients.idsWhere((client) => caps.featuresOf(client)?.has(interest) ?? false);
    outlet.deliver({ rule: "PEP-1", stanza, to, reason: "to each client that is interested in the node" });
    return true;
  }

  /** A client that is there already says that it can do something else now. */
  fromClient(id: ClientId, stanza: Element): boolean {
    if (stanzaKind(stanza) !== "presence" || stanza.attrs.to !== undefined) return false;
    const isUpdate = stanza.attrs.type === undefined && this.#isAvailable(id);
    if (isUpdate) this.#tell(id, this.#context.caps.featuresOf({ presence: stanza }));
    return false;
  }

  available(id: ClientId): void {
    this.#toldFor.delete(id);
    this.#tell(id, this.#featuresOf(id));
  }

  capabilitiesLearned(): void {
    for (const id of this.#context.clients.allIds()) this.#tell(id, this.#featuresOf(id));
  }

  /** Whoever survived the process was told before. */
  revived(): void {
    for (const id of this.#context.clients.allIds()) {
      const features = this.#featuresOf(id);
      if (features) this.#toldFor.set(id, features);
    }
  }

  detached(id: ClientId): void {
    this.#toldFor.delete(id);
  }

  /** PEP-4: our presence makes the server tell the last items again; what it does not tell is void. */
  upstreamBound(): void {
    this.#items.clear();
  }

  /** Whose node it is; undefined when it is not a person's (XEP-0163 section 1: an account is its own service). */
  #publisherOf(message: Element): string | undefined {
    const { from = this.#context.session.bareJid } = message.attrs;
    if (from.includes("/") || !from.includes("@") || this.#context.isRoom(from)) return undefined;
    return bareJidOf(from);
  }

  #remember(publisher: string, node: string, change: Element, message: Element): void {
    const { ports, session } = this.#context;
    // What strangers send must not drive out what contacts have said.
    if (publisher !== session.bareJid && !this.#deps.isContact(publisher)) return;
    switch (change.getName()) {
      case "items":
        if (change.getChild("item")) this.#items.set(publisher, node, message, ports.clock.nowMs());
        else if (this.#isRetracted(publisher, node, change)) this.#items.delete(publisher, node);
        return;
      case "delete":
      case "purge":
        return this.#items.delete(publisher, node);
      default:
    }
  }

  /** Is it the last item that goes? Its text says so; the message's own id may, at the cost of one replay. */
  #isRetracted(publisher: string, node: string, items: Element): boolean {
    const text = this.#items.get(publisher, node)?.text ?? "";
    const isIn = (id: string | undefined): boolean =>
      id !== undefined && text.includes(` id="${escapeAttribute(id)}"`);
    return items.getChildren("retract").some(({ attrs }) => isIn(attrs.id));
  }

  /** PEP-3: the last of each node that the client is interested in and has not been told of. */
  #tell(id: ClientId, features: ReadonlySet<string> | undefined): void {
    if (!features) return;
    const told = this.#toldFor.get(id);
    if (told === features) return;
    this.#toldFor.set(id, features);
    for (const item of this.#items.all()) {
      const interest = interestIn(item.node);
      if (features.has(interest) && told?.has(interest) !== true) this.#replay(id, item);
    }
  }

  /** XEP-0163 section 4.3.4: stamped with when it came. */
  #replay(id: ClientId, { publisher, text, atMs }: PepItem): void {
    const { outlet, ports } = this.#context;
    const stanza = xml("message", { xmlns: NS.client, from: publisher });
    const frame = withDelay(text, ports.clock.stamp(atMs));
    outlet.deliver({ rule: "PEP-3", stanza, frame, to: [id], reason: "the last item of a node" });
  }

  #featuresOf(id: ClientId): ReadonlySet<string> | undefined {
    const { caps, clients } = this.#context;
    const client = clients.get(id);
    return client && caps.featuresOf(client);
  }

  #isAvailable(id: ClientId): boolean {
    return this.#context.clients.get(id)?.presence !== undefined;
  }
}

/** How a client says in its capabilities that it wants a node's notifications (XEP-0163 section 4.3.1). */
function interestIn(node: string): string {
  return `${node}+notify`;
}
