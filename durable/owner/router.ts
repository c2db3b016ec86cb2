/**
 * The owner's HTTP interface, below /accounts/{bare JID}/: one table of what can be asked. To add to it, write a function
 * that answers and name it here; who asks has been checked by then.
 */
import type { OwnerFacts } from "./owner-facts.ts";
import { ownerError, ownerJson } from "./response.ts";
import { forgetAccount } from "./forget.ts";
import { deleteLog, getLog } from "./log-requests.ts";
import { answerSearch } from "./search.ts";
import { answerTrace } from "./trace-lines.ts";

type OwnerRoute = (facts: OwnerFacts, request: Request) => Response | Promise<Response>;

/** By path, then by method. */
const ROUTES: Readonly<Record<string, Readonly<Record<string, OwnerRoute>>>> = {
  "": { DELETE: forgetAccount },
  status: { GET: (facts) => ownerJson(facts.status()) },
  log: { GET: getLog, POST: (facts, request) => facts.importLog(request.body), DELETE: deleteLog },
  search: { GET: answerSearch },
  trace: { GET: answerTrace },
};

/** Answers a request of the owner; `path` is what follows the account's name. */
export async function routeOwner(path: string, request: Request, facts: OwnerFacts): Promise<Response> {
  const methods = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  if (!methods) return ownerError(404, "There is nothing at this address.");
  const route = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
  if (!route) return ownerError(405, "This cannot be done here.", { Allow: Object.keys(methods).join(", ") });
  // OWNER-4: a browser that still knows the password must not be made to act for another site.
  const site = request.headers.get("Sec-Fetch-Site");
  if (site !== null && site !== "same-origin" && site !== "none") {
    return ownerError(403, "Another site may not ask for this.");
  }
  return await route(facts, request);
}
