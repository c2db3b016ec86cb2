/**
 * The account's one session with its server, kept up: connects, logs in with what is stored, resumes, queues what clients
 * send, leaves a server that has gone silent, tries again, and stops when only a person can help. When to ask, to give up
 * and to try again is decided in liveness.ts and retry.ts.
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
import type { Refused } from "../discovery/find-candidates.ts";
import type { Route } from "../discovery/route.ts";
import { keepAccepted } from "./keep-accepted.ts";
import { Liveness, type Patience } from "./liveness.ts";
import type { ManagedSession } from "./managed-session.ts";
import { Retry } from "./retry.ts";
import { type AttemptConfig, UpstreamAttempt } from "./upstream-attempt.ts";
import { describeServer, type Phase, type UpstreamStatus } from "./upstream-status.ts";
import type { StreamHandlers, StreamPlatform } from "./upstream-stream.ts";

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
  /** How long the server may be silent. */
  patience: Patience;
  platform: StreamPlatform;
  /** In [0, 1). */
  random(): number;
  handlers: UpstreamHandlers;
}

/** The session that stands. */
interface Established {
  resumed: boolean;
  liveness: Liveness;
}

function nothing(): void {
  // For a stream that ends before any of this can happen.
}

function cancelNothing(): void {
  // No timer runs.
}

export class Upstream {
  readonly #deps: UpstreamDependencies;
  readonly #retry = new Retry();
  #stream: UpstreamAttempt | undefined;
  #established: Established | undefined;
  /** The last attempt was made with a token, and has not led to a session. */
  #triedToken = false;
  /** One timer: for the next attempt, or for the next look at a server that is silent. */
  #cancelTimer: () => void = cancelNothing;
  #nextAttemptMs: number | undefined;
  #lastError: { text: string; atMs: number } | undefined;
  #phase: { name: Phase; sinceMs: number };
  /** Of the latest attempt, once it has ended. */
  #tried: readonly Refused[] = [];
  #features: ServerFeatures = { rosterVersioning: false, sessionRequired: false, streamManagement: false };

  constructor(deps: UpstreamDependencies) {
    this.#deps = deps;
    this.#phase = { name: "offline", sinceMs: this.#nowMs() };
  }

  get features(): ServerFeatures {
    return this.#features;
  }

  /** What there is to tell the owner, now. */
  status(): UpstreamStatus {
    this.#notePhase();
    const candidate = this.#stream?.candidate;
    return {
      phase: this.#phase.name,
      sinceMs: this.#phase.sinceMs,
      server: candidate && describeServer(candidate),
      streamManagement: this.#established !== undefined && this.#deps.session.isManaged,
      session: this.#established && (this.#established.resumed ? "resumed" : "new"),
      lastError: this.#lastError?.text ?? "",
      lastErrorAtMs: this.#lastError?.atMs,
      nextAttemptMs: this.#nextAttemptMs,
      tried: this.#stream?.tried ?? this.#tried,
    };
  }

