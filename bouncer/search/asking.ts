/** What a person fills in to search the log or a part of it, read into what is asked of it; the same over HTTP and in commands. */
import { formatJid, isBare, parseJid } from "../../xmpp/jid.ts";
import type { SearchQuery } from "./search.ts";
import { readQuery } from "./words.ts";

/** As it was filled in; what is empty is not limited. */
interface Asking {
  words: string;
  with: string;
  since: string;
  until: string;
}

/** A part of the log: a conversation, a span of time. */
export type LogSpan = Pick<SearchQuery, "peer" | "sinceMs" | "untilMs">;

type Read<T> = { ok: true; value: T } | { ok: false; text: string };

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

/** `parse` reads a timestamp (XEP-0082). */
export function readSearch(
  asking: Asking,
  parse: (stamp: string) => number,
): Read<Omit<SearchQuery, "before" | "count">> {
  const terms = readQuery(asking.words);
  if (!terms) return { ok: false, text: "Say at least one word to look for." };
  const span = readSpan(asking, parse);
  return span.ok ? { ok: true, value: { terms, ...span.value } } : span;
}

export function readSpan(
  asking: Pick<Asking, "with" | "since" | "until">,
  parse: (stamp: string) => number,
): Read<LogSpan> {
  const peer = asking.with === "" ? undefined : readPeer(asking.with);
  if (asking.with !== "" && peer === undefined) {
    return { ok: false, text: "That is not the address of a contact or a room." };
  }
  const sinceMs = asking.since === "" ? Number.NEGATIVE_INFINITY : parse(asking.since);
  // A day is meant as a whole.
  const untilMs =
    asking.until === ""
      ? Number.POSITIVE_INFINITY
      : parse(asking.until) + (DAY.test(asking.until) ? DAY_MS - 1 : 0);
  if (Number.isNaN(sinceMs) || Number.isNaN(untilMs)) {
    return { ok: false, text: "A time is written as 2026-01-31 or 2026-01-31T12:00:00Z." };
  }
  return { ok: true, value: { peer, sinceMs, untilMs } };
}

/** A conversation is with a bare JID; undefined for anything else. */
export function readPeer(text: string): string | undefined {
  const jid = parseJid(text.trim());
  return jid && isBare(jid) ? formatJid(jid) : undefined;
}
