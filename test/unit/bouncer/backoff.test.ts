// UP-7, MUC-11: how long to wait before the next attempt.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs } from "../../../bouncer/backoff.ts";

/** Pinned; fast-check prints it with the failing example. */
const SEED = 20_261_122;
/** UP-7's. */
const STEPS = { firstMs: 1_000, longestMs: 60_000 };

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
    expect(backoffMs(attempt, random, STEPS)).toBe(expected);
  });

  it("UP-7 never below half of the step nor above it, and the steps never shrink", () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat(10_000), random, (attempt, jitter) => {
        const most = backoffMs(attempt, 1, STEPS);
        expect(backoffMs(attempt, jitter, STEPS)).toBeGreaterThanOrEqual(most / 2);
        expect(backoffMs(attempt, jitter, STEPS)).toBeLessThanOrEqual(most);
        expect(backoffMs(attempt + 1, jitter, STEPS)).toBeGreaterThanOrEqual(
          backoffMs(attempt, jitter, STEPS),
        );
        expect(most).toBeLessThanOrEqual(60_000);
      }),
      { seed: SEED },
    );
  });
});
