// The policy's StanzaStore in memory. What is in it outlives an Account, as the object's tables outlive its process.

import type { Element } from "@xmpp/xml";
import type { StanzaStore } from "../../bouncer/ports.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import { parse } from "./xml-shape.ts";

export class MemoryStore implements StanzaStore {
  /** As text, so that nothing that is stored can be changed afterwards. */
  readonly #rows = new Map<string, { text: string; atMs: number }>();

  entries(): { address: string; stanza: Element; atMs: number }[] {
    return [...this.#rows].map(([address, { text, atMs }]) => ({ address, stanza: parse(text), atMs }));
  }

  set(address: string, stanza: Element, atMs: number): void {
    this.#rows.set(address, { text: serialize(stanza), atMs });
  }

  delete(address: string): void {
    this.#rows.delete(address);
  }

  clear(): void {
    this.#rows.clear();
  }
}
