/**
 * One account at work: puts together its policy, its upstream session, its clients and what is stored. Everything is
 * created here and knows only what it is given.
 */
import { Account } from "../bouncer/account.ts";
import type { SearchQuery } from "../bouncer/search/search.ts";
import { formatJid, type Jid } from "../xmpp/jid.ts";
import { platformClock, policyClock } from "./clock.ts";
import { ClientSessions } from "./clients/client-sessions.ts";
import { ClientSockets } from "./clients/client-sockets.ts";
import { FormerSessions } from "./clients/former-sessions.ts";
import { FrameTurns } from "./clients/frame-turns.ts";
import { LoginGuard } from "./clients/login-guard.ts";
import { LoginThrottle } from "./clients/login-throttle.ts";
import type { Config } from "./config.ts";
import { ClientTokens } from "./credentials/client-tokens.ts";
import { RoomPasswords } from "./credentials/room-passwords.ts";
import { Vault } from "./credentials/vault.ts";
import { routeTo } from "./discovery/discover.ts";
import { Owner } from "./owner/owner.ts";
import { newResource, ownResource } from "./own-resource.ts";
import { nonce } from "./random.ts";
import { AccountLog } from "./storage/account-log.ts";
import { ClientQueue } from "./storage/client-queue.ts";
import { ClientSessionRows } from "./storage/client-session-rows.ts";
import { FormerSessionRows } from "./storage/former-session-rows.ts";
import type { Lease } from "./storage/lease.ts";
import { Outbound } from "./storage/outbound.ts";
import { policyStore } from "./storage/policy-store.ts";
import { Settings } from "./storage/settings.ts";
import { UndeliveredTable } from "./storage/undelivered.ts";
import { UpstreamRows } from "./storage/upstream-row.ts";
import { within } from "./time-limit.ts";
import { patienceOf } from "./upstream/liveness.ts";
import { ManagedSession } from "./upstream/managed-session.ts";
import { openLink } from "./upstream/open-link.ts";
import type { UpstreamHandlers } from "./upstream/upstream-handlers.ts";
import { Upstream } from "./upstream/upstream.ts";
import type { Registration } from "./watchdog/registration.ts";

const CONFIGURED_LOGIN_MS = 15_000;
/** The longest an idle object waits between two looks at what is due. */
const HEARTBEAT_MS = 30_000;
const LOG_STEP_MS = 1_000;
const FORGOTTEN = "This account was forgotten here. Whoever logs in again makes it an account anew.";

/** What an account is put together on. */
interface Ground {
  storage: Lease;
  config: Config;
  jid: Jid;
  registration: Registration;
  /** FORGET-1: deletes what is stored, and has this runtime take leave. */
  forget: (runtime: AccountRuntime) => Promise<void>;
}

export class AccountRuntime {
  readonly policy: Account;
  readonly clients: ClientSockets;
  readonly upstream: Upstream;
  readonly owner: Owner;
  readonly #vault: Vault;
  readonly #guard: LoginGuard;
  readonly #storage: Lease;
  readonly #settings: Settings;
  readonly #log: AccountLog;
  readonly #undelivered: UndeliveredTable;
  readonly #registration: Registration;
  readonly #forget: () => Promise<void>;
  #isOver = false;
  /** Of the ACCOUNTS secret, while it is yet to be tried. */
  #configuredPassword: string | undefined;
  readonly #frames = new FrameTurns<WebSocket>((frames) => this.#turn(() => this.clients.onFrames(frames)));
  #logTimer: ReturnType<typeof setTimeout> | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;

