/**
 * CSI, downstream (XEP-0352): what a client that is inactive need not have now. Contacts' presence waits, the latest of each
 * full JID, until the client is active or something comes that a person would want to see; chat states are stale by then.
 *
 * What waits is stored, so that no contact stays online for a client because the object was reset.
 */
import type { Element } from "@xmpp/xml";
import { readCarbon } from "../xmpp/carbons.ts";
import { bareJidOf } from "../xmpp/jid.ts";
import { isOnlyChatState, substanceOf } from "../xmpp/message-payload.ts";
import { NS } from "../xmpp/namespaces.ts";
import { stanzaKind } from "../xmpp/stanza.ts";
import type { Clients } from "./clients.ts";
import type { Part } from "./part.ts";
import type { ClientId, Ports } from "./ports.ts";

/** For each client; with more all of it goes out. */
const MAX_HELD = 500;
/** Characters of a stanza; a larger one does not wait. */
const MAX_LENGTH = 8_192;

/** Payload that nobody is waiting for. */
const UNIMPORTANT: ReadonlySet<string> = new Set([
  NS.receipts,
  NS.chatMarkers,
  NS.displayedSync,
  NS.pubsubEvent,
]);

type Importance =
  /** A person would want to see it: the client gets it, after all that waited. */
  | "important"
  /** The client gets it, after what waited from the same sender. */
  | "ordinary"
  /** It waits, and takes the place of what waited from the same full JID. */
  | "can-wait"
  /** Nobody will want it later. */
  | "stale";

type HeldBackPorts = {
  clients: Pick<Ports["clients"], "send">;
  clock: Pick<Ports["clock"], "nowMs">;
  store: Pick<Ports["store"], "held">;
};

export class HeldBack implements Part {
  readonly #ports: HeldBackPorts;
  readonly #clients: Clients;
  readonly #bareJid: string;
  /** By client: frames by the full JID that they came from, in the order in which they came. */
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
    const isInactive = (id: ClientId): boolean => this.#clients.get(id)?.active === false;
    if (!to.some(isInactive)) return to;
    const importance = importanceOf(stanza, frame, this.#bareJid);
    const from = stanza.attrs.from ?? "";
    return to.filter((id) => {
      if (!isInactive(id)) return true;
      if (importance === "stale") return false;
      if (importance === "can-wait") {
        this.#hold(id, from, frame);
        return false;
      }
      this.#giveOut(id, importance === "important" ? undefined : bareJidOf(from));
      return true;
    });
  }

  /** The client is active again: it gets all that waited. */
  clientState(id: ClientId): void {
    if (this.#clients.get(id)?.active) this.#giveOut(id, undefined);
  }

  /** The client is gone for good. */
  detached(id: ClientId): void {
    for (const from of this.#held.get(id)?.keys() ?? []) this.#ports.store.held.delete(keyOf(id, from));
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

  #hold(id: ClientId, from: string, frame: string): void {
    const held = this.#of(id);
    held.delete(from);
    held.set(from, frame);
    this.#ports.store.held.set(keyOf(id, from), frame, this.#ports.clock.nowMs());
    if (held.size > MAX_HELD) this.#giveOut(id, undefined);
  }

  /** What waits from one bare JID, or everything. */
  #giveOut(id: ClientId, bareJid: string | undefined): void {
    for (const [from, frame] of this.#held.get(id) ?? []) {
      if (bareJid !== undefined && bareJidOf(from) !== bareJid) continue;
      this.#held.get(id)?.delete(from);
      this.#ports.store.held.delete(keyOf(id, from));
      this.#ports.clients.send([id], frame);
    }
  }
}

function importanceOf(stanza: Element, frame: string, bareJid: string): Importance {
  switch (stanzaKind(stanza)) {
    case "presence":
      return frame.length <= MAX_LENGTH && isMereAvailability(stanza) ? "can-wait" : "important";
    case "message": {
      const message = readCarbon(stanza, bareJid)?.message ?? stanza;
      if (isOnlyChatState(message)) return "stale";
      return isUnimportant(message) ? "ordinary" : "important";
    }
    default:
      return "important";
  }
}

/** Not a request to subscribe, an error, or news about the client itself in a room (XEP-0045 section 15.6.2). */
function isMereAvailability(presence: Element): boolean {
  const { from, type } = presence.attrs;
  if (from === undefined || (type !== undefined && type !== "unavailable")) return false;
  return presence.getChild("x", NS.mucUser)?.getChild("status") === undefined;
}

/** Of a room, what a person is meant by gets noticed by the client itself: it gets all that is said there. */
function isUnimportant(message: Element): boolean {
  const { type } = message.attrs;
  if (type === "groupchat") return true;
  if (type === "error" || message.getChild("body")) return false;
  return type === "headline" || substanceOf(message).every((child) => UNIMPORTANT.has(child.getNS() ?? ""));
}

/** Clients' ids have no spaces. */
function keyOf(id: ClientId, from: string): string {
  return `${id} ${from}`;
}
