/**
 * The Durable Object of one account: the platform's events in, the account's runtime behind them. Its memory can be lost
 * at any instruction; the first event after that loads everything again.
 */
import { DurableObject } from "cloudflare:workers";
import { parseJid } from "../xmpp/jid.ts";
import { AccountRuntime } from "./account-runtime.ts";
import { readConfig } from "./config.ts";
import type { Env } from "./env.ts";
import { migrate } from "./storage/schema.ts";
import { Settings } from "./storage/settings.ts";

/** How the Worker tells the object which account it is, and whether a password may be sent over this connection. */
export const ACCOUNT_HEADER = "xmpproxy-account";
export const SECURE_HEADER = "xmpproxy-secure";

const ALARM_RETRY_MS = 60_000;

export class AccountObject extends DurableObject<Env> {
  #runtime: Promise<AccountRuntime> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage);
  }

  override async fetch(request: Request): Promise<Response> {
    const bareJid = request.headers.get(ACCOUNT_HEADER) ?? "";
    const runtime = await this.#load(bareJid);
    if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") {
      await runtime.tick();
      return new Response(null, { status: 204 });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    runtime.clients.accept(server, request.headers.get(SECURE_HEADER) === "1");
    await runtime.tick();
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: { "Sec-WebSocket-Protocol": "xmpp" },
    });
  }

  override async webSocketMessage(ws: WebSocket, data: string | ArrayBuffer): Promise<void> {
    (await this.#load()).onFrame(ws, data);
  }

  override async webSocketClose(ws: WebSocket, code: number): Promise<void> {
    (await this.#load()).clients.onClosed(ws, code);
  }

  override async webSocketError(ws: WebSocket): Promise<void> {
    (await this.#load()).clients.onClosed(ws, 1006);
  }

  override async alarm(): Promise<void> {
    try {
      await (await this.#load()).tick();
    } catch {
      // The platform stops calling an alarm that has failed often; the account would stay offline until somebody comes.
      await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS);
    }
  }

  /** The account's runtime, loaded once; `bareJid` is only needed the first time an object is ever used. */
  #load(bareJid?: string): Promise<AccountRuntime> {
    this.#runtime ??= this.#create(bareJid).catch((error: unknown) => {
      // The next event tries again.
      this.#runtime = undefined;
      throw error;
    });
    return this.#runtime;
  }

  async #create(bareJid: string | undefined): Promise<AccountRuntime> {
    const jid = parseJid(bareJid ?? new Settings(this.ctx.storage.sql).get("account") ?? "");
    const result = readConfig(this.env);
    // The Worker checks both before it calls; an object cannot do without either.
    if (!jid) throw new Error("This object was never told whose it is");
    if (!result.ok) throw new Error(`Configuration: ${result.problems.join("; ")}`);
    const runtime = await AccountRuntime.load(this.ctx.storage, result.config, jid, this.ctx.getWebSockets());
    const password = result.config.accounts.get(`${jid.local}@${jid.domain}`);
    if (password !== undefined) await runtime.useConfiguredPassword(password);
    void runtime.tick();
    return runtime;
  }
}
