/**
 * One account's policy: what becomes of each stanza, from upstream or from a client. Composes the rules' own files,
 * carries their decisions to the ports and writes each into the trace. Synchronous and pure but for its tables.
 *
 * It must not know what carries stanzas, how anybody authenticated, or what a session is made of.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import { iqPayload, iqResult, isIqRequest, stanzaKind } from "../xmpp/stanza.ts";
import { serialize } from "../xmpp/xml/serialize.ts";
import { OwnCaps } from "./caps.ts";
import { type ClientRecord, Clients } from "./clients.ts";
import { answerForAll, IqIn, type IqInDecision } from "./iq-in.ts";
import { IqOut } from "./iq-out.ts";
import { type Delivery, fanOutMessage, sentCopies } from "./messages.ts";
import type { ClientId, Ports } from "./ports.ts";
import { PresenceIn } from "./presence-in.ts";
import { PresenceOut } from "./presence-out.ts";
import { pushKind, reissue, wantsPush } from "./pushes.ts";
import { Trace } from "./trace.ts";

export interface AccountOptions {
  bareJid: string;
  /** The `<show/>` that contacts see while no client is available; empty for plain available. */
  detachedShow: string;
}

const SUBSCRIPTION_TYPES = new Set(["subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe"]);

export class Account {
  readonly trace = new Trace();
  readonly #ports: Ports;
  readonly #options: AccountOptions;
  readonly #clients = new Clients();
  readonly #iqOut: IqOut;
  readonly #iqIn = new IqIn();
  readonly #presenceIn = new PresenceIn();
  readonly #presenceOut = new PresenceOut();
  readonly #caps = new OwnCaps();
  /** Our questions to clients, by the id they carry: which capabilities node they are about. */
  readonly #capsAsked = new Map<string, { node: string; client: ClientId }>();
  #fullJid = "";
  #connected = false;
  #downReason = "There is no connection to the server yet.";

  constructor(ports: Ports, options: AccountOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#iqOut = new IqOut(options.bareJid);
  }

