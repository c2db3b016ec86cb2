/** Time as the parts that wait take it: given to them, so that tests need not wait themselves. */
import type { Ports } from "../bouncer/ports.ts";

export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Calls back once, after so many milliseconds; what it returns calls that off. */
  after(delayMs: number, callback: () => void): () => void;
}

export const platformClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** As the policy takes it (bouncer/ports.ts). */
export const policyClock: Ports["clock"] = {
  nowMs: () => Date.now(),
  stamp: (atMs) => new Date(atMs).toISOString(),
  parse: (stamp) => Date.parse(stamp),
};
