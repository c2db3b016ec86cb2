/**
 * PRES and CAPS together: takes each presence, from upstream or from a client, and carries out what the presence rules
 * and our capabilities say.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import type { OwnCaps } from "./caps.ts";
import type { Clients } from "./clients.ts";
import type { Outlet } from "./outlet.ts";
import type { ClientId, Ports } from "./ports.ts";
import { PresenceIn } from "./presence-in.ts";
import { PresenceOut } from "./presence-out.ts";
import type { Session } from "./session.ts";

const SUBSCRIPTION_TYPES = new Set(["subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe"]);

/**
 * UP-9: after the death of the process its clients have lost their sockets, not their interest: for this long the world
 * is not told that they are gone.
 */
const PATIENCE_MS = 60_000;

interface PresenceDependencies {
  ports: Pick<Ports, "clock" | "ids" | "store">;
  clients: Clients;
  caps: OwnCaps;
  outlet: Outlet;
  session: Session;
  /** The `<show/>` that contacts see while no client is available; empty for plain available. */
  detachedShow: string;
}

export class Presence {
  readonly #deps: PresenceDependencies;
  readonly #in: PresenceIn;
  readonly #out: PresenceOut;
  /** Until then nothing is withdrawn that clients may come back to. */
  #patienceUntilMs: number | undefined;

  constructor(deps: PresenceDependencies) {
    const { ports, session } = deps;
    this.#deps = deps;
    this.#in = new PresenceIn(ports.store.contacts, session.fullJid);
    this.#out = new PresenceOut(ports.store.directed);
    this.#patienceUntilMs = ports.clock.nowMs() + PATIENCE_MS;
  }

  fromUpstream(presence: Element): void {
    const { clients, outlet, ports, session } = this.#deps;
    const holders = this.#out.holders(presence.attrs.from ?? "");
    const context = { fullJid: session.fullJid, holders, nowMs: ports.clock.nowMs() };
    outlet.deliver(this.#in.receive(presence, context, clients));
    this.#out.reflected(presence);
  }

  fromClient(id: ClientId, presence: Element): void {
    const { outlet, ports } = this.#deps;
    const { to, type } = presence.attrs;
    if (to === undefined) {
      if (type === undefined || type === "unavailable") return this.#broadcastFromClient(id, presence);
      return outlet.withhold("PRES-1", presence, "broadcast presence has no such type");
    }
    if (type !== undefined && SUBSCRIPTION_TYPES.has(type)) {
      return outlet.toUpstream("PRES-11", presence, "subscription management is the account's");
    }
    return this.#out.direct(presence, id, ports.clock.nowMs())
      ? outlet.toUpstream("PRES-5", presence, "directed presence")
      : outlet.withhold("PRES-5", presence, "another client is still there");
  }

  /** PRES-1: says upstream what the account is now, when that has changed. */
  broadcast(): void {
    const { clients, caps, detachedShow, outlet, session } = this.#deps;
    if (!session.connected) return;
    const presence = this.#out.broadcast(clients, caps.element(), detachedShow);
    if (presence) outlet.toUpstream("PRES-1", presence, "the aggregate of all clients");
  }

  /** A client is gone; it is no longer among the clients. */
  detach(id: ClientId): void {
    for (const left of this.#out.detach(id)) {
      this.#deps.outlet.toUpstream("PRES-5", left, "the last client there is gone");
    }
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

  /** The session goes on: what has changed meanwhile is said, and what may only be the restart's doing is not. */
  upstreamResumed(): void {
    const { clients, session } = this.#deps;
    const nobody = clients.idsWhere((client) => client.presence !== undefined).length === 0;
    if (session.connected && !(nobody && this.#patienceUntilMs !== undefined)) this.broadcast();
  }

  /** Patience has an end. */
  tick(): void {
    const { outlet, ports } = this.#deps;
    if (this.#patienceUntilMs === undefined || this.#patienceUntilMs > ports.clock.nowMs()) return;
    this.#patienceUntilMs = undefined;
    for (const left of this.#out.releaseRevived()) {
      outlet.toUpstream("PRES-5", left, "nobody came back to it");
    }
    this.broadcast();
  }

  nextDeadlineMs(): number | undefined {
    return this.#patienceUntilMs;
  }

  #broadcastFromClient(id: ClientId, presence: Element): void {
    const { clients, outlet, ports } = this.#deps;
    const client = clients.get(id);
    if (!client) return;
    client.lastActiveMs = ports.clock.nowMs();
    const initial = client.presence === undefined && presence.attrs.type === undefined;
    client.presence = presence.attrs.type === undefined ? presence : undefined;
    this.broadcast();
    if (client.presence) this.#askCaps(id, presence);
    if (!initial) return;
    for (const known of this.#in.snapshot((atMs) => ports.clock.stamp(atMs))) {
      outlet.deliver({
        rule: "PRES-9",
        stanza: known,
        to: [id],
        reason: "who is there, on initial presence",
      });
    }
  }

  /** CAPS-1: a hash we have not seen: ask its client, as the server would. */
  #askCaps(id: ClientId, presence: Element): void {
    const { caps, outlet, ports, session } = this.#deps;
    const askId = ports.ids.next();
    const node = caps.ask(askId, id, presence);
    if (node === undefined) return;
    const query = xml("query", { xmlns: NS.discoInfo, node });
    const address = { from: session.bareJid, to: session.fullJid };
    const iq = xml("iq", { xmlns: NS.client, type: "get", id: askId, ...address }, query);
    outlet.deliver({ rule: "CAPS-1", stanza: iq, to: [id], reason: "unknown capabilities" });
  }
}
