/** How long to wait before the next attempt: doubling up to a limit, with jitter against herds. */

interface Steps {
  firstMs: number;
  longestMs: number;
}

/** `attempt` counts from 0; `random` is in [0, 1). Milliseconds, between half and all of the step. */
export function backoffMs(attempt: number, random: number, { firstMs, longestMs }: Steps): number {
  const step = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 16));
  return Math.round(step * (0.5 + random / 2));
}
