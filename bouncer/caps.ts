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
  #current: Capabilities = { identity: IDENTITY, features: OWN_FEATURES.toSorted() };

  /** The hash in a client's presence that we have yet to ask about, as the node to ask for. */
  unknownNode(presence: Element): string | undefined {
    const caps = presence.getChild("c", NS.caps);
    const { node, ver } = caps?.attrs ?? {};
    if (node === undefined || ver === undefined) return undefined;
    const key = `${node}#${ver}`;
    return this.#known.has(key) ? undefined : key;
  }

  /** A client's answer to disco#info; says whether the union grew. */
  learn(node: string, query: Element): boolean {
    if (this.#known.size >= MAX_KNOWN) return false;
    const features = readFeatures(query).slice(0, MAX_FEATURES_EACH);
    this.#known.set(node, features);
    const union = new Set([...this.#current.features, ...features]);
    if (union.size === this.#current.features.length) return false;
    this.#current = { identity: IDENTITY, features: [...union].toSorted() };
    return true;
  }

  /** The `<c/>` for our presence. */
  element(): Element {
    const ver = capsHash(this.#current);
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
}
