/**
 * The account's one session with its server, kept up: connects, logs in with what is stored, queues what clients send,
 * tries again when the session is lost, and stops when only a person can help.
 */
import type { Element } from "@xmpp/xml";
import type { Credentials, NegotiationFailure, ServerFeatures } from "../../xmpp/initiating/state.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import type { UpstreamHost } from "../config.ts";
import type { Vault } from "../credentials/vault.ts";
import type { Outbound } from "../storage/outbound.ts";
import { backoffMs } from "./backoff.ts";
import { UpstreamStream } from "./upstream-stream.ts";

export interface UpstreamHandlers {
  onBound(fullJid: string): void;
  onStanza(stanza: Element): void;
  /** A session was lost, or an attempt failed; it will be tried again. */
  onLost(reason: string): void;
  /** The server refuses the account's credentials: nothing is tried again until somebody logs in. */
  onRefused(reason: string): void;
}

export interface UpstreamStatus {
  phase: "offline" | "connecting" | "online" | "needs-login";
  /** What went wrong last, in words; empty when nothing did. */
  lastError: string;
  /** Milliseconds since the epoch; undefined when nothing is planned. */
  nextAttemptMs: number | undefined;
}

export type LoginOutcome = { ok: true } | { ok: false; failure: NegotiationFailure };

interface UpstreamDependencies {
  account: Jid;
  host: UpstreamHost;
  resource: string;
  vault: Vault;
  outbound: Outbound;
  handlers: UpstreamHandlers;
}

export class Upstream {
  readonly #deps: UpstreamDependencies;
  #session: UpstreamStream | undefined;
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #nextAttemptMs: number | undefined;
  #lastError = "";
  #features: ServerFeatures = { rosterVersioning: false, sessionRequired: false };

  constructor(deps: UpstreamDependencies) {
    this.#deps = deps;
  }

  get features(): ServerFeatures {
    return this.#features;
  }

  get isOnline(): boolean {
    return this.#session?.isBound ?? false;
  }

  status(): UpstreamStatus {
    const phase = this.isOnline ? "online" : this.#deps.vault.needsLogin ? "needs-login" : "offline";
    return {
      phase: phase === "offline" && this.#session ? "connecting" : phase,
      lastError: this.#lastError,
      nextAttemptMs: this.#nextAttemptMs,
    };
  }

  /** Connects now if there is no session and what is stored may log in. Calling it again does nothing. */
  start(): void {
    const credentials = this.#deps.vault.credentials();
    if (this.#session || !credentials) return;
    this.#clearTimer();
    this.#session = this.#open(credentials, false, (outcome) => {
      if (!outcome.ok) this.#onSessionEnded(outcome.failure);
    });
  }

  /** For the alarm: connects if that is due. */
  startIfDue(nowMs: number): void {
    if (this.#nextAttemptMs !== undefined && this.#nextAttemptMs > nowMs) return;
    this.start();
  }

  /** Sends one stanza now, or keeps it until there is a session. False when there is no room to keep it. */
  send(stanza: Element): boolean {
    const wire = serialize(stanza, NS.client);
    if (this.#session?.isBound && this.#deps.outbound.isEmpty) {
      this.#session.send(wire);
      return true;
    }
    return this.#deps.outbound.add(wire);
  }

  /**
   * Proves a password by logging in upstream with it. Without a session the login becomes the session; beside one, it
   * ends once it is proved. Resolves when the outcome is stored.
   */
  login(password: string): Promise<LoginOutcome> {
    const credentials: Credentials = { type: "password", password };
    return new Promise((resolve) => {
      if (this.#session) {
        this.#open(credentials, true, resolve);
        return;
      }
      this.#clearTimer();
      let decided = false;
      this.#session = this.#open(credentials, false, (outcome) => {
        if (!decided) resolve(outcome);
        else if (!outcome.ok) this.#onSessionEnded(outcome.failure);
        if (!outcome.ok && !decided) {
          this.#session = undefined;
          this.#lastError = outcome.failure.text;
          this.#retryLater();
        }
        decided = true;
      });
    });
  }

  /** Opens a stream. `settle` is called when the credentials are accepted and stored, and when the stream has ended. */
  #open(
    credentials: Credentials,
    proofOnly: boolean,
    settle: (outcome: LoginOutcome) => void,
  ): UpstreamStream {
    const { account, host, resource, vault, handlers } = this.#deps;
    const strongestSeen = vault.strongestSeen();
    const config = {
      account,
      resource,
      credentials,
      tls: host.tls,
      allowPlain: true,
      ...(strongestSeen === undefined ? {} : { strongestSeen }),
      probeSalt: credentials.type === "password",
      proofOnly,
    };
    const stream: UpstreamStream = new UpstreamStream(host, config, {
      onAuthenticated: ({ mechanism, scram, saltIsStable }) => {
        if (credentials.type === "scram") return;
        const { password } = credentials;
        const lasting: Credentials = scram && saltIsStable ? { type: "scram", ...scram } : credentials;
        void (async () => {
          await vault.accept(password, lasting, mechanism);
          settle({ ok: true });
          if (proofOnly) stream.abandon();
        })();
      },
      onBound: (fullJid, features) => {
        this.#features = features;
        this.#attempts = 0;
        this.#lastError = "";
        handlers.onBound(fullJid);
        for (const { stanza } of this.#deps.outbound.takeAll()) stream.send(stanza);
      },
      onStanza: (stanza) => handlers.onStanza(stanza),
      onEnded: (failure) => settle({ ok: false, failure }),
    });
    return stream;
  }

  #onSessionEnded(failure: NegotiationFailure): void {
    this.#session = undefined;
    this.#lastError = failure.text;
    if (failure.kind === "credentials") {
      void this.#deps.vault.refuse().then(() => this.#deps.handlers.onRefused(failure.text));
      return;
    }
    this.#retryLater();
    this.#deps.handlers.onLost(failure.text);
  }

  #retryLater(): void {
    if (this.#deps.vault.needsLogin) return;
    const delayMs = backoffMs(this.#attempts, Math.random());
    this.#attempts += 1;
    this.#nextAttemptMs = Date.now() + delayMs;
    this.#timer = setTimeout(() => this.start(), delayMs);
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#nextAttemptMs = undefined;
  }
}
