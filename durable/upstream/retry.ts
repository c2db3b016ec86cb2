/**
 * UP-7, UP-14: when to try again, by how it went before. Pure: time and randomness are given. It neither waits nor connects.
 */
import { backoffMs } from "../../bouncer/backoff.ts";
import type { Pace } from "./stream-error-policy.ts";

/** UP-7: one second doubling to a minute. */
const STEPS = { firstMs: 1_000, longestMs: 60_000 };
/** A session that lasted this long was a success. */
const STABLE_MS = 60_000;
/** So many shorter ones in a row may be bad luck. */
const FORGIVEN_SESSIONS = 5;
/** The step from which a slow pace goes on: half a minute. */
const SLOW_STEP = 5;
const RARELY_MS = 900_000;
/** A session that nobody has taken from us for so long was ours. */
const UNCONTESTED_MS = 600_000;
/** By how many steps each further conflict in a row makes us wait longer. */
const CONFLICT_STEPS = 2;
/** So many conflicts in a row are no accident: somebody will not give way, so we do. */
const FIGHT = 5;

export interface Ending {
  pace: Pace;
  /** Somebody has taken our place. */
  contested: boolean;
}

/** An ending of which nothing is known. */
export const USUAL_ENDING: Ending = { pace: "backoff", contested: false };

export class Retry {
  #attempts = 0;
  #shortSessions = 0;
  #conflicts = 0;
  #establishedAtMs: number | undefined;

  /** There is a session. */
  established(nowMs: number): void {
    this.#attempts = 0;
    this.#establishedAtMs = nowMs;
  }

  /**
   * A session was lost, or an attempt has failed: the next one is due after `delayMs`. `giveWay` when somebody has taken our
   * place again: it is to be with another resource.
   */
  failed(
    nowMs: number,
    random: number,
    { pace, contested }: Ending = USUAL_ENDING,
  ): { delayMs: number; giveWay: boolean } {
    this.#endSession(nowMs, contested);
    if (contested) this.#conflicts += 1;
    const jitter = 0.5 + random / 2;
    const delayMs = this.#delayMs(pace, random, jitter);
    this.#attempts += 1;
    return { delayMs, giveWay: contested && this.#conflicts > 1 };
  }

  #delayMs(pace: Pace, random: number, jitter: number): number {
    const isFight = this.#conflicts >= FIGHT;
    if (pace === "rarely" || isFight) return Math.round(RARELY_MS * jitter);
    if (pace === "at-once" && this.#attempts === 0 && this.#shortSessions <= 1) return 0;
    // A server that ends us again and again as soon as we are in must not be tried every second.
    const penalty = Math.max(0, this.#shortSessions - FORGIVEN_SESSIONS);
    const conflicts = Math.max(0, this.#conflicts - 1) * CONFLICT_STEPS;
    const first = pace === "slowly" ? SLOW_STEP : 0;
    return backoffMs(first + this.#attempts + penalty + conflicts, random, STEPS);
  }

  #endSession(nowMs: number, contested: boolean): void {
    if (this.#establishedAtMs === undefined) return;
    const lastedMs = nowMs - this.#establishedAtMs;
    this.#establishedAtMs = undefined;
    this.#shortSessions = lastedMs > STABLE_MS ? 0 : this.#shortSessions + 1;
    // Conflicts in a row: ended by nothing else, and none of them after a long time of peace.
    if (!contested || lastedMs > UNCONTESTED_MS) this.#conflicts = 0;
  }
}
