/**
 * CAPS: one set of capabilities towards the world, the union of what we answer ourselves and what the attached
 * clients can do (XEP-0115), so that contacts and PEP see one consistent resource.
 *
 * Clients' features are learned by asking each new hash once. What was learned is stored and stays for a while when the
 * client is gone: `+notify` interests keep their events coming.
 */
import type { Element } from "@xmpp/xml";
import { type Capabilities, capsElement, capsHash, discoInfoQuery, readFeatures } from "../xmpp/disco.ts";
import { NS } from "../xmpp/namespaces.ts";
import { errorReply, iqResult } from "../xmpp/stanza.ts";
import type { Client, Clients } from "./clients.ts";
import type { ClientId, TextStore } from "./ports.ts";

const NODE = "xmpproxy";
const IDENTITY = { category: "client", type: "web", name: "xmpproxy" };
const OWN_FEATURES = [
  NS.discoInfo,
  NS.caps,
  NS.ping,
  NS.version,
  NS.time,
  NS.lastActivity,
  `${NS.bookmarks}+notify`,
];
/** A client could show any number of hashes; the union stays a sane size. */
const MAX_KNOWN = 32;
const MAX_FEATURES_EACH = 256;
/** Longer names are nobody's; so no row is large. */
const MAX_FEATURE_LENGTH = 256;
const MAX_NODE_LENGTH = 512;
/** A contact may still ask for one of the hashes that we advertised last. */
const MAX_ADVERTISED = 64;
const DAY_MS = 24 * 3_600_000;
/** Software that nobody has used for so long is no longer ours. */
const FORGET_AFTER_MS = 30 * DAY_MS;

/** Names do not hold it: isSane. */
const SEPARATOR = "\n";

interface Known {
  features: ReadonlySet<string>;
  /** When a client last showed the hash, to the day. */
  seenMs: number;
}

export class OwnCaps {
  /** By the node to ask about, which contains the hash. */
  readonly #known = new Map<string, Known>();
  /** Hashes advertised before: a contact may still ask for one of them. */
  readonly #advertised = new Map<string, Capabilities>();
  /** Our questions to clients, by the id they carry. */
  readonly #asked = new Map<string, { node: string; client: ClientId }>();
  readonly #store: TextStore;
  readonly #clients: Clients;
  #current: Capabilities = { identity: IDENTITY, features: OWN_FEATURES.toSorted() };
  #union: ReadonlySet<string> = new Set(OWN_FEATURES);
  /** The hash of what is current, once somebody has asked for it. */
  #ver: string | undefined;

  constructor(store: TextStore, clients: Clients) {
    this.#store = store;
    this.#clients = clients;
    for (const { key, value, atMs } of store.entries()) {
      this.#known.set(key, { features: new Set(value === "" ? [] : value.split(SEPARATOR)), seenMs: atMs });
    }
    this.#unite();
  }

  /** What a client says that it can do; undefined while it has not said. */
  featuresOf({ presence }: Pick<Client, "presence">): ReadonlySet<string> | undefined {
    const node = presence && nodeOf(presence);
    return node === undefined ? undefined : this.#known.get(node)?.features;
  }

  /** Do we tell the world that we can do this? */
  isAdvertised(feature: string): boolean {
    return this.#union.has(feature);
  }

  /**
   * CAPS-1: the node to ask a client about under this id, when the hash in its presence is one we have not seen;
   * undefined when there is nothing to ask.
   */
  ask(id: string, client: ClientId, presence: Element, nowMs: number): string | undefined {
    const node = nodeOf(presence);
    if (node === undefined) return undefined;
    this.#forgetStale(nowMs);
    const known = this.#known.get(node);
    if (known) {
      if (nowMs - known.seenMs > DAY_MS) this.#keep(node, { ...known, seenMs: nowMs });
      return undefined;
    }
    if (!this.#mayAsk(client, node)) return undefined;
    this.#asked.set(id, { node, client });
    return node;
  }

  /** A client's answer: did it change the union? Undefined when it answers none of our questions. */
  answered(client: ClientId, answer: Element, nowMs: number): boolean | undefined {
    const id = answer.attrs.id ?? "";
    const asked = this.#asked.get(id);
    if (asked?.client !== client) return undefined;
    this.#asked.delete(id);
    return this.#learn(asked.node, answer.getChild("query", NS.discoInfo), nowMs);
  }

  detach(client: ClientId): void {
    for (const [id, asked] of this.#asked) if (asked.client === client) this.#asked.delete(id);
  }

  /** The `<c/>` for our presence. */
  element(): Element {
    const ver = (this.#ver ??= capsHash(this.#current));
    this.#advertised.set(`${NODE}#${ver}`, this.#current);
    const [oldest] = this.#advertised.keys();
    if (oldest !== undefined && this.#advertised.size > MAX_ADVERTISED) this.#advertised.delete(oldest);
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

  /** An answer that says nothing is one as well: the same software would not say more soon. */
  #learn(node: string, query: Element | undefined, nowMs: number): boolean {
    if (this.#known.size >= MAX_KNOWN) return false;
    const named = query ? readFeatures(query).filter(isSane) : [];
    const known = { features: new Set(named.slice(0, MAX_FEATURES_EACH)), seenMs: nowMs };
    // It may have been asked before it was ready; a new process asks again.
    if (query) this.#keep(node, known);
    else this.#known.set(node, known);
    return this.#unite();
  }

  #keep(node: string, known: Known): void {
    this.#known.set(node, known);
    this.#store.set(node, [...known.features].join(SEPARATOR), known.seenMs);
  }

  /** What no attached client shows gives way after a month, and after a day where the table is full. */
  #forgetStale(nowMs: number): void {
    const inUse = new Set(this.#clients.byRecency().map(({ presence }) => presence && nodeOf(presence)));
    const maxAgeMs = this.#known.size < MAX_KNOWN ? FORGET_AFTER_MS : DAY_MS;
    let gone = false;
    for (const [node, { seenMs }] of this.#known) {
      if (nowMs - seenMs <= maxAgeMs || inUse.has(node)) continue;
      this.#known.delete(node);
      this.#store.delete(node);
      gone = true;
    }
    if (gone) this.#unite();
  }

  /** What we advertise now; has it changed? */
  #unite(): boolean {
    const union = new Set<string>(OWN_FEATURES);
    for (const { features } of this.#known.values()) for (const feature of features) union.add(feature);
    const before = this.#current.features;
    if (union.size === before.length && before.every((feature) => union.has(feature))) return false;
    this.#current = { identity: IDENTITY, features: [...union].toSorted() };
    this.#union = union;
    this.#ver = undefined;
    return true;
  }
}

/** A "<" in a name would let one list pass for another (XEP-0115 section 9.2). */
function isSane(name: string): boolean {
  return name !== "" && name.length <= MAX_FEATURE_LENGTH && !/[\s<]/.test(name);
}

/** XEP-0115 section 4: what a client is asked about when its hash is unknown. */
function nodeOf(presence: Element): string | undefined {
  const { node, ver } = presence.getChild("c", NS.caps)?.attrs ?? {};
  if (node === undefined || ver === undefined) return undefined;
  return node.length + ver.length < MAX_NODE_LENGTH ? `${node}#${ver}` : undefined;
}
