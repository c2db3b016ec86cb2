// UP-12, UP-13: when a silent server is asked, and when it is given up. No time passes but the one that is said.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Liveness, patienceOf } from "../../../../durable/upstream/liveness.ts";

/** Pinned; fast-check prints it with the failing example. */
const SEED = 20_261_122;
const T = 1_000_000;
const S = 1_000;

function beginning(): Liveness {
  return new Liveness(patienceOf(25), T);
}

describe("UP-12 a silent server", () => {
  it("UP-12 is asked after 25 s and given up after 55 s", () => {
    const liveness = beginning();
    expect(liveness.judge(T, undefined)).toEqual({ type: "wait", untilMs: T + 25 * S });
    expect(liveness.judge(T + 25 * S - 1, undefined)).toEqual({ type: "wait", untilMs: T + 25 * S });
    expect(liveness.judge(T + 25 * S, undefined)).toEqual({ type: "ask" });
    liveness.asked(T + 25 * S);
    expect(liveness.judge(T + 25 * S, undefined)).toEqual({ type: "wait", untilMs: T + 55 * S });
    expect(liveness.judge(T + 55 * S - 1, undefined)).toEqual({ type: "wait", untilMs: T + 55 * S });
    const text = "The server has not answered for 55 s.";
    expect(liveness.judge(T + 55 * S, undefined)).toEqual({ type: "dead", text });
  });

  it("UP-12 any sign of life begins it anew, also in the very millisecond of the question", () => {
    const liveness = beginning();
    liveness.asked(T + 25 * S);
    liveness.heard(T + 25 * S);
    expect(liveness.judge(T + 49 * S, undefined)).toEqual({ type: "wait", untilMs: T + 50 * S });
    expect(liveness.judge(T + 50 * S, undefined)).toEqual({ type: "ask" });
  });

  it("UP-12 is asked before it is given up, however long we slept ourselves", () => {
    const liveness = beginning();
    expect(liveness.judge(T + 3_600 * S, undefined)).toEqual({ type: "ask" });
    liveness.asked(T + 3_600 * S);
    expect(liveness.judge(T + 3_629 * S, undefined)).toMatchObject({ type: "wait" });
    expect(liveness.judge(T + 3_630 * S, undefined)).toMatchObject({ type: "dead" });
  });

  it("UP-12 the setting scales both: asked after 2 s, given up after 4.4 s", () => {
    const liveness = new Liveness(patienceOf(2), T);
    expect(liveness.judge(T + 2 * S, undefined)).toEqual({ type: "ask" });
    liveness.asked(T + 2 * S);
    expect(liveness.judge(T + 4.4 * S - 1, undefined)).toMatchObject({ type: "wait" });
    expect(liveness.judge(T + 4.4 * S, undefined)).toMatchObject({ type: "dead" });
  });

  it("UP-12 whatever comes when: dead only 30 s after a question to which nothing came", () => {
    const event = fc.record({ after: fc.nat(60 * S), heard: fc.boolean() });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const liveness = beginning();
        let nowMs = T;
        let askedAtMs: number | undefined;
        for (const { after, heard } of events) {
          nowMs += after;
          if (heard) {
            liveness.heard(nowMs);
            askedAtMs = undefined;
          }
          const verdict = liveness.judge(nowMs, undefined);
          const due = askedAtMs !== undefined && nowMs - askedAtMs >= 30 * S;
          expect(verdict.type === "dead").toBe(due);
          if (verdict.type === "dead") return;
          if (verdict.type === "wait") expect(verdict.untilMs).toBeGreaterThan(nowMs);
          if (verdict.type !== "ask") continue;
          liveness.asked(nowMs);
          askedAtMs = nowMs;
        }
      }),
      { seed: SEED },
    );
  });
});

describe("UP-13 a server that acknowledges nothing", () => {
  it("UP-13 is given up a minute after it was asked, although it talks", () => {
    const liveness = beginning();
    for (let second = 1; second < 70; second += 1) {
      liveness.heard(T + second * S);
      expect(liveness.judge(T + second * S, T + 10 * S).type).toBe("wait");
    }
    expect(liveness.judge(T + 69 * S, T + 10 * S)).toEqual({ type: "wait", untilMs: T + 70 * S });
    expect(liveness.judge(T + 70 * S, T + 10 * S)).toEqual({
      type: "dead",
      text: "The server has acknowledged nothing for 60 s.",
    });
  });
});
