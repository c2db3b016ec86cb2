// OWNER-6: what is remembered of the session over the lives of many processes, and how seldom it is written.

import { describe, expect, it } from "vitest";
import { History } from "../../../../durable/owner/history.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A table that counts what is written to it. */
function table(): {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
  writes: number;
} {
  const rows = new Map<string, string>();
  return {
    writes: 0,
    get: (name) => rows.get(name),
    set(name, value) {
      this.writes += 1;
      rows.set(name, value);
    },
  };
}

describe("OWNER-6 the history", () => {
  it("OWNER-6 an account is online since it was bound, whatever becomes of our process", () => {
    const settings = table();
    new History(settings).bound(1_000);
    const later = new History(settings);
    later.resumed(50_000);
    expect(later.onlineSinceMs).toBe(1_000);
    expect(later.events.map(({ what }) => what)).toEqual(["bound"]);
    expect(settings.writes).toBe(1);
  });

  it("OWNER-6 an outage begins when the session was lost and ends with the next one", () => {
    const settings = table();
    const history = new History(settings);
    history.bound(1_000);
    history.lost("The server hung up.", 5_000);
    history.lost("The server could not be reached.", 6_000);
    expect(history.onlineSinceMs).toBeUndefined();
    expect(new History(settings).offlineSinceMs).toBe(5_000);
    history.resumed(9_000);
    expect(history).toMatchObject({ onlineSinceMs: 9_000, offlineSinceMs: undefined });
    expect(new History(settings).events).toEqual([
      { atMs: 1_000, what: "bound", times: 1, lastMs: 1_000 },
      { atMs: 5_000, what: "lost", text: "The server hung up.", times: 1, lastMs: 5_000 },
      { atMs: 6_000, what: "lost", text: "The server could not be reached.", times: 1, lastMs: 6_000 },
      { atMs: 9_000, what: "resumed", times: 1, lastMs: 9_000 },
    ]);
  });

  it("OWNER-6 the same failure all day long is one event, and six writes an hour", () => {
    const settings = table();
    const history = new History(settings);
    for (let nowMs = DAY; nowMs < 2 * DAY; nowMs += MINUTE) history.lost("Refused.", nowMs);
    expect(history.events).toEqual([
      { atMs: DAY, what: "lost", text: "Refused.", times: 1440, lastMs: 2 * DAY - MINUTE },
    ]);
    expect(settings.writes).toBe(24 * 6);
  });

  it("OWNER-6 keeps the last twenty events, and a text's beginning", () => {
    const settings = table();
    const history = new History(settings);
    for (let count = 0; count < 100; count += 1) history.lost(`${count} ${"x".repeat(9_000)}`, count);
    expect(history.events).toHaveLength(20);
    expect(history.events.at(-1)?.text?.slice(0, 3)).toBe("99 ");
    expect(settings.get("history")?.length).toBeLessThan(15_000);
  });

  it.each(["", "{", "[]", `{"events":[{"what":"eaten"}]}`])("OWNER-6 begins anew over %j", (text) => {
    const settings = table();
    settings.set("history", text);
    expect(new History(settings).events).toEqual([]);
  });

  it("OWNER-6 a refusal and a rescue are events", () => {
    const history = new History(table());
    history.refused("not-authorized", 1);
    history.rescued(2);
    expect(history.events.map(({ what }) => what)).toEqual(["refused", "rescued"]);
    expect(history.offlineSinceMs).toBe(1);
  });
});
