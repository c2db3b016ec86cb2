/**
 * /accounts/{bare JID}/…: leads the owner's requests to the account's object, which knows the password. Refuses by itself
 * what no object is to see.
 */
import { ACCOUNT_HEADER, DEVICE_HEADER, LOOPBACK_HEADER, SECURE_HEADER } from "../durable/account-object.ts";
import { isAllowed, readConfig } from "../durable/config.ts";
import type { Env } from "../durable/env.ts";
import { refuseStranger, unauthorized } from "../durable/owner/access.ts";
import { ownerError } from "../durable/owner/response.ts";
import { formatJid, isBare, parseJid } from "../xmpp/jid.ts";
import { isLoopback } from "./loopback.ts";
import { addressOf, isWithinRate, setAddress } from "./rate-limit.ts";
import { decoyGuards } from "./strangers.ts";

/** `account` as it stands in the path, decoded. */
export async function askOwner(request: Request, env: Env, account: string): Promise<Response> {
  const { hostname, protocol } = new URL(request.url);
  const loopback = isLoopback(hostname);
  // LOGIN-3 for this way in. What was sent is out already, but it must not be what works.
  if (!loopback && protocol !== "https:") return ownerError(403, "This is only to be had over HTTPS.");
  if (!loopback && !(await isWithinRate(env, request))) {
    return ownerError(429, "Too many requests from this address; try again in a minute.", {
      "Retry-After": "60",
    });
  }
  const result = readConfig(env);
  if (!result.ok) return ownerError(500, `The proxy is misconfigured. ${result.problems.join(". ")}.`);
  const jid = parseJid(account);
  if (!jid || jid.local === "" || !isBare(jid)) return unauthorized();
  const bareJid = formatJid(jid);
  if (!isAllowed(result.config, bareJid, loopback)) {
    return await refuseStranger(request, bareJid, { guards: decoyGuards, address: addressOf(request) });
  }
  const headers = new Headers(request.headers);
  // A question is never a client: those come by connect-client.ts, which looks at them first.
  for (const name of ["Upgrade", SECURE_HEADER, DEVICE_HEADER]) headers.delete(name);
  headers.set(ACCOUNT_HEADER, bareJid);
  setAddress(headers, request);
  headers.set(LOOPBACK_HEADER, loopback ? "1" : "0");
  return env.ACCOUNT.getByName(bareJid).fetch(new Request(request, { headers }));
}
