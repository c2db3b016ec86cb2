/**
 * Which passwords get in: what the server last accepted, else what it accepts now. The server is asked about one at a time,
 * and not about too many wrong ones, so that nobody guesses passwords through us.
 */
import type { SaslRefusal } from "../../xmpp/receiving/state.ts";
import type { Vault } from "../credentials/vault.ts";
import type { LoginOutcome } from "../upstream/dialer.ts";
import { saslprep } from "../../xmpp/sasl/saslprep.ts";
import type { Throttle } from "./login-throttle.ts";
import { type LoginTurns, Queue } from "./login-turns.ts";

/** In words to whoever tried it. */
const PASSWORD_REFUSED = "The account's server refused this password.";

export type PasswordVerdict = { ok: true } | { ok: false; condition: SaslRefusal; text?: string };

const FORGOTTEN = "The account was forgotten just now; log in again.";

type Matcher = Pick<Vault, "matches">;

export class LoginGuard {
  readonly #vault: Matcher;
  readonly #throttle: Throttle;
  readonly #login: (password: string) => Promise<LoginOutcome>;
  readonly #turns: LoginTurns;
  #isOver = false;

  constructor(
    vault: Matcher,
    throttle: Throttle,
    login: (password: string) => Promise<LoginOutcome>,
    turns: LoginTurns = new Queue(),
  ) {
    this.#turns = turns;
    this.#vault = vault;
    this.#throttle = throttle;
    this.#login = login;
  }

  /** What stands for a network address in all of this. */
  keyOf(address: string | undefined): string {
    return this.#throttle.keyOf(address);
  }

  /** In words why nothing of theirs is checked now; undefined when it is. */
  refusal(from: string): string | undefined {
    return this.#throttle.refusal(from, Date.now());
  }

  /** Has the owner logged in from there lately? */
  isKnown(from: string): boolean {
    return this.#throttle.isKnown(from, Date.now());
  }

  /** A guess that was checked elsewhere (SCRAM, a token) was wrong. */
  failed(from: string): void {
    this.#throttle.failed(from, Date.now());
  }

  succeeded(from: string): void {
    this.#throttle.succeeded(from, Date.now());
  }

  /** FORGET-2: nobody gets in any more, those neither who are waiting for an answer. */
  leave(): void {
    this.#isOver = true;
  }

  /**
   * Is this the account's password? The words are for the client and hold no secret.
   * @param from whose guess it is (keyOf); the settings' own password is nobody's guess
   */
  async check(password: string, from?: string): Promise<PasswordVerdict> {
    if (this.#isOver) return later(FORGOTTEN);
    const refusal = from === undefined ? undefined : this.refusal(from);
    if (refusal !== undefined) return later(refusal);
    // Nobody has such a password (RFC 4013), and what is said of it must not depend on the account's server.
    if ((saslprep(password) ?? "") === "") {
      this.#refused(from);
      return { ok: false, condition: "not-authorized", text: PASSWORD_REFUSED };
    }
    // Ahead of the queue: strangers' attempts must not keep the owner waiting.
    if (await this.#vault.matches(password)) return this.#accepted(from);
    const verdict = this.#turns.take(() => this.#ask(password, from));
    if (verdict) return await verdict;
    this.#refused(from);
    return later("Too many logins at once; try again in a moment.");
  }

  async #ask(password: string, from: string | undefined): Promise<PasswordVerdict> {
    if (await this.#vault.matches(password)) return this.#accepted(from);
    if (this.#isOver) return later(FORGOTTEN);
    const refusal = from === undefined ? undefined : this.#throttle.serverRefusal(from, Date.now());
    if (refusal !== undefined) {
      this.#refused(from);
      return later(refusal);
    }
    const outcome = await this.#login(password);
    if (outcome.ok) return this.#accepted(from);
    const { kind, condition, text } = outcome.failure;
    if (kind !== "credentials") return later(text);
    this.#refused(from);
    return condition === "account-disabled"
      ? { ok: false, condition, text }
      : { ok: false, condition: "not-authorized", text: PASSWORD_REFUSED };
  }

  #accepted(from: string | undefined): PasswordVerdict {
    if (this.#isOver) return later(FORGOTTEN);
    if (from !== undefined) this.succeeded(from);
    return { ok: true };
  }

  #refused(from: string | undefined): void {
    if (from !== undefined && !this.#isOver) this.failed(from);
  }
}

function later(text: string): PasswordVerdict {
  return { ok: false, condition: "temporary-auth-failure", text };
}
