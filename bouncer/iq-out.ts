/**
 * IQ-out: requests from clients to anybody. Each goes upstream under an id of ours, so that two clients may use the
 * same; the one answer gets the asker's id back and goes to the asker only, and only from who may answer.
 */
import type { Element } from "@xmpp/xml";
import { bareJidOf } from "../xmpp/jid.ts";
import { errorReply } from "../xmpp/stanza.ts";
import { clone } from "../xmpp/xml/element.ts";
import type { ClientId } from "./ports.ts";

/** Beyond this many open requests new ones are refused: the table stays small whatever clients do. */
const MAX_OUTSTANDING = 10_000;
/** An unanswered request fails after this; web clients give up after 15 s to 60 s. */
const ANSWER_TIMEOUT_MS = 120_000;
/** DOWN-2: with the upstream gone a request fails before the strictest client's 15 s are over. */
const DOWN_TIMEOUT_MS = 10_000;

/** Who asks: a client; the policy itself, which takes the answer, an error at the latest; or it and needs none. */
export type Asker = ClientId | ((answer: Element) => void) | undefined;

interface Outstanding {
  asker: Asker;
  request: Element;
  deadlineMs: number;
  /** Not yet sent, because there was no upstream session. */
  waiting: boolean;
}

export type IqAnswer = { deliver: true; asker: Asker; answer: Element } | { deliver: false; reason: string };

export class IqOut {
  readonly #outstanding = new Map<string, Outstanding>();
  readonly #bareJid: string;

  constructor(bareJid: string) {
    this.#bareJid = bareJid;
  }

  get size(): number {
    return this.#outstanding.size;
  }

  /**
   * Registers a request and returns what to send upstream now: the request under the new id, or nothing while it
   * waits for a session, or an error for the asker when the table is full.
   */
  register(
    request: Element,
    asker: Asker,
    options: { id: string; nowMs: number; connected: boolean },
  ): { send?: Element; refuse?: Element } {
    if (this.#outstanding.size >= MAX_OUTSTANDING) {
      const text = "Too many requests are waiting for an answer.";
      return { refuse: errorReply(request, { type: "wait", condition: "resource-constraint", text }) };
    }
    const { id, nowMs, connected } = options;
    const deadlineMs = nowMs + (connected ? ANSWER_TIMEOUT_MS : DOWN_TIMEOUT_MS);
    this.#outstanding.set(id, { asker, request, deadlineMs, waiting: !connected });
    return connected ? { send: withId(request, id) } : {};
  }

  /** An answer from upstream: for whom, under which id, or why for nobody. Each request is answered once. */
  answer(answer: Element): IqAnswer {
    const id = answer.attrs.id ?? "";
    const asked = this.#outstanding.get(id);
    if (!asked || asked.waiting)
      return { deliver: false, reason: "nobody asked, or it was answered already" };
    if (!this.#mayAnswer(asked.request.attrs.to, answer.attrs.from)) {
      return { deliver: false, reason: "from somebody else than was asked" };
    }
    this.#outstanding.delete(id);
    return { deliver: true, asker: asked.asker, answer: withId(answer, asked.request.attrs.id) };
  }

  /** There is a session: what waited goes out, in order. */
  release(nowMs: number): Element[] {
    const released: Element[] = [];
    for (const [id, asked] of this.#outstanding) {
      if (!asked.waiting) continue;
      asked.waiting = false;
      asked.deadlineMs = nowMs + ANSWER_TIMEOUT_MS;
      released.push(withId(asked.request, id));
    }
    return released;
  }

  /** The session goes on: what was asked in it is answered in it. */
  upstreamResumed(nowMs: number): void {
    for (const asked of this.#outstanding.values()) {
      if (!asked.waiting) asked.deadlineMs = nowMs + ANSWER_TIMEOUT_MS;
    }
  }

  /** The session is gone: answers to what was sent may never come. */
  upstreamLost(nowMs: number): void {
    for (const asked of this.#outstanding.values()) {
      asked.deadlineMs = Math.min(asked.deadlineMs, nowMs + DOWN_TIMEOUT_MS);
    }
  }

  /** Gives up on what is overdue; each asker gets an error that says why. */
  expire(nowMs: number, why: string): { asker: Asker; error: Element }[] {
    const failed: { asker: Asker; error: Element }[] = [];
    for (const [id, { asker, request, deadlineMs }] of this.#outstanding) {
      if (deadlineMs > nowMs) continue;
      this.#outstanding.delete(id);
      const error = errorReply(request, { type: "wait", condition: "remote-server-timeout", text: why });
      failed.push({ asker, error });
    }
    return failed;
  }

  /** When something is next overdue. */
  nextDeadlineMs(): number | undefined {
    let next: number | undefined;
    for (const { deadlineMs } of this.#outstanding.values()) {
      if (next === undefined || deadlineMs < next) next = deadlineMs;
    }
    return next;
  }

  /** A request was not sent after all: who asked, and what. */
  forget(id: string): { asker: Asker; request: Element } | undefined {
    const asked = this.#outstanding.get(id);
    this.#outstanding.delete(id);
    return asked;
  }

  detach(client: ClientId): void {
    for (const [id, asked] of this.#outstanding) if (asked.asker === client) this.#outstanding.delete(id);
  }

  /**
   * RFC 6120 section 8.1.2.1 and RFC 6121: a request to nobody is to the account's own server on the account's
   * behalf, and may be answered without `from`, from the bare JID, the domain or the full JID.
   */
  #mayAnswer(asked: string | undefined, from: string | undefined): boolean {
    if (asked === from) return true;
    const own = (jid: string | undefined): boolean => jid === undefined || bareJidOf(jid) === this.#bareJid;
    if (asked === undefined) return own(from) || from === domainOf(this.#bareJid);
    if (from === undefined) return own(asked) || asked === domainOf(this.#bareJid);
    return normalized(asked) === normalized(from);
  }
}

function withId(iq: Element, id: string | undefined): Element {
  const copy = clone(iq);
  copy.attrs.id = id;
  delete copy.attrs.from;
  if (iq.attrs.type === "result" || iq.attrs.type === "error") copy.attrs.from = iq.attrs.from;
  return copy;
}

function domainOf(bareJid: string): string {
  return bareJid.slice(bareJid.indexOf("@") + 1);
}

function normalized(jid: string): string {
  const slash = jid.indexOf("/");
  return slash === -1 ? bareJidOf(jid) : bareJidOf(jid) + jid.slice(slash);
}
