/** Whether an alarm that should come again and again has stopped coming. Pure. */

/** An alarm may be late by a minute (the platform's documentation); later it is not to be waited for. */
const LATE_MS = 90_000;
/** Nobody here sets an alarm further ahead than this. */
const AHEAD_MS = 600_000;

/** `alarmAtMs` as the platform's getAlarm() has it: null when none is set, or while it runs. */
export function isStuck(alarmAtMs: number | null, nowMs: number): boolean {
  return alarmAtMs === null || alarmAtMs < nowMs - LATE_MS || alarmAtMs > nowMs + AHEAD_MS;
}
