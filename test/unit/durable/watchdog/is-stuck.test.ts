// ALIVE-2: when an alarm counts as stuck.

import { describe, expect, it } from "vitest";
import { isStuck } from "../../../../durable/watchdog/is-stuck.ts";

const NOW = 1_767_225_600_000;

describe("ALIVE-2 an alarm", () => {
  it.each<[string, number | null, boolean]>([
    ["that is not set", null, true],
    ["due in 30 s", NOW + 30_000, false],
    ["due now", NOW, false],
    ["late by a minute, as the platform says it may be", NOW - 60_000, false],
    ["late by two minutes", NOW - 120_000, true],
    ["due in a day", NOW + 86_400_000, true],
  ])("ALIVE-2 %s", (_name, alarmAtMs, stuck) => {
    expect(isStuck(alarmAtMs, NOW)).toBe(stuck);
  });
});
