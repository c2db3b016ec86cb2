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

/** For each client; with more all of it goes out. */
const MAX_HELD = 500;
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
  /** By client: frames by the full JID that they came from and what of it they tell, in the order in which they came. */
  readonly #held = new Map<ClientId, Map<string, string>>();

  constructor(ports: HeldBackPorts, clients: Clients, bareJid: string) {
    this.#ports = ports;
    this.#clients = clients;
    this.#bareJid = bareJid;
    for (const { key, value } of ports.store.held.entries()) {
      const space = key.indexOf(" ");
      this.#of(key.slice(0, space)).set(key.slice(space + 1), value);
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
    for (const key of this.#held.get(id)?.keys() ?? []) this.#ports.store.held.delete(rowOf(id, key));
    this.#held.delete(id);
  }

  /** All clients that survived are here. */
  revived(): void {
    for (const id of this.#held.keys()) if (!this.#clients.get(id)) this.detached(id);
  }

  #of(id: ClientId): Map<string, string> {
    const known = this.#held.get(id);
    if (known) return known;
    const held = new Map<string, string>();
    this.#held.set(id, held);
    return held;
  }

  #hold(id: ClientId, key: string, frame: string): void {
    const held = this.#of(id);
    held.delete(key);
    held.set(key, frame);
    this.#ports.store.held.set(rowOf(id, key), frame, this.#ports.clock.nowMs());
    if (held.size > MAX_HELD) this.#giveOut(id, undefined);
  }

  /** What waits from one bare JID, or everything. */
  #giveOut(id: ClientId, bareJid: string | undefined): void {
    const held = this.#held.get(id);
    for (const [key, frame] of held ?? []) {
      if (bareJid !== undefined && bareJidOf(key.slice(0, key.indexOf(SEPARATOR))) !== bareJid) continue;
      held?.delete(key);
      this.#ports.store.held.delete(rowOf(id, key));
      this.#ports.clients.send([id], frame);
    }
  }
}

function rowOf(id: ClientId, key: string): string {
  return `${id} ${key}`;
}
