/**
 * IQ-in: requests from others to the account's full JID. Each gets exactly one answer, however many clients are
 * attached: from us where we can speak for all of them, else from one client, else an error.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import { errorReply, iqPayload, iqResult } from "../xmpp/stanza.ts";
import type { Client, Clients } from "./clients.ts";
import type { OwnCaps } from "./caps.ts";
import type { ClientId } from "./ports.ts";

const MAX_PENDING = 1_000;
/** How long a client has before the next one is asked. */
const CLIENT_TIMEOUT_MS = 20_000;

interface Pending {
  request: Element;
  asked: ClientId;
  /** Who was asked before, so that nobody is asked twice. */
  tried: ClientId[];
  deadlineMs: number;
}

export type IqInDecision =
  | { type: "answer"; rule: string; answer: Element; reason: string }
  | { type: "ask"; rule: string; client: ClientId; request: Element; reason: string };

export interface OwnFacts {
  caps: OwnCaps;
  nowStamp: string;
  idleSeconds: number;
}

/** What we answer ourselves, for all clients at once; undefined when it is for a client to answer. */
export function answerForAll(request: Element, facts: OwnFacts): Element | undefined {
  if (request.attrs.type !== "get") return undefined;
  const payload = iqPayload(request);
  switch (payload?.getNS()) {
    case NS.ping:
      return iqResult(request);
    case NS.discoInfo:
      return facts.caps.answer(request, payload);
    case NS.version:
      return iqResult(request, xml("query", { xmlns: NS.version }, xml("name", {}, "xmpproxy")));
    case NS.time:
      return iqResult(
        request,
        xml("time", { xmlns: NS.time }, xml("tzo", {}, "+00:00"), xml("utc", {}, facts.nowStamp)),
      );
    case NS.lastActivity:
      return iqResult(request, xml("query", { xmlns: NS.lastActivity, seconds: String(facts.idleSeconds) }));
    default:
      return undefined;
  }
}

export class IqIn {
  readonly #pending = new Map<string, Pending>();

  /** Decides who answers a request that is not ours to answer. */
  route(request: Element, clients: Clients, nowMs: number): IqInDecision {
    if (this.#pending.size >= MAX_PENDING) {
      return refuse(request, "too many requests are waiting", "resource-constraint");
    }
    return this.#askNext({ request, asked: "", tried: [], deadlineMs: 0 }, clients, nowMs);
  }

  /** A client's answer: goes upstream if that client was the one asked, and only once. */
  answer(answer: Element, client: ClientId): { deliver: boolean; reason: string } {
    const key = keyOf(answer.attrs.to, answer.attrs.id);
    const pending = this.#pending.get(key);
    if (pending?.asked !== client) return { deliver: false, reason: "this client was not asked" };
    this.#pending.delete(key);
    return { deliver: true, reason: "the answer of the client that was asked" };
  }

  /** The requests that a client left unanswered by going away go to the next one. */
  detach(client: ClientId, clients: Clients, nowMs: number): IqInDecision[] {
    return this.#reask((pending) => pending.asked === client, clients, nowMs);
  }

  expire(clients: Clients, nowMs: number): IqInDecision[] {
    return this.#reask((pending) => pending.deadlineMs <= nowMs, clients, nowMs);
  }

  nextDeadlineMs(): number | undefined {
    let next: number | undefined;
    for (const { deadlineMs } of this.#pending.values()) {
      if (next === undefined || deadlineMs < next) next = deadlineMs;
    }
    return next;
  }

  /** A new upstream session: who asked over the old one gets no answer any more. */
  clear(): void {
    this.#pending.clear();
  }

  #reask(due: (pending: Pending) => boolean, clients: Clients, nowMs: number): IqInDecision[] {
    const decisions: IqInDecision[] = [];
    for (const [key, pending] of this.#pending) {
      if (!due(pending)) continue;
      this.#pending.delete(key);
      decisions.push(this.#askNext(pending, clients, nowMs));
    }
    return decisions;
  }

  #askNext(pending: Pending, clients: Clients, nowMs: number): IqInDecision {
    const { request } = pending;
    const tried = pending.asked === "" ? pending.tried : [...pending.tried, pending.asked];
    const next = clients.byRecency().find((client) => isThere(client) && !tried.includes(client.id));
    if (!next) return refuse(request, "no client is there to answer", "service-unavailable");
    const key = keyOf(request.attrs.from, request.attrs.id);
    this.#pending.set(key, { request, asked: next.id, tried, deadlineMs: nowMs + CLIENT_TIMEOUT_MS });
    return { type: "ask", rule: "IQ-7", client: next.id, request, reason: "the most recently active client" };
  }
}

/** SM-2: a client that is gone for now could not answer in time. */
function isThere({ presence, suspendedAtMs }: Client): boolean {
  return presence !== undefined && suspendedAtMs === undefined;
}

function refuse(
  request: Element,
  reason: string,
  condition: "service-unavailable" | "resource-constraint",
): IqInDecision {
  const type = condition === "resource-constraint" ? "wait" : "cancel";
  return { type: "answer", rule: "IQ-8", answer: errorReply(request, { type, condition }), reason };
}

/** Two peers may use the same id: a request is known by both. */
function keyOf(peer: string | undefined, id: string | undefined): string {
  return `${peer ?? ""} ${id ?? ""}`;
}
