/**
 * Stanzas to and from bound clients, and Stream Management with them (XEP-0198): what is sent, asked for, acknowledged and
 * sent again. Decides nothing about stanzas.
 */
import type { Element } from "@xmpp/xml";
import type { Account } from "../../bouncer/account.ts";
import type { ClientRecord } from "../../bouncer/clients.ts";
import type { ManagementGrant } from "../../xmpp/receiving/state.ts";
import { ackNonza, handledCountTooHigh, REQUEST_ACK } from "../../xmpp/stream-management.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import { nonce } from "../random.ts";
import { utf8Length } from "../../xmpp/xml/characters.ts";
import { fitsRow } from "../storage/row-size.ts";
import type { ClientSessions } from "./client-sessions.ts";
import type { ClientSocket, ManagementRequest, StreamEnd } from "./client-socket.ts";
import { dueAfter } from "./silence.ts";
import type { SocketRegistry } from "./socket-registry.ts";
import { pingOf, tooMuchForAll, UnmanagedFlow } from "./unmanaged-flow.ts";

export interface DeliveryDependencies {
  policy: Account;
  sessions: ClientSessions;
  /** The account's full JID, as it was last bound. */
  fullJid(): string | undefined;
}

/** A client that was sent less than what it is asked for at once is asked after this. */
const ASK_DELAY_MS = 3_000;
/** IANA's WebSocket close code for a timeout. */
const CLOSE_TIMEOUT = 3008;

