/**
 * The upgrade to XMPP over WebSocket: refuses what must not reach an account's object, and hands the rest to it.
 */
import { ACCOUNT_HEADER, LOOPBACK_HEADER, SECURE_HEADER } from "../durable/account-object.ts";
import { type Config, isAllowed, onlyAccount, readConfig } from "../durable/config.ts";
import type { Env } from "../durable/env.ts";
import { formatJid, isBare, parseJid } from "../xmpp/jid.ts";
import { isAllowedOrigin } from "./allowed-origin.ts";
import { isLoopback } from "./loopback.ts";
import { isWithinRate, setAddress } from "./rate-limit.ts";
import { refuseStream } from "./refuse-stream.ts";

/** RFC 7395 section 3.1: the upgrade. Without a JID it is for the one account that the settings name, if there is one. */
export async function connectClient(
  request: Request,
  env: Env,
  requested: string | undefined,
): Promise<Response> {
  const { headers } = request;
  const url = new URL(request.url);
  const loopback = isLoopback(url.hostname);
  if (headers.get("Upgrade")?.toLowerCase() !== "websocket") {
    return text("This is an XMPP endpoint for WebSocket (RFC 7395).", 426, { Upgrade: "websocket" });
  }
  const protocols = headers.get("Sec-WebSocket-Protocol")?.split(",") ?? [];
  if (!protocols.some((protocol) => protocol.trim() === "xmpp")) {
    return text('The WebSocket subprotocol "xmpp" is required (RFC 7395 section 3.1).', 400);
  }
  if (!loopback && !(await isWithinRate(env, request))) {
    return text("Too many connections from this address; try again in a minute.", 429, {
      "Retry-After": "60",
    });
  }
  const result = readConfig(env);
  if (!result.ok) {
    return refuseStream(
      "internal-server-error",
      `The proxy is misconfigured. ${result.problems.join(". ")}.`,
    );
  }
  if (!isAllowedOrigin(result.config.allowedOrigins, headers.get("Origin"), url.origin)) {
    return text("Pages of this site may not connect here (ALLOWED_ORIGINS).", 403);
  }
  const jid = parseJid(requested ?? onlyAccount(result.config) ?? "");
  if (!jid || jid.local === "" || !isBare(jid)) {
    return text("Say which account: /xmpp-websocket/{bare JID}, percent-encoded.", 400);
  }
  const bareJid = formatJid(jid);
  if (!isAllowed(result.config, bareJid, loopback)) return refuseAccount(result.config, bareJid);
  const forObject = new Headers(headers);
  forObject.set(ACCOUNT_HEADER, bareJid);
  setAddress(forObject, request);
  forObject.set(LOOPBACK_HEADER, loopback ? "1" : "0");
  forObject.set(SECURE_HEADER, loopback || url.protocol === "https:" ? "1" : "0");
  return env.ACCOUNT.getByName(bareJid).fetch(new Request(request, { headers: forObject }));
}

/** CFG-2: said in the stream, since no web client shows the status of a refused upgrade. */
function refuseAccount(config: Config, bareJid: string): Response {
  const nobody = config.allowed.length === 0 && config.accounts.size === 0;
  return refuseStream(
    "not-authorized",
    nobody
      ? "This proxy serves nobody yet: its owner has to name accounts in ALLOWED_ACCOUNTS."
      : `${bareJid} is not among the accounts that this proxy serves (ALLOWED_ACCOUNTS).`,
  );
}

function text(words: string, status: number, headers: Record<string, string> = {}): Response {
  return new Response(words, { status, headers });
}
