/**
 * Wrong guesses at accounts that are not here (CFG-2, OWNER-8): told to stop as where there is one (LOGIN-7). Nothing is stored for
 * them, so this process counts, in memory and within a bound; another counts for itself.
 */
import { ACCOUNT_LIMIT, ADDRESS_LIMIT, type Throttle, tooManyGuesses, WINDOW_MS } from "./login-throttle.ts";

/** The oldest go first. */
const MAX_KEPT = 10_000;
/** Stands for all addresses together: no address is written so. */
const EVERYBODY = "*";

interface Guesses {
  failures: number;
  sinceMs: number;
}

export class DecoyGuesses {
  readonly #kept = new Map<string, Guesses>();

  /** One account's, in the place of what its object keeps (login-throttle.ts). */
  throttleOf(account: string): Throttle {
    const refusal = (from: string, nowMs: number): string | undefined => this.#refusal(account, from, nowMs);
    return {
      keyOf: (address) => address ?? "",
      isKnown: () => false,
      refusal,
      serverRefusal: refusal,
      failed: (from, nowMs) => {
        this.#count(keyOf(account, from), nowMs);
        this.#count(keyOf(account, EVERYBODY), nowMs);
      },
      succeeded: () => undefined,
    };
  }

  /** In words why nothing is checked now from this address; undefined when it is. */
  #refusal(account: string, from: string, nowMs: number): string | undefined {
    const own = this.#fresh(keyOf(account, from), nowMs);
    if (own.failures >= ADDRESS_LIMIT) return tooManyGuesses(own.sinceMs, nowMs);
    const all = this.#fresh(keyOf(account, EVERYBODY), nowMs);
    return all.failures >= ACCOUNT_LIMIT ? tooManyGuesses(all.sinceMs, nowMs) : undefined;
  }

  #count(key: string, nowMs: number): void {
    const { failures, sinceMs } = this.#fresh(key, nowMs);
    this.#kept.delete(key);
    this.#kept.set(key, { failures: failures + 1, sinceMs });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(oldest);
    }
  }

  #fresh(key: string, nowMs: number): Guesses {
    const kept = this.#kept.get(key);
    return kept && kept.sinceMs > nowMs - WINDOW_MS ? kept : { failures: 0, sinceMs: nowMs };
  }
}

function keyOf(account: string, from: string): string {
  return `${account}\0${from}`;
}
