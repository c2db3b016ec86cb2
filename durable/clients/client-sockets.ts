/**
 * All of an account's client sockets, from the upgrade to their end: leads what each wants to its negotiation
 * (client-negotiation.ts) or to delivery (client-delivery.ts), and ends those that have to go.
 */
import type { StreamCondition } from "../../xmpp/stream-error.ts";
import { nonce } from "../random.ts";
import { closeSocket } from "./close-socket.ts";
import { ClientDelivery, type DeliveryDependencies } from "./client-delivery.ts";
import { ClientNegotiation, type NegotiationDependencies } from "./client-negotiation.ts";
import { ClientSocket, type ClientSocketHandlers, type GrantWish } from "./client-socket.ts";
import type { Frame } from "./frame-turns.ts";
import { SocketRegistry } from "./socket-registry.ts";
import { hasRoomForUnbound, TOO_MANY_UNBOUND } from "./unbound-limits.ts";

type ClientSocketsDependencies = NegotiationDependencies & DeliveryDependencies;

/** More clients than this are not attached at the same time. */
const MAX_BOUND = 100;
const UNAUTHENTICATED: ReadonlySet<string> = new Set(["opening", "authenticating", "checking"]);

export class ClientSockets {
  readonly #deps: ClientSocketsDependencies;
  readonly #sockets = new SocketRegistry();
  readonly #negotiation: ClientNegotiation;
  readonly #delivery: ClientDelivery;
  readonly #handlers: ClientSocketHandlers;
  #isOver = false;

