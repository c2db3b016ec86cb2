/**
 * PEP: the last notification of each contact's node, and of our own (XEP-0163 section 4.3), as text, ready to be sent again.
 * Bounded: what is new takes the place of what has been there longest. Who is told what is not known here.
 */
import type { Element } from "@xmpp/xml";
import { serialize } from "../xmpp/xml/serialize.ts";
import type { TextStore } from "./ports.ts";

/** What goes beyond this is for those that are there when it comes. */
const MAX_ITEMS = {
  count: 10_000,
  /** Characters of one notification, serialized. */
  length: 65_536,
  /** Characters of all together. */
  totalLength: 4_194_304,
  /** Nodes of one publisher. */
  nodes: 64,
};
/** No address and no node has one. */
const SEPARATOR = "\n";

export interface PepItem {
  publisher: string;
  node: string;
  /** The message, serialized. */
  text: string;
  atMs: number;
}

export class PepItems {
  /** In the order they came. */
  readonly #items = new Map<string, PepItem>();
  readonly #nodes = new Map<string, number>();
  readonly #store: TextStore;
  #totalLength = 0;

  constructor(store: TextStore) {
    this.#store = store;
    for (const { key, value: text, atMs } of store.entries()) {
      const [publisher = "", node = ""] = key.split(SEPARATOR);
      this.#add(key, { publisher, node, text, atMs });
    }
  }

  all(): IterableIterator<PepItem> {
    return this.#items.values();
  }

  get(publisher: string, node: string): PepItem | undefined {
    return this.#items.get(keyOf(publisher, node));
  }

  /** A notification came; the one before it is void in any case. */
  set(publisher: string, node: string, message: Element, atMs: number): void {
    const text = serialize(message);
    const key = keyOf(publisher, node);
    if (this.#items.get(key)?.text === text) return;
    this.delete(publisher, node);
    const isOneTooMany = (this.#nodes.get(publisher) ?? 0) >= MAX_ITEMS.nodes;
    if (isOneTooMany || text.length > MAX_ITEMS.length || node.includes(SEPARATOR)) return;
    for (const oldest of this.#items.values()) {
      if (this.#items.size < MAX_ITEMS.count && this.#totalLength + text.length <= MAX_ITEMS.totalLength)
        break;
      this.delete(oldest.publisher, oldest.node);
    }
    this.#add(key, { publisher, node, text, atMs });
    this.#store.set(key, text, atMs);
  }

  delete(publisher: string, node: string): void {
    const key = keyOf(publisher, node);
    const item = this.#items.get(key);
    if (!item) return;
    this.#items.delete(key);
    this.#totalLength -= item.text.length;
    const left = (this.#nodes.get(publisher) ?? 1) - 1;
    if (left === 0) this.#nodes.delete(publisher);
    else this.#nodes.set(publisher, left);
    this.#store.delete(key);
  }

  /** A new session's server tells anew. */
  clear(): void {
    for (const { publisher, node } of this.#items.values()) this.delete(publisher, node);
  }

  #add(key: string, item: PepItem): void {
    this.#items.set(key, item);
    this.#totalLength += item.text.length;
    this.#nodes.set(item.publisher, (this.#nodes.get(item.publisher) ?? 0) + 1);
  }
}

function keyOf(publisher: string, node: string): string {
  return `${publisher}${SEPARATOR}${node}`;
}
