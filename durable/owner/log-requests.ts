/** DELETE over HTTP: DELETE log, with a conversation or for everything. */
import * as v from "valibot";
import { readPeer } from "../../bouncer/search/asking.ts";
import type { OwnerFacts } from "./owner-facts.ts";
import { ownerError, ownerJson } from "./response.ts";

/** Strict: with a mistake in its name, a limit must not be overlooked. */
const deletionSchema = v.strictObject({ with: v.optional(v.pipe(v.string(), v.maxLength(4_096))) });

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
