// UP-7: how long to wait before the next attempt.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs } from "../../../../durable/upstream/backoff.ts";

/** Pinned; fast-check prints it with the failing example. */
const SEED = 20_261_122;

describe("UP-7 one second doubling to a minute, with jitter", () => {
  it.each([
    [0, 0, 500],
    [0, 0.5, 750],
    [0, 1, 1_000],
    [1, 1, 2_000],
    [5, 1, 32_000],
    [6, 1, 60_000],
    [6, 0, 30_000],
    [1_000_000, 1, 60_000],
  ])("UP-7 attempt %i, random %f: %i ms", (attempt, random, expected) => {
    expect(backoffMs(attempt, random)).toBe(expected);
  });

  it("UP-7 never below half of the step nor above it, and the steps never shrink", () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat(10_000), random, (attempt, jitter) => {
        const most = backoffMs(attempt, 1);
        expect(backoffMs(attempt, jitter)).toBeGreaterThanOrEqual(most / 2);
        expect(backoffMs(attempt, jitter)).toBeLessThanOrEqual(most);
        expect(backoffMs(attempt + 1, jitter)).toBeGreaterThanOrEqual(backoffMs(attempt, jitter));
        expect(most).toBeLessThanOrEqual(60_000);
      }),
      { seed: SEED },
    );
  });
});
