/**
 * Who looks at passwords for accounts that are not here (CFG-2, OWNER-8): what looks at them where there is one (login-guard.ts), over
 * a vault in which nothing is and a server that lets nobody in. So everything goes alike: in words, in number, and roughly in time.
 */
import { base64 } from "@scure/base";
import { deriveKeys } from "../credentials/derive-keys.ts";
import { VERIFIER_ITERATIONS } from "../credentials/vault.ts";
import type { LoginOutcome } from "../upstream/dialer.ts";
import { DecoyGuesses } from "./decoy-guesses.ts";
import { LoginGuard } from "./login-guard.ts";

/** The work that a guess costs where there is a verifier. */
const VERIFIER = {
  hash: "SHA-256",
  salt: base64.encode(new Uint8Array(16)),
  iterations: VERIFIER_ITERATIONS,
} as const;
/** The account's server is asked then, which takes about this long. */
const ASKING_MS = { least: 200, most: 700 };
/** The oldest go first; what was guessed is counted on. */
const MAX_GUARDS = 1_000;

const emptyVault = {
  matches: async (password: string): Promise<boolean> => {
    await deriveKeys(password, VERIFIER);
    return false;
  },
};

async function refuse(): Promise<LoginOutcome> {
  const { least, most } = ASKING_MS;
  await scheduler.wait(least + Math.random() * (most - least));
  return { ok: false, failure: { kind: "credentials", condition: "not-authorized", text: "" } };
}

export class DecoyGuards {
  readonly #guesses = new DecoyGuesses();
  readonly #guards = new Map<string, LoginGuard>();

  /** For an account, by its bare JID. */
  of(account: string): LoginGuard {
    const guard =
      this.#guards.get(account) ?? new LoginGuard(emptyVault, this.#guesses.throttleOf(account), refuse);
    this.#guards.delete(account);
    this.#guards.set(account, guard);
    for (const oldest of this.#guards.keys()) {
      if (this.#guards.size <= MAX_GUARDS) break;
      this.#guards.delete(oldest);
    }
    return guard;
  }
}
