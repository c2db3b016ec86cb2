/**
 * Which passwords get in: what the server last accepted, else what it accepts now. One check at a time, and not too many
 * wrong ones, so that nobody guesses passwords through us.
 */
import type { SaslRefusal } from "../../xmpp/receiving/state.ts";
import type { Vault } from "../credentials/vault.ts";
import type { LoginOutcome } from "../upstream/dialer.ts";

export type PasswordVerdict = { ok: true } | { ok: false; condition: SaslRefusal; text?: string };

const MAX_REFUSALS = 10;
/** More than these are not kept waiting for the server's word. */
const MAX_WAITING = 8;
const WINDOW_MS = 600_000;

export class LoginGuard {
  readonly #vault: Vault;
  readonly #login: (password: string) => Promise<LoginOutcome>;
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** When the server refused a password lately. */
  #refusals: number[] = [];

  constructor(vault: Vault, login: (password: string) => Promise<LoginOutcome>) {
    this.#vault = vault;
    this.#login = login;
  }

  /** Is this the account's password? The words are for the client and hold no secret. */
  async check(password: string): Promise<PasswordVerdict> {
    // Ahead of the queue: strangers' attempts must not keep the owner waiting.
    if (await this.#vault.matches(password)) return { ok: true };
    if (this.#waiting >= MAX_WAITING) {
      const text = "Too many logins at once; try again in a moment.";
      return { ok: false, condition: "temporary-auth-failure", text };
    }
    this.#waiting += 1;
    const verdict = this.#queue.then(() => this.#check(password));
    this.#queue = verdict.catch(() => undefined);
    try {
      return await verdict;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #check(password: string): Promise<PasswordVerdict> {
    if (await this.#vault.matches(password)) return { ok: true };
    const nowMs = Date.now();
    this.#refusals = this.#refusals.filter((atMs) => atMs > nowMs - WINDOW_MS);
    if (this.#refusals.length >= MAX_REFUSALS) {
      const text = "Too many wrong passwords; try again in ten minutes.";
      return { ok: false, condition: "temporary-auth-failure", text };
    }
    const outcome = await this.#login(password);
    if (outcome.ok) return { ok: true };
    const { kind, condition, text } = outcome.failure;
    if (kind !== "credentials") return { ok: false, condition: "temporary-auth-failure", text };
    this.#refusals.push(nowMs);
    return condition === "account-disabled"
      ? { ok: false, condition, text }
      : { ok: false, condition: "not-authorized", text: "The account's server refused this password." };
  }
}
