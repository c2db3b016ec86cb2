/**
 * The account's one session with its server, kept up: connects, logs in with what is stored, resumes, queues what clients
 * send, leaves a server that has gone silent, tries again, and stops when only a person can help. When to ask, to give up
 * and to try again is decided in liveness.ts and retry.ts.
 */
import type { Element } from "@xmpp/xml";
import {
  type Credentials,
  type NegotiationConfig,
  type NegotiationFailure,
  NO_FEATURES,
  type ServerFeatures,
} from "../../xmpp/initiating/state.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { stanzaKind } from "../../xmpp/stanza.ts";
import { handledCountTooHigh, readHandled } from "../../xmpp/stream-management.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import type { Refused } from "../discovery/find-candidates.ts";
import { ClientState } from "./client-state.ts";
import { Dialer, type DialerDependencies, type LoginOutcome } from "./dialer.ts";
import { Liveness, type Patience } from "./liveness.ts";
import { NextHost } from "./next-host.ts";
import { Retry, USUAL_ENDING } from "./retry.ts";
import { endingPolicy } from "./stream-error-policy.ts";
import type { UpstreamAttempt } from "./upstream-attempt.ts";
import type { UpstreamHandlers } from "./upstream-handlers.ts";
import { describeServer, type Phase, type UpstreamStatus } from "./upstream-status.ts";

interface UpstreamDependencies extends DialerDependencies {
  /** UP-14: somebody else uses the resource that was asked for: another one from now on. */
  giveWay(): void;
  /** How long the server may be silent. */
  patience: Patience;
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
  // Nobody waits, or no timer runs.
}

export class Upstream {
  readonly #deps: UpstreamDependencies;
  readonly #dialer: Dialer;
  readonly #retry = new Retry();
  readonly #nextHost = new NextHost();
  readonly #clientState = new ClientState();
  #stream: UpstreamAttempt | undefined;
  #established: Established | undefined;
  /** The last attempt was made with a token, and has not led to a session. */
  #triedToken = false;
  /** One timer: for the next attempt, or for the next look at a server that is silent. */
  #cancelTimer: () => void = nothing;
  #nextAttemptMs: number | undefined;
  /** The next new session is to have the resource that we ask for. */
  #gaveWay = false;
  #lastError: { text: string; atMs: number } | undefined;
  #phase: { name: Phase; sinceMs: number };
  /** Of the latest attempt, once it has ended. */
  #tried: readonly Refused[] = [];
  #features: ServerFeatures = NO_FEATURES;
  #isOver = false;

