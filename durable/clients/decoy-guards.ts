/**
 * Who looks at passwords for accounts that are not here (CFG-2, OWNER-8): what looks at them where there is one (login-guard.ts), over
 * a vault in which nothing is and a server that lets nobody in. So everything goes alike: in words, in number, and roughly in time.
 */
import { base64 } from "@scure/base";
import { deriveKeys } from "../credentials/derive-keys.ts";
import { VERIFIER_ITERATIONS } from "../credentials/vault.ts";
import type { LoginOutcome } from "../upstream/dialer.ts";
import { DecoyGuesses } from "./decoy-guesses.ts";
import { DecoyTurns } from "./decoy-turns.ts";
import { LoginGuard } from "./login-guard.ts";

/** The work that a guess costs where there is a verifier. */
const VERIFIER = {
  hash: "SHA-256",
  salt: base64.encode(new Uint8Array(16)),
  iterations: VERIFIER_ITERATIONS,
} as const;
/** The oldest go first; what was guessed is counted on. */
const MAX_GUARDS = 1_000;

const emptyVault = {
  matches: async (password: string): Promise<boolean> => {
    await deriveKeys(password, VERIFIER);
    return false;
  },
};

/** It has taken its time by then (decoy-turns.ts). */
const refuse = async (): Promise<LoginOutcome> =>
  await Promise.resolve({
    ok: false,
    failure: { kind: "credentials", condition: "not-authorized", text: "" },
  });

export class DecoyGuards {
  readonly #guesses = new DecoyGuesses();
  readonly #guards = new Map<string, LoginGuard>();

  /** For an account, by its bare JID. */
  of(account: string): LoginGuard {
    const guard =
      this.#guards.get(account) ??
      new LoginGuard(emptyVault, this.#guesses.throttleOf(account), refuse, new DecoyTurns());
    this.#guards.delete(account);
    this.#guards.set(account, guard);
    for (const oldest of this.#guards.keys()) {
      if (this.#guards.size <= MAX_GUARDS) break;
      this.#guards.delete(oldest);
    }
    return guard;
  }
}