export class ClientDelivery {
  readonly #deps: DeliveryDependencies;
  readonly #sockets: SocketRegistry;
  /** Clients without Stream Management that were sent something since they were last heard of. */
  readonly #unmanaged = new Map<string, UnmanagedFlow>();
  #askTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: DeliveryDependencies, sockets: SocketRegistry) {
    this.#deps = deps;
    this.#sockets = sockets;
  }

  /**
   * The same frame to each of these clients; those with sessions get it later if they are gone now, or have yet to
   * acknowledge much. `logSeq` is its place in the log.
   */
  send(ids: readonly string[], frame: string, logSeq?: number): void {
    // Larger than anything an honest server or client sends: it could be kept for nobody.
    if (!fitsRow(frame)) return;
    const { sessions } = this.#deps;
    const { unmanaged, now, waiting, ask, over } = sessions.queue(frame, ids, logSeq, Date.now());
    if (unmanaged.length > 0) this.#sendUnmanaged(unmanaged, frame);
    for (const id of now) this.#sockets.get(id)?.send(frame);
    for (const id of ask) this.#sockets.get(id)?.send(REQUEST_ACK);
    for (const id of over) this.#tooMuch(id);
    for (const id of waiting) this.#sockets.get(id)?.rememberUnsent(sessions.unsentFrom(id));
    if (now.length + waiting.length > 0) this.#askSoon();
  }

  /** Asks a client now, if there is anything that it has not acknowledged. False when it has no Stream Management. */
  askForAck(id: string): boolean {
    const { sessions } = this.#deps;
    if (sessions.askAnyway(id, Date.now())) this.#sockets.get(id)?.send(REQUEST_ACK);
    return sessions.has(id);
  }

  stanza(socket: ClientSocket, stanza: Element): void {
    this.#deps.policy.fromClient(socket.id, stanza);
    this.#handled(socket);
  }

  /** A request that its own stream has answered: a stanza in both directions all the same, and counted as one. */
  reply(socket: ClientSocket, reply: Element): void {
    this.send([socket.id], serialize(reply));
    this.#handled(socket);
  }

  /** CSI-1. Written now, so that it holds for whatever comes next, also after the object was reset. */
  clientState(socket: ClientSocket, active: boolean): void {
    const { policy, sessions } = this.#deps;
    policy.setClientState(socket.id, active);
    const record = policy.record(socket.id);
    if (!record) return;
    sessions.remember(socket.id, record);
    socket.remember(record);
  }

  /** A session for a client, which may be yet to be attached. */
  manage(
    record: ClientRecord,
    { fullJid = "", isResumable }: ClientSocket,
    maxSeconds: number | undefined,
  ): ManagementGrant {
    return this.#deps.sessions.open(record, { fullJid, isResumable, maxSeconds }, Date.now());
  }

  management(socket: ClientSocket, request: ManagementRequest): void {
    const { policy, sessions } = this.#deps;
    switch (request.type) {
      case "enable-sm": {
        const record = policy.record(socket.id);
        if (!record) return;
        return socket.take({ type: "sm-enabled", ...this.manage(record, socket, request.maxSeconds) });
      }
      case "resume":
        return this.#resume(socket, request.previd, request.h);
      case "ack-requested":
        return socket.send(ackNonza(sessions.handled(socket.id)));
      case "acknowledged": {
        const count = sessions.acknowledged(socket.id, request.h, Date.now());
        // One that acknowledges nothing is asked again later, or question and answer would chase one another.
        if (count === 0) return;
        if (count !== undefined) return this.#sendWaiting(socket);
        const sent = sessions.sentCount(socket.id);
        sessions.close(socket.id);
        const text = `You acknowledged ${request.h} stanzas, but were sent ${sent}.`;
        const application = handledCountTooHigh(request.h, sent);
        return socket.take({ type: "shutdown", condition: "undefined-condition", text, application });
      }
    }
  }

  /** Sees to sessions that nobody came back to in time, and to clients that do not answer. */
  tick(nowMs: number): void {
    const { sessions } = this.#deps;
    for (const id of sessions.expire(nowMs)) this.#tooMuch(id);
    for (const id of sessions.stalled(nowMs)) this.#stalled(id);
    for (const id of sessions.askQuiet(nowMs)) this.#sockets.get(id)?.send(REQUEST_ACK);
    for (const socket of this.#sockets.all()) {
      if (socket.phase === "bound" && !sessions.has(socket.id)) this.#lookAfterUnmanaged(socket, nowMs);
    }
  }

  /** A client's stream is over, or its socket is gone and it may come back to resume. */
  ended(id: string, how: StreamEnd): void {
    const { policy, sessions } = this.#deps;
    this.#unmanaged.delete(id);
    if (how === "broken" && sessions.isResumable(id)) {
      policy.suspend(id);
      for (const over of sessions.detach(id, Date.now())) this.#tooMuch(over);
      return;
    }
    const device = policy.record(id)?.device;
    if (how === "closed") sessions.close(id);
    else sessions.lapse(id);
    if (how === "closed" && device !== undefined) sessions.former.forget(device);
    this.#gone(id);
  }

  /** SM-15: it is no client any more; whether it may be the same again depends on how its session went. */
  #gone(id: string): void {
    const { policy, sessions } = this.#deps;
    const device = policy.record(id)?.device;
    if (device !== undefined && sessions.former.leadTo(device)) policy.lapse(id);
    else policy.detach(id);
  }

  #handled(socket: ClientSocket): void {
    this.#unmanaged.delete(socket.id);
    const record = this.#deps.policy.record(socket.id);
    this.#deps.sessions.onStanza(socket.id, record, Date.now());
    if (record) socket.remember(record);
  }

  /** SM-4: clients that are gone and were told another full JID have nothing to come back to. */
  endOthers(fullJid: string): void {
    for (const id of this.#deps.sessions.endOthers(fullJid)) this.#gone(id);
  }

  #sendUnmanaged(ids: readonly string[], frame: string): void {
    const bytes = utf8Length(frame);
    for (const id of ids) {
      const socket = this.#sockets.get(id);
      if (!socket) continue;
      socket.send(frame);
      this.#sentUnmanaged(socket, bytes);
    }
  }

  #sentUnmanaged(socket: ClientSocket, bytes: number): void {
    const { id } = socket;
    let flow = this.#unmanaged.get(id);
    if (!flow) this.#unmanaged.set(id, (flow = new UnmanagedFlow()));
    const due = flow.sent(bytes, () => socket.bufferedBytes, Date.now());
    if (due === "ping") socket.send(pingOf(nonce(), socket.fullJid ?? ""));
    if (due === "end") this.#giveUp(socket);
    else if (flow.isMuch) this.#boundAll();
  }

  /** SM-10. */
  #boundAll(): void {
    const waiting = new Map<string, number>();
    for (const [id, flow] of this.#unmanaged)
      waiting.set(
        id,
        flow.waiting(() => this.#sockets.get(id)?.bufferedBytes),
      );
    const socket = this.#sockets.get(tooMuchForAll(waiting) ?? "");
    if (socket) this.#giveUp(socket);
  }

  /** SM-10, SM-14. */
  #lookAfterUnmanaged(socket: ClientSocket, nowMs: number): void {
    const flow = this.#unmanaged.get(socket.id);
    if (flow?.isOverdue(() => socket.bufferedBytes, nowMs)) return this.#giveUp(socket);
    const due = dueAfter(socket.silence, nowMs);
    if (due === "ping") socket.askIfThere(pingOf(nonce(), socket.fullJid ?? ""), nowMs);
    if (due === "end") this.#giveUp(socket);
  }

  #giveUp(socket: ClientSocket): void {
    const text = "Nothing has been heard of this client for too long; log in again.";
    socket.take({ type: "shutdown", condition: "connection-timeout", text });
  }

  /** SM-1: the client goes on where its old socket stopped. */
  #resume(socket: ClientSocket, previd: string, h: number): void {
    const { policy, sessions } = this.#deps;
    const found = sessions.find(previd, h, Date.now());
    const record = found && policy.record(found.id);
    if (!found || !record || found.fullJid !== this.#deps.fullJid()) {
      const former = sessions.formerly(previd);
      socket.formerDevice = former?.device;
      return socket.take({ type: "sm-resume-failed", h: former?.handled });
    }
    const old = this.#sockets.get(found.id);
    if (old) {
      // Its own new socket has taken its place: the old one must not end the session.
      this.#sockets.forget(old);
      old.take({ type: "shutdown", condition: "conflict", text: "The stream was resumed elsewhere." });
    }
    // XEP-0352 section 5.2: what it said of its state is not restored.
    policy.setClientState(found.id, true);
    this.#sockets.rename(socket, () => socket.adopt(found.id, { ...record, active: true }));
    const handled = sessions.resume(found.id, Date.now());
    socket.take({ type: "sm-resumed", previd, h: handled, fullJid: found.fullJid });
    this.#sendWaiting(socket);
    policy.resume(found.id);
  }

  /**
   * SM-7: sends what waits for a client, in pages, each with a request to acknowledge it, as far as it may be on its way;
   * the rest follows when that is acknowledged. What comes meanwhile waits behind it.
   */
  #sendWaiting(socket: ClientSocket): void {
    const { sessions } = this.#deps;
    const { id } = socket;
    for (let page = sessions.next(id, Date.now()); page; page = sessions.next(id, Date.now())) {
      for (const frame of page) socket.send(frame);
      socket.send(REQUEST_ACK);
    }
    if (sessions.askMore(id, Date.now())) socket.send(REQUEST_ACK);
    socket.rememberUnsent(sessions.unsentFrom(id));
  }

  /** SM-6: a client's session is over; a socket that still stands must learn it. */
  #tooMuch(id: string): void {
    this.#gone(id);
    const text = "Too much is waiting for this client; log in again.";
    this.#sockets.get(id)?.take({ type: "shutdown", condition: "policy-violation", text });
  }

  /**
   * SM-8: a client that does not answer is as gone as one whose socket has broken. Nothing is said on the stream: with a
   * stream error or `<close/>`, which it may read one day after all, it would believe its session to be over.
   */
  #stalled(id: string): void {
    this.#sockets.get(id)?.ended(CLOSE_TIMEOUT);
  }

  /** Clients that were sent little are asked for an acknowledgement after a while. */
  #askSoon(): void {
    if (this.#askTimer !== undefined) return;
    this.#askTimer = setTimeout(() => {
      this.#askTimer = undefined;
      for (const id of this.#deps.sessions.askAll(Date.now())) this.#sockets.get(id)?.send(REQUEST_ACK);
    }, ASK_DELAY_MS);
  }
}
