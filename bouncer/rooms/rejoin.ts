/**
 * MUC-11: when to try again to get into a room. One room service may have the rooms of many accounts, and when it starts
 * again all of them come back: chance spreads them. Pure.
 */
import { backoffMs } from "../backoff.ts";

const STEPS = { firstMs: 5_000, longestMs: 600_000 };
/** The step to begin with where the service itself has said that it goes down. */
export const RESTART_STEP = 1;

/** `failures`: attempts in a row before this one; `random` is in [0, 1). */
export function rejoinDelayMs(failures: number, random: number): number {
  return backoffMs(failures, random, STEPS);
}
