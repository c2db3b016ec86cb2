/**
 * The Durable Object of one account: the platform's events in, the account's runtime behind them. Its memory can be lost
 * at any instruction; the first event after that loads everything again.
 */
import { DurableObject } from "cloudflare:workers";
import { formatJid, parseJid } from "../xmpp/jid.ts";
import { AccountRuntime } from "./account-runtime.ts";
import { isAllowed, readConfig } from "./config.ts";
import { Vault } from "./credentials/vault.ts";
import type { Env } from "./env.ts";
import { DecoyGuards } from "./clients/decoy-guards.ts";
import { refuseStranger } from "./owner/access.ts";
import { ownerError } from "./owner/response.ts";
import { Lease } from "./storage/lease.ts";
import { Settings } from "./storage/settings.ts";
import { isStuck } from "./watchdog/is-stuck.ts";
import { Registration } from "./watchdog/registration.ts";
import { REGISTRY_NAME } from "./watchdog/registry-object.ts";

/**
 * How the Worker tells the object which account it is, whether a password may be sent over this connection, and whether
 * it comes from this machine.
 */
export const ACCOUNT_HEADER = "xmpproxy-account";
export const SECURE_HEADER = "xmpproxy-secure";
export const LOOPBACK_HEADER = "xmpproxy-loopback";
/** Where the request comes from, one household one address; absent where that is not known. */
export const ADDRESS_HEADER = "xmpproxy-address";
/** How the client names its device in the address that it connects to; absent where it does not. */
export const DEVICE_HEADER = "xmpproxy-device";

const ALARM_RETRY_MS = 60_000;