  private constructor({ storage, config, jid, registration, forget }: Ground, roomPasswords: RoomPasswords) {
    const bareJid = formatJid(jid);
    this.#storage = storage;
    this.#registration = registration;
    this.#forget = () => forget(this);
    this.#settings = new Settings(storage.sql);
    this.#settings.set("account", bareJid);
    this.#undelivered = new UndeliveredTable(storage.sql);
    const tokens = new ClientTokens(storage.sql);
    this.#vault = new Vault(storage.sql, config.credentialsKey, bareJid, () => tokens.clear());
    this.#guard = this.#makeGuard(config);
    this.#log = new AccountLog(storage.sql, config.logRetention);
    this.policy = this.#makePolicy(bareJid, config, roomPasswords);
    const outbound = new Outbound(storage.sql, storage.later);
    this.upstream = new Upstream({
      account: jid,
      route: (prefer) => routeTo(jid.domain, config, prefer),
      resource: () => ownResource(this.#settings),
      giveWay: () => this.#settings.set("resource", newResource()),
      allowPlain: config.allowPlain,
      userAgent: this.#userAgent(),
      hasClients: () => this.policy.hasClients,
      vault: this.#vault,
      session: new ManagedSession({
        rows: new UpstreamRows(storage.sql),
        outbound,
        undelivered: this.#undelivered,
        newId: nonce,
        postponed: storage,
        isGivenUp: (id) => this.policy.isGivenUp(id),
      }),
      patience: patienceOf(config.serverSilenceSeconds),
      platform: { open: openLink, clock: platformClock },
      random: Math.random,
      handlers: this.#upstreamHandlers(),
    });
    const sessions = new ClientSessions({
      rows: new ClientSessionRows(storage.sql),
      former: new FormerSessions(new FormerSessionRows(storage.sql)),
      makeQueue: (known) => new ClientQueue(storage.sql, known),
      resumeSeconds: config.resumeSeconds,
      onAcknowledged: (id, logSeq) => this.policy.acknowledged(id, logSeq),
    });
    this.clients = new ClientSockets({
      jid,
      policy: this.policy,
      vault: this.#vault,
      upstream: this.upstream,
      guard: this.#guard,
      tokens,
      sessions,
      fullJid: () => this.#settings.get("full-jid"),
    });
    this.owner = new Owner({
      account: bareJid,
      settings: this.#settings,
      guard: this.#guard,
      policy: this.policy,
      upstream: this.upstream,
      outbound,
      clients: this.clients,
      sessions,
      log: this.#log,
      keepUpLog: () => this.#keepUpLog(),
      isNamed: config.accounts.has(bareJid),
      forget: this.#forget,
    });
  }

  /** Loads what is stored and revives the sockets the platform kept. No network. */
  static async load(ground: Ground, sockets: readonly WebSocket[]): Promise<AccountRuntime> {
    const { storage, config, jid } = ground;
    // The policy, which is made at once, does not wait for anything.
    const roomPasswords = new RoomPasswords(storage.sql, config.credentialsKey, formatJid(jid));
    await roomPasswords.load();
    const runtime = new AccountRuntime(ground, roomPasswords);
    await runtime.#vault.load();
    runtime.clients.revive(sockets);
    return runtime;
  }

  /**
   * CFG-4: an account of the ACCOUNTS secret is online before any client has logged in. Where its server cannot be asked
   * now, every tick tries again; what it refuses is not tried again.
   */
  async useConfiguredPassword(password: string): Promise<void> {
    this.#configuredPassword = undefined;
    if (!this.#vault.needsLogin) return;
    // Revived clients wait for this: a server that cannot be reached must not hold them up for long.
    const later = { ok: false, condition: "temporary-auth-failure" } as const;
    const verdict = await within(CONFIGURED_LOGIN_MS, this.#guard.check(password)).catch(() => later);
    if (verdict.ok || verdict.condition !== "temporary-auth-failure") return;
    this.#configuredPassword = password;
    await this.#armAlarm();
  }

  /** Connects if that is due, fails what is overdue, and arms the next look. */
  async tick(): Promise<void> {
    const configured = this.#configuredPassword;
    if (!this.#vault.needsLogin || configured !== undefined) await this.#armAlarm();
    if (this.#isOver) return;
    this.#registration.keep(!this.#vault.needsLogin);
    if (configured !== undefined) void this.useConfiguredPassword(configured);
    this.upstream.tick();
    this.#turn(() => {
      this.clients.tick(Date.now());
      this.policy.tick();
    });
    this.#keepUpLog();
  }

  /** A step, and while there is more to do, others soon, with room between them for what else there is. */
  #keepUpLog(): void {
    clearTimeout(this.#logTimer);
    if (this.#log.keepUp(Date.now())) this.#logTimer = setTimeout(() => this.#keepUpLog(), LOG_STEP_MS);
  }

  /** ALIVE-2: the watchdog has found the account without an alarm. */
  async rescue(): Promise<void> {
    this.owner.history.rescued(Date.now());
    await this.tick();
  }

  /**
   * FORGET-2, FORGET-3: takes leave of the server, the clients and the watchdog. Nothing is stored any more, and nothing of this
   * runtime happens after it. Never rejects.
   */
  async leave(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#logTimer);
    this.#guard.leave();
    this.upstream.leave();
    this.clients.leave("not-authorized", FORGOTTEN);
    await this.#registration.leave();
  }

  async #armAlarm(): Promise<void> {
    await this.#storage.setAlarm(Date.now() + HEARTBEAT_MS);
  }

  /** A client's frame. */
  onFrame(ws: WebSocket, data: string | ArrayBuffer): void {
    this.#frames.add({ ws, data });
  }

  /** A client's socket is gone; what it sent before that comes first. */
  onClosed(ws: WebSocket, code: number): void {
    this.#frames.flush();
    this.clients.onClosed(ws, code);
  }

  #upstreamHandlers(): UpstreamHandlers {
    return {
      onBound: (fullJid, chosen) => this.#onBound(fullJid, chosen),
      onResumed: (fullJid) => this.#onResumed(fullJid),
      onStanza: (stanza) => this.policy.fromUpstream(stanza),
      onTurnEnd: () => this.#endTurn(),
      onLost: (reason) => this.#onLost(reason),
      onRefused: (reason) => this.#onRefused(reason),
    };
  }

  #onLost(reason: string): void {
    this.owner.history.lost(reason, Date.now());
    this.#turn(() => this.policy.upstreamLost(reason));
  }

  #onRefused(reason: string): void {
    this.owner.history.refused(reason, Date.now());
    this.clients.endAll("not-authorized", reason);
    this.#registration.keep(false);
  }

