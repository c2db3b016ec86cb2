/**
 * PRES and CAPS together: takes each presence, from upstream or from a client, and carries out what the presence rules
 * and our capabilities say.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import { errorReply } from "../xmpp/stanza.ts";
import { serialize } from "../xmpp/xml/serialize.ts";
import type { OwnCaps } from "./caps.ts";
import { type Clients, isPresent, PATIENCE_MS } from "./clients.ts";
import { lastUsedMs } from "./last-activity.ts";
import type { Outlet } from "./outlet.ts";
import type { ClientId, Ports } from "./ports.ts";
import { PresenceIn } from "./presence-in.ts";
import { PresenceOut } from "./presence-out.ts";
import type { Session } from "./session.ts";

const SUBSCRIPTION_TYPES = new Set(["subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe"]);

interface PresenceDependencies {
  ports: Pick<Ports, "clock" | "ids" | "store">;
  clients: Clients;
  caps: OwnCaps;
  outlet: Outlet;
  session: Session;
  /** The `<show/>` that contacts see while no client is available; empty for plain available. */
  detachedShow: string;
  /** A client has sent its initial presence, and knows who is there. */
  onAvailable(id: ClientId): void;
}

export class Presence {
  readonly #deps: PresenceDependencies;
  readonly #in: PresenceIn;
  readonly #out: PresenceOut;

  constructor(deps: PresenceDependencies) {
    const { ports, session } = deps;
    this.#deps = deps;
    this.#in = new PresenceIn(ports.store.contacts, session.fullJid);
    this.#out = new PresenceOut(ports.store.directed, ports.store.said);
  }

