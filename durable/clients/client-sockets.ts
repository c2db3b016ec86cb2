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
import type { Vault } from "../credentials/vault.ts";
import { nonce } from "../random.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { ClientSocket, type ClientSocketHandlers } from "./client-socket.ts";
import type { LoginGuard } from "./login-guard.ts";

interface ClientSocketsDependencies {
  jid: Jid;
  policy: Account;
  vault: Vault;
  upstream: Upstream;
  guard: LoginGuard;
  /** The account's full JID, as it was last bound. */
  fullJid(): string | undefined;
}

/** How long a client that wants to bind waits for the account's session before it is told why it cannot. */
const BIND_TIMEOUT_MS = 10_000;

export class ClientSockets {
  readonly #deps: ClientSocketsDependencies;
  readonly #byWebSocket = new Map<WebSocket, ClientSocket>();
  readonly #byId = new Map<string, ClientSocket>();
  readonly #handlers: ClientSocketHandlers;

  constructor(deps: ClientSocketsDependencies) {
    this.#deps = deps;
    this.#handlers = {
      context: (socket) => this.#context(socket),
      onCheckPassword: (socket, password) => void this.#checkPassword(socket, password),
      onAuthenticated: () => this.#deps.upstream.start(),
      onAwaitUpstream: (socket) => this.#awaitUpstream(socket),
      onBound: (socket, resource) => this.#bound(socket, resource),
      onStanza: (socket, stanza) => this.#stanza(socket, stanza),
      onEnded: (socket) => this.#ended(socket),
    };
  }

  accept(ws: WebSocket, secure: boolean): void {
    this.#add(ws, ClientSocket.accepted(ws, nonce(), secure, this.#handlers));
  }

  /** After the memory of the object was lost: the sockets that the platform kept, and whom they belong to. */
  revive(sockets: readonly WebSocket[]): void {
    for (const ws of sockets) {
      const socket = ClientSocket.revived(ws, this.#handlers);
      if (!socket) continue;
      this.#add(ws, socket);
      if (socket.phase === "bound" && socket.record) this.#deps.policy.attach(socket.record);
      // What was under way outside the machine (a password check, a bind) is lost with the memory that knew of it.
      else if (socket.phase !== "opening") {
        socket.take({ type: "shutdown", condition: "reset", text: "The proxy was restarted; log in again." });
      }
    }
  }

  onFrame(ws: WebSocket, data: string | ArrayBuffer): void {
    this.#byWebSocket.get(ws)?.onFrame(data);
  }

  onClosed(ws: WebSocket, code: number): void {
    this.#byWebSocket.get(ws)?.ended(code);
  }

  send(ids: readonly string[], frame: string): void {
    for (const id of ids) this.#byId.get(id)?.send(frame);
  }

  /** Ends one client's stream with an error (RFC 6120 section 4.9). */
  end(id: string, condition: StreamCondition, text: string): void {
    this.#byId.get(id)?.take({ type: "shutdown", condition, text });
  }

  endAll(condition: StreamCondition, text: string): void {
    for (const id of this.#byId.keys()) this.end(id, condition, text);
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
    };
    socket.remember(record);
    this.#deps.policy.attach(record);
  }

  #stanza(socket: ClientSocket, stanza: Element): void {
    const { policy } = this.#deps;
    policy.fromClient(socket.id, stanza);
    const record = policy.record(socket.id);
    const known = socket.record;
    if (record && (record.carbons !== known?.carbons || record.interested !== known.interested)) {
      socket.remember(record);
    }
  }

  #ended(socket: ClientSocket): void {
    this.#byId.delete(socket.id);
    for (const [ws, known] of this.#byWebSocket) if (known === socket) this.#byWebSocket.delete(ws);
    this.#deps.policy.detach(socket.id);
  }
}