  constructor(deps: ClientSocketsDependencies) {
    this.#deps = deps;
    const negotiation = new ClientNegotiation(deps);
    const delivery = new ClientDelivery(deps, this.#sockets);
    this.#negotiation = negotiation;
    this.#delivery = delivery;
    this.#handlers = {
      context: (socket) => negotiation.context(socket),
      onCheckPassword: (socket, password) => void negotiation.checkPassword(socket, password),
      onCheckToken: (socket, guess) => negotiation.checkToken(socket, guess),
      onLoginFailed: (socket) => negotiation.loginFailed(socket),
      onGrant: (socket, wish) => this.#grant(socket, wish),
      onAuthenticated: (socket) => negotiation.authenticated(socket),
      onAwaitUpstream: (socket) => this.#awaitUpstream(socket),
      onBound: (socket, bound) => negotiation.bound(socket, bound),
      onStanza: (socket, stanza) => delivery.stanza(socket, stanza),
      onReply: (socket, reply) => delivery.reply(socket, reply),
      onClientState: (socket, active) => delivery.clientState(socket, active),
      onManagement: (socket, request) => delivery.management(socket, request),
      onEnded: (socket, how) => {
        if (this.#sockets.forget(socket) && !this.#isOver) delivery.ended(socket.id, how);
      },
      onGone: (socket) => this.#sockets.drop(socket),
    };
  }

  /** `address`: where the connection comes from, as far as that is known; `device`: as the client has named it in its URL. */
  accept(
    ws: WebSocket,
    {
      secure,
      address,
      device,
    }: { secure: boolean; address?: string | undefined; device?: string | undefined },
  ): void {
    const from = this.#deps.guard.keyOf(address);
    const mayLogIn = this.#hasRoomFor(from, address !== undefined);
    const about = { id: nonce(), secure, from, device };
    const socket = ClientSocket.accepted(ws, about, this.#handlers);
    this.#sockets.add(ws, socket);
    if (mayLogIn) return this.#negotiation.expectBind(socket);
    socket.take(TOO_MANY_UNBOUND);
    // There is no room to wait for its `<close/>` either.
    socket.take({ type: "closing-overdue" });
  }

  /** After the memory of the object was lost: the sockets that the platform kept, and the sessions to come back to. */
  revive(webSockets: readonly WebSocket[]): void {
    const { policy, sessions } = this.#deps;
    for (const ws of webSockets) {
      const socket = ClientSocket.revived(ws, this.#handlers);
      if (socket) this.#sockets.add(ws, socket);
      // It was closing.
      else closeSocket(ws, 1000);
    }
    const sockets = this.#sockets.all();
    policy.revive(
      sessions.revive(Date.now(), new Map(sockets.map(({ id, unsentFrom }) => [id, unsentFrom]))),
    );
    for (const socket of sockets) {
      const isBound = socket.phase === "bound" && socket.record !== undefined;
      if (isBound && !sessions.has(socket.id)) policy.revive([socket.record]);
      if (isBound || sessions.has(socket.id)) policy.resume(socket.id);
      else if (socket.phase === "opening") this.#negotiation.expectBind(socket);
      // What was under way outside the machine (a password check, a bind) is lost with the memory that knew of it.
      else {
        socket.take({ type: "shutdown", condition: "reset", text: "The proxy was restarted; log in again." });
      }
    }
    policy.prune();
  }

  /** WS-13. */
  #hasRoomFor(from: string, hasAddress: boolean): boolean {
    const unbound = this.#sockets.neverBound();
    const same = unbound.filter((socket) => socket.from === from).length;
    return hasRoomForUnbound({
      ofAccount: unbound.length,
      ofAddress: hasAddress ? same : undefined,
      isKnown: () => this.#deps.guard.isKnown(from),
    });
  }

  /** WS-15: a client costs memory and work for as long as it is there. */
  #awaitUpstream(socket: ClientSocket): void {
    const bound = this.#sockets.all().filter(({ phase }) => phase === "bound").length;
    if (bound < MAX_BOUND) return this.#negotiation.awaitUpstream(socket);
    const text = "Too many clients are attached to this account.";
    socket.take({ type: "bind-refused", condition: "resource-constraint", text });
  }

  #grant(socket: ClientSocket, { token, management }: GrantWish): void {
    const given = token && this.#negotiation.token(token);
    const record = management && this.#negotiation.record(socket, management);
    socket.take({
      type: "granted",
      ...(given && { token: given }),
      ...(record && { management: this.#delivery.manage(record, socket, management.maxSeconds) }),
    });
  }

  /** A mistake of ours about one of them does not keep the others from having theirs. */
  onFrames(frames: readonly Frame<WebSocket>[]): void {
    const failures: unknown[] = [];
    for (const { ws, data } of frames) {
      try {
        this.#sockets.of(ws)?.onFrame(data);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  onClosed(ws: WebSocket, code: number): void {
    this.#sockets.of(ws)?.ended(code);
  }

  /** The same frame to each of these clients; `logSeq` is its place in the log. */
  send(ids: readonly string[], frame: string, logSeq?: number): void {
    this.#delivery.send(ids, frame, logSeq);
  }

  /** Asks a client now what it has got. False when it has no Stream Management. */
  askForAck(id: string): boolean {
    return this.#delivery.askForAck(id);
  }

  /** Stands for all that a client was sent so far; undefined when it has no Stream Management. */
  mark(id: string): number | undefined {
    return this.#deps.sessions.mark(id);
  }

  hasAcknowledged(id: string, mark: number): boolean {
    return this.#deps.sessions.hasAcknowledged(id, mark);
  }

  /** Sees to what is overdue with clients. */
  tick(nowMs: number): void {
    this.#delivery.tick(nowMs);
  }

  /** Ends a client for good: its device has attached anew. */
  replace(id: string): void {
    this.#deps.sessions.lapse(id);
    this.end(id, "conflict", "The same device has attached again.");
  }

  /** Ends one client's stream with an error (RFC 6120 section 4.9). */
  end(id: string, condition: StreamCondition, text: string): void {
    this.#sockets.get(id)?.take({ type: "shutdown", condition, text });
  }

  /** Ends the streams of all that have logged in; those that are about to may bring what is missing. */
  endAll(condition: StreamCondition, text: string): void {
    for (const { id, phase } of this.#sockets.all()) {
      if (!UNAUTHENTICATED.has(phase)) this.end(id, condition, text);
    }
  }

  /** FORGET-2: ends the streams of all, of those that are still to log in too. There is nobody any more to be told of it. */
  leave(condition: StreamCondition, text: string): void {
    this.#isOver = true;
    for (const socket of this.#sockets.allOpen()) {
      socket.take({ type: "shutdown", condition, text });
      // Nobody is there any more who could hear its `<close/>`.
      socket.take({ type: "closing-overdue" });
    }
  }

  /** Since when a client's socket stands, in milliseconds since the epoch. */
  connectedSinceMs(id: string): number | undefined {
    return this.#sockets.get(id)?.sinceMs;
  }

  /** There is a session: clients that waited for it are bound; those told another full JID must begin again. */
  upstreamBound(fullJid: string): void {
    this.#delivery.endOthers(fullJid);
    for (const socket of this.#sockets.all()) {
      if (socket.phase === "awaiting-upstream") socket.take({ type: "upstream-bound", fullJid });
      else if (socket.phase === "bound" && socket.fullJid !== fullJid) {
        this.end(socket.id, "reset", "The account's server has given us another address; log in again.");
      }
    }
  }
}
