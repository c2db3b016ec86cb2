/**
 * What becomes of a password for an account that is not here (CFG-2, OWNER-8): nothing, in the words and about the time that it takes
 * where there is one and the password is wrong.
 */
import { base64 } from "@scure/base";
import { deriveKeys } from "../credentials/derive-keys.ts";
import type { DecoyGuesses } from "./decoy-guesses.ts";
import { PASSWORD_REFUSED, type PasswordVerdict } from "./login-guard.ts";

/** The work that a guess costs where there is a verifier (vault.ts: 10,000; login-guard.ts looks twice). */
const WORK = { hash: "SHA-256", salt: base64.encode(new Uint8Array(16)), iterations: 20_000 } as const;
/** The account's server is asked then, which takes about this long. */
const ASKING_MS = { least: 200, most: 700 };

interface Guesser {
  /** The bare JID that is guessed at. */
  account: string;
  /** Where the guess comes from; undefined where that is not known. */
  address: string | undefined;
}

/** Never ok. Throws nothing. */
export async function checkAsDecoy(
  guesses: DecoyGuesses,
  { account, address }: Guesser,
  password: string,
): Promise<Extract<PasswordVerdict, { ok: false }>> {
  const refusal = guesses.refusal(account, address, Date.now());
  if (refusal !== undefined) return { ok: false, condition: "temporary-auth-failure", text: refusal };
  // Before anything takes time, or guesses at once would all be the first.
  guesses.failed(account, address, Date.now());
  await deriveKeys(password, WORK);
  const { least, most } = ASKING_MS;
  await scheduler.wait(least + Math.random() * (most - least));
  return { ok: false, condition: "not-authorized", text: PASSWORD_REFUSED };
}
