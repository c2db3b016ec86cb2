/**
 * IQ-in: requests from others to the account's full JID. Each gets exactly one answer, however many clients are
 * attached: from us where we can speak for all of them, else from one client, else an error.
 */
import xml, { type Element } from "@xmpp/xml";
import { bareJidOf } from "../xmpp/jid.ts";
import { NS } from "../xmpp/namespaces.ts";
import { errorReply, iqPayload, iqResult } from "../xmpp/stanza.ts";
import { parseFrame } from "../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../xmpp/xml/limits.ts";
import { serialize } from "../xmpp/xml/serialize.ts";
import type { OwnCaps } from "./caps.ts";
import type { LastActivity } from "./last-activity.ts";
import type { ClientId, Ports, TextStore } from "./ports.ts";
import type { Responders } from "./responders.ts";
import { joinFields, splitFields } from "./text-fields.ts";

/** Beyond this a request is refused. */
const MAX_PENDING = {
  count: 1_000,
  /** Of one peer, so that nobody takes the room of all the others. */
  ofPeer: 100,
  /** Characters of one request, serialized: more than that fits into no frame to a client. */
  length: 500_000,
  /** Characters of all together. */
  totalLength: 4_194_304,
};
/** How long a client has before the next one is asked. */
const CLIENT_TIMEOUT_MS = 20_000;

interface Pending {
  request: Element;
  asked: ClientId;
  /** Who was asked before, so that nobody is asked twice. */
  tried: ClientId[];
  /** When it was asked. */
  atMs: number;
  /** Characters of the request, serialized. */
  length: number;
}

export type IqInDecision =
  | { type: "answer"; rule: string; answer: Element; reason: string }
  | { type: "ask"; rule: string; client: ClientId; request: Element; reason: string };

export interface OwnFacts {
  caps: OwnCaps;
  lastActivity: LastActivity;
  clock: Pick<Ports["clock"], "nowMs" | "stamp">;
}

/** What we answer ourselves, for all clients at once; undefined when it is for a client to answer. */
export function answerForAll(request: Element, facts: OwnFacts): Element | undefined {
  if (request.attrs.type !== "get") return undefined;
  const nowMs = facts.clock.nowMs();
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
        xml("time", { xmlns: NS.time }, xml("tzo", {}, "+00:00"), xml("utc", {}, facts.clock.stamp(nowMs))),
      );
    case NS.lastActivity: {
      const seconds = facts.lastActivity.idleSeconds(nowMs);
      if (seconds === undefined) return errorReply(request, NOT_KNOWN);
      return iqResult(request, xml("query", { xmlns: NS.lastActivity, seconds: String(seconds) }));
    }
    default:
      return undefined;
  }
}

/** IQ-15: XEP-0012 section 5. */
const NOT_KNOWN = { type: "cancel", condition: "service-unavailable" } as const;

export class IqIn {
  /** In the order in which the clients were asked, which is that of their deadlines. */
  readonly #pending = new Map<string, Pending>();
  /** How many of them each peer has, by bare JID. */
  readonly #ofPeer = new Map<string, number>();
  readonly #store: TextStore;
  readonly #responders: Responders;
  #totalLength = 0;

