/**
 * The queue of those whose passwords no server is asked about (CFG-2): each has its time, as asking would take, behind those ahead of it.
 * It goes by the clock alone: in the Worker each guess is of a request of its own, and one that is broken off must not keep the next.
 */
import { type LoginTurns, MAX_WAITING } from "./login-turns.ts";

/** An account's server takes about this long to refuse. */
const ASKING_MS = { least: 200, most: 700 };

export class DecoyTurns implements LoginTurns {
  /** When those are done that wait, in order. */
  #ends: number[] = [];

  take<T>(run: () => Promise<T>): Promise<T> | undefined {
    const nowMs = Date.now();
    this.#ends = this.#ends.filter((endMs) => endMs > nowMs);
    if (this.#ends.length >= MAX_WAITING) return undefined;
    const { least, most } = ASKING_MS;
    const endMs = Math.max(nowMs, this.#ends.at(-1) ?? 0) + least + Math.random() * (most - least);
    this.#ends.push(endMs);
    return scheduler.wait(endMs - nowMs).then(run);
  }
}
