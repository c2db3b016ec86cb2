/** The settings of the log: how much is kept, and what a new device is told of the past. Pure. */
import * as v from "valibot";
import type { NewDeviceWindow } from "../bouncer/log/catch-up.ts";

export interface LogRetention {
  /** Older messages are deleted; undefined: none for their age. */
  days: number | undefined;
  /** While the account's database is larger, the oldest messages are deleted. */
  megabytes: number;
}

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = "365";
const DEFAULT_MEGABYTES = "1000";
const DEFAULT_WINDOW = "3 days, 200 messages";
/** An object's database holds 10 GB; the log leaves room for the rest. */
const MAX_MEGABYTES = 9_000;

/** Days; undefined for "forever". */
export const logDays = v.pipe(
  withDefault(DEFAULT_DAYS),
  v.check(
    (text) => text === "forever" || isWhole(text, 1, 36_500),
    'must be a whole number of days, or "forever"',
  ),
  v.transform((text) => (text === "forever" ? undefined : Number(text))),
);

export const logMegabytes = v.pipe(
  withDefault(DEFAULT_MEGABYTES),
  v.check(
    (text) => isWhole(text, 1, MAX_MEGABYTES),
    `must be a whole number of megabytes from 1 to ${MAX_MEGABYTES}`,
  ),
  v.transform(Number),
);

/** "none", "3 days", "200 messages", or both with a comma: whichever is less. */
export const replayNewDevice = v.pipe(
  withDefault(DEFAULT_WINDOW),
  v.rawTransform<string, NewDeviceWindow>(({ dataset, addIssue, NEVER }) => {
    if (dataset.value === "none") return { count: 0, ageMs: 0 };
    const window: NewDeviceWindow = { count: Number.MAX_SAFE_INTEGER, ageMs: Number.MAX_SAFE_INTEGER };
    for (const part of dataset.value.split(",")) {
      const [, number = "", unit] = /^(\d{1,6}) (day|message)s?$/.exec(part.trim()) ?? [];
      if (unit === "day") window.ageMs = Number(number) * DAY_MS;
      else if (unit === "message") window.count = Number(number);
      else {
        addIssue({ message: 'must be like "3 days, 200 messages", one of the two, or "none"' });
        return NEVER;
      }
    }
    return window;
  }),
);

function withDefault(text: string) {
  return v.pipe(
    v.optional(v.string(), ""),
    v.transform((given) => (given.trim() === "" ? text : given.trim())),
  );
}

function isWhole(text: string, min: number, max: number): boolean {
  return /^\d{1,6}$/.test(text) && Number(text) >= min && Number(text) <= max;
}