  constructor(store: TextStore, responders: Responders) {
    this.#store = store;
    this.#responders = responders;
    for (const { key, value, atMs } of store.entries()) {
      const [text = "", asked = "", ...tried] = splitFields(value);
      const frame = parseFrame(text, DEFAULT_LIMITS);
      if (!frame.ok || !frame.element) continue;
      const { length } = text;
      this.#add(key, {
        request: frame.element,
        asked,
        tried: tried.flatMap((id) => id ?? []),
        atMs,
        length,
      });
    }
  }

  /** Decides who answers a request that is not ours to answer. */
  route(request: Element, nowMs: number): IqInDecision {
    const { length } = serialize(request);
    const isTooMuch =
      this.#pending.size >= MAX_PENDING.count ||
      (this.#ofPeer.get(peerOf(request)) ?? 0) >= MAX_PENDING.ofPeer ||
      length > MAX_PENDING.length ||
      this.#totalLength + length > MAX_PENDING.totalLength;
    if (isTooMuch) return refuse(request, "too many requests are waiting", "resource-constraint");
    return this.#askNext({ request, asked: "", tried: [], atMs: 0, length }, nowMs);
  }

  /** A client's answer: goes upstream if that client was the one asked, and only once. */
  answer(answer: Element, client: ClientId): { deliver: boolean; reason: string } {
    const key = keyOf(answer.attrs.to, answer.attrs.id);
    if (this.#pending.get(key)?.asked !== client)
      return { deliver: false, reason: "this client was not asked" };
    this.#remove(key);
    return { deliver: true, reason: "the answer of the client that was asked" };
  }

  /** The requests that a client left unanswered by going away go to the next one. */
  detach(client: ClientId, nowMs: number): IqInDecision[] {
    return this.#reask((pending) => pending.asked === client, nowMs);
  }

  /** So do those of a client that is gone for now, but for what only it can answer: it may be back in time. */
  suspend(client: ClientId, nowMs: number): IqInDecision[] {
    return this.#reask(({ asked, request }) => asked === client && !this.#responders.isOwned(request), nowMs);
  }

  /** The process is a new one: whoever did not come back cannot answer. */
  revived(nowMs: number): IqInDecision[] {
    return this.#reask(
      ({ asked, request }) => !this.#responders.of(request).some(({ client }) => client.id === asked),
      nowMs,
    );
  }

  expire(nowMs: number): IqInDecision[] {
    const dueMs = this.nextDeadlineMs();
    if (dueMs === undefined || dueMs > nowMs) return [];
    return this.#reask((pending) => pending.atMs + CLIENT_TIMEOUT_MS <= nowMs, nowMs);
  }

  nextDeadlineMs(): number | undefined {
    for (const { atMs } of this.#pending.values()) return atMs + CLIENT_TIMEOUT_MS;
    return undefined;
  }

  /** A new upstream session: who asked over the old one gets no answer any more. */
  clear(): void {
    for (const key of this.#pending.keys()) this.#remove(key);
  }

  #reask(due: (pending: Pending) => boolean, nowMs: number): IqInDecision[] {
    // Before anything is asked anew: that goes to the end, and would be met again.
    const overdue = [...this.#pending].filter(([, pending]) => due(pending));
    return overdue.map(([key, pending]) => {
      this.#remove(key);
      return this.#askNext(pending, nowMs);
    });
  }

  #askNext(pending: Pending, nowMs: number): IqInDecision {
    const { request, length } = pending;
    const tried = pending.asked === "" ? pending.tried : [...pending.tried, pending.asked];
    const found = this.#responders.of(request).find(({ client }) => !tried.includes(client.id));
    if (!found) return refuse(request, "no client is there to answer", "service-unavailable");
    const next = found.client;
    const key = keyOf(request.attrs.from, request.attrs.id);
    this.#remove(key);
    this.#add(key, { request, asked: next.id, tried, atMs: nowMs, length });
    this.#store.set(key, joinFields(serialize(request), next.id, ...tried), nowMs);
    return { type: "ask", rule: "IQ-7", client: next.id, request, reason: found.reason };
  }

  #add(key: string, pending: Pending): void {
    const peer = peerOf(pending.request);
    this.#pending.set(key, pending);
    this.#totalLength += pending.length;
    this.#ofPeer.set(peer, (this.#ofPeer.get(peer) ?? 0) + 1);
  }

  #remove(key: string): void {
    const pending = this.#pending.get(key);
    if (!pending) return;
    this.#pending.delete(key);
    this.#totalLength -= pending.length;
    const peer = peerOf(pending.request);
    const left = (this.#ofPeer.get(peer) ?? 1) - 1;
    if (left === 0) this.#ofPeer.delete(peer);
    else this.#ofPeer.set(peer, left);
    this.#store.delete(key);
  }
}

function refuse(
  request: Element,
  reason: string,
  condition: "service-unavailable" | "resource-constraint",
): IqInDecision {
  const type = condition === "resource-constraint" ? "wait" : "cancel";
  return { type: "answer", rule: "IQ-8", answer: errorReply(request, { type, condition }), reason };
}

function peerOf(request: Element): string {
  return bareJidOf(request.attrs.from ?? "");
}

/** Two peers may use the same id: a request is known by both. */
function keyOf(peer: string | undefined, id: string | undefined): string {
  return `${peer ?? ""} ${id ?? ""}`;
}
