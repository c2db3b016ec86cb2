/** How long to wait before the next attempt: doubling from one second to a minute, with jitter against herds. */
const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** `attempt` counts from 0; `random` is in [0, 1). Milliseconds, between half and all of the step. */
export function backoffMs(attempt: number, random: number): number {
  const step = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(step * (0.5 + random / 2));
}
