/**
 * PRES, outward: one presence for all clients. Broadcast presence is the most recently active client's, with a
 * stable priority and our own capabilities; with no available client it is the configured one. Directed presence
 * is counted per target, and leaves when its last holder does.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import { languageOf } from "../xmpp/stanza.ts";
import { clone } from "../xmpp/xml/element.ts";
import { parseFrame } from "../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../xmpp/xml/limits.ts";
import { serialize } from "../xmpp/xml/serialize.ts";
import { type Clients, isPresent } from "./clients.ts";
import type { ClientId, DirectedStore, TextStore } from "./ports.ts";

/** One account shares presence with no more targets than this at once; the next is refused. */
const MAX_DIRECTED = 1_000;
/** The key of what was broadcast last. */
const BROADCAST = "broadcast";
const MAX_KEPT_LENGTH = 65_536;

interface Directed {
  holders: Set<ClientId>;
  /** The last available presence sent there: repeated after a new bind. */
  last: Element;
}

export class PresenceOut {
  readonly #directed = new Map<string, Directed>();
  readonly #store: DirectedStore;
  readonly #said: TextStore;
  /** Whose `unavailable` is on its way to a target: it is told when a room says that it has left. */
  readonly #leaving = new Map<string, ClientId>();
  #lastBroadcast: string | undefined;
  /** PRES-13: what the account's avatar is, as a client said last (XEP-0153 section 4.2). */
  #avatar: Element | undefined;

  /** `said`: what was broadcast last; the server knows it for as long as the session is resumed. */
  constructor(store: DirectedStore, said: TextStore) {
    this.#store = store;
    this.#said = said;
    this.#lastBroadcast = said.entries()[0]?.value;
    const frame =
      this.#lastBroadcast === undefined ? undefined : parseFrame(this.#lastBroadcast, DEFAULT_LIMITS);
    // Not what the server tells us of ourselves: it may have put an avatar there that nobody has told.
    if (frame?.ok === true && frame.element) this.avatarSeen(frame.element, undefined);
    for (const { target, holders, stanza } of store.entries()) {
      this.#directed.set(target, { holders: new Set(holders), last: stanza });
    }
  }

