/**
 * CSI, downstream (XEP-0352): what a client that is inactive, or cut off for now, need not have now. Contacts' presence waits,
 * the latest of each full JID, and so does what they publish, the latest of each, until the client is active or something
 * comes that a person would want to see; chat states are stale by then.
 *
 * What waits is stored, so that no contact stays online for a client because the object was reset.
 */
import type { Element } from "@xmpp/xml";
import { bareJidOf } from "../xmpp/jid.ts";
import type { Clients } from "./clients.ts";
import type { Part } from "./part.ts";
import type { ClientId, Ports } from "./ports.ts";
import { urgencyOf } from "./urgency.ts";

/** With more than this of its own, or when all have more than this together, all that waits for a client goes out. */
const MAX_HELD = {
  count: 500,
  /** Characters of what waits for all clients. */
  totalLength: 8_388_608,
};
/** No address and no node has one; and no client's id has a space. */
const SEPARATOR = "\n";

type HeldBackPorts = {
  clients: Pick<Ports["clients"], "send">;
  clock: Pick<Ports["clock"], "nowMs">;
  store: Pick<Ports["store"], "held">;
};

export class HeldBack implements Part {
  readonly #ports: HeldBackPorts;
  readonly #clients: Clients;
  readonly #bareJid: string;
  readonly #held = new Map<ClientId, Held>();
  #totalLength = 0;

  constructor(ports: HeldBackPorts, clients: Clients, bareJid: string) {
    this.#ports = ports;
    this.#clients = clients;
    this.#bareJid = bareJid;
    for (const { key, value } of ports.store.held.entries()) {
      const space = key.indexOf(" ");
      this.#of(key.slice(0, space)).set(key.slice(space + 1), value);
      this.#totalLength += value.length;
    }
  }

  /** Takes a stanza for these clients, and says which of them are to get it now. */
  admit(stanza: Element, frame: string, to: readonly ClientId[]): readonly ClientId[] {
    const isAsleep = (id: ClientId): boolean => {
      const client = this.#clients.get(id);
      return client !== undefined && (!client.active || client.suspendedAtMs !== undefined);
    };
    if (!to.some(isAsleep)) return to;
    const { urgency, from, topic } = urgencyOf(stanza, frame.length, this.#bareJid);
    return to.filter((id) => {
      if (!isAsleep(id)) return true;
      if (urgency === "stale") return false;
      if (urgency === "can-wait") {
        this.#hold(id, from + SEPARATOR + topic, frame);
        return false;
      }
      // Who is cut off need not be woken for more than it gets: what others said can go on waiting.
      const isWoken = urgency === "important" && this.#clients.get(id)?.suspendedAtMs === undefined;
      this.#giveOut(id, isWoken ? undefined : bareJidOf(from));
      return true;
    });
  }

  /** Something else comes for the client, past admit(): what waits was said before. */
  flush(id: ClientId): void {
    this.#giveOut(id, undefined);
  }

  /** The client is active again: it gets all that waited. */
  clientState(id: ClientId): void {
    if (this.#clients.get(id)?.active) this.#giveOut(id, undefined);
  }

  /** So does one that is back, unless nobody is looking at it. */
  resumed(id: ClientId): void {
    this.clientState(id);
  }

  /** The client is gone for good. */
  detached(id: ClientId): void {
    for (const key of this.#held.get(id)?.keys() ?? []) this.#take(id, key);
    this.#held.delete(id);
  }

  /** All clients that survived are here. */
  revived(): void {
    for (const id of this.#held.keys()) if (!this.#clients.get(id)) this.detached(id);
  }

  #of(id: ClientId): Held {
    const known = this.#held.get(id);
    if (known) return known;
    const held = new Held();
    this.#held.set(id, held);
    return held;
  }

  #hold(id: ClientId, key: string, frame: string): void {
    const held = this.#of(id);
    this.#totalLength += frame.length - held.set(key, frame);
    this.#ports.store.held.set(rowOf(id, key), frame, this.#ports.clock.nowMs());
    const isTooMuch = held.size > MAX_HELD.count || this.#totalLength > MAX_HELD.totalLength;
    if (isTooMuch) this.#giveOut(id, undefined);
  }

  /** What waits from one bare JID, or everything. */
  #giveOut(id: ClientId, bareJid: string | undefined): void {
    const held = this.#held.get(id);
    if (!held || (bareJid !== undefined && !held.hasOf(bareJid))) return;
    for (const key of held.keys()) {
      if (bareJid !== undefined && peerOf(key) !== bareJid) continue;
      const frame = this.#take(id, key);
      if (frame !== undefined) this.#ports.clients.send([id], frame);
    }
  }

  #take(id: ClientId, key: string): string | undefined {
    const frame = this.#held.get(id)?.take(key);
    if (frame === undefined) return undefined;
    this.#totalLength -= frame.length;
    this.#ports.store.held.delete(rowOf(id, key));
    return frame;
  }
}

/** What waits for one client: frames by the full JID that they came from and what of it they tell, in the order in which they came. */
class Held {
  readonly #frames = new Map<string, string>();
  /** How many there are of each bare JID. */
  readonly #ofPeer = new Map<string, number>();

  get size(): number {
    return this.#frames.size;
  }

  keys(): IterableIterator<string> {
    return this.#frames.keys();
  }

  hasOf(bareJid: string): boolean {
    return this.#ofPeer.has(bareJid);
  }

  /** Returns the length of what has given way, 0 for nothing. */
  set(key: string, frame: string): number {
    const before = this.take(key);
    const peer = peerOf(key);
    this.#frames.set(key, frame);
    this.#ofPeer.set(peer, (this.#ofPeer.get(peer) ?? 0) + 1);
    return before?.length ?? 0;
  }

  take(key: string): string | undefined {
    const frame = this.#frames.get(key);
    if (frame === undefined) return undefined;
    this.#frames.delete(key);
    const peer = peerOf(key);
    const left = (this.#ofPeer.get(peer) ?? 1) - 1;
    if (left === 0) this.#ofPeer.delete(peer);
    else this.#ofPeer.set(peer, left);
    return frame;
  }
}

function peerOf(key: string): string {
  return bareJidOf(key.slice(0, key.indexOf(SEPARATOR)));
}

function rowOf(id: ClientId, key: string): string {
  return `${id} ${key}`;
}