  /** A session is bound and empty: the server knows nothing of us yet. */
  upstreamBound(fullJid: string): void {
    this.#fullJid = fullJid;
    this.#connected = true;
    const nowMs = this.#ports.clock.nowMs();
    this.#iqIn.clear();
    for (const gone of this.#presenceIn.forget(fullJid)) this.#sendAvailable(gone);
    this.#askUpstream(xml("iq", { xmlns: NS.client, type: "set" }, xml("enable", { xmlns: NS.carbons })));
    const directed = this.#presenceOut.restart();
    this.#broadcast();
    for (const presence of directed) this.#ports.upstream.send(presence);
    for (const request of this.#iqOut.release(nowMs)) this.#ports.upstream.send(request);
  }

  /** The session is gone; `reason` is told to those whose requests fail. */
  upstreamLost(reason: string): void {
    this.#connected = false;
    this.#downReason = reason;
    this.#iqOut.upstreamLost(this.#ports.clock.nowMs());
  }

  /** ID-2: a client has bound. The same device attaching again replaces its old attachment. */
  attach(record: ClientRecord): void {
    const old = this.#clients.byDevice(record.device);
    if (old) {
      this.detach(old.id);
      this.#ports.clients.replace(old.id);
    }
    this.#clients.add({ ...record, presence: undefined });
  }

  /** A client is gone, however it went. */
  detach(id: ClientId): void {
    if (!this.#clients.remove(id)) return;
    this.#iqOut.detach(id);
    for (const [asked, { client }] of this.#capsAsked) if (client === id) this.#capsAsked.delete(asked);
    for (const left of this.#presenceOut.detach(id)) this.#ports.upstream.send(left);
    this.#broadcast();
    this.#carryOut(this.#iqIn.detach(id, this.#clients, this.#ports.clock.nowMs()));
  }

  /** What a client's stream should remember across the death of the process. */
  record(id: ClientId): ClientRecord | undefined {
    const client = this.#clients.get(id);
    if (!client) return undefined;
    const { device, carbons, interested, lastActiveMs } = client;
    return { id, device, carbons, interested, lastActiveMs };
  }

  /** Fails what is overdue. */
  tick(): void {
    const nowMs = this.#ports.clock.nowMs();
    const why = this.#connected ? "The other side did not answer." : this.#downReason;
    for (const { client, error } of this.#iqOut.expire(nowMs, why)) {
      this.#deliver({ rule: "DOWN-2", stanza: error, to: [client], reason: "unanswered in time" });
    }
    this.#carryOut(this.#iqIn.expire(this.#clients, nowMs));
  }

  /** When tick() has something to do next, in milliseconds since the epoch. */
  nextDeadlineMs(): number | undefined {
    const deadlines = [this.#iqOut.nextDeadlineMs(), this.#iqIn.nextDeadlineMs()].filter(
      (deadline) => deadline !== undefined,
    );
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  fromUpstream(stanza: Element): void {
    switch (stanzaKind(stanza)) {
      case "message":
        for (const delivery of fanOutMessage(stanza, this.#clients, this.#options.bareJid))
          this.#deliver(delivery);
        return;
      case "presence":
        return this.#presenceFromUpstream(stanza);
      case "iq":
        return isIqRequest(stanza) ? this.#requestFromUpstream(stanza) : this.#answerFromUpstream(stanza);
      case undefined:
        this.#withhold("XML-0", stanza, "not a stanza");
    }
  }

  /** A stanza from an attached client; its `from` was checked. */
  fromClient(id: ClientId, stanza: Element): void {
    const client = this.#clients.get(id);
    if (!client) return;
    delete stanza.attrs.from;
    switch (stanzaKind(stanza)) {
      case "message":
        client.lastActiveMs = this.#ports.clock.nowMs();
        return this.#messageFromClient(id, stanza);
      case "presence":
        return this.#presenceFromClient(id, stanza);
      case "iq":
        return isIqRequest(stanza) ? this.#requestFromClient(id, stanza) : this.#answerFromClient(id, stanza);
      case undefined:
        this.#withhold("XML-0", stanza, "not a stanza");
    }
  }

  #messageFromClient(id: ClientId, message: Element): void {
    this.#toUpstream("MSG-5", message, "what a client sends goes upstream once");
    const account = { bareJid: this.#options.bareJid, fullJid: this.#fullJid };
    this.#deliver(sentCopies(message, id, this.#clients, account));
  }

  #presenceFromUpstream(presence: Element): void {
    const { from = "" } = presence.attrs;
    const holders = this.#presenceOut.holders(from);
    const context = { fullJid: this.#fullJid, holders, nowMs: this.#ports.clock.nowMs() };
    this.#deliver(this.#presenceIn.receive(presence, context, this.#clients));
    this.#presenceOut.reflected(presence);
  }

  #presenceFromClient(id: ClientId, presence: Element): void {
    const { to, type } = presence.attrs;
    if (to !== undefined) {
      if (type !== undefined && SUBSCRIPTION_TYPES.has(type)) {
        return this.#toUpstream("PRES-11", presence, "subscription management is the account's");
      }
      return this.#presenceOut.direct(presence, id)
        ? this.#toUpstream("PRES-5", presence, "directed presence")
        : this.#withhold("PRES-5", presence, "another client is still there");
    }
    if (type !== undefined && type !== "unavailable") {
      return this.#withhold("PRES-1", presence, "broadcast presence has no such type");
    }
    this.#broadcastFromClient(id, presence);
  }

  #broadcastFromClient(id: ClientId, presence: Element): void {
    const client = this.#clients.get(id);
    if (!client) return;
    client.lastActiveMs = this.#ports.clock.nowMs();
    const initial = client.presence === undefined && presence.attrs.type === undefined;
    client.presence = presence.attrs.type === undefined ? presence : undefined;
    this.#broadcast();
    if (client.presence) this.#askCaps(id, presence);
    if (!initial) return;
    for (const contact of this.#presenceIn.snapshot((atMs) => this.#ports.clock.stamp(atMs))) {
      this.#deliver({
        rule: "PRES-9",
        stanza: contact,
        to: [id],
        reason: "what contacts are, on initial presence",
      });
    }
  }

  /** CAPS-1: a hash we have not seen: ask its client, as the server would. */
  #askCaps(id: ClientId, presence: Element): void {
    const node = this.#caps.unknownNode(presence);
    if (node === undefined) return;
    const askId = this.#ports.ids.next();
    this.#capsAsked.set(askId, { node, client: id });
    const { bareJid } = this.#options;
    const query = xml("query", { xmlns: NS.discoInfo, node });
    const iq = xml(
      "iq",
      { xmlns: NS.client, type: "get", id: askId, from: bareJid, to: this.#fullJid },
      query,
    );
    this.#deliver({ rule: "CAPS-1", stanza: iq, to: [id], reason: "unknown capabilities" });
  }

  #requestFromClient(id: ClientId, request: Element): void {
    const payload = iqPayload(request);
    const toAccount = request.attrs.to === undefined || request.attrs.to === this.#options.bareJid;
    const client = this.#clients.get(id);
    if (toAccount && client && payload?.getNS() === NS.carbons && request.attrs.type === "set") {
      client.carbons = payload.getName() === "enable";
      const result = iqResult(request);
      return this.#deliver({ rule: "MSG-7", stanza: result, to: [id], reason: "carbons are ours to switch" });
    }
    if (toAccount && client && payload?.is("query", NS.roster) && request.attrs.type === "get") {
      client.interested = true;
    }
    this.#ask(request, id);
  }

  #ask(request: Element, client: ClientId | undefined): void {
    const options = {
      id: this.#ports.ids.next(),
      nowMs: this.#ports.clock.nowMs(),
      connected: this.#connected,
    };
    const { send, refuse } = this.#iqOut.register(request, client, options);
    if (send) this.#toUpstream("IQ-1", send, "a request, under an id of ours");
    else if (refuse && client !== undefined) {
      this.#deliver({ rule: "IQ-3", stanza: refuse, to: [client], reason: "too many open requests" });
    } else this.#withhold("DOWN-2", request, "waits for a session");
  }

  #askUpstream(request: Element): void {
    this.#ask(request, undefined);
  }

  #answerFromUpstream(answer: Element): void {
    const decision = this.#iqOut.answer(answer);
    if (!decision.deliver) return this.#withhold("IQ-2", answer, decision.reason);
    const to = decision.client === undefined ? [] : [decision.client];
    this.#deliver({ rule: "IQ-2", stanza: decision.answer, to, reason: "an answer goes to its asker" });
  }

