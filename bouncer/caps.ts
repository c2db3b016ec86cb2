/**
 * CAPS: one set of capabilities towards the world, the union of what we answer ourselves and what the attached
 * clients can do (XEP-0115), so that contacts and PEP see one consistent resource.
 *
 * Clients' features are learned by asking each new hash once. What was learned stays while the process lives, also
 * when the client is gone: `+notify` interests keep their events coming.
 */
import type { Element } from "@xmpp/xml";
import { type Capabilities, capsElement, capsHash, discoInfoQuery, readFeatures } from "../xmpp/disco.ts";
import { NS } from "../xmpp/namespaces.ts";
import { errorReply, iqResult } from "../xmpp/stanza.ts";
import type { ClientId } from "./ports.ts";

const NODE = "xmpproxy";
const IDENTITY = { category: "client", type: "web", name: "xmpproxy" };
const OWN_FEATURES = [NS.discoInfo, NS.caps, NS.ping, NS.version, NS.time, NS.lastActivity];
/** A client could show any number of hashes; the union stays a sane size. */
const MAX_KNOWN = 32;
const MAX_FEATURES_EACH = 256;

export class OwnCaps {
  readonly #known = new Map<string, readonly string[]>();
  /** Hashes advertised before: a contact may still ask for one of them. */
  readonly #advertised = new Map<string, Capabilities>();
  /** Our questions to clients, by the id they carry. */
  readonly #asked = new Map<string, { node: string; client: ClientId }>();
  #current: Capabilities = { identity: IDENTITY, features: OWN_FEATURES.toSorted() };
  /** The hash of what is current, once somebody has asked for it. */
  #ver: string | undefined;

  /**
   * CAPS-1: the node to ask a client about under this id, when the hash in its presence is one we have not seen;
   * undefined when there is nothing to ask.
   */
  ask(id: string, client: ClientId, presence: Element): string | undefined {
    const { node, ver } = presence.getChild("c", NS.caps)?.attrs ?? {};
    if (node === undefined || ver === undefined) return undefined;
    const asked = `${node}#${ver}`;
    if (this.#known.has(asked) || !this.#mayAsk(client, asked)) return undefined;
    this.#asked.set(id, { node: asked, client });
    return asked;
  }

  /** A client's answer: did it change the union? Undefined when it answers none of our questions. */
  answered(client: ClientId, answer: Element): boolean | undefined {
    const id = answer.attrs.id ?? "";
    const asked = this.#asked.get(id);
    if (asked?.client !== client) return undefined;
    this.#asked.delete(id);
    return this.#learn(asked.node, answer.getChild("query", NS.discoInfo));
  }

  detach(client: ClientId): void {
    for (const [id, asked] of this.#asked) if (asked.client === client) this.#asked.delete(id);
  }

  /** The `<c/>` for our presence. */
  element(): Element {
    const ver = (this.#ver ??= capsHash(this.#current));
    this.#advertised.set(`${NODE}#${ver}`, this.#current);
    return capsElement(NODE, ver);
  }

  /** CAPS-2: disco#info to our full JID, for no node or one that we advertised. */
  answer(request: Element, query: Element): Element {
    const { node } = query.attrs;
    const capabilities = node === undefined ? this.#current : this.#advertised.get(node);
    return capabilities
      ? iqResult(request, discoInfoQuery(capabilities, node))
      : errorReply(request, { type: "cancel", condition: "item-not-found" });
  }

  /** Each client once for each hash, and nobody without end. */
  #mayAsk(client: ClientId, node: string): boolean {
    const open = [...this.#asked.values()].filter((asked) => asked.client === client);
    const hasRoom = this.#known.size < MAX_KNOWN && open.length < MAX_KNOWN;
    return hasRoom && !open.some((asked) => asked.node === node);
  }

  /** An answer that says nothing is one as well: the same software would not say more the next time. */
  #learn(node: string, query: Element | undefined): boolean {
    if (this.#known.size >= MAX_KNOWN) return false;
    const features = query ? readFeatures(query).slice(0, MAX_FEATURES_EACH) : [];
    this.#known.set(node, features);
    const union = new Set([...this.#current.features, ...features]);
    if (union.size === this.#current.features.length) return false;
    this.#current = { identity: IDENTITY, features: [...union].toSorted() };
    this.#ver = undefined;
    return true;
  }
}
