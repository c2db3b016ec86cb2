// Times in words.

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;

const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [DAY_S, "day"],
  [HOUR_S, "hour"],
  [MINUTE_S, "minute"],
  [1, "second"],
];

/** "3 minutes": the largest unit that is whole. */
function duration(seconds: number): string {
  const [size, name] = UNITS.find(([unit]) => seconds >= unit) ?? [1, "second"];
  return count(Math.floor(seconds / size), name);
}

/** How long ago, or ahead, a moment is. */
export function ago(date: Date): string {
  const seconds = Math.round((Date.now() - date.getTime()) / 1000);
  if (seconds < 0) {
    return `in ${duration(-seconds)}`;
  }
  return seconds < MINUTE_S ? "just now" : `${duration(seconds)} ago`;
}

/** The time of day. */
export function clock(date: Date): string {
  return date.toLocaleTimeString([], { timeStyle: "medium" });
}

/** The time of day, with the date where it is not today's. */
export function moment(date: Date): string {
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday
    ? date.toLocaleTimeString([], { timeStyle: "short" })
    : date.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

/** "1 stanza", "2 stanzas". */
export function count(number: number, name: string): string {
  return `${number} ${name}${number === 1 ? "" : "s"}`;
}
