/**
 * UP-7: when to try again, by how it went before. Pure: time and randomness are given. It neither waits nor connects.
 */
import { backoffMs } from "./backoff.ts";

/** A session that lasted this long was a success. */
const STABLE_MS = 60_000;
/** So many shorter ones in a row may be bad luck. */
const FORGIVEN_SESSIONS = 5;

export class Retry {
  #attempts = 0;
  #shortSessions = 0;
  #establishedAtMs: number | undefined;

  /** There is a session. */
  established(nowMs: number): void {
    this.#attempts = 0;
    this.#establishedAtMs = nowMs;
  }

  /** A session was lost, or an attempt has failed: the next one is due after so many milliseconds. */
  failed(nowMs: number, random: number): number {
    if (this.#establishedAtMs !== undefined) {
      const lasted = nowMs - this.#establishedAtMs > STABLE_MS;
      this.#shortSessions = lasted ? 0 : this.#shortSessions + 1;
      this.#establishedAtMs = undefined;
    }
    // A server that ends us again and again as soon as we are in must not be tried every second.
    const penalty = Math.max(0, this.#shortSessions - FORGIVEN_SESSIONS);
    const delayMs = backoffMs(this.#attempts + penalty, random);
    this.#attempts += 1;
    return delayMs;
  }
}
