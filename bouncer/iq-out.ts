/**
 * IQ-out: requests from clients to anybody. Each goes upstream under an id of ours, so that two clients may use the
 * same; the one answer gets the asker's id back and goes to the asker only, and only from who may answer.
 *
 * Of an open request no more is kept than its answer or its failure needs, in memory and in the store: clients outlive the
 * process, and so do their questions. All have the same time, so the order in which they were asked is that of their
 * deadlines.
 */
import xml, { type Element } from "@xmpp/xml";
import { bareJidOf } from "../xmpp/jid.ts";
import { NS } from "../xmpp/namespaces.ts";
import { errorReply, iqPayload } from "../xmpp/stanza.ts";
import type { ClientId, TextStore } from "./ports.ts";
import { joinFields, splitFields } from "./text-fields.ts";

/** Beyond this new requests are refused: the table stays small whatever clients do. */
const MAX_OPEN = {
  count: 10_000,
  /** Characters of ids and addresses of all together. */
  totalLength: 4_194_304,
};
/** An unanswered request fails after this; web clients give up after 15 s to 60 s. */
const ANSWER_TIMEOUT_MS = 120_000;
/** DOWN-2: with the upstream gone a request fails before the strictest client's 15 s are over. */
const DOWN_TIMEOUT_MS = 10_000;
/** Tells clients' requests from the policy's own, also after the process has died. */
const CLIENT_PREFIX = "c.";
const ARCHIVE = "urn:xmpp:mam:";

/** Who asks: a client; the policy itself, which takes the answer, an error at the latest; or it and needs none. */
export type Asker = ClientId | ((answer: Element) => void) | undefined;

interface Open {
  /** Ours. */
  id: string;
  asker: Asker;
  /** The asker's. */
  requestId: string | undefined;
  to: string | undefined;
  /** The asker's, of a query to an archive. */
  queryId: string | undefined;
  /** What of ours the answer waits for; undefined for what was sent. */
  held: string | undefined;
  atMs: number;
}

export type IqAnswer =
  | { deliver: true; asker: Asker; answer: Element; askedTo: string | undefined }
  | { deliver: false; reason: string };

export class IqOut {
  readonly #open = new Map<string, Open>();
  readonly #bareJid: string;
  readonly #store: TextStore;
  #totalLength = 0;
  /** Since when there is no session; undefined while there is one. */
  #lostAtMs: number | undefined;
  /** Nothing fails before this: the session has just been resumed, and its answers are on their way. */
  #graceMs = 0;

  /** Requests that outlived the process wait for the session to go on. */
  constructor(bareJid: string, store: TextStore, nowMs: number) {
    this.#bareJid = bareJid;
    this.#store = store;
    this.#lostAtMs = nowMs;
    for (const { key: id, value, atMs } of store.entries()) {
      const [asker, requestId, to, queryId, held] = splitFields(value);
      this.#add({ id, asker, requestId, to, queryId, held, atMs });
    }
  }

  /** Registers a request and puts our id in it; or the error for its asker when there are too many. */
  register(
    request: Element,
    asker: Asker,
    { unique, nowMs }: { unique: string; nowMs: number },
  ): Element | undefined {
    const id = typeof asker === "string" ? `${CLIENT_PREFIX}${unique}` : unique;
    const refusal = this.#keep(request, asker, { id, nowMs, held: undefined });
    if (refusal) return refusal;
    request.attrs.id = id;
    const query = archiveQuery(request);
    if (query) query.attrs.queryid = id;
    return undefined;
  }

  /** Registers a request that is not sent: `held` names what of ours its answer waits for. */
  hold(
    request: Element,
    client: ClientId,
    options: { id: string; nowMs: number; held: string },
  ): Element | undefined {
    return this.#keep(request, client, options);
  }

  /** Takes out all that waited for this, or for one of it (its name, a space, and which), in the order they were asked. */
  takeHeld(held: string): { client: ClientId; request: Element }[] {
    const taken: { client: ClientId; request: Element }[] = [];
    for (const open of this.#open.values()) {
      const isIt = open.held === held || open.held?.startsWith(`${held} `);
      if (!isIt || typeof open.asker !== "string") continue;
      this.#remove(open.id);
      taken.push({ client: open.asker, request: outlineOf(open) });
    }
    return taken;
  }