  #onResumed(fullJid: string): void {
    this.owner.history.resumed(Date.now());
    this.#turn(() => {
      this.clients.upstreamBound(fullJid);
      this.policy.upstreamResumed();
    });
    void this.tick();
  }

  #onBound(fullJid: string, chosen: boolean): void {
    this.owner.history.bound(Date.now());
    this.#turn(() => {
      if (chosen) this.#settings.set("resource", fullJid.slice(fullJid.indexOf("/") + 1));
      this.#settings.set("full-jid", fullJid);
      this.clients.upstreamBound(fullJid);
      this.policy.upstreamBound(fullJid, this.upstream.features);
    });
    void this.tick();
  }

  /** Runs one event, then sees to the earliest deadline it left behind. */
  #turn(event: () => void): void {
    event();
    // UP-16: as soon as there is somebody to tell.
    if (this.#undelivered.length > 0 && this.policy.hasClients)
      this.policy.undelivered(this.#undelivered.takeAll());
    this.#endTurn();
  }

  #endTurn(): void {
    this.#storage.endTurn();
    this.#armTimer();
  }

  #armTimer(): void {
    const dueMs = this.policy.nextDeadlineMs();
    if (dueMs === undefined || dueMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = dueMs;
    this.#timer = setTimeout(
      () => {
        this.#timerAtMs = Number.POSITIVE_INFINITY;
        this.#turn(() => this.policy.tick());
      },
      Math.max(0, dueMs - Date.now()),
    );
  }

  #makeGuard(config: Config): LoginGuard {
    const throttle = new LoginThrottle(this.#storage.sql, config.credentialsKey);
    return new LoginGuard(this.#vault, throttle, async (password) => {
      const outcome = await this.upstream.login(password);
      // From the first login on there is something to keep alive.
      if (outcome.ok) void this.tick();
      return outcome;
    });
  }

  #makePolicy(
    bareJid: string,
    { detachedShow, newDevice, accounts }: Config,
    roomPasswords: RoomPasswords,
  ): Account {
    const ports = {
      upstream: {
        send: (...sent: Parameters<Upstream["send"]>) => this.upstream.send(...sent),
        setClientState: (active: boolean) => this.upstream.setClientState(active),
      },
      clients: {
        send: (ids: readonly string[], frame: string, logSeq?: number) =>
          this.clients.send(ids, frame, logSeq),
        askForAck: (id: string) => this.clients.askForAck(id),
        mark: (id: string) => this.clients.mark(id),
        hasAcknowledged: (id: string, mark: number) => this.clients.hasAcknowledged(id, mark),
        replace: (id: string) => this.clients.replace(id),
      },
      store: policyStore(this.#storage, roomPasswords),
      log: this.#log.store,
      clock: policyClock,
      owner: {
        status: () => this.owner.status(),
        search: (query: SearchQuery) => this.#log.search.search(query),
        deleteLog: (peer: string | undefined) => this.owner.deleteLog(peer),
        isNamed: accounts.has(bareJid),
        // Whoever asked is answered first.
        forget: () => queueMicrotask(() => void this.#forget()),
      },
      chance: { next: Math.random },
      ids: { next: nonce },
    };
    const fullJid = this.#settings.get("full-jid") ?? "";
    return new Account(ports, { bareJid, fullJid, detachedShow, newDevice });
  }

  /** Tells this installation from the account's other clients; the server never shows it to anybody (XEP-0388 section 2.3). */
  #userAgent(): string {
    const userAgent = this.#settings.get("user-agent") ?? crypto.randomUUID();
    this.#settings.set("user-agent", userAgent);
    return userAgent;
  }
}