  /**
   * PRES-1 and PRES-2: the presence to broadcast now, or undefined when it is the one already sent.
   * `detachedShow` is what contacts see while no client is available.
   */
  broadcast(
    clients: Clients,
    { caps, detachedShow, nowMs }: { caps: Element; detachedShow: string; nowMs: number },
  ): Element | undefined {
    const leader = clients.byRecency().find((client) => isPresent(client, nowMs))?.presence;
    const presence = aggregate(leader, { caps, avatar: this.#avatar, detachedShow });
    return serialize(presence) === this.#lastBroadcast ? undefined : presence;
  }

  /** A client's presence follows another of its own: has it something new to say about the avatar? */
  avatarSeen(presence: Element, before: Element | undefined): void {
    const avatar = avatarIn(presence);
    const photo = avatar?.getChildText("photo");
    if (typeof photo !== "string" || photo === (before && avatarIn(before)?.getChildText("photo"))) return;
    this.#avatar = avatar;
  }

  /** What broadcast() gave is on its way. */
  sent(presence: Element, nowMs: number): void {
    this.#lastBroadcast = serialize(presence);
    // What is too long to be kept is told once more after the death of the process.
    if (this.#lastBroadcast.length <= MAX_KEPT_LENGTH) this.#said.set(BROADCAST, this.#lastBroadcast, nowMs);
    else this.#said.delete(BROADCAST);
  }

  /** A new upstream session knows nothing of us: what has to be said again, besides the broadcast. */
  restart(): Element[] {
    this.#lastBroadcast = undefined;
    this.#said.delete(BROADCAST);
    this.#leaving.clear();
    return [...this.#directed.values()].map(({ last }) => clone(last));
  }

  /**
   * PRES-5: a client's presence, available or unavailable, to one target. `unavailable` only goes upstream when nobody
   * else holds the target; what is `full` has no room for another one.
   */
  direct(presence: Element, client: ClientId): "send" | "held" | "full" {
    const target = presence.attrs.to ?? "";
    const held = this.#directed.get(target);
    if (presence.attrs.type === "unavailable") {
      if (held?.holders.delete(client) && held.holders.size > 0) this.#save(target, held);
      if (held && held.holders.size > 0) return "held";
      this.#drop(target);
      if (held) this.#leave(target, client);
      return "send";
    }
    if (!held && this.#directed.size >= MAX_DIRECTED) return "full";
    const holders = held?.holders.add(client) ?? new Set([client]);
    const directed = { holders, last: clone(presence) };
    this.#directed.set(target, directed);
    this.#save(target, directed);
    return "send";
  }

  /** Who sent presence to this address or to the bare JID of it: they caused what comes back. */
  holders(from: string): ClientId[] {
    const slash = from.indexOf("/");
    const bare = slash === -1 ? from : from.slice(0, slash);
    const ids = new Set<ClientId>();
    for (const [target, { holders }] of this.#directed) {
      const targetSlash = target.indexOf("/");
      if ((targetSlash === -1 ? target : target.slice(0, targetSlash)) !== bare) continue;
      for (const id of holders) ids.add(id);
    }
    const leaving = this.#leaving.get(from);
    return [...ids, ...(leaving === undefined ? [] : [leaving])];
  }

  /** A presence came back: an error, or our own leaving of a room, ends what we held there; another nickname does not. */
  reflected(presence: Element): void {
    const { from = "", type } = presence.attrs;
    const room = type === "unavailable" ? presence.getChild("x", NS.mucUser) : undefined;
    const codes = room?.getChildren("status").map(({ attrs }) => attrs.code) ?? [];
    if (type !== "error" && !codes.includes("110")) return;
    const nick = codes.includes("303") ? room?.getChild("item")?.attrs.nick : undefined;
    if (nick !== undefined) this.#rename(from, `${from.slice(0, from.indexOf("/"))}/${nick}`);
    this.#drop(from);
    this.#leaving.delete(from);
  }

  /** A client is gone: the `unavailable` that nobody else's holding prevents. */
  detach(client: ClientId): Element[] {
    const left = this.letGo(client);
    for (const [target, id] of this.#leaving) if (id === client) this.#leaving.delete(target);
    return left;
  }

  /** Everybody for whom a target is held, whether there is such a client or not. */
  allHolders(): Set<ClientId> {
    const ids = new Set<ClientId>();
    for (const { holders } of this.#directed.values()) for (const id of holders) ids.add(id);
    return ids;
  }

  /** A client that stays holds nothing any more: as detach(), but it is told when a room says that it has left. */
  letGo(client: ClientId): Element[] {
    const left: Element[] = [];
    for (const [target, { holders, last }] of this.#directed) {
      if (!holders.delete(client)) continue;
      if (holders.size > 0) {
        this.#save(target, { holders, last });
        continue;
      }
      this.#drop(target);
      this.#leave(target, client);
      left.push(xml("presence", { xmlns: NS.client, to: target, type: "unavailable" }));
    }
    return left;
  }

  /** XEP-0045 section 7.6: whoever was in the room still is. What joined it is what is repeated on a new session. */
  #rename(from: string, to: string): void {
    const held = this.#directed.get(from);
    if (!held) return;
    const last = clone(held.last);
    last.attrs.to = to;
    const renamed = { holders: new Set([...held.holders, ...(this.#directed.get(to)?.holders ?? [])]), last };
    this.#directed.set(to, renamed);
    this.#save(to, renamed);
  }

  #leave(target: string, client: ClientId): void {
    if (this.#leaving.size < MAX_DIRECTED) this.#leaving.set(target, client);
  }

  #save(target: string, { holders, last }: Directed): void {
    this.#store.set({ target, holders: [...holders], stanza: last });
  }

  #drop(target: string): void {
    if (this.#directed.delete(target)) this.#store.delete(target);
  }
}

function aggregate(
  leader: Element | undefined,
  { caps, avatar, detachedShow }: { caps: Element; avatar: Element | undefined; detachedShow: string },
): Element {
  const presence = xml("presence", { xmlns: NS.client, ...languageOf(leader) });
  if (leader) {
    // PRES-3: no <priority/>, so that it is 0 whatever each client asks for and never changes under the server.
    for (const child of leader.getChildElements()) {
      const isAvatar = avatar !== undefined && child.is("x", NS.vcardUpdate);
      const isReplaced = isAvatar || child.getName() === "priority" || isCapabilities(child);
      if (!isReplaced) presence.append(clone(child));
    }
  } else if (detachedShow !== "") {
    presence.append(xml("show", {}, detachedShow));
  }
  if (avatar) presence.append(clone(avatar));
  presence.append(caps);
  return presence;
}

/** XEP-0115, and XEP-0390, whose hashes we could not answer for. */
function isCapabilities(child: Element): boolean {
  return child.getNS() === NS.caps || child.getNS() === NS.caps2;
}

function avatarIn(presence: Element): Element | undefined {
  return presence.getChild("x", NS.vcardUpdate);
}
