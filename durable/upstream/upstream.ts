/**
 * The account's one session with its server, kept up: connects, logs in with what is stored, resumes, queues what clients
 * send, notices a server that has gone silent, tries again, and stops when only a person can help.
 */
import type { Element } from "@xmpp/xml";
import type {
  AuthenticationEvidence,
  Credentials,
  NegotiationConfig,
  NegotiationFailure,
  ServerFeatures,
} from "../../xmpp/initiating/state.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { stanzaKind } from "../../xmpp/stanza.ts";
import { readHandled } from "../../xmpp/stream-management.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import type { Vault } from "../credentials/vault.ts";
import type { Route } from "../discovery/route.ts";
import { backoffMs } from "./backoff.ts";
import type { ManagedSession } from "./managed-session.ts";
import { type AttemptConfig, UpstreamAttempt } from "./upstream-attempt.ts";

interface UpstreamHandlers {
  /** A new session, about which the server knows nothing yet. `chosen`: the resource is the server's choice. */
  onBound(fullJid: string, chosen: boolean): void;
  /** The old session goes on as if nothing had happened. */
  onResumed(fullJid: string): void;
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
  /** A fresh round of the domain's servers, to be tried one after the other. */
  route(): Route;
  /** To be asked for at the next bind. */
  resource(): string;
  /** Names this installation to the server: a UUID, the same for as long as the account is here. */
  userAgent: string;
  /** SASL2-4: is anybody there who was told the full JID, or would miss what the server withholds in Bind 2? */
  hasClients(): boolean;
  vault: Vault;
  session: ManagedSession;
  handlers: UpstreamHandlers;
}

/** A server that says nothing for this long is asked whether it is there. */
const IDLE_MS = 25_000;
/** And given up after another such time. */
const SILENT_MS = 55_000;

/** A session that lasted this long was a success. */
const STABLE_MS = 60_000;
/** So many shorter ones in a row may be bad luck. */
const FORGIVEN_SESSIONS = 5;

function nothing(): void {
  // For a stream that ends before any of this can happen.
}

export class Upstream {
  readonly #deps: UpstreamDependencies;
  #stream: UpstreamAttempt | undefined;
  #attempts = 0;
  #establishedAtMs: number | undefined;
  #shortSessions = 0;
  /** The last attempt was made with a token, and has not led to a session. */
  #triedToken = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #nextAttemptMs: number | undefined;
  #lastError = "";
  #features: ServerFeatures = { rosterVersioning: false, sessionRequired: false, streamManagement: false };

  constructor(deps: UpstreamDependencies) {
    this.#deps = deps;
  }

  get features(): ServerFeatures {
    return this.#features;
  }

  status(): UpstreamStatus {
    const online = this.#stream?.isBound ?? false;
    const offline = this.#stream ? "connecting" : this.#deps.vault.needsLogin ? "needs-login" : "offline";
    return {
      phase: online ? "online" : offline,
      lastError: this.#lastError,
      nextAttemptMs: this.#nextAttemptMs,
    };
  }

