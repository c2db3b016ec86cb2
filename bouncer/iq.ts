/**
 * IQ and ROS together: takes each IQ, from upstream or from a client, and carries out what iq-out, iq-in and pushes
 * decide.
 */
import type { Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import { errorReply, iqPayload, iqResult } from "../xmpp/stanza.ts";
import type { OwnCaps } from "./caps.ts";
import type { Clients } from "./clients.ts";
import { answerForAll, IqIn, type IqInDecision } from "./iq-in.ts";
import { type Asker, IqOut } from "./iq-out.ts";
import type { Outlet } from "./outlet.ts";
import type { ClientId, Ports } from "./ports.ts";
import { pushKind, reissue, wantsPush } from "./pushes.ts";
import type { Session } from "./session.ts";

interface IqDependencies {
  ports: Pick<Ports, "clock" | "ids">;
  clients: Clients;
  caps: OwnCaps;
  outlet: Outlet;
  session: Session;
  /** What a client can do has changed, and so what we advertise. */
  onCapsChanged(): void;
}

export class Iq {
  readonly #deps: IqDependencies;
  readonly #out: IqOut;
  readonly #in = new IqIn();

  constructor(deps: IqDependencies) {
    this.#deps = deps;
    this.#out = new IqOut(deps.session.bareJid);
  }

  requestFromClient(id: ClientId, request: Element): void {
    const { clients, outlet, session } = this.#deps;
    const client = clients.get(id);
    const payload = iqPayload(request);
    const toAccount = request.attrs.to === undefined || request.attrs.to === session.bareJid;
    if (toAccount && client && payload?.getNS() === NS.carbons && request.attrs.type === "set") {
      client.carbons = payload.getName() === "enable";
      const stanza = iqResult(request);
      return outlet.deliver({ rule: "MSG-7", stanza, to: [id], reason: "carbons are ours to switch" });
    }
    if (toAccount && client && payload?.is("query", NS.roster) && request.attrs.type === "get") {
      client.interested = true;
    }
    this.ask(request, id);
  }

  /** Sends a request upstream, or keeps it for a while until there is a session. */
  ask(request: Element, asker: Asker): void {
    const { outlet, ports, session } = this.#deps;
    const options = {
      id: ports.ids.next(),
      nowMs: ports.clock.nowMs(),
      connected: session.connected,
    };
    const { send, refuse } = this.#out.register(request, asker, options);
    if (send) this.#sendRequest(send, "a request, under an id of ours");
    else if (refuse) this.#answer("IQ-3", asker, refuse, "too many open requests");
    else outlet.withhold("DOWN-2", request, "waits for a session");
  }

  answerFromUpstream(answer: Element): void {
    const { outlet } = this.#deps;
    const decision = this.#out.answer(answer);
    if (!decision.deliver) return outlet.withhold("IQ-2", answer, decision.reason);
    this.#answer("IQ-2", decision.asker, decision.answer, "an answer goes to its asker");
  }

  requestFromUpstream(request: Element): void {
    const { caps, clients, outlet, ports, session } = this.#deps;
    const push = pushKind(request, session.bareJid);
    if (push) {
      outlet.toUpstream("ROS-1", iqResult(request), "a push is acknowledged once");
      for (const id of clients.idsWhere((client) => wantsPush(client, push))) {
        const stanza = reissue(request, ports.ids.next());
        outlet.deliver({ rule: "ROS-1", stanza, to: [id], reason: `a ${push} push, under a fresh id` });
      }
      return;
    }
    const nowMs = ports.clock.nowMs();
    const [latest] = clients.byRecency();
    const idleSeconds = latest ? Math.max(0, Math.floor((nowMs - latest.lastActiveMs) / 1000)) : 0;
    const answer = answerForAll(request, { caps, nowStamp: ports.clock.stamp(nowMs), idleSeconds });
    if (answer) outlet.toUpstream("IQ-6", answer, "answered for all clients");
    else this.#carryOut([this.#in.route(request, clients, nowMs)]);
  }

  answerFromClient(id: ClientId, answer: Element): void {
    const { caps, outlet, ports } = this.#deps;
    const learned = caps.answered(id, answer, ports.clock.nowMs());
    if (learned !== undefined) {
      if (learned) this.#deps.onCapsChanged();
      return;
    }
    const decision = this.#in.answer(answer, id);
    if (decision.deliver) outlet.toUpstream("IQ-7", answer, decision.reason);
    else outlet.withhold("IQ-7", answer, decision.reason);
  }

  /** A client is gone; it is no longer among the clients. */
  detach(id: ClientId): void {
    const { clients, ports } = this.#deps;
    this.#out.detach(id);
    this.#carryOut(this.#in.detach(id, clients, ports.clock.nowMs()));
  }

  /** A client is gone for now: what it was asked goes to the next one. Its own requests stay open. */
  suspend(id: ClientId): void {
    const { clients, ports } = this.#deps;
    this.#carryOut(this.#in.detach(id, clients, ports.clock.nowMs()));
  }

  /** A new session: who asked us over the old one waits no more. */
  upstreamBound(): void {
    this.#in.clear();
    this.#release();
  }

  upstreamResumed(): void {
    this.#out.upstreamResumed(this.#deps.ports.clock.nowMs());
    this.#release();
  }

  upstreamLost(): void {
    this.#out.upstreamLost(this.#deps.ports.clock.nowMs());
  }

  /** Fails what is overdue. */
  tick(): void {
    const { clients, ports, session } = this.#deps;
    const nowMs = ports.clock.nowMs();
    const rule = session.connected ? "IQ-4" : "DOWN-2";
    const why = session.connected ? "The other side did not answer." : session.downReason;
    for (const { asker, error } of this.#out.expire(nowMs, why)) {
      this.#answer(rule, asker, error, "unanswered in time");
    }
    this.#carryOut(this.#in.expire(clients, nowMs));
  }

  nextDeadlineMs(): number | undefined {
    const [out, incoming] = [this.#out.nextDeadlineMs(), this.#in.nextDeadlineMs()];
    return out === undefined || incoming === undefined ? (out ?? incoming) : Math.min(out, incoming);
  }

  /** What waited for a session goes out. */
  #release(): void {
    for (const request of this.#out.release(this.#deps.ports.clock.nowMs())) {
      this.#sendRequest(request, "a request that waited for the session");
    }
  }

  /** Under our id. What finds no room is forgotten, and its asker is told (DOWN-5). */
  #sendRequest(request: Element, reason: string): void {
    const { outlet } = this.#deps;
    if (outlet.toUpstream("IQ-1", request, reason)) return;
    const asked = this.#out.forget(request.attrs.id ?? "");
    if (!asked) return;
    if (typeof asked.asker === "string") outlet.refuse(asked.request, asked.asker);
    else {
      const error = errorReply(asked.request, { type: "wait", condition: "resource-constraint" });
      this.#answer("DOWN-5", asked.asker, error, "there was no room for it");
    }
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
        outlet.deliver({ rule, stanza: request, to: [client], reason });
      }
    }
  }
}