export class AccountObject extends DurableObject<Env> {
  /** None from when the account is forgotten until somebody comes. */
  #lease: Lease | undefined;
  /** Undefined while the settings do not allow the account any more. */
  #runtime: Promise<AccountRuntime | undefined> | undefined;
  /** Ends when the account that was here before has taken leave. */
  #left: Promise<void> = Promise.resolve();
  /** Guesses while there is no account. */
  readonly #strangers = new DecoyGuards();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#lease = new Lease(ctx.storage);
  }

  override async fetch(request: Request): Promise<Response> {
    const bareJid = request.headers.get(ACCOUNT_HEADER) ?? "";
    const isClient = request.headers.get("Upgrade")?.toLowerCase() === "websocket";
    const address = request.headers.get(ADDRESS_HEADER) ?? undefined;
    // OWNER-8: asking makes no account.
    if (!isClient && !this.#isHere(bareJid)) {
      return await refuseStranger(request, bareJid, { guards: this.#strangers, address });
    }
    this.#settings.set("on-loopback", request.headers.get(LOOPBACK_HEADER) === "1" ? "1" : "0");
    const runtime = await this.#load(bareJid, true);
    if (!runtime) return new Response(null, { status: 403 });
    if (!isClient) return await this.#answer(runtime, request, address);
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const secure = request.headers.get(SECURE_HEADER) === "1";
    const device = request.headers.get(DEVICE_HEADER) ?? undefined;
    runtime.clients.accept(server, { secure, address, device });
    await runtime.tick();
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: { "Sec-WebSocket-Protocol": "xmpp" },
    });
  }

  async #answer(runtime: AccountRuntime, request: Request, address: string | undefined): Promise<Response> {
    const lease = this.#lease;
    try {
      return await runtime.owner.answer(request, address);
    } catch (error) {
      if (this.#lease === lease) throw error;
      return ownerError(410, "The account was forgotten meanwhile.");
    }
  }

  /** ALIVE-2: for the watchdog. Goes on where the alarm has stopped; says whether it had. */
  async wake(bareJid: string): Promise<boolean> {
    if (!this.#isHere(bareJid)) {
      // FORGET-3: the registry was not told, or not in time.
      await this.env.REGISTRY.getByName(REGISTRY_NAME).remove(bareJid);
      return false;
    }
    const stuck = isStuck(await this.ctx.storage.getAlarm(), Date.now());
    // What is not kept online has no alarm to miss, and a password in the settings to be tried again (CFG-4).
    const wasKept = (this.#settings.get("registered") ?? "no") !== "no";
    const runtime = await this.#load(bareJid);
    if (stuck && wasKept) await runtime?.rescue();
    else if (!wasKept) await runtime?.tick();
    return stuck;
  }

  override async webSocketMessage(ws: WebSocket, data: string | ArrayBuffer): Promise<void> {
    (await this.#reload())?.onFrame(ws, data);
  }

  override async webSocketClose(ws: WebSocket, code: number): Promise<void> {
    (await this.#reload())?.onClosed(ws, code);
  }

  override async webSocketError(ws: WebSocket): Promise<void> {
    (await this.#reload())?.onClosed(ws, 1006);
  }

  override async alarm(): Promise<void> {
    const lease = this.#lease;
    try {
      await (await this.#reload())?.tick();
    } catch {
      // The platform stops calling an alarm that has failed often; the account would stay offline until somebody comes.
      await lease?.setAlarm(Date.now() + ALARM_RETRY_MS);
    }
  }

  get #settings(): Settings {
    return new Settings(this.#open().sql);
  }

  #open(): Lease {
    this.#lease ??= new Lease(this.ctx.storage);
    return this.#lease;
  }

  /** Has the account logged in, or do the settings do so for it (CFG-4)? */
  #isHere(bareJid: string): boolean {
    if (this.#lease && Vault.isFilled(this.#lease.sql)) return true;
    const settings = readConfig(this.env);
    return settings.ok && settings.config.accounts.has(bareJid);
  }

  /** For what comes to a socket or a timer; nothing when it was that of an account that was forgotten. */
  async #reload(): Promise<AccountRuntime | undefined> {
    if (this.#runtime) return await this.#runtime;
    return this.#lease && this.#settings.get("account") !== undefined ? await this.#load() : undefined;
  }

  /**
   * FORGET-1: all that is stored goes in one step, the alarm with it. What is said after that, to the server, the clients and
   * whoever asked, leaves when it is durable (the platform's output gate), so that a death in the middle leaves all or nothing.
   */
  async #forget(lease: Lease, runtime: AccountRuntime): Promise<void> {
    if (this.#lease !== lease) return;
    lease.end();
    this.#lease = undefined;
    this.#runtime = undefined;
    const deleted = this.ctx.storage.deleteAll();
    this.#left = runtime.leave();
    await deleted;
    await this.#left;
  }

  /**
   * The account's runtime, loaded once; `bareJid` is only needed the first time an object is ever used. `admitted`: the
   * Worker has just looked whether the account is allowed, perhaps by newer settings than ours.
   */
  #load(bareJid?: string, admitted = false): Promise<AccountRuntime | undefined> {
    // What could not be loaded, or was not allowed, the next event tries again.
    this.#runtime ??= this.#create(bareJid, admitted).then(
      (runtime) => {
        if (!runtime) this.#runtime = undefined;
        return runtime;
      },
      (error: unknown) => {
        this.#runtime = undefined;
        throw error;
      },
    );
    return this.#runtime;
  }

  async #create(bareJid: string | undefined, admitted: boolean): Promise<AccountRuntime | undefined> {
    await this.#left;
    const jid = parseJid(bareJid ?? this.#settings.get("account") ?? "");
    const result = readConfig(this.env);
    // The Worker checks both before it calls; an object cannot do without either.
    if (!jid) throw new Error("This object was never told whose it is");
    if (!result.ok) throw new Error(`Configuration: ${result.problems.join("; ")}`);
    const account = formatJid(jid);
    const onLoopback = this.#settings.get("on-loopback") === "1";
    if (!admitted && !isAllowed(result.config, account, onLoopback)) {
      // ALIVE-4: other settings begin with another process, so that nothing of this one is at work.
      for (const ws of this.ctx.getWebSockets()) ws.close(1008, "This account is not served any more.");
      await this.ctx.storage.deleteAlarm();
      return undefined;
    }
    const storage = this.#open();
    const registration = new Registration(
      new Settings(storage.sql),
      this.env.REGISTRY.getByName(REGISTRY_NAME),
      account,
      onLoopback,
    );
    const forget = (runtime: AccountRuntime): Promise<void> => this.#forget(storage, runtime);
    const runtime = await AccountRuntime.load(
      { storage, config: result.config, jid, registration, forget },
      this.ctx.getWebSockets(),
    );
    const password = result.config.accounts.get(account);
    if (password !== undefined) await runtime.useConfiguredPassword(password);
    void runtime.tick();
    return runtime;
  }
}