  /** Connects now if there is no session and what is stored may log in. Calling it again does nothing. */
  start(): void {
    if (this.#stream) return;
    const { vault } = this.#deps;
    const credentials = vault.credentials();
    if (!credentials) return;
    // FAST-4: a token that is neither taken nor refused must not keep us out.
    const token = this.#triedToken ? undefined : vault.token(Date.now());
    this.#triedToken = token !== undefined;
    this.#connect(credentials, nothing, token);
  }

  /** For the alarm: connects if that is due, and finds out whether a silent server is still there. */
  tick(nowMs: number): void {
    if (!this.#stream) {
      if (this.#nextAttemptMs === undefined || this.#nextAttemptMs <= nowMs) this.start();
      return;
    }
    if (!this.#stream.isBound) return;
    const silentMs = nowMs - this.#stream.lastReceivedMs;
    if (silentMs > SILENT_MS) {
      this.#stream.abandon();
      const text = `The server has not answered for ${Math.round(silentMs / 1000)} s.`;
      this.#onEnded({ kind: "server", condition: "silent", text }, undefined);
      this.start();
    } else if (silentMs > IDLE_MS) {
      // Without Stream Management a ping does it: any answer, even an error, is a sign of life (XEP-0199).
      this.#stream.send([
        this.#deps.session.probe() ?? `<iq type="get" id="alive"><ping xmlns="${NS.ping}"/></iq>`,
      ]);
    }
  }

  /** Sends one stanza now, or keeps it until there is a session. False when there is no room to keep it. */
  send(stanza: Element): boolean {
    const connected = this.#stream?.isBound ?? false;
    const nowMs = Date.now();
    if (!this.#deps.session.add(serialize(stanza, NS.client), nowMs)) return false;
    if (connected) this.#stream?.send(this.#deps.session.drain(nowMs));
    return true;
  }

  /**
   * Proves a password by logging in upstream with it. Without a session the login becomes the session; beside one, it
   * ends once it is proved. Resolves when the outcome is stored.
   */
  login(password: string): Promise<LoginOutcome> {
    const credentials: Credentials = { type: "password", password };
    return new Promise((resolve) => {
      // Beside credentials that are good, a stranger's guess must not be able to take their place.
      if (this.#stream || !this.#deps.vault.needsLogin) this.#prove(credentials, resolve);
      else this.#connect(credentials, resolve);
    });
  }

  /** A stream that becomes the session. `settle` is called once: when its credentials are stored, or with the failure. */
  #connect(
    credentials: Credentials,
    settle: (outcome: LoginOutcome) => void,
    token?: NegotiationConfig["token"],
  ): void {
    this.#clearTimer();
    const { session, handlers } = this.#deps;
    const stream = new UpstreamAttempt(this.#deps.route(), this.#config(credentials, token), {
      onAuthenticated: (evidence) => void this.#accept(credentials, evidence, settle),
      onBound: (fullJid, sm, chosen) => {
        this.#established();
        session.begin(fullJid, sm, () => handlers.onBound(fullJid, chosen));
      },
      onResumed: (h) => {
        const fullJid = session.resumption()?.fullJid ?? "";
        this.#established();
        if (!session.resumed(h)) return this.#tooHigh(stream);
        handlers.onResumed(fullJid);
      },
      onResumeFailed: (h) => session.resumeFailed(h),
      onFeatures: (features) => (this.#features = features),
      onElement: (element) => this.#onElement(stream, element),
      onTurnEnd: () => {
        session.endTurn();
        if (stream.isBound) stream.send(session.drain(Date.now()));
      },
      onEnded: (failure) => {
        settle({ ok: false, failure });
        this.#onEnded(failure, credentials);
      },
    });
    this.#stream = stream;
  }

  /** A stream that only finds out whether the server takes a password. The session is not touched. */
  #prove(credentials: Credentials, settle: (outcome: LoginOutcome) => void): void {
    const stream = new UpstreamAttempt(this.#deps.route(), this.#proofConfig(credentials), {
      onAuthenticated: (evidence) => {
        stream.abandon();
        void this.#accept(credentials, evidence, settle);
      },
      onBound: nothing,
      onResumed: nothing,
      onResumeFailed: nothing,
      onFeatures: nothing,
      onElement: nothing,
      onTurnEnd: nothing,
      onEnded: (failure) => settle({ ok: false, failure }),
    });
  }

