/** FORGET over HTTP: DELETE of the account itself. */
import { STILL_NAMED } from "../../bouncer/forgetting.ts";
import type { OwnerFacts } from "./owner-facts.ts";
import { ownerError, ownerJson } from "./response.ts";

type Facts = Pick<OwnerFacts, "account" | "isNamed" | "forget">;

export async function forgetAccount(facts: Facts, request: Request): Promise<Response> {
  // Whoever says more may have meant something that is less.
  if (new URL(request.url).search !== "") {
    return ownerError(400, "Nothing can be said here: it is the whole account that is forgotten.");
  }
  await facts.forget();
  return ownerJson({ forgotten: facts.account, ...(facts.isNamed && { note: STILL_NAMED }) });
}
