/**
 * The edge: routes each request to the account's object, the page or the health check. Knows settings and addresses,
 * nothing of XMPP beyond what refusing a connection needs.
 */
import { type Context, Hono } from "hono";
import { ACCOUNT_HEADER, LOOPBACK_HEADER, SECURE_HEADER } from "../durable/account-object.ts";
import { type Config, isAllowed, onlyAccount, readConfig } from "../durable/config.ts";
import type { Env } from "../durable/env.ts";
import { REGISTRY_NAME } from "../durable/watchdog/registry-object.ts";
import { formatJid, isBare, parseJid } from "../xmpp/jid.ts";
import { isLoopback } from "./loopback.ts";
import { refuseStream } from "./refuse-stream.ts";

export { AccountObject } from "../durable/account-object.ts";
export { RegistryObject } from "../durable/watchdog/registry-object.ts";

type App = { Bindings: Env };

const app = new Hono<App>();

app.get("/health", (c) => {
  const result = readConfig(c.env);
  if (!result.ok) return c.json({ status: "misconfigured", problems: result.problems }, 500);
  c.executionCtx.waitUntil(wakeConfiguredAccounts(c.env, result.config));
  const { allowed, accounts } = result.config;
  const anybody = allowed.includes("*") && isLoopback(new URL(c.req.url).hostname);
  const named = accounts.size + allowed.filter((entry) => entry !== "*").length;
  return c.json({ status: "ok", accounts: anybody ? "any" : named > 0 ? "some" : "none" });
});

app.get("/xmpp-websocket", (c) => connectClient(c, c.req.query("jid")));
app.get("/xmpp-websocket/:jid", (c) => connectClient(c, c.req.param("jid")));

export default {
  fetch: app.fetch,
  async scheduled(_event, env) {
    await env.REGISTRY.getByName(REGISTRY_NAME).round();
  },
} satisfies ExportedHandler<Env>;

/** RFC 7395 section 3.1: the upgrade. Without a JID it is for the one account that the settings name, if there is one. */
function connectClient(c: Context<App>, requested: string | undefined): Response | Promise<Response> {
  if (c.req.header("Upgrade")?.toLowerCase() !== "websocket") {
    return c.text("This is an XMPP endpoint for WebSocket (RFC 7395).", 426, { Upgrade: "websocket" });
  }
  const protocols = c.req.header("Sec-WebSocket-Protocol")?.split(",") ?? [];
  if (!protocols.some((protocol) => protocol.trim() === "xmpp")) {
    return c.text('The WebSocket subprotocol "xmpp" is required (RFC 7395 section 3.1).', 400);
  }
  const result = readConfig(c.env);
  if (!result.ok) {
    return refuseStream(
      "internal-server-error",
      `The proxy is misconfigured. ${result.problems.join(". ")}.`,
    );
  }
  const jid = parseJid(requested ?? onlyAccount(result.config) ?? "");
  if (!jid || jid.local === "" || !isBare(jid)) {
    return c.text("Say which account: /xmpp-websocket/{bare JID}, percent-encoded.", 400);
  }
  const { hostname, protocol } = new URL(c.req.url);
  const loopback = isLoopback(hostname);
  const bareJid = formatJid(jid);
  if (!isAllowed(result.config, bareJid, loopback)) return refuseAccount(result.config, bareJid);
  const headers = new Headers(c.req.raw.headers);
  headers.set(ACCOUNT_HEADER, bareJid);
  headers.set(LOOPBACK_HEADER, loopback ? "1" : "0");
  headers.set(SECURE_HEADER, loopback || protocol === "https:" ? "1" : "0");
  return c.env.ACCOUNT.getByName(bareJid).fetch(new Request(c.req.raw, { headers }));
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

/** CFG-4: accounts of the ACCOUNTS secret are to be online before any client has logged in. */
async function wakeConfiguredAccounts(env: Env, config: Config): Promise<void> {
  await Promise.allSettled(
    [...config.accounts.keys()].map((bareJid) => env.ACCOUNT.getByName(bareJid).wake(bareJid)),
  );
}
