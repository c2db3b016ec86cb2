/**
 * IQ: takes each IQ, from upstream or from a client, and carries out what iq-out, iq-in and pushes decide.
 */
import type { Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import { errorReply, iqPayload, iqResult } from "../xmpp/stanza.ts";
import type { ArchiveHost } from "./archive/archive-host.ts";
import type { OwnCaps } from "./caps.ts";
import type { Clients } from "./clients.ts";
import { correctDisco } from "./disco-patch.ts";
import { answerForAll, IqIn, type IqInDecision } from "./iq-in.ts";
import { type Asker, IqOut } from "./iq-out.ts";
import type { LastActivity } from "./last-activity.ts";
import type { Outlet } from "./outlet.ts";
import type { ClientId, Ports } from "./ports.ts";
import type { PeerSessions } from "./peer-sessions.ts";
import { isFromOwnServer } from "./pushes.ts";
import { Responders } from "./responders.ts";
import { isForAccount, type Session } from "./session.ts";

/** What only the account's own server may ask or tell a client of (ROS-2, BLOCK-1). */
const OWN_MATTERS: ReadonlySet<string | undefined> = new Set([
  NS.roster,
  NS.blocking,
  NS.carbons,
  "jabber:iq:privacy",
]);

interface IqDependencies {
  ports: Pick<Ports, "clock" | "ids" | "store">;
  clients: Clients;
  caps: OwnCaps;
  lastActivity: LastActivity;
  outlet: Outlet;
  session: Session;
  sessions: PeerSessions;
  /** The clients that alone have to do with this bare JID; undefined where all have. */
  clientsAt(bareJid: string): ReadonlySet<ClientId> | undefined;
  archive: Pick<ArchiveHost, "isOurs">;
  /** We have learned what a client's software can do, and have something else to advertise if that `changed`. */
  onCapsLearned(changed: boolean): void;
}

export class Iq {
  readonly #deps: IqDependencies;
  readonly #out: IqOut;
  readonly #in: IqIn;

  constructor(deps: IqDependencies) {
    this.#deps = deps;
    const { store, clock } = deps.ports;
    this.#out = new IqOut(deps.session.bareJid, store.requests, clock.nowMs());
    this.#in = new IqIn(store.inbound, new Responders(deps));
  }

  requestFromClient(id: ClientId, request: Element): void {
    const { clients, outlet, session } = this.#deps;
    const client = clients.get(id);
    const payload = iqPayload(request);
    const switchTo = request.attrs.type === "set" ? carbonsSwitch(payload) : undefined;
    if (client && switchTo !== undefined && isForAccount(request.attrs.to, session)) {
      client.carbons = switchTo;
      const stanza = iqResult(request);
      return outlet.deliver({ rule: "MSG-7", stanza, to: [id], reason: "carbons are ours to switch" });
    }
    this.#deps.sessions.requested(request, id);
    this.ask(request, id);
  }

  /** Sends a request upstream, in order with all else; it carries our id from then on. */
  ask(request: Element, asker: Asker): void {
    const { outlet, ports, session } = this.#deps;
    const options = { unique: ports.ids.next(), nowMs: ports.clock.nowMs() };
    const refusal = this.#out.register(request, asker, options);
    if (refusal) return this.#answer("IQ-3", asker, refusal, "too many open requests");
    const reason = session.connected
      ? "a request, under an id of ours"
      : "a request, under an id of ours: waits for a session";
    if (outlet.toUpstream("IQ-1", request, reason)) return;
    // DOWN-5: what finds no room is forgotten, and its asker is told.
    const asked = this.#out.forget(request.attrs.id ?? "");
    if (!asked) return;
    if (typeof asked.asker === "string") return outlet.refuse(asked.request, asked.asker);
    const error = errorReply(asked.request, { type: "wait", condition: "resource-constraint" });
    this.#answer("DOWN-5", asked.asker, error, "there was no room for it");
  }

  /** A client's request that something of ours will answer: fails in time like any other. */
  hold(request: Element, client: ClientId, held: string): void {
    const { outlet, ports } = this.#deps;
    const options = { id: ports.ids.next(), nowMs: ports.clock.nowMs(), held };
    const refusal = this.#out.hold(request, client, options);
    if (refusal) this.#answer("IQ-3", client, refusal, "too many open requests");
    else outlet.withhold("IQ-10", request, `waits for the ${held}`);
  }

  /** Who waits for this of ours, and a request to reply to; they are not waiting any more. */
  takeHeld(held: string): { client: ClientId; request: Element }[] {
    return this.#out.takeHeld(held);
  }

  /** DOWN-2: see Account. */
  isGivenUp(id: string): boolean {
    return this.#out.isGivenUp(id);
  }

  /** IQ-9: whose archive query this is a result of; its query id is theirs again. */
  archiveResult(message: Element, result: Element): Asker {
    return this.#out.archiveResult(message, result);
  }

  answerFromUpstream(answer: Element): void {
    const { outlet } = this.#deps;
    const decision = this.#out.answer(answer);
    if (!decision.deliver) return outlet.withhold("IQ-2", answer, decision.reason);
    if (typeof decision.asker === "string") {
      const { archive, session } = this.#deps;
      const { bareJid } = session;
      correctDisco(decision.answer, { askedTo: decision.askedTo, bareJid, keepsArchive: archive.isOurs });
    }
    this.#answer("IQ-2", decision.asker, decision.answer, "an answer goes to its asker");
  }

  requestFromUpstream(request: Element): void {
    const { caps, lastActivity, outlet, ports, session } = this.#deps;
    const nowMs = ports.clock.nowMs();
    if (OWN_MATTERS.has(iqPayload(request)?.getNS()) && !isFromOwnServer(request, session.bareJid)) {
      const error = errorReply(request, { type: "cancel", condition: "service-unavailable" });
      outlet.toUpstream("IQ-14", error, "nobody else's to ask");
      return;
    }
    const answer = answerForAll(request, { caps, lastActivity, clock: ports.clock });
    if (answer) outlet.toUpstream("IQ-6", answer, "answered for all clients");
    else this.#carryOut([this.#in.route(request, nowMs)]);
  }

  answerFromClient(id: ClientId, answer: Element): void {
    const { caps, outlet, ports } = this.#deps;
    const changed = caps.answered(id, answer, ports.clock.nowMs());
    if (changed !== undefined) return this.#deps.onCapsLearned(changed);
    const decision = this.#in.answer(answer, id);
    if (decision.deliver) outlet.toUpstream("IQ-7", answer, decision.reason);
    else outlet.withhold("IQ-7", answer, decision.reason);
  }

  /** A client is gone; it is no longer among the clients. */
  detach(id: ClientId): void {
    const { ports } = this.#deps;
    this.#out.detach(id);
    this.#carryOut(this.#in.detach(id, ports.clock.nowMs()));
  }

  /** A client is gone for now: what it was asked goes to the next one. Its own requests stay open. */
  suspend(id: ClientId): void {
    const { ports } = this.#deps;
    this.#carryOut(this.#in.suspend(id, ports.clock.nowMs()));
  }

  /** A new session: who asked us over the old one waits no more. */
  upstreamBound(): void {
    this.#in.clear();
    this.#out.upstreamBound(this.#deps.ports.clock.nowMs());
  }

  upstreamResumed(): void {
    this.#out.upstreamResumed(this.#deps.ports.clock.nowMs());
  }

  upstreamLost(): void {
    this.#out.upstreamLost(this.#deps.ports.clock.nowMs());
  }

  /** All clients that survived the process are here: what others asked, and were asked, is over for them. */
  revived(): void {
    const { clients, ports } = this.#deps;
    for (const id of this.#out.askers()) if (!clients.get(id)) this.#out.detach(id);
    this.#carryOut(this.#in.revived(ports.clock.nowMs()));
  }

  /** Fails what is overdue. */
  tick(): void {
    const { ports, session } = this.#deps;
    const nowMs = ports.clock.nowMs();
    const rule = session.connected ? "IQ-4" : "DOWN-2";
    const why = session.connected ? "The other side did not answer." : session.downReason;
    for (const { asker, error } of this.#out.expire(nowMs, why)) {
      this.#answer(rule, asker, error, "unanswered in time");
    }
    this.#carryOut(this.#in.expire(nowMs));
  }

  nextDeadlineMs(): number | undefined {
    const [out, incoming] = [this.#out.nextDeadlineMs(), this.#in.nextDeadlineMs()];
    return out === undefined || incoming === undefined ? (out ?? incoming) : Math.min(out, incoming);
  }

  #answer(rule: string, asker: Asker, stanza: Element, reason: string): void {
    const to = typeof asker === "string" ? [asker] : [];
    this.#deps.outlet.deliver({ rule, stanza, to, reason });
    if (typeof asker === "function") asker(stanza);
  }

  #carryOut(decisions: IqInDecision[]): void {
    const { outlet } = this.#deps;
    for (const decision of decisions) {
      if (decision.type === "answer") outlet.toUpstream(decision.rule, decision.answer, decision.reason);
      else {
        const { rule, request, client, reason } = decision;
        this.#deps.sessions.asked(request, client);
        outlet.deliver({ rule, stanza: request, to: [client], reason });
      }
    }
  }
}

/** XEP-0280 sections 4 and 5: are carbons to be switched on, or off? Undefined when the request is about something else. */
function carbonsSwitch(payload: Element | undefined): boolean | undefined {
  if (payload?.is("enable", NS.carbons)) return true;
  return payload?.is("disable", NS.carbons) ? false : undefined;
}
