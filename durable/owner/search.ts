/** SEARCH over HTTP: GET search?q=…, with what narrows it. */
import * as v from "valibot";
import { readSearch } from "../../bouncer/search/asking.ts";
import type { OwnerFacts } from "./owner-facts.ts";
import { ownerError, ownerJson } from "./response.ts";

const text = v.optional(v.pipe(v.string(), v.maxLength(4_096), v.trim()), "");
const parametersSchema = v.strictObject({
  q: text,
  with: text,
  since: text,
  until: text,
  before: v.optional(v.pipe(v.string(), v.regex(/^-?\d{1,15}$/), v.transform(Number)), undefined),
  count: v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,3}$/), v.transform(Number), v.minValue(1), v.maxValue(100)),
    "50",
  ),
});

export function answerSearch(facts: Pick<OwnerFacts, "search">, request: Request): Response {
  const given = v.safeParse(parametersSchema, Object.fromEntries(new URL(request.url).searchParams));
  if (!given.success) return ownerError(400, "q, with, since, until, before and count can be asked for.");
  const { q, before, count, ...asking } = given.output;
  const read = readSearch({ words: q, ...asking }, (stamp) => Date.parse(stamp));
  if (!read.ok) return ownerError(400, read.text);
  const result = facts.search({ ...read.value, before: before ?? Number.POSITIVE_INFINITY, count });
  return ownerJson({
    hits: result.hits.map(({ seq, atMs, sent, peer, nick, excerpt }) => ({
      seq,
      at: new Date(atMs).toISOString(),
      with: peer,
      direction: sent ? "sent" : "received",
      ...(nick !== undefined && { nick }),
      excerpt,
    })),
    ...(result.next !== undefined && { next: result.next }),
    encrypted: result.sealed,
  });
}
