// COST-4: when what was put off is written.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Postponed } from "../../../../durable/storage/postponed.ts";

/** Whatever is written, in its order. */
function played(): { postponed: Postponed; written: string[]; write: (what: string) => void } {
  const postponed = new Postponed();
  const written: string[] = [];
  const write = (what: string): void => {
    postponed.beforeWrite();
    written.push(what);
  };
  return { postponed, written, write };
}

describe("COST-4 what is put off", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("COST-4 is not written in a turn that writes nothing else, and before the next thing that is", () => {
    const { postponed, written, write } = played();
    postponed.later("count", () => write("count"));
    postponed.endTurn();
    expect(written).toEqual([]);
    write("message");
    expect(written).toEqual(["count", "message"]);
    postponed.endTurn();
    vi.runAllTimers();
    expect(written).toEqual(["count", "message"]);
  });

  it("COST-4 is written at the end of a turn that has written something", () => {
    const { postponed, written, write } = played();
    write("message");
    postponed.later("count", () => write("count"));
    expect(written).toEqual(["message"]);
    postponed.endTurn();
    expect(written).toEqual(["message", "count"]);
    // The next turn is another one.
    postponed.later("count", () => write("count again"));
    postponed.endTurn();
    expect(written).toEqual(["message", "count"]);
  });

  it("COST-4 is written once, as it is last", () => {
    const { postponed, written, write } = played();
    for (const count of [1, 2, 3]) postponed.later("count", () => write(`${count}`));
    postponed.later("other", () => write("other"));
    postponed.save();
    postponed.save();
    expect(written).toEqual(["3", "other"]);
  });

  it("COST-4 is written after a moment without anything else, at the latest after two", () => {
    const { postponed, written, write } = played();
    postponed.later("one", () => write("one"));
    vi.advanceTimersByTime(99);
    expect(written).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(written).toEqual(["one"]);

    postponed.later("two", () => write("two"));
    vi.advanceTimersByTime(98);
    write("message");
    postponed.later("three", () => write("three"));
    vi.advanceTimersByTime(2);
    // It has waited for two milliseconds.
    expect(written).toEqual(["one", "two", "message"]);
    vi.advanceTimersByTime(100);
    expect(written).toEqual(["one", "two", "message", "three"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("COST-4 FORGET-1 is not written when the account was forgotten", () => {
    const { postponed, written, write } = played();
    postponed.later("one", () => write("one"));
    postponed.end();
    postponed.later("two", () => write("two"));
    postponed.save();
    vi.runAllTimers();
    expect(written).toEqual([]);
  });
});
