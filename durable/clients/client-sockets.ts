/**
 * All of an account's client sockets: from the upgrade to the policy and back. Owns which socket is which client; decides
 * nothing about stanzas.
 */
import type { Element } from "@xmpp/xml";
import type { Account } from "../../bouncer/account.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { ReceivingContext } from "../../xmpp/receiving/state.ts";
import { mechanismsByPreference } from "../../xmpp/sasl/mechanisms.ts";
import { hashOfMechanism } from "../../xmpp/sasl/scram-keys.ts";
import type { StreamCondition } from "../../xmpp/stream-error.ts";
import { ackNonza, REQUEST_ACK } from "../../xmpp/stream-management.ts";
import type { Vault } from "../credentials/vault.ts";
import { nonce } from "../random.ts";
import { fitsRow } from "../storage/row-size.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { type ClientSessions, RESUME_SECONDS } from "./client-sessions.ts";
import { ClientSocket, type ClientSocketHandlers, type ManagementRequest } from "./client-socket.ts";
import type { LoginGuard } from "./login-guard.ts";

interface ClientSocketsDependencies {
  jid: Jid;
  policy: Account;
  vault: Vault;
  upstream: Upstream;
  guard: LoginGuard;
  sessions: ClientSessions;
  /** The account's full JID, as it was last bound. */
  fullJid(): string | undefined;
}

/** A client that was sent less than what it is asked for at once is asked after this. */
const ASK_DELAY_MS = 3_000;
/** A client has this long from the upgrade to the bound resource. */
const NEGOTIATION_TIMEOUT_MS = 60_000;
/** More connections than this are not let to log in at the same time. */
const MAX_UNBOUND = 100;
const UNAUTHENTICATED: ReadonlySet<string> = new Set(["opening", "authenticating", "checking"]);
/** How long a client that wants to bind waits for the account's session before it is told why it cannot. */
const BIND_TIMEOUT_MS = 10_000;

