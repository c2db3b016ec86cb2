// UP-7, UP-14: when the next attempt is due, by how the ones before it ended.

import { describe, expect, it } from "vitest";
import { type Ending, Retry } from "../../../../durable/upstream/retry.ts";

const T = 1_000_000;
const MINUTE = 60_000;
const CONFLICT: Ending = { pace: "backoff", contested: true };
const pace = (name: Ending["pace"]): Ending => ({ pace: name, contested: false });

/** Ends sessions of this length in this way, one after the other; says how long each wait is, without its jitter. */
function sessions(retry: Retry, count: number, lastedMs: number, ending?: Ending): number[] {
  return Array.from({ length: count }, () => {
    retry.established(T);
    return retry.failed(T + lastedMs, 1, ending).delayMs;
  });
}

/** The same without a session in between. */
function attempts(retry: Retry, count: number, ending?: Ending): number[] {
  return Array.from({ length: count }, () => retry.failed(T, 1, ending).delayMs);
}

describe("UP-7 tries again", () => {
  it("UP-7 after one second doubling to a minute", () => {
    expect(attempts(new Retry(), 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((s) => s * 1_000));
  });

  it("UP-7 a session begins that anew", () => {
    const retry = new Retry();
    attempts(retry, 5);
    expect(sessions(retry, 1, 2 * MINUTE)).toEqual([1_000]);
  });

  it("UP-7 after five short sessions in a row each further one adds a step; a long one forgives them", () => {
    const retry = new Retry();
    expect(sessions(retry, 8, 1_000)).toEqual([1, 1, 1, 1, 1, 2, 4, 8].map((s) => s * 1_000));
    expect(sessions(retry, 2, 2 * MINUTE)).toEqual([1_000, 1_000]);
  });
});

describe("UP-14 paces of stream errors", () => {
  it("UP-14 at once, but not again and again", () => {
    const retry = new Retry();
    expect(sessions(retry, 2, 2 * MINUTE, pace("at-once"))).toEqual([0, 0]);
    expect(sessions(retry, 3, 1_000, pace("at-once"))).toEqual([0, 1_000, 1_000]);
    expect(attempts(new Retry(), 3, pace("at-once"))).toEqual([0, 2_000, 4_000]);
  });

  it("UP-14 slowly: half a minute, then a minute", () => {
    expect(attempts(new Retry(), 3, pace("slowly"))).toEqual([32_000, 60_000, 60_000]);
  });

  it("UP-14 rarely: a quarter of an hour, or half of that", () => {
    expect(attempts(new Retry(), 2, pace("rarely"))).toEqual([900_000, 900_000]);
    expect(new Retry().failed(T, 0, pace("rarely")).delayMs).toBe(450_000);
  });
});

describe("UP-14 conflicts", () => {
  it("UP-14 the first one is followed by an attempt like any other, for the same resource", () => {
    const retry = new Retry();
    retry.established(T);
    expect(retry.failed(T + 1_000, 1, CONFLICT)).toEqual({ delayMs: 1_000, giveWay: false });
  });

  it("UP-14 in a row: another resource, later each time, and at last a quarter of an hour", () => {
    const retry = new Retry();
    const endings = Array.from({ length: 6 }, () => {
      retry.established(T);
      return retry.failed(T + 2 * MINUTE, 1, CONFLICT);
    });
    expect(endings.map(({ giveWay }) => giveWay)).toEqual([false, true, true, true, true, true]);
    expect(endings.map(({ delayMs }) => delayMs / 1_000)).toEqual([1, 4, 16, 60, 900, 900]);
  });

  it.each<[string, number, Ending | undefined]>([
    ["a session that ended otherwise", 2 * MINUTE, undefined],
    ["a session that nobody wanted for ten minutes", 11 * MINUTE, CONFLICT],
  ])("UP-14 %s ends the row", (_what, lastedMs, ending) => {
    const retry = new Retry();
    sessions(retry, 4, 2 * MINUTE, CONFLICT);
    sessions(retry, 1, lastedMs, ending);
    retry.established(T);
    const next = retry.failed(T + 2 * MINUTE, 1, CONFLICT);
    expect(next.giveWay).toBe(ending !== undefined);
    expect(next.delayMs).toBe(ending === undefined ? 1_000 : 4_000);
  });

  it("UP-14 two installations that want the same do not fight for ever: each waits longer, with a name of its own", () => {
    // Each session of the one ends that of the other; a day of that, at the pace that they set themselves.
    const [left, right] = [new Retry(), new Retry()];
    let nowMs = T;
    let fights = 0;
    for (let turn = 0; nowMs < T + 86_400_000; turn += 1) {
      const [winner, loser] = turn % 2 === 0 ? [left, right] : [right, left];
      winner.established(nowMs);
      nowMs += loser.failed(nowMs, 0, CONFLICT).delayMs;
      fights += 1;
    }
    expect(fights).toBeLessThan(86_400_000 / 450_000 + 12);
  });
});
