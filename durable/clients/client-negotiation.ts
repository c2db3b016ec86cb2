/**
 * What the shell has to say while a client's stream is negotiated: what is offered, whether a password is right, which
 * address is bound, and for how long anybody may take over it. Sends no stanza and ends no session.
 */
import type { Account } from "../../bouncer/account.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { ReceivingContext } from "../../xmpp/receiving/state.ts";
import { mechanismsByPreference } from "../../xmpp/sasl/mechanisms.ts";
import { hashOfMechanism } from "../../xmpp/sasl/scram-keys.ts";
import type { Vault } from "../credentials/vault.ts";
import { nonce } from "../random.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { ClientSocket } from "./client-socket.ts";
import type { LoginGuard } from "./login-guard.ts";

export interface NegotiationDependencies {
  jid: Jid;
  policy: Account;
  vault: Vault;
  upstream: Upstream;
  guard: LoginGuard;
  /** The account's full JID, as it was last bound. */
  fullJid(): string | undefined;
}

/** A client has this long from the upgrade to the bound resource. */
const NEGOTIATION_TIMEOUT_MS = 60_000;
/** How long a client that wants to bind waits for the account's session before it is told why it cannot. */
const BIND_TIMEOUT_MS = 10_000;

export class ClientNegotiation {
  readonly #deps: NegotiationDependencies;

  constructor(deps: NegotiationDependencies) {
    this.#deps = deps;
  }

  /** WS-13: nobody may stay for long without having logged in. */
  expectBind(socket: ClientSocket): void {
    setTimeout(() => {
      if (socket.phase === "bound") return;
      const text = "The stream was not negotiated in time.";
      socket.take({ type: "shutdown", condition: "connection-timeout", text });
    }, NEGOTIATION_TIMEOUT_MS);
  }

  context({ secure }: ClientSocket): ReceivingContext {
    const { jid, vault } = this.#deps;
    const mechanisms = mechanismsByPreference.filter((name) => {
      const hash = hashOfMechanism(name);
      return hash ? vault.verifierFor(hash) !== undefined : secure;
    });
    return {
      account: jid,
      mechanisms,
      verifierFor: (hash) => vault.verifierFor(hash),
      nonce,
      // ROS-4: the roster's versions are ours.
      rosterVersioning: true,
    };
  }

  async checkPassword(socket: ClientSocket, password: string): Promise<void> {
    const verdict = await this.#deps.guard.check(password);
    if (verdict.ok) return socket.take({ type: "password-accepted" });
    const { condition, text } = verdict;
    socket.take({ type: "password-refused", condition, ...(text === undefined ? {} : { text }) });
  }

  authenticated(): void {
    this.#deps.upstream.start();
  }

  /** DOWN-1: without a session right now, the address of the last one is still the account's. */
  awaitUpstream(socket: ClientSocket): void {
    const fullJid = this.#deps.fullJid();
    if (fullJid !== undefined) return socket.take({ type: "upstream-bound", fullJid });
    setTimeout(() => {
      const { lastError } = this.#deps.upstream.status();
      const text = lastError === "" ? "The account's server has not let us in yet." : lastError;
      socket.take({ type: "upstream-unavailable", text });
    }, BIND_TIMEOUT_MS);
  }

  bound(socket: ClientSocket, resource: string | undefined): void {
    const { id } = socket;
    const record = {
      id,
      device: resource ?? id,
      carbons: false,
      interested: false,
      active: true,
      lastActiveMs: Date.now(),
      presence: undefined,
    };
    socket.remember(record);
    this.#deps.policy.attach(record);
  }
}
