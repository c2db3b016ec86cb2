/**
 * One client's WebSocket and its stream: frames in, the receiving machine, frames out. What it must remember across
 * hibernation is in the socket's attachment.
 */
import type { Element } from "@xmpp/xml";
import type { ClientRecord } from "../../bouncer/clients.ts";
import { CLOSING_MS } from "../../xmpp/receiving/closing.ts";
import { receive, startReceiving } from "../../xmpp/receiving/stream.ts";
import type {
  Bound,
  ReceivingContext,
  ReceivingEffect,
  ReceivingEvent,
  ReceivingState,
} from "../../xmpp/receiving/state.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../xmpp/xml/limits.ts";
import { closeSocket } from "./close-socket.ts";
import { isWorthRemembering, type Silence } from "./silence.ts";

/** What the platform keeps with the socket while the object sleeps (16 KiB at most). */
interface Attachment {
  /** The client's; another one's after it has resumed that one's session. */
  id: string;
  /** The connection is TLS or loopback: a password may be sent over it. */
  secure: boolean;
  /** Stands for the network address that it came from (LoginThrottle.keyOf). */
  from: string;
  /** What the client's URL calls its device. */
  device?: string | undefined;
  /** When it was accepted, in milliseconds since the epoch. */
  sinceMs: number;
  stream: ReceivingState;
  record?: ClientRecord;
  /** The number of the first stanza that waits for room on this socket, if any does (SM-7). */
  unsentFrom?: number | undefined;
  silence: Silence;
}

/** Longer presence is remembered as plain available: the attachment has to stay small. */
const MAX_PRESENCE_LENGTH = 4_096;
const PLAIN_PRESENCE = `<presence xmlns="${NS.client}"/>`;

/** What a client asks of Stream Management. */
export type ManagementRequest = Extract<
  ReceivingEffect,
  { type: "enable-sm" | "resume" | "ack-requested" | "acknowledged" }
>;

/** The token that a client says to have. */
export type TokenGuess = Extract<ReceivingEffect, { type: "check-token" }>;
/** What a client wants along with SASL2's success. */
export type GrantWish = Extract<ReceivingEffect, { type: "grant" }>;

/** The client has closed it in order, or we have ended it, or its socket has broken. */
export type StreamEnd = "closed" | "ended" | "broken";

export interface ClientSocketHandlers {
  context(socket: ClientSocket): ReceivingContext;
  onCheckPassword(socket: ClientSocket, password: string): void;
  onCheckToken(socket: ClientSocket, guess: TokenGuess): void;
  onLoginFailed(socket: ClientSocket): void;
  onGrant(socket: ClientSocket, wish: GrantWish): void;
  onAuthenticated(socket: ClientSocket): void;
  onAwaitUpstream(socket: ClientSocket): void;
  onBound(socket: ClientSocket, bound: Bound): void;
  onStanza(socket: ClientSocket, stanza: Element): void;
  onReply(socket: ClientSocket, reply: Element): void;
  onClientState(socket: ClientSocket, active: boolean): void;
  onManagement(socket: ClientSocket, request: ManagementRequest): void;
  onEnded(socket: ClientSocket, how: StreamEnd): void;
  /** The WebSocket is closed, too: nothing more will come from it. */
  onGone(socket: ClientSocket): void;
}

export class ClientSocket {
  /** SM-15: what its client was, as far as it has asked in vain to resume a session that is known. */
  formerDevice: string | undefined;
  readonly #ws: WebSocket;
  readonly #handlers: ClientSocketHandlers;
  readonly #attachment: Attachment;
  #context: ReceivingContext | undefined;
  /** As the platform keeps it; the attachment here is newer. */
  #keptSilence: Silence;
  /** Nothing more is sent, and the handlers know. */
  #ended = false;
  /** Gives up to wait for the client's `<close/>`. */
  #closing: ReturnType<typeof setTimeout> | null = null;

  private constructor(ws: WebSocket, attachment: Attachment, handlers: ClientSocketHandlers) {
    this.#ws = ws;
    this.#attachment = attachment;
    this.#keptSilence = attachment.silence;
    this.#handlers = handlers;
  }

  static accepted(
    ws: WebSocket,
    about: Pick<Attachment, "id" | "secure" | "from" | "device">,
    handlers: ClientSocketHandlers,
  ): ClientSocket {
    const nowMs = Date.now();
    const attachment = {
      ...about,
      sinceMs: nowMs,
      stream: startReceiving(),
      silence: { heardAtMs: nowMs },
    };
    const socket = new ClientSocket(ws, attachment, handlers);
    socket.#save();
    return socket;
  }

  /** From a socket that outlived the object's memory; undefined when it was not one of ours. */
  static revived(ws: WebSocket, handlers: ClientSocketHandlers): ClientSocket | undefined {
    const attachment: Attachment | null = ws.deserializeAttachment();
    return attachment === null ? undefined : new ClientSocket(ws, attachment, handlers);
  }

  get id(): string {
    return this.#attachment.id;
  }

  /** This socket goes on where another one of the same client stopped. */
  adopt(id: string, record: ClientRecord): void {
    this.#attachment.id = id;
    this.remember(record);
  }

  get sinceMs(): number {
    return this.#attachment.sinceMs;
  }

  get secure(): boolean {
    return this.#attachment.secure;
  }

  get from(): string {
    return this.#attachment.from;
  }

  get device(): string | undefined {
    return this.#attachment.device;
  }