  /** Connects now if there is no session and what is stored may log in. Calling it again does nothing. */
  start(): void {
    if (this.#stream) return;
    const { vault } = this.#deps;
    const credentials = vault.credentials();
    if (!credentials) return;
    // FAST-4: a token that is neither taken nor refused must not keep us out.
    const token = this.#triedToken ? undefined : vault.token(this.#nowMs());
    this.#triedToken = token !== undefined;
    this.#connect(credentials, nothing, token);
  }

  /** For the alarm: connects if that is due, and finds out whether a silent server is still there. */
  tick(): void {
    if (this.#stream) this.#look();
    else if (this.#nextAttemptMs === undefined || this.#nextAttemptMs <= this.#nowMs()) this.start();
  }

  /** Sends one stanza now, or keeps it until there is a session. False when there is no room to keep it. */
  send(stanza: Element): boolean {
    const nowMs = this.#nowMs();
    if (!this.#deps.session.add(serialize(stanza, NS.client), nowMs)) return false;
    if (this.#stream?.isBound) this.#stream.send(this.#deps.session.drain(nowMs));
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
    const stream = this.#attempt(this.#config(credentials, token), {
      onAuthenticated: (evidence) => void this.#accept(credentials, evidence, settle),
      onBound: (fullJid, sm, chosen) => {
        this.#onEstablished(false);
        session.begin(fullJid, sm, () => handlers.onBound(fullJid, chosen));
      },
      onResumed: (h) => {
        const fullJid = session.resumption()?.fullJid ?? "";
        this.#onEstablished(true);
        if (!session.resumed(h)) return this.#tooHigh(stream);
        handlers.onResumed(fullJid);
      },
      onResumeFailed: (h) => session.resumeFailed(h),
      onFeatures: (features) => (this.#features = features),
      onElement: (element) => this.#onElement(stream, element),
      onTurnEnd: () => {
        const nowMs = this.#nowMs();
        this.#established?.liveness.heard(nowMs);
        session.endTurn();
        if (stream.isBound) stream.send(session.drain(nowMs));
      },
      onEnded: (failure) => {
        settle({ ok: false, failure });
        this.#onEnded(failure, credentials);
      },
    });
    this.#stream = stream;
    this.#notePhase();
  }

  /** A stream that only finds out whether the server takes a password. The session is not touched. */
  #prove(credentials: Credentials, settle: (outcome: LoginOutcome) => void): void {
    const stream = this.#attempt(this.#proofConfig(credentials), {
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

  #attempt(config: AttemptConfig, handlers: StreamHandlers): UpstreamAttempt {
    return new UpstreamAttempt(this.#deps.route(), config, handlers, this.#deps.platform);
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

  async #accept(
    credentials: Credentials,
    evidence: AuthenticationEvidence,
    settle: (outcome: LoginOutcome) => void,
  ): Promise<void> {
    try {
      await keepAccepted(this.#deps.vault, credentials, evidence);
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

  #onEstablished(resumed: boolean): void {
    const nowMs = this.#nowMs();
    this.#triedToken = false;
    this.#retry.established(nowMs);
    this.#established = { resumed, liveness: new Liveness(this.#deps.patience, nowMs) };
    this.#notePhase();
    this.#look();
  }

  /** UP-12: is a silent server still there? Looks again when there may be something to do. */
  #look(): void {
    if (!this.#established) return;
    const { session } = this.#deps;
    const { liveness } = this.#established;
    const nowMs = this.#nowMs();
    const verdict = liveness.judge(nowMs, session.unacknowledgedSinceMs);
    if (verdict.type === "dead") {
      this.#stream?.abandon();
      this.#onEnded({ kind: "server", condition: "silent", text: verdict.text }, undefined);
      return this.start();
    }
    if (verdict.type === "wait") return this.#wait(verdict.untilMs - nowMs, () => this.#look());
    liveness.asked(nowMs);
    // Without Stream Management a ping does it: any answer, even an error, is a sign of life (XEP-0199).
    this.#stream?.send([session.probe() ?? `<iq type="get" id="alive"><ping xmlns="${NS.ping}"/></iq>`]);
    this.#look();
  }

  /** `tried`: the credentials that this stream came with; they may not be those that are stored now. */
  #onEnded(failure: NegotiationFailure, tried: Credentials | undefined): void {
    const { vault, session, handlers } = this.#deps;
    this.#clearTimer();
    this.#tried = this.#stream?.tried ?? [];
    this.#stream = undefined;
    this.#established = undefined;
    this.#lastError = { text: failure.text, atMs: this.#nowMs() };
    this.#notePhase();
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
    this.#notePhase();
    this.#deps.handlers.onRefused(reason);
  }

  #retryLater(): void {
    const nowMs = this.#nowMs();
    const delayMs = this.#retry.failed(nowMs, this.#deps.random());
    this.#nextAttemptMs = nowMs + delayMs;
    this.#wait(delayMs, () => this.start());
  }

  #wait(delayMs: number, then: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#deps.platform.clock.after(delayMs, then);
  }

  #clearTimer(): void {
    this.#cancelTimer();
    this.#cancelTimer = cancelNothing;
    this.#nextAttemptMs = undefined;
  }

  #notePhase(): void {
    const online = this.#stream?.isBound ?? false;
    const offline = this.#deps.vault.needsLogin ? "needs-login" : "offline";
    const name = online ? "online" : this.#stream ? "connecting" : offline;
    if (name !== this.#phase.name) this.#phase = { name, sinceMs: this.#nowMs() };
  }

  #nowMs(): number {
    return this.#deps.platform.clock.nowMs();
  }
}
