/** What a client asks for of a room's history (XEP-0045 section 7.2.14), read, and applied to what is kept. */
import type { Element } from "@xmpp/xml";
import { NS } from "../../xmpp/namespaces.ts";

/** Each undefined where the client does not limit it. Plain data. */
export interface HistoryLimits {
  maxchars?: number | undefined;
  maxstanzas?: number | undefined;
  seconds?: number | undefined;
  /** Milliseconds since the epoch. */
  sinceMs?: number | undefined;
}

/** `parse` reads an XEP-0082 timestamp; NaN when it is none. */
export function readLimits(join: Element, parse: (stamp: string) => number): HistoryLimits {
  const { maxchars, maxstanzas, seconds, since } =
    join.getChild("x", NS.muc)?.getChild("history")?.attrs ?? {};
  const sinceMs = parse(since ?? "");
  return {
    maxchars: readCount(maxchars),
    maxstanzas: readCount(maxstanzas),
    seconds: readCount(seconds),
    sinceMs: Number.isNaN(sinceMs) ? undefined : sinceMs,
  };
}

/**
 * The latest of the messages that are within every limit, oldest first. `maxchars` counts "the complete XML stanzas, not
 * just their XML character data" (section 7.2.14).
 */
export function withinLimits<M extends { atMs: number; length: number }>(
  messages: readonly M[],
  limits: HistoryLimits,
  nowMs: number,
): M[] {
  const { maxchars = Infinity, maxstanzas = Infinity } = limits;
  const fromMs = earliestMs(limits, nowMs);
  const chosen: M[] = [];
  let characters = 0;
  for (const message of messages.toReversed()) {
    characters += message.length;
    if (chosen.length >= maxstanzas || characters > maxchars) break;
    if (message.atMs >= fromMs) chosen.push(message);
  }
  return chosen.toReversed();
}

/** Is a message of then still wanted by who has been given its history, within these limits if any? Who counts has enough. */
export function isWanted(limits: HistoryLimits | undefined, atMs: number, nowMs: number): boolean {
  if (limits?.maxstanzas !== undefined || limits?.maxchars !== undefined) return false;
  return atMs >= earliestMs(limits ?? {}, nowMs);
}

/** Does it limit the number of messages or characters, so that it gets the latest ones? */
export function counts({ maxchars, maxstanzas }: HistoryLimits): boolean {
  return maxchars !== undefined || maxstanzas !== undefined;
}

/** What was said before that it does not ask for: milliseconds since the epoch, or -Infinity. */
export function earliestMs({ seconds, sinceMs = -Infinity }: HistoryLimits, nowMs: number): number {
  return Math.max(sinceMs, seconds === undefined ? -Infinity : nowMs - seconds * 1000);
}

function readCount(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
