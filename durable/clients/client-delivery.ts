/**
 * Stanzas to and from bound clients, and Stream Management with them (XEP-0198): what is sent, asked for, acknowledged and
 * sent again. Decides nothing about stanzas.
 */
import type { Element } from "@xmpp/xml";
import type { Account } from "../../bouncer/account.ts";
import { ackNonza, REQUEST_ACK } from "../../xmpp/stream-management.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import { fitsRow } from "../storage/row-size.ts";
import { type ClientSessions, RESUME_SECONDS } from "./client-sessions.ts";
import type { ClientSocket, ManagementRequest } from "./client-socket.ts";
import type { SocketRegistry } from "./socket-registry.ts";

export interface DeliveryDependencies {
  policy: Account;
  sessions: ClientSessions;
  /** The account's full JID, as it was last bound. */
  fullJid(): string | undefined;
}

/** A client that was sent less than what it is asked for at once is asked after this. */
const ASK_DELAY_MS = 3_000;

export class ClientDelivery {
  readonly #deps: DeliveryDependencies;
  readonly #sockets: SocketRegistry;
  #askTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: DeliveryDependencies, sockets: SocketRegistry) {
    this.#deps = deps;
    this.#sockets = sockets;
  }

  /** The same frame to each of these clients; those with sessions get it later if they are gone now. */
  send(ids: readonly string[], frame: string, logSeq?: number): void {
    // Larger than anything an honest server or client sends: it could be kept for nobody.
    if (!fitsRow(frame)) return;
    const ask = this.#deps.sessions.queue(frame, ids, logSeq);
    for (const id of ids) this.#sockets.get(id)?.send(frame);
    for (const id of ask) this.#sockets.get(id)?.send(REQUEST_ACK);
    this.#askSoon();
  }

  /** Asks a client now, if there is anything that it has not acknowledged. False when it has no Stream Management. */
  askForAck(id: string): boolean {
    const { sessions } = this.#deps;
    if (sessions.isWaitingFor(id)) this.#sockets.get(id)?.send(REQUEST_ACK);
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

  management(socket: ClientSocket, request: ManagementRequest): void {
    const { policy, sessions } = this.#deps;
    switch (request.type) {
      case "enable-sm": {
        const record = policy.record(socket.id);
        if (!record) return;
        const id = sessions.open(record, socket.fullJid ?? "");
        return socket.take({ type: "sm-enabled", id, maxSeconds: RESUME_SECONDS });
      }
      case "resume":
        return this.#resume(socket, request.previd, request.h);
      case "ack-requested":
        return socket.send(ackNonza(sessions.handled(socket.id)));
      case "acknowledged": {
        if (sessions.acknowledged(socket.id, request.h)) return;
        sessions.close(socket.id);
        const text = "More stanzas were acknowledged than were sent.";
        return socket.take({ type: "shutdown", condition: "undefined-condition", text });
      }
    }
  }

  /** Sessions that nobody came back to in time are over. */
  expire(nowMs: number): void {
    for (const id of this.#deps.sessions.expire(nowMs)) this.#tooMuch(id);
  }

  /** The client's socket is gone. `closed`: for good; otherwise it may come back and resume. */
  ended(id: string, closed: boolean): void {
    const { policy, sessions } = this.#deps;
    if (closed || !sessions.has(id)) {
      sessions.close(id);
      return policy.detach(id);
    }
    policy.suspend(id);
    for (const over of sessions.detach(id, Date.now())) this.#tooMuch(over);
  }

  #handled(socket: ClientSocket): void {
    const record = this.#deps.policy.record(socket.id);
    this.#deps.sessions.onStanza(socket.id, record);
    if (record) socket.remember(record);
  }

  /** SM-1: the client goes on where its old socket stopped. */
  #resume(socket: ClientSocket, previd: string, h: number): void {
    const { policy, sessions } = this.#deps;
    const found = sessions.find(previd, h, Date.now());
    const record = found && policy.record(found.id);
    if (!found || !record || found.fullJid !== this.#deps.fullJid()) {
      return socket.take({ type: "sm-resume-failed" });
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
    const { handled, pending } = sessions.resume(found.id);
    socket.take({ type: "sm-resumed", previd, h: handled, fullJid: found.fullJid });
    for (const frame of pending) socket.send(frame);
    if (pending.length > 0) socket.send(REQUEST_ACK);
    policy.resume(found.id);
  }

  /** SM-6: a client's session is over; a socket that still stands must learn it. */
  #tooMuch(id: string): void {
    this.#deps.policy.detach(id);
    const text = "Too much is waiting for this client; log in again.";
    this.#sockets.get(id)?.take({ type: "shutdown", condition: "policy-violation", text });
  }

  /** Clients that were sent little are asked for an acknowledgement after a while. */
  #askSoon(): void {
    if (this.#askTimer !== undefined) return;
    this.#askTimer = setTimeout(() => {
      this.#askTimer = undefined;
      for (const id of this.#deps.sessions.askAll()) this.#sockets.get(id)?.send(REQUEST_ACK);
    }, ASK_DELAY_MS);
  }
}