  get phase(): ReceivingState["phase"] {
    return this.#attachment.stream.phase;
  }

  /** Did its client want to be able to come back (XEP-0198 section 5)? */
  get isResumable(): boolean {
    return this.#attachment.stream.unresumable !== true;
  }

  get fullJid(): string | undefined {
    return this.#attachment.stream.fullJid;
  }

  get record(): ClientRecord | undefined {
    return this.#attachment.record;
  }

  /** What the policy wants remembered of this client; when it was last active is not worth a write of its own. */
  remember(record: ClientRecord): void {
    const known = this.#attachment.record;
    const isLong = (record.presence?.length ?? 0) > MAX_PRESENCE_LENGTH;
    const presence = isLong ? PLAIN_PRESENCE : record.presence;
    if (
      known?.id === record.id &&
      known.carbons === record.carbons &&
      known.interested === record.interested &&
      known.active === record.active &&
      known.presence === presence
    )
      return;
    this.#attachment.record = { ...record, presence };
    this.#save();
  }

  get unsentFrom(): number | undefined {
    return this.#attachment.unsentFrom;
  }

  rememberUnsent(from: number | undefined): void {
    if (this.#ended || this.#attachment.unsentFrom === from) return;
    this.#attachment.unsentFrom = from;
    this.#save();
  }

  /** Since when nothing was heard of its client. */
  get silence(): Silence {
    return this.#attachment.silence;
  }

  /** SM-14: the client is asked whether it is there. */
  askIfThere(ping: string, nowMs: number): void {
    this.#attachment.silence = { ...this.silence, askedAtMs: nowMs };
    this.#save();
    this.send(ping);
  }

  /** What was sent and is still in the object's memory, where the platform says (workerd does not yet). */
  get bufferedBytes(): number | undefined {
    const { bufferedAmount }: { bufferedAmount?: number } = this.#ws;
    return bufferedAmount;
  }

  onFrame(data: string | ArrayBuffer): void {
    this.#heard(Date.now());
    if (typeof data !== "string") {
      // RFC 7395 section 3.2: data frames are text; RFC 6455 section 7.4.1 has the code for anything else.
      return this.ended(1003);
    }
    const frame = parseFrame(data, DEFAULT_LIMITS);
    if (!frame.ok) this.take({ type: "problem", problem: frame.problem });
    else if (frame.element) this.take({ type: "element", element: frame.element });
  }

  take(event: ReceivingEvent): void {
    const { phase: before, managed } = this.#attachment.stream;
    this.#context ??= this.#handlers.context(this);
    const effects = receive(this.#attachment.stream, event, this.#context);
    // Negotiation is remembered step by step; a bound stream only changes with Stream
    // Management, and when it ends.
    if (!this.#ended && (before !== "bound" || managed !== this.#attachment.stream.managed)) this.#save();
    for (const effect of effects) this.#carryOut(effect);
  }

  /** Sends one frame; a socket that is gone takes nothing, its end is told by the platform. */
  send(frame: string): void {
    try {
      this.#ws.send(frame);
    } catch {
      this.ended();
    }
  }

  /** The WebSocket is closed or broken, or is to be. */
  ended(code = 1000): void {
    clearTimeout(this.#closing);
    const how = this.phase === "closed" ? "closed" : "broken";
    this.#attachment.stream.phase = "closed";
    closeSocket(this.#ws, code);
    this.#over(how);
    this.#handlers.onGone(this);
  }

  /** The stream is over; the WebSocket stays for the client's `<close/>`. */
  #close(): void {
    this.#closing = setTimeout(() => this.take({ type: "closing-overdue" }), CLOSING_MS);
    this.#over("ended");
  }

  /** Told once. */
  #over(how: StreamEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      // The platform may keep a socket whose peer does not answer: it must not come back to life.
      this.#ws.serializeAttachment(null);
    } catch {
      // It is closed on both sides already.
    }
    this.#handlers.onEnded(this, how);
  }

  #carryOut(effect: ReceivingEffect): void {
    switch (effect.type) {
      case "send":
        return this.send(effect.frame);
      case "check-password":
        return this.#handlers.onCheckPassword(this, effect.password);
      case "check-token":
        return this.#handlers.onCheckToken(this, effect);
      case "login-failed":
        return this.#handlers.onLoginFailed(this);
      case "grant":
        return this.#handlers.onGrant(this, effect);
      case "authenticated":
        return this.#handlers.onAuthenticated(this);
      case "await-upstream":
        return this.#handlers.onAwaitUpstream(this);
      case "bound":
        return this.#handlers.onBound(this, effect);
      case "stanza":
        return this.#handlers.onStanza(this, effect.stanza);
      case "reply":
        return this.#handlers.onReply(this, effect.reply);
      case "client-state":
        return this.#handlers.onClientState(this, effect.active);
      case "enable-sm":
      case "resume":
      case "ack-requested":
      case "acknowledged":
        return this.#handlers.onManagement(this, effect);
      case "closing":
        return this.#close();
      case "end":
        return this.ended(effect.code);
    }
  }

  /** Not remembered each time: an attachment is written as a whole. */
  #heard(nowMs: number): void {
    this.#attachment.silence = { heardAtMs: nowMs };
    const { managed } = this.#attachment.stream;
    if (!this.#ended && !managed && isWorthRemembering(this.#keptSilence, nowMs)) this.#save();
  }

  #save(): void {
    this.#ws.serializeAttachment(this.#attachment);
    this.#keptSilence = this.#attachment.silence;
  }
}
