/**
 * JING: which client has a session with a peer (Jingle, bytestreams; xmpp/peer-session.ts), so that all that belongs to it
 * reaches that one. With calls proposed by message (XEP-0353), who proposes or proceeds has the session.
 *
 * Stored, since a session outlives the process. Who is asked to begin one is decided in iq-in.ts.
 */
import type { Element } from "@xmpp/xml";
import { bareJidOf } from "../xmpp/jid.ts";
import { NS } from "../xmpp/namespaces.ts";
import { endOfSession, readSessionStep, type SessionProtocol } from "../xmpp/peer-session.ts";
import { iqPayload, stanzaKind } from "../xmpp/stanza.ts";
import type { Part, PartContext } from "./part.ts";
import type { ClientId } from "./ports.ts";
import { RememberedTexts } from "./remembered-texts.ts";
import { joinFields, splitFields } from "./text-fields.ts";

/** Beyond this the oldest is forgotten. */
const MAX_SESSIONS = 500;
const FORGET_AFTER_MS = 24 * 3_600_000;
/** Longer ids are nobody's. */
const MAX_SID_LENGTH = 256;
const MAX_TRANSPORTS = 8;

type SessionsContext = Pick<PartContext, "ports" | "clients" | "outlet" | "session"> & {
  /** Sends a request of our own, whose answer is of no interest. */
  ask(request: Element): void;
};

export class PeerSessions implements Part {
  readonly #context: SessionsContext;
  /** By peer and session id: the client, its protocol, the peer and the id. */
  readonly #sessions: RememberedTexts;

  constructor(context: SessionsContext) {
    this.#context = context;
    const bounds = { count: MAX_SESSIONS, ageMs: FORGET_AFTER_MS };
    this.#sessions = new RememberedTexts(context.ports.store.peerSessions, bounds);
  }

  /** JING-1: whose session a request from a peer belongs to. */
  ownerOf(request: Element): ClientId | undefined {
    const step = readSessionStep(iqPayload(request));
    return step && this.#ownerOf(request.attrs.from ?? "", step.sids[0] ?? "");
  }

  /** A peer's request goes to this client: one that begins a session is its from then on. */
  asked(request: Element, client: ClientId): void {
    const isOwner = this.ownerOf(request) === client;
    this.#note(request, request.attrs.from, client, isOwner ? "goes-on" : "begins");
  }

  /** JING-2: a client's request to a peer: who begins a session has it. */
  requested(request: Element, client: ClientId): void {
    const { to } = request.attrs;
    if (to === undefined || bareJidOf(to) === this.#context.session.bareJid) return;
    const sid = readSessionStep(iqPayload(request))?.sids[0];
    const owner = sid === undefined ? undefined : this.#ownerOf(to, sid);
    this.#note(request, to, owner ?? client, "goes-on");
  }

  /** JING-4: an in-band block that travels by message is for the client that has the session (XEP-0047 section 4). */
  fromUpstream(message: Element): boolean {
    if (stanzaKind(message) !== "message") return false;
    const { from = "" } = message.attrs;
    const call = callIn(message);
    if (call?.name === "retract" || call?.name === "finish") this.#close(bareJidOf(from), [call.sid]);
    const sid = message.getChild("data", NS.ibb)?.attrs.sid;
    const owner = sid === undefined ? undefined : this.#ownerOf(from, sid);
    if (owner === undefined) return false;
    const reason = "the client that has this session";
    this.#context.outlet.deliver({ rule: "JING-4", stanza: message, to: [owner], reason });
    return true;
  }

  /** JING-3: what a client has said about a call by message, and the first to say so (RCPT-1). */
  sent(client: ClientId, message: Element): void {
    const call = callIn(message);
    const { to } = message.attrs;
    if (!call || to === undefined) return;
    const peer = bareJidOf(to);
    if (call.name === "propose" || call.name === "proceed") this.#open(peer, [call.sid], client, "call");
    else if (call.name !== "ringing") this.#close(peer, [call.sid]);
  }

  /** JING-5: the peer learns that nobody is there any more; our resource stays, and would not tell it. */
  detached(client: ClientId): void {
    for (const [key, value] of this.#sessions.entries()) {
      const [owner, protocol, peer = "", sid = ""] = splitFields(value);
      if (owner !== client) continue;
      this.#sessions.delete(key);
      const end = endOfSession(protocolOf(protocol), sid, peer);
      if (end) this.#context.ask(end);
    }
  }

  /** Clients that did not survive have no sessions. */
  revived(): void {
    for (const [, value] of this.#sessions.entries()) {
      const [owner = ""] = splitFields(value);
      if (!this.#context.clients.get(owner)) this.detached(owner);
    }
  }

  tick(nowMs: number): void {
    this.#sessions.expire(nowMs);
  }

  nextDeadlineMs(): number | undefined {
    return this.#sessions.nextDeadlineMs();
  }

  #ownerOf(peer: string, sid: string): ClientId | undefined {
    const value = this.#sessions.get(keyOf(peer, sid)) ?? this.#sessions.get(keyOf(bareJidOf(peer), sid));
    const owner = value === undefined ? undefined : splitFields(value)[0];
    return owner !== undefined && this.#context.clients.get(owner) ? owner : undefined;
  }

  #note(request: Element, peer: string | undefined, client: ClientId, least: "begins" | "goes-on"): void {
    const step = readSessionStep(iqPayload(request));
    if (!step || peer === undefined) return;
    if (step.step === "ends") {
      this.#close(peer, step.sids);
      this.#close(bareJidOf(peer), step.sids);
    } else if (least === "goes-on" || step.step === "begins") {
      this.#open(peer, step.sids, client, step.protocol);
    }
  }

  /** Rows are written only for what is new. */
  #open(peer: string, sids: string[], client: ClientId, protocol: SessionProtocol | "call"): void {
    for (const [index, sid] of sids.slice(0, 1 + MAX_TRANSPORTS).entries()) {
      if (sid.length > MAX_SID_LENGTH) continue;
      // What a session's transport is known by is ended along with the session.
      const value = joinFields(client, index === 0 ? protocol : "bytestreams", peer, sid);
      const key = keyOf(peer, sid);
      if (this.#sessions.get(key) !== value)
        this.#sessions.set(key, value, this.#context.ports.clock.nowMs());
    }
  }

  #close(peer: string, sids: string[]): void {
    for (const sid of sids) this.#sessions.delete(keyOf(peer, sid));
  }
}

/** XEP-0353: what a message says about a call. */
function callIn(message: Element): { name: string; sid: string } | undefined {
  for (const child of message.getChildElements()) {
    const { id } = child.attrs;
    if (child.getNS() === NS.jingleMessage && id !== undefined) return { name: child.getName(), sid: id };
  }
  return undefined;
}

function protocolOf(text: string | undefined): SessionProtocol {
  return text === "jingle" || text === "ibb" || text === "si" ? text : "bytestreams";
}

function keyOf(peer: string, sid: string): string {
  return `${peer} ${sid}`;
}