  /** An answer from upstream, which gets its asker's ids back: for whom, or why for nobody. Each is answered once. */
  answer(answer: Element): IqAnswer {
    const id = answer.attrs.id ?? "";
    const open = this.#open.get(id);
    if (!open || open.held !== undefined || this.#lostAtMs !== undefined)
      return { deliver: false, reason: "nobody asked, or it was answered already" };
    if (!this.#mayAnswer(open.to, answer.attrs.from)) {
      return { deliver: false, reason: "from somebody else than was asked" };
    }
    this.#remove(id);
    answer.attrs.id = open.requestId;
    restoreQueryId(iqPayload(answer), open);
    return { deliver: true, asker: open.asker, answer, askedTo: open.to };
  }

  /** IQ-9: a result of an archive query that is under way, which gets its asker's query id back: for whom. */
  archiveResult(message: Element, result: Element): Asker {
    const open = this.#open.get(result.attrs.queryid ?? "");
    if (!open || !this.#mayAnswer(open.to, message.attrs.from)) return undefined;
    restoreQueryId(result, open);
    return open.asker;
  }

  /**
   * Is this the id of a client's request that nobody waits for any more? What the policy itself asked may be sent late,
   * or twice: it does no harm, and what it switches on must be on.
   */
  isGivenUp(id: string): boolean {
    return id.startsWith(CLIENT_PREFIX) && !this.#open.has(id);
  }

  /** A new session: what was sent in the old one may still be answered, if it was on its way; it is not waited for long. */
  upstreamBound(nowMs: number): void {
    const lostAtMs = this.#lostAtMs ?? nowMs;
    for (const open of this.#open.values()) {
      if (open.atMs > lostAtMs) break;
      open.atMs = Math.min(open.atMs, nowMs + DOWN_TIMEOUT_MS - ANSWER_TIMEOUT_MS);
    }
    this.#lostAtMs = undefined;
  }

  /** The session goes on: what was asked in it is answered in it. */
  upstreamResumed(nowMs: number): void {
    this.#lostAtMs = undefined;
    this.#graceMs = nowMs + DOWN_TIMEOUT_MS;
  }

  /** The session is gone: answers to what was sent may never come. */
  upstreamLost(nowMs: number): void {
    this.#lostAtMs ??= nowMs;
  }

  /** Gives up on what is overdue; each asker gets an error that says why. */
  expire(nowMs: number, why: string): { asker: Asker; error: Element }[] {
    const failed: { asker: Asker; error: Element }[] = [];
    for (const open of this.#open.values()) {
      if (this.#deadlineMs(open) > nowMs) break;
      this.#remove(open.id);
      const error = { type: "wait", condition: "remote-server-timeout", text: why } as const;
      failed.push({ asker: open.asker, error: errorReply(outlineOf(open), error) });
    }
    return failed;
  }

  /** When something is next overdue. */
  nextDeadlineMs(): number | undefined {
    for (const first of this.#open.values()) return this.#deadlineMs(first);
    return undefined;
  }

  /** A request was not sent after all: who asked, and under which id. */
  forget(id: string): { asker: Asker; request: Element } | undefined {
    const open = this.#open.get(id);
    if (!open) return undefined;
    this.#remove(id);
    return { asker: open.asker, request: outlineOf(open) };
  }

  detach(client: ClientId): void {
    for (const open of this.#open.values()) if (open.asker === client) this.#remove(open.id);
  }

  /** Whose requests are open: clients, each once. */
  askers(): ClientId[] {
    const ids = [...this.#open.values()].flatMap(({ asker }) => (typeof asker === "string" ? [asker] : []));
    return [...new Set(ids)];
  }

  #deadlineMs({ atMs }: Open): number {
    const answerMs = Math.max(atMs + ANSWER_TIMEOUT_MS, this.#graceMs);
    if (this.#lostAtMs === undefined) return answerMs;
    return Math.min(answerMs, Math.max(atMs, this.#lostAtMs) + DOWN_TIMEOUT_MS);
  }

  #keep(
    request: Element,
    asker: Asker,
    { id, nowMs, held }: { id: string; nowMs: number; held: string | undefined },
  ): Element | undefined {
    const { id: requestId, to } = request.attrs;
    const queryId = archiveQuery(request)?.attrs.queryid;
    const open = { id, asker, requestId, to, queryId, held, atMs: nowMs };
    const { count, totalLength } = MAX_OPEN;
    if (this.#open.size >= count || this.#totalLength + lengthOf(open) > totalLength) {
      const text = "Too many requests are waiting for an answer.";
      return errorReply(request, { type: "wait", condition: "resource-constraint", text });
    }
    this.#add(open);
    // What the policy itself asks it asks again.
    if (typeof asker === "string") {
      this.#store.set(id, joinFields(asker, requestId, to, queryId, held), nowMs);
    }
    return undefined;
  }

  #add(open: Open): void {
    this.#open.set(open.id, open);
    this.#totalLength += lengthOf(open);
  }

  #remove(id: string): void {
    const open = this.#open.get(id);
    if (!open) return;
    this.#open.delete(id);
    this.#totalLength -= lengthOf(open);
    if (typeof open.asker === "string") this.#store.delete(id);
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

/** What a reply to the request needs of it. */
function outlineOf({ to, requestId }: Open): Element {
  return xml("iq", { xmlns: NS.client, to, id: requestId });
}

/** The query of an archive (XEP-0313 section 4), whose results carry its id. */
function archiveQuery(request: Element): Element | undefined {
  if (request.attrs.type !== "set") return undefined;
  const payload = iqPayload(request);
  return payload?.getName() === "query" && isArchive(payload) ? payload : undefined;
}

/** Of any version of XEP-0313. */
export function isArchive(element: Element): boolean {
  return element.getNS()?.startsWith(ARCHIVE) ?? false;
}

function restoreQueryId(element: Element | undefined, { id, queryId }: Open): void {
  if (element?.attrs.queryid !== id) return;
  if (queryId === undefined) delete element.attrs.queryid;
  else element.attrs.queryid = queryId;
}

function lengthOf({ id, asker, requestId = "", to = "", queryId = "" }: Open): number {
  return (
    id.length + (typeof asker === "string" ? asker.length : 0) + requestId.length + to.length + queryId.length
  );
}

function domainOf(bareJid: string): string {
  return bareJid.slice(bareJid.indexOf("@") + 1);
}

function normalized(jid: string): string {
  const slash = jid.indexOf("/");
  return slash === -1 ? bareJidOf(jid) : bareJidOf(jid) + jid.slice(slash);
}
