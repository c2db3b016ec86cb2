// COST-3: which frames have a turn together.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FrameTurns } from "../../../../durable/clients/frame-turns.ts";

/** The turns so far, each as what was in its frames. */
function begin(): { turns: string[][]; frames: FrameTurns<string>; come: (...data: string[]) => void } {
  const turns: string[][] = [];
  const frames = new FrameTurns<string>((taken) =>
    turns.push(taken.map(({ data }) => (typeof data === "string" ? data : ""))),
  );
  const come = (...data: string[]): void => {
    for (const one of data) frames.add({ ws: "socket", data: one });
  };
  return { turns, frames, come };
}

describe("COST-3 clients' frames", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("COST-3 one that comes alone is not made to wait", () => {
    const { turns, come } = begin();
    come("a");
    expect(turns).toEqual([["a"]]);
    vi.runAllTimers();
    come("b");
    expect(turns).toEqual([["a"], ["b"]]);
  });

  it("COST-3 those right behind another have one turn, in order, and so do those behind them", () => {
    const { turns, come } = begin();
    come("a", "b", "c");
    expect(turns).toEqual([["a"]]);
    vi.runOnlyPendingTimers();
    expect(turns).toEqual([["a"], ["b", "c"]]);
    come("d", "e");
    expect(turns).toHaveLength(2);
    vi.runAllTimers();
    expect(turns).toEqual([["a"], ["b", "c"], ["d", "e"]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("COST-3 what was sent before the end of a socket comes before it", () => {
    const { turns, frames, come } = begin();
    come("a", "b");
    frames.flush();
    expect(turns).toEqual([["a"], ["b"]]);
    frames.flush();
    vi.runAllTimers();
    expect(turns).toHaveLength(2);
  });

  it("COST-3 no more than 256 KiB wait", () => {
    const { turns, come } = begin();
    const large = "x".repeat(100_000);
    come("a", large, large);
    expect(turns).toHaveLength(1);
    come(large);
    expect(turns[1]).toHaveLength(3);
  });
});