  constructor(deps: UpstreamDependencies) {
    this.#deps = deps;
    this.#dialer = new Dialer(deps);
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
    if (this.#stream || this.#isOver) return;
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

  /** Sends one stanza now, or keeps it until there is a session. False when there is no room to keep it. `sender`: who is told. */
  send(stanza: Element, sender?: string): boolean {
    const nowMs = this.#nowMs();
    if (!this.#deps.session.add(serialize(stanza, NS.client), nowMs, sender)) return false;
    if (this.#stream?.isBound) this.#stream.send(this.#deps.session.drain(nowMs));
    return true;
  }

  /** CSI-2: is anybody looking? Said now where the server wants to know, and again in each session. */
  setClientState(active: boolean): void {
    this.#clientState.set(active);
    if (this.#stream?.isBound) this.#stream.send(this.#clientState.due(this.#features));
  }

  /**
   * Proves a password by logging in upstream with it. Without a session the login becomes the session; beside one, it
   * ends once it is proved. Resolves when the outcome is stored.
   */
  login(password: string): Promise<LoginOutcome> {
    const credentials: Credentials = { type: "password", password };
    return new Promise((resolve) => {
      // Beside credentials that are good, a stranger's guess must not be able to take their place.
      if (this.#stream || !this.#deps.vault.needsLogin) this.#dialer.prove(credentials, resolve);
      else this.#connect(credentials, resolve);
    });
  }

  /** FORGET-2: ends the session in order, so that nobody can resume it, and begins no other. */
  leave(): void {
    this.#isOver = true;
    this.#clearTimer();
    // What has come is ours: unacknowledged, the server would keep it for whoever logs in next.
    if (this.#stream?.isBound && this.#deps.session.isManaged) this.#stream.send([this.#deps.session.ack()]);
    this.#stream?.leave();
    this.#stream = undefined;
    this.#established = undefined;
  }

  #connect(
    credentials: Credentials,
    settle: (outcome: LoginOutcome) => void,
    token?: NegotiationConfig["token"],
  ): void {
    this.#clearTimer();
    const { session, handlers } = this.#deps;
    const prefer = this.#nextHost.take(session.location);
    const request = { credentials, prefer, ownResource: this.#gaveWay, ...(token && { token }) };
    const stream = this.#dialer.dial(request, settle, {
      onBound: (fullJid, sm, chosen) => {
        this.#onEstablished(false);
        session.begin(fullJid, sm, () => handlers.onBound(fullJid, chosen));
      },
      onResumed: (h) => {
        const fullJid = session.resumption()?.fullJid ?? "";
        this.#onEstablished(true);
        if (!session.resumed(h)) return this.#tooHigh(stream, h);
        handlers.onResumed(fullJid);
      },
      onResumeFailed: (h) => session.resumeFailed(h),
      onFeatures: (features) => (this.#features = features),
      onElement: (element) => this.#onElement(stream, element),
      onTurnEnd: () => {
        const nowMs = this.#nowMs();
        if (this.#established?.liveness.heard(nowMs)) this.#look();
        session.endTurn();
        if (stream.isBound) stream.send([...session.drain(nowMs), ...this.#clientState.due(this.#features)]);
        handlers.onTurnEnd();
      },
      onEnded: (failure) => this.#onEnded(failure, credentials),
    });
    this.#stream = stream;
    this.#notePhase();
  }

  #onElement(stream: UpstreamAttempt, element: Element): void {
    const { session, handlers } = this.#deps;
    if (element.getNS() !== NS.sm) {
      // Only stanzas count (XEP-0198 section 4); what else a server may say is not for clients either.
      if (!stanzaKind(element) || session.isConfirmation(element)) return;
      session.onStanza();
      return handlers.onStanza(element);
    }
    if (element.getName() === "r") return stream.send([session.ack()]);
    const h = readHandled(element);
    if (element.getName() !== "a" || h === undefined)
      return stream.fail("bad-format", "The server sent a broken nonza.");
    if (!session.acknowledged(h)) this.#tooHigh(stream, h);
  }

  /** UP-10, XEP-0198 section 6. */
  #tooHigh(stream: UpstreamAttempt, h: number): void {
    const { session } = this.#deps;
    const application = handledCountTooHigh(h, session.sentCount);
    session.resumeFailed(undefined);
    stream.fail("undefined-condition", "The server acknowledged more stanzas than it was sent.", application);
  }

  #onEstablished(resumed: boolean): void {
    const nowMs = this.#nowMs();
    this.#triedToken = false;
    this.#gaveWay = false;
    this.#retry.established(nowMs);
    this.#nextHost.established(nowMs);
    this.#clientState.begin({ resumed });
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
    this.#stream?.send(session.probe(nowMs));
    this.#look();
  }

  /** `tried`: the credentials that this stream came with; they may not be those that are stored now. */
  #onEnded(failure: NegotiationFailure, tried: Credentials | undefined): void {
    const { vault, session, handlers } = this.#deps;
    const policy = endingPolicy(failure);
    const text = policy && policy.words !== "" ? `${failure.text} ${policy.words}` : failure.text;
    this.#clearTimer();
    this.#tried = this.#stream?.tried ?? [];
    this.#stream = undefined;
    this.#established = undefined;
    this.#lastError = { text, atMs: this.#nowMs() };
    this.#notePhase();
    session.disconnected({ suspect: policy?.suspect ?? false });
    if (policy?.session === "drop") session.resumeFailed(undefined);
    this.#nextHost.ended(this.#nowMs(), failure.elsewhere);
    if (failure.kind === "token") {
      // On a new connection: Prosody's SASL2 takes nothing but tokens on one that began with a token.
      void vault.dropToken();
      return this.start();
    }
    handlers.onLost(text);
    if (failure.kind === "credentials" && vault.credentials() === tried) return void this.#refused(text);
    if (!vault.needsLogin) this.#retryLater(failure);
  }

  async #refused(reason: string): Promise<void> {
    await this.#deps.vault.refuse();
    this.#notePhase();
    this.#deps.handlers.onRefused(reason);
  }

  #retryLater(failure: NegotiationFailure): void {
    const nowMs = this.#nowMs();
    const ending = endingPolicy(failure) ?? USUAL_ENDING;
    const { delayMs, giveWay } = this.#retry.failed(nowMs, this.#deps.random(), ending);
    // RFC 6120 section 7.7.2.2: the resource is taken, and its holder stays.
    const isTaken = failure.streamError === undefined && failure.condition === "conflict";
    if (giveWay || isTaken) {
      this.#gaveWay = true;
      this.#deps.giveWay();
    }
    this.#nextAttemptMs = nowMs + delayMs;
    this.#wait(delayMs, () => this.start());
  }

  #wait(delayMs: number, then: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#deps.platform.clock.after(delayMs, then);
  }

  #clearTimer(): void {
    this.#cancelTimer();
    this.#cancelTimer = nothing;
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