  #config(credentials: Credentials, token: NegotiationConfig["token"]): AttemptConfig {
    const { userAgent, session } = this.#deps;
    const resume = session.resumption();
    return {
      ...this.#proofConfig(credentials),
      proofOnly: false,
      userAgent,
      bind2: !this.#deps.hasClients(),
      ...(token && { token }),
      ...(resume && { resume }),
    };
  }

  #proofConfig(credentials: Credentials): AttemptConfig {
    const { account, vault } = this.#deps;
    const strongestSeen = vault.strongestSeen();
    return {
      account,
      resource: this.#deps.resource(),
      credentials,
      allowPlain: true,
      probeSalt: credentials.type === "password",
      proofOnly: true,
      ...(strongestSeen === undefined ? {} : { strongestSeen }),
    };
  }

  /** LOGIN-4: keys in place of the password where they will open the account again. */
  async #accept(
    credentials: Credentials,
    { mechanism, scram, saltIsStable, token }: AuthenticationEvidence,
    settle: (outcome: LoginOutcome) => void,
  ): Promise<void> {
    const { vault } = this.#deps;
    try {
      if (credentials.type === "password") {
        const lasting: Credentials = scram && saltIsStable ? { type: "scram", ...scram } : credentials;
        await vault.accept(credentials.password, lasting, mechanism, token);
      } else if (token) {
        await vault.keepToken(token);
      }
      settle({ ok: true });
    } catch {
      const text = "The server takes this password, but it cannot be kept here.";
      settle({ ok: false, failure: { kind: "protocol", condition: "storage", text } });
    }
  }

  #onElement(stream: UpstreamAttempt, element: Element): void {
    const { session, handlers } = this.#deps;
    if (element.getNS() !== NS.sm) {
      // Only stanzas count (XEP-0198 section 4); what else a server may say is not for clients either.
      if (!stanzaKind(element)) return;
      session.onStanza();
      return handlers.onStanza(element);
    }
    if (element.getName() === "r") {
      // What it says has to be durable first: written now, sent when the platform has it on disk.
      session.endTurn();
      return stream.send([session.ack()]);
    }
    const h = readHandled(element);
    if (element.getName() !== "a" || h === undefined)
      return stream.fail("bad-format", "The server sent a broken nonza.");
    if (!session.acknowledged(h)) this.#tooHigh(stream);
  }

  /** XEP-0198 section 6. */
  #tooHigh(stream: UpstreamAttempt): void {
    this.#deps.session.resumeFailed(undefined);
    stream.fail("undefined-condition", "The server acknowledged more stanzas than it was sent.");
  }

  #established(): void {
    this.#attempts = 0;
    this.#triedToken = false;
    this.#establishedAtMs = Date.now();
    this.#lastError = "";
  }

  /** `tried`: the credentials that this stream came with; they may not be those that are stored now. */
  #onEnded(failure: NegotiationFailure, tried: Credentials | undefined): void {
    const { vault, session, handlers } = this.#deps;
    this.#stream = undefined;
    this.#lastError = failure.text;
    session.disconnected();
    if (failure.kind === "token") {
      // On a new connection: Prosody's SASL2 takes nothing but tokens on one that began with a token.
      void vault.dropToken();
      return this.start();
    }
    handlers.onLost(failure.text);
    if (failure.kind === "credentials" && vault.credentials() === tried)
      return void this.#refused(failure.text);
    if (!vault.needsLogin) this.#retryLater();
  }

  async #refused(reason: string): Promise<void> {
    await this.#deps.vault.refuse();
    this.#deps.handlers.onRefused(reason);
  }

  #retryLater(): void {
    if (this.#establishedAtMs !== undefined) {
      const lasted = Date.now() - this.#establishedAtMs > STABLE_MS;
      this.#shortSessions = lasted ? 0 : this.#shortSessions + 1;
      this.#establishedAtMs = undefined;
    }
    // A server that ends us again and again as soon as we are in must not be tried every second.
    const penalty = Math.max(0, this.#shortSessions - FORGIVEN_SESSIONS);
    const delayMs = backoffMs(this.#attempts + penalty, Math.random());
    this.#attempts += 1;
    this.#nextAttemptMs = Date.now() + delayMs;
    this.#timer = setTimeout(() => this.start(), delayMs);
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#nextAttemptMs = undefined;
  }
}