  fromUpstream(presence: Element): void {
    const { clients, outlet, ports, session } = this.#deps;
    const holders = (): ClientId[] => this.#out.holders(presence.attrs.from ?? "");
    const context = { fullJid: session.fullJid, holders, nowMs: ports.clock.nowMs() };
    outlet.deliver(this.#in.receive(presence, context, clients));
    this.#out.reflected(presence);
  }

  fromClient(id: ClientId, presence: Element): void {
    const { outlet } = this.#deps;
    const { to, type } = presence.attrs;
    if (to === undefined) {
      if (type === undefined || type === "unavailable") return this.#broadcastFromClient(id, presence);
      return outlet.withhold("PRES-1", presence, "broadcast presence has no such type");
    }
    if (type !== undefined && SUBSCRIPTION_TYPES.has(type)) {
      const sent = outlet.toUpstream("PRES-11", presence, "subscription management is the account's");
      if (sent && (type === "subscribed" || type === "unsubscribed")) this.#in.requests.answered(to);
      return;
    }
    // An error says what became of somebody else's presence, and nothing of ours.
    const isOurs = type === undefined || type === "unavailable";
    switch (isOurs ? this.#out.direct(presence, id) : "send") {
      case "send":
        outlet.toUpstream("PRES-5", presence, "directed presence");
        return;
      case "held":
        return outlet.withhold("PRES-5", presence, "another client is still there");
      case "full": {
        const stanza = errorReply(presence, { type: "wait", condition: "resource-constraint" });
        return outlet.deliver({ rule: "PRES-5", stanza, to: [id], reason: "too many targets" });
      }
    }
  }

  /** BLOCK-2: nothing more is heard of these contacts. */
  forgetContacts(isGone: (address: string) => boolean): void {
    const { clients, outlet, session } = this.#deps;
    const to = clients.idsWhere((client) => client.presence !== undefined);
    for (const stanza of this.#in.drop(isGone, session.fullJid)) {
      outlet.deliver({ rule: "BLOCK-2", stanza, to, reason: "nothing more is heard of who is blocked" });
    }
  }

  /** PRES-1: says upstream what the account is now, when that has changed. */
  broadcast(): void {
    const { clients, caps, detachedShow, outlet, ports, session } = this.#deps;
    if (!session.connected) return;
    const now = { caps: caps.element(), detachedShow, nowMs: ports.clock.nowMs() };
    const presence = this.#out.broadcast(clients, now);
    // What finds no room is still to be said.
    if (presence && outlet.toUpstream("PRES-1", presence, "the aggregate of all clients"))
      this.#out.sent(presence, now.nowMs);
  }

  /** A client is gone; it is no longer among the clients. */
  detach(id: ClientId): void {
    this.#leave(this.#out.detach(id));
    this.broadcast();
  }

  /** What the store says of clients that did not survive the process is void. */
  prune(): void {
    for (const id of this.#out.allHolders()) {
      if (!this.#deps.clients.get(id)) this.#leave(this.#out.detach(id));
    }
  }

  /** The client is back. What it can do may have been forgotten with the process. */
  resume(id: ClientId): void {
    const presence = this.#deps.clients.get(id)?.presence;
    if (presence) this.#askCaps(id, presence);
    this.broadcast();
  }

  /** PRES-10 and UP-8: a new session's server will tell who is there, and must be told the same of us. */
  upstreamBound(): void {
    const { clients, outlet, session } = this.#deps;
    const to = clients.idsWhere((client) => client.presence !== undefined);
    for (const gone of this.#in.forget(session.fullJid)) {
      outlet.deliver({ rule: "PRES-10", stanza: gone, to, reason: "the old session's presence is void" });
    }
    const directed = this.#out.restart();
    this.broadcast();
    for (const presence of directed) outlet.toUpstream("UP-8", presence, "directed presence, repeated");
  }

  /** When a client that is gone has been waited for long enough, the world is told. */
  nextDeadlineMs(): number | undefined {
    const nowMs = this.#deps.ports.clock.nowMs();
    let next: number | undefined;
    for (const client of this.#deps.clients.all()) {
      if (client.suspendedAtMs === undefined || !isPresent(client, nowMs)) continue;
      const endMs = client.suspendedAtMs + PATIENCE_MS;
      if (next === undefined || endMs < next) next = endMs;
    }
    return next;
  }

  #broadcastFromClient(id: ClientId, presence: Element): void {
    const { clients, outlet, ports, session } = this.#deps;
    const client = clients.get(id);
    if (!client) return;
    client.lastActiveMs = Math.max(client.lastActiveMs, lastUsedMs(presence, ports.clock));
    const initial = client.presence === undefined && presence.attrs.type === undefined;
    this.#out.avatarSeen(presence, client.presence);
    client.presence = presence.attrs.type === undefined ? presence : undefined;
    // RFC 6121 section 4.6.3: whoever was sent directed presence learns of the end of it as well.
    if (!client.presence) this.#leave(this.#out.letGo(id));
    this.broadcast();
    if (client.presence) this.#askCaps(id, presence);
    if (!initial) return;
    const known = this.#in.snapshot((atMs) => ports.clock.stamp(atMs)).map((stanza) => serialize(stanza));
    const about = xml("presence", { xmlns: NS.client, to: session.fullJid });
    const reason = "who is there, on initial presence";
    outlet.replay({ rule: "PRES-9", stanza: about, to: [id], reason }, known);
    for (const stanza of this.#in.requests.open()) {
      outlet.deliver({ rule: "PRES-12", stanza, to: [id], reason: "nobody has answered it yet" });
    }
    this.#deps.onAvailable(id);
  }

  #leave(left: Element[]): void {
    for (const presence of left) {
      this.#deps.outlet.toUpstream("PRES-5", presence, "the last client there is gone");
    }
  }

  /** CAPS-1: a hash we have not seen: ask its client, as the server would. */
  #askCaps(id: ClientId, presence: Element): void {
    const { caps, outlet, ports, session } = this.#deps;
    const askId = ports.ids.next();
    const node = caps.ask(askId, id, presence, ports.clock.nowMs());
    if (node === undefined) return;
    const query = xml("query", { xmlns: NS.discoInfo, node });
    const address = { from: session.bareJid, to: session.fullJid };
    const iq = xml("iq", { xmlns: NS.client, type: "get", id: askId, ...address }, query);
    outlet.deliver({ rule: "CAPS-1", stanza: iq, to: [id], reason: "unknown capabilities" });
  }
}
