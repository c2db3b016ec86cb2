/** EXPORT and DELETE over HTTP: GET log and DELETE log, of one conversation or of everything. */
import * as v from "valibot";
import { readPeer, readSpan } from "../../bouncer/search/asking.ts";
import type { OwnerFacts } from "./owner-facts.ts";
import { ownerError, ownerJson } from "./response.ts";

const text = v.optional(v.pipe(v.string(), v.maxLength(4_096), v.trim()), "");
const exportSchema = v.strictObject({
  format: v.optional(v.picklist(["jsonl", "text"]), "jsonl"),
  with: text,
  since: text,
  until: text,
});
/** Strict: with a mistake in its name, a limit must not be overlooked. */
const deletionSchema = v.strictObject({ with: v.optional(v.pipe(v.string(), v.maxLength(4_096))) });

export function getLog(facts: Pick<OwnerFacts, "exportLog">, request: Request): Response {
  const given = v.safeParse(exportSchema, Object.fromEntries(new URL(request.url).searchParams));
  if (!given.success) return ownerError(400, "format (jsonl or text), with, since and until can be said.");
  const { format, ...asking } = given.output;
  const span = readSpan(asking, (stamp) => Date.parse(stamp));
  return span.ok ? facts.exportLog(format, span.value) : ownerError(400, span.text);
}

export function deleteLog(facts: Pick<OwnerFacts, "deleteLog">, request: Request): Response {
  const given = v.safeParse(deletionSchema, Object.fromEntries(new URL(request.url).searchParams));
  if (!given.success) return ownerError(400, "Only `with` can be said: the conversation to be deleted.");
  const { with: who } = given.output;
  const peer = who === undefined ? undefined : readPeer(who);
  if (who !== undefined && peer === undefined) {
    return ownerError(400, "That is not the address of a contact or a room.");
  }
  facts.deleteLog(peer);
  return ownerJson({ deleted: peer ?? "everything" });
}