  #answerFromClient(id: ClientId, answer: Element): void {
    const asked = this.#capsAsked.get(answer.attrs.id ?? "");
    if (asked?.client === id) {
      this.#capsAsked.delete(answer.attrs.id ?? "");
      const query = answer.getChild("query", NS.discoInfo);
      if (query && this.#caps.learn(asked.node, query)) this.#broadcast();
      return;
    }
    const decision = this.#iqIn.answer(answer, id);
    if (decision.deliver) this.#toUpstream("IQ-7", answer, decision.reason);
    else this.#withhold("IQ-7", answer, decision.reason);
  }

  #requestFromUpstream(request: Element): void {
    const { bareJid } = this.#options;
    const push = pushKind(request, bareJid);
    if (push) {
      this.#toUpstream("ROS-1", iqResult(request), "a push is acknowledged once");
      for (const id of this.#clients.idsWhere((client) => wantsPush(client, push))) {
        const copy = reissue(request, this.#ports.ids.next());
        this.#deliver({ rule: "ROS-1", stanza: copy, to: [id], reason: `a ${push} push, under a fresh id` });
      }
      return;
    }
    const nowMs = this.#ports.clock.nowMs();
    const [latest] = this.#clients.byRecency();
    const idleSeconds = latest ? Math.max(0, Math.floor((nowMs - latest.lastActiveMs) / 1000)) : 0;
    const facts = { caps: this.#caps, nowStamp: this.#ports.clock.stamp(nowMs), idleSeconds };
    const answer = answerForAll(request, facts);
    if (answer) return this.#toUpstream("IQ-6", answer, "answered for all clients");
    this.#carryOut([this.#iqIn.route(request, this.#clients, nowMs)]);
  }

  #carryOut(decisions: IqInDecision[]): void {
    for (const decision of decisions) {
      if (decision.type === "answer") this.#toUpstream(decision.rule, decision.answer, decision.reason);
      else {
        const { rule, request, client, reason } = decision;
        this.#deliver({ rule, stanza: request, to: [client], reason });
      }
    }
  }

  /** PRES-1: says upstream what the account is now, when that has changed. */
  #broadcast(): void {
    if (!this.#connected) return;
    const presence = this.#presenceOut.broadcast(
      this.#clients,
      this.#caps.element(),
      this.#options.detachedShow,
    );
    if (presence) this.#toUpstream("PRES-1", presence, "the aggregate of all clients");
  }

  #sendAvailable(presence: Element): void {
    const to = this.#clients.idsWhere((client) => client.presence !== undefined);
    this.#deliver({ rule: "PRES-10", stanza: presence, to, reason: "the old session's presence is void" });
  }

  /** The one place from which clients are sent anything: serialized once, whoever gets it. */
  #deliver({ rule, stanza, to, reason }: Delivery): void {
    this.trace.add(this.#ports.clock.nowMs(), rule, stanza, to, reason);
    if (to.length > 0) this.#ports.clients.send(to, serialize(stanza));
  }

  #toUpstream(rule: string, stanza: Element, reason: string): void {
    this.trace.add(this.#ports.clock.nowMs(), rule, stanza, "upstream", reason);
    this.#ports.upstream.send(stanza);
  }

  #withhold(rule: string, stanza: Element, reason: string): void {
    this.trace.add(this.#ports.clock.nowMs(), rule, stanza, [], reason);
  }
}
