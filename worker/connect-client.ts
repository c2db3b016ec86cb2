/**
 * The upgrade to XMPP over WebSocket: refuses what must not reach an account's object, and hands the rest to it.
 */
import { ACCOUNT_HEADER, DEVICE_HEADER, LOOPBACK_HEADER, SECURE_HEADER } from "../durable/account-object.ts";
import {
  type Config,
  isAllowed,
  namedAccounts,
  onlyAccount,
  readConfig,
  servesAnybody,
} from "../durable/config.ts";
import type { Env } from "../durable/env.ts";
import { REGISTRY_NAME } from "../durable/watchdog/registry-object.ts";
import { formatJid, isBare, type Jid, parseJid } from "../xmpp/jid.ts";
import { isAllowedOrigin } from "./allowed-origin.ts";
import { openDecoy } from "./decoy.ts";
import { frontContext } from "./front/front-context.ts";
import { openFront } from "./front/front.ts";
import { isLoopback } from "./loopback.ts";
import { addressOf, isWithinRate, setAddress } from "./rate-limit.ts";
import { refuseStream } from "./refuse-stream.ts";

/** ID-2: what a URL may call a device. */
const DEVICE_NAME = /^[\w.:@+-]{1,128}$/;

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
  const { config } = result;
  const account = requested ?? onlyAccount(config);
  const asked = { request, env, config, loopback };
  if (account === undefined && servesAnybody(config, loopback)) return await openFrontOf(asked);
  const jid = parseJid(account ?? "");
  if (!jid || jid.local === "" || !isBare(jid)) {
    return text("Say which account: /xmpp-websocket/{bare JID}, percent-encoded.", 400);
  }
  return await connectToAccount(asked, jid);
}

interface Asked {
  request: Request;
  env: Env;
  config: Config;
  loopback: boolean;
}

/** EDGE-4: whose stream it is, the client has yet to say. */
async function openFrontOf(asked: Asked): Promise<Response> {
  const { env, config } = asked;
  const named = namedAccounts(config);
  const loggedIn = new Set(await env.REGISTRY.getByName(REGISTRY_NAME).registered(named));
  return openFront(
    {
      context: (domain) => frontContext(domain, { config, named, loggedIn, secure: isSecure(asked) }),
      connect: async (jid) => {
        const { webSocket } = await connectToAccount(asked, jid);
        if (!webSocket) throw new Error("The account's object took no WebSocket");
        return webSocket;
      },
    },
    addressOf(asked.request),
  );
}

async function connectToAccount(asked: Asked, jid: Jid): Promise<Response> {
  const { request, env, config, loopback } = asked;
  const bareJid = formatJid(jid);
  if (!isAllowed(config, bareJid, loopback)) return refuseAccount(asked, jid);
  const headers = new Headers(request.headers);
  headers.set(ACCOUNT_HEADER, bareJid);
  setAddress(headers, request);
  headers.set(LOOPBACK_HEADER, loopback ? "1" : "0");
  headers.set(SECURE_HEADER, isSecure(asked) ? "1" : "0");
  const device = new URL(request.url).searchParams.get("device") ?? "";
  // Named by whoever will have logged in; it only has to be a name.
  if (DEVICE_NAME.test(device)) headers.set(DEVICE_HEADER, device);
  else headers.delete(DEVICE_HEADER);
  return await env.ACCOUNT.getByName(bareJid).fetch(new Request(request, { headers }));
}

/** CFG-2: with the reason while there is nobody whom it could tell anything, else as if the password were wrong. */
function refuseAccount(asked: Asked, jid: Jid): Response {
  const { config, loopback } = asked;
  if (!servesAnybody(config, loopback)) {
    const reason = "This proxy serves nobody yet: its owner has to name accounts in ALLOWED_ACCOUNTS.";
    return refuseStream("not-authorized", reason);
  }
  if (!loopback) {
    const key = config.credentialsKey;
    return openDecoy({ account: jid, secure: isSecure(asked), address: addressOf(asked.request), key });
  }
  const reason = `${formatJid(jid)} is not among the accounts that this proxy serves (ALLOWED_ACCOUNTS).`;
  return refuseStream("not-authorized", reason);
}

/** May a password be sent over this connection? */
function isSecure({ request, loopback }: Asked): boolean {
  return loopback || request.url.startsWith("https:");
}

function text(words: string, status: number, headers: Record<string, string> = {}): Response {
  return new Response(words, { status, headers });
}