export class ClientSockets {
  readonly #deps: ClientSocketsDependencies;
  readonly #byWebSocket = new Map<WebSocket, ClientSocket>();
  readonly #byId = new Map<string, ClientSocket>();
  readonly #handlers: ClientSocketHandlers;
  #askTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: ClientSocketsDependencies) {
    this.#deps = deps;
    this.#handlers = {
      context: (socket) => this.#context(socket),
      onCheckPassword: (socket, password) => void this.#checkPassword(socket, password),
      onAuthenticated: () => this.#deps.upstream.start(),
      onAwaitUpstream: (socket) => this.#awaitUpstream(socket),
      onBound: (socket, resource) => this.#bound(socket, resource),
      onStanza: (socket, stanza) => this.#stanza(socket, stanza),
      onManagement: (socket, request) => this.#management(socket, request),
      onEnded: (socket, closed) => this.#ended(socket, closed),
    };
  }

  accept(ws: WebSocket, secure: boolean): void {
    const unbound = [...this.#byId.values()].filter(({ phase }) => phase !== "bound").length;
    const socket = ClientSocket.accepted(ws, nonce(), secure, this.#handlers);
    this.#add(ws, socket);
    if (unbound < MAX_UNBOUND) return this.#expectBind(socket);
    this.end(socket.id, "resource-constraint", "Too many connections are logging in to this account.");
  }

  /** After the memory of the object was lost: the sockets that the platform kept, and the sessions to come back to. */
  revive(webSockets: readonly WebSocket[]): void {
    const { policy, sessions } = this.#deps;
    for (const ws of webSockets) {
      const socket = ClientSocket.revived(ws, this.#handlers);
      if (socket) this.#add(ws, socket);
    }
    policy.revive(sessions.revive(Date.now(), new Set(this.#byId.keys())));
    for (const socket of this.#byId.values()) {
      const isBound = socket.phase === "bound" && socket.record !== undefined;
      if (isBound && !sessions.has(socket.id)) policy.revive([socket.record]);
      if (isBound || sessions.has(socket.id)) policy.resume(socket.id);
      else if (socket.phase === "opening") this.#expectBind(socket);
      // What was under way outside the machine (a password check, a bind) is lost with the memory that knew of it.
      else {
        socket.take({ type: "shutdown", condition: "reset", text: "The proxy was restarted; log in again." });
      }
    }
    policy.prune();
  }

  onFrame(ws: WebSocket, data: string | ArrayBuffer): void {
    this.#byWebSocket.get(ws)?.onFrame(data);
  }

  onClosed(ws: WebSocket, code: number): void {
    this.#byWebSocket.get(ws)?.ended(code);
  }

  /** The same frame to each of these clients; those with sessions get it later if they are gone now. */
  send(ids: readonly string[], frame: string): void {
    // Larger than anything an honest server or client sends: it could be kept for nobody.
    if (!fitsRow(frame)) return;
    const ask = this.#deps.sessions.queue(frame, ids);
    for (const id of ids) this.#byId.get(id)?.send(frame);
    for (const id of ask) this.#byId.get(id)?.send(REQUEST_ACK);
    this.#askSoon();
  }

  /** Sessions that nobody came back to in time are over. */
  expire(nowMs: number): void {
    for (const id of this.#deps.sessions.expire(nowMs)) this.#tooMuch(id);
  }

  /** Ends a client for good: its device has attached anew. */
  replace(id: string): void {
    this.#deps.sessions.close(id);
    this.end(id, "conflict", "The same device has attached again.");
  }

  /** Ends one client's stream with an error (RFC 6120 section 4.9). */
  end(id: string, condition: StreamCondition, text: string): void {
    this.#byId.get(id)?.take({ type: "shutdown", condition, text });
  }

  /** Ends the streams of all that have logged in; those that are about to may bring what is missing. */
  endAll(condition: StreamCondition, text: string): void {
    for (const { id, phase } of this.#byId.values()) {
      if (!UNAUTHENTICATED.has(phase)) this.end(id, condition, text);
    }
  }

  /** There is a session: clients that waited for it are bound; those told another full JID must begin again. */
  upstreamBound(fullJid: string): void {
    for (const socket of this.#byId.values()) {
      if (socket.phase === "awaiting-upstream") socket.take({ type: "upstream-bound", fullJid });
      else if (socket.phase === "bound" && socket.fullJid !== fullJid) {
        this.end(socket.id, "reset", "The account's server has given us another address; log in again.");
      }
    }
  }

  #add(ws: WebSocket, socket: ClientSocket): void {
    this.#byWebSocket.set(ws, socket);
    this.#byId.set(socket.id, socket);
  }

  /** WS-13: nobody may stay for long without having logged in. */
  #expectBind(socket: ClientSocket): void {
    setTimeout(() => {
      if (socket.phase === "bound") return;
      const text = "The stream was not negotiated in time.";
      socket.take({ type: "shutdown", condition: "connection-timeout", text });
    }, NEGOTIATION_TIMEOUT_MS);
  }

  /** SM-6: a client's session is over; a socket that still stands must learn it. */
  #tooMuch(id: string): void {
    this.#deps.policy.detach(id);
    this.end(id, "policy-violation", "Too much is waiting for this client; log in again.");
  }

  #context({ secure }: ClientSocket): ReceivingContext {
    const { jid, vault, upstream } = this.#deps;
    const mechanisms = mechanismsByPreference.filter((name) => {
      const hash = hashOfMechanism(name);
      return hash ? vault.verifierFor(hash) !== undefined : secure;
    });
    return {
      account: jid,
      mechanisms,
      verifierFor: (hash) => vault.verifierFor(hash),
      nonce,
      rosterVersioning: upstream.features.rosterVersioning,
    };
  }

  async #checkPassword(socket: ClientSocket, password: string): Promise<void> {
    const verdict = await this.#deps.guard.check(password);
    if (verdict.ok) return socket.take({ type: "password-accepted" });
    const { condition, text } = verdict;
    socket.take({ type: "password-refused", condition, ...(text === undefined ? {} : { text }) });
  }

  /** DOWN-1: without a session right now, the address of the last one is still the account's. */
  #awaitUpstream(socket: ClientSocket): void {
    const fullJid = this.#deps.fullJid();
    if (fullJid !== undefined) return socket.take({ type: "upstream-bound", fullJid });
    setTimeout(() => {
      const { lastError } = this.#deps.upstream.status();
      const text = lastError === "" ? "The account's server has not let us in yet." : lastError;
      socket.take({ type: "upstream-unavailable", text });
    }, BIND_TIMEOUT_MS);
  }

  #bound(socket: ClientSocket, resource: string | undefined): void {
    const { id } = socket;
    const record = {
      id,
      device: resource ?? id,
      carbons: false,
      interested: false,
      lastActiveMs: Date.now(),
      presence: undefined,
    };
    socket.remember(record);
    this.#deps.policy.attach(record);
  }

  #stanza(socket: ClientSocket, stanza: Element): void {
    const { policy, sessions } = this.#deps;
    policy.fromClient(socket.id, stanza);
    const record = policy.record(socket.id);
    sessions.onStanza(socket.id, record);
    if (record) socket.remember(record);
  }

  #management(socket: ClientSocket, request: ManagementRequest): void {
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
      case "acknowledged":
        if (sessions.acknowledged(socket.id, request.h)) return;
        sessions.close(socket.id);
        return this.end(socket.id, "undefined-condition", "More stanzas were acknowledged than were sent.");
    }
  }

  /** SM-1: the client goes on where its old socket stopped. */
  #resume(socket: ClientSocket, previd: string, h: number): void {
    const { policy, sessions } = this.#deps;
    const found = sessions.find(previd, h, Date.now());
    const record = found && policy.record(found.id);
    if (!found || !record || found.fullJid !== this.#deps.fullJid()) {
      return socket.take({ type: "sm-resume-failed" });
    }
    const old = this.#byId.get(found.id);
    if (old) {
      // Its own new socket has taken its place: the old one must not end the session.
      this.#forget(old);
      old.take({ type: "shutdown", condition: "conflict", text: "The stream was resumed elsewhere." });
    }
    this.#byId.delete(socket.id);
    socket.adopt(found.id, record);
    this.#byId.set(found.id, socket);
    const { handled, pending } = sessions.resume(found.id);
    socket.take({ type: "sm-resumed", previd, h: handled, fullJid: found.fullJid });
    for (const frame of pending) socket.send(frame);
    if (pending.length > 0) socket.send(REQUEST_ACK);
    policy.resume(found.id);
  }

  /** Clients that were sent little are asked for an acknowledgement after a while. */
  #askSoon(): void {
    if (this.#askTimer !== undefined) return;
    this.#askTimer = setTimeout(() => {
      this.#askTimer = undefined;
      for (const id of this.#deps.sessions.askAll()) this.#byId.get(id)?.send(REQUEST_ACK);
    }, ASK_DELAY_MS);
  }

  #ended(socket: ClientSocket, closed: boolean): void {
    const { policy, sessions } = this.#deps;
    if (this.#byId.get(socket.id) !== socket) return;
    this.#forget(socket);
    if (closed || !sessions.has(socket.id)) {
      sessions.close(socket.id);
      return policy.detach(socket.id);
    }
    policy.suspend(socket.id);
    for (const id of sessions.detach(socket.id, Date.now())) this.#tooMuch(id);
  }

  #forget(socket: ClientSocket): void {
    if (this.#byId.get(socket.id) === socket) this.#byId.delete(socket.id);
    for (const [ws, known] of this.#byWebSocket) if (known === socket) this.#byWebSocket.delete(ws);
  }
}
