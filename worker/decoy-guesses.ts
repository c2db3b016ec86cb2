/**
 * Wrong guesses at accounts that are not served (CFG-2): told to stop as where there is an account (LOGIN-7). No object is made for
 * it, so this isolate counts: in memory, and bounded. Another isolate counts for itself; a person meets one.
 */
import { ADDRESS_LIMIT, tooManyGuesses, WINDOW_MS } from "../durable/clients/login-throttle.ts";

/** The oldest go first. */
const MAX_KEPT = 10_000;

interface Guesses {
  failures: number;
  sinceMs: number;
}

export class DecoyGuesses {
  readonly #kept = new Map<string, Guesses>();

  /** In words why nothing is checked now from this address; undefined when it is. */
  refusal(account: string, address: string | undefined, nowMs: number): string | undefined {
    const guesses = this.#fresh(keyOf(account, address), nowMs);
    return guesses.failures >= ADDRESS_LIMIT ? tooManyGuesses(guesses.sinceMs, nowMs) : undefined;
  }

  failed(account: string, address: string | undefined, nowMs: number): void {
    const key = keyOf(account, address);
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

function keyOf(account: string, address: string | undefined): string {
  return `${account}\0${address ?? ""}`;
}
