/**
 * The edge: routes each request to the account's object, the page or the health check. Knows settings and addresses,
 * nothing of XMPP beyond what refusing a connection needs.
 */
import { Hono } from "hono";
import { cors } from "hono/cors";
import { type Config, readConfig } from "../durable/config.ts";
import type { Env } from "../durable/env.ts";
import { REGISTRY_NAME } from "../durable/watchdog/registry-object.ts";
import { askOwner } from "./ask-owner.ts";
import { connectClient } from "./connect-client.ts";
import { hostMeta, hostMetaJson } from "./host-meta.ts";
import { isLoopback } from "./loopback.ts";

export { AccountObject } from "../durable/account-object.ts";
export { RegistryObject } from "../durable/watchdog/registry-object.ts";

const app = new Hono<{ Bindings: Env }>();

app.get("/health", (c) => {
  const result = readConfig(c.env);
  if (!result.ok) return c.json({ status: "misconfigured", problems: result.problems }, 500);
  c.executionCtx.waitUntil(wakeConfiguredAccounts(c.env, result.config));
  const { allowed, accounts } = result.config;
  const anybody = allowed.includes("*") && isLoopback(new URL(c.req.url).hostname);
  const named = accounts.size + allowed.filter((entry) => entry !== "*").length;
  return c.json({ status: "ok", accounts: anybody ? "any" : named > 0 ? "some" : "none" });
});

app.get("/xmpp-websocket", (c) => connectClient(c.req.raw, c.env, c.req.query("jid")));
app.get("/xmpp-websocket/:jid", (c) => connectClient(c.req.raw, c.env, c.req.param("jid")));

app.all("/accounts/:jid", (c) => askOwner(c.req.raw, c.env, c.req.param("jid")));
app.all("/accounts/:jid/*", (c) => askOwner(c.req.raw, c.env, c.req.param("jid")));

// XEP-0156 section 3: readable from any page, since it says nothing that is not public.
app.use("/.well-known/*", cors());
app.get("/.well-known/host-meta", (c) =>
  c.body(hostMeta(new URL(c.req.url)), 200, { "Content-Type": "application/xrd+xml; charset=utf-8" }),
);
app.get("/.well-known/host-meta.json", (c) => c.json(hostMetaJson(new URL(c.req.url))));

export default {
  fetch: app.fetch,
  async scheduled(_event, env) {
    await env.REGISTRY.getByName(REGISTRY_NAME).round();
  },
} satisfies ExportedHandler<Env>;

/** CFG-4: accounts of the ACCOUNTS secret are to be online before any client has logged in. */
async function wakeConfiguredAccounts(env: Env, config: Config): Promise<void> {
  await Promise.allSettled(
    [...config.accounts.keys()].map((bareJid) => env.ACCOUNT.getByName(bareJid).wake(bareJid)),
  );
}
