/**
 * What the shell has to say while a client's stream is negotiated: what is offered, whether a password is right, which
 * address is bound, and for how long anybody may take over it. Sends no stanza and ends no session.
 */
import type { Account } from "../../bouncer/account.ts";
import { type ClientRecord, connectionDevice } from "../../bouncer/clients.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Bound, ReceivingContext } from "../../xmpp/receiving/state.ts";
import { mechanismsByPreference } from "../../xmpp/sasl/mechanisms.ts";
import { hashOfMechanism } from "../../xmpp/sasl/scram-keys.ts";
import type { ClientTokens, GivenToken } from "../credentials/client-tokens.ts";
import type { Vault } from "../credentials/vault.ts";
import { isOwnResource } from "../own-resource.ts";
import { nonce } from "../random.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { ClientSocket, GrantWish, TokenGuess } from "./client-socket.ts";
import type { LoginGuard } from "./login-guard.ts";
import { BIND_TIME_MS, LATE } from "./unbound-limits.ts";

export interface NegotiationDependencies {
  jid: Jid;
  policy: Account;
  vault: Vault;
  upstream: Upstream;
  guard: LoginGuard;
  tokens: ClientTokens;
  /** The account's full JID, as it was last bound. */
  fullJid(): string | undefined;
}

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
      if (socket.phase !== "bound") socket.take(LATE);
    }, BIND_TIME_MS);
  }

  /** For as long as the socket lives. */
  context({ secure, from }: ClientSocket): ReceivingContext {
    const { jid, vault, guard } = this.#deps;
    const offered = (): string[] =>
      mechanismsByPreference.filter((name) => {
        const hash = hashOfMechanism(name);
        return hash ? vault.verifierFor(hash) !== undefined : secure;
      });
    return {
      account: jid,
      secure,
      get mechanisms() {
        return offered();
      },
      verifierFor: (hash) => vault.verifierFor(hash),
      fakeVerifierFor: (username, hash) => vault.fakeVerifierFor(username, hash),
      refusal: () => guard.refusal(from),
      nonce,
      // ROS-4: the roster's versions are ours.
      rosterVersioning: true,
    };
  }

  async checkPassword(socket: ClientSocket, password: string): Promise<void> {
    const verdict = await this.#deps.guard.check(password, socket.from);
    if (verdict.ok) return socket.take({ type: "password-accepted" });
    const { condition, text } = verdict;
    socket.take({ type: "login-refused", condition, ...(text === undefined ? {} : { text }) });
  }

  checkToken(socket: ClientSocket, { device, proof, count, invalidate }: TokenGuess): void {
    const { tokens, vault } = this.#deps;
    // RFAST-5: who cannot log in upstream vouches for nobody.
    if (vault.needsLogin) return socket.take({ type: "login-refused", condition: "credentials-expired" });
    const verdict = tokens.use(device, proof, count, Date.now());
    if (!verdict.ok) {
      if (verdict.condition === "not-authorized") this.loginFailed(socket);
      return socket.take({ type: "login-refused", condition: verdict.condition });
    }
    if (invalidate) tokens.invalidate(device);
    socket.take({ type: "token-accepted", answer: verdict.answer });
  }

  loginFailed({ from }: ClientSocket): void {
    this.#deps.guard.failed(from);
  }

  authenticated({ from }: ClientSocket): void {
    this.#deps.guard.succeeded(from);
    this.#deps.upstream.start();
  }

  /** A token for the device that has logged in, where it wants one or needs another. */
  token({ device, asked }: NonNullable<GrantWish["token"]>): GivenToken | undefined {
    const { tokens } = this.#deps;
    const nowMs = Date.now();
    return asked === "wanted" || tokens.isDue(device, nowMs) ? tokens.give(device, nowMs) : undefined;
  }

  /** DOWN-1: without a session right now, the address of the last one is still the account's. */
  awaitUpstream(socket: ClientSocket): void {
    const fullJid = this.#deps.fullJid();
    if (fullJid !== undefined) return socket.take({ type: "upstream-bound", fullJid });
    setTimeout(() => {
      const { lastError } = this.#deps.upstream.status();
      const text = lastError === "" ? "The account's server has not let us in yet." : lastError;
      socket.take({ type: "bind-refused", condition: "remote-server-timeout", text });
    }, BIND_TIMEOUT_MS);
  }

  /** The client as it is about to be. ID-2, SM-15: a client that named no device is the one it was, or one by itself. */
  record(
    { id, device: named, formerDevice }: ClientSocket,
    { device, carbons, active }: Bound,
  ): ClientRecord {
    const asked = device !== undefined && !isOwnResource(device, this.#deps.fullJid()) ? device : undefined;
    return {
      id,
      device: named ?? asked ?? formerDevice ?? connectionDevice(id),
      carbons,
      interested: false,
      active,
      lastActiveMs: Date.now(),
      presence: undefined,
    };
  }

  bound(socket: ClientSocket, bound: Bound): void {
    const record = this.record(socket, bound);
    socket.remember(record);
    this.#deps.policy.attach(record);
  }
}
