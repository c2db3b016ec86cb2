/**
 * One attempt at a session with the account's server: a link and the negotiation machine on it, then stanzas until it
 * ends. Knows nothing of retries or of what is stored.
 */
import type { Element } from "@xmpp/xml";
import { readServerFeatures } from "../../xmpp/initiating/features.ts";
import { negotiate, startNegotiation, streamErrorFailure } from "../../xmpp/initiating/negotiation.ts";
import type {
  AuthenticationEvidence,
  NegotiationConfig,
  NegotiationEffect,
  NegotiationEvent,
  NegotiationFailure,
  NegotiationState,
  ServerFeatures,
} from "../../xmpp/initiating/state.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { readStreamError, type StreamCondition, streamError } from "../../xmpp/stream-error.ts";
import type { Enabled } from "../../xmpp/stream-management.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";
import type { StreamEvent } from "../../xmpp/xml/stream-reader.ts";
import { deriveKeys } from "../credentials/derive-keys.ts";
import type { Endpoint } from "../discovery/endpoint.ts";
import { nonce } from "../random.ts";
import type { Clock } from "../clock.ts";
import type { Link, OpenLink } from "./link.ts";

/** What carries a stream, and what it waits with. */
export interface StreamPlatform {
  open: OpenLink;
  clock: Clock;
}

export interface StreamHandlers {
  onAuthenticated(evidence: AuthenticationEvidence): void;
  /** `chosen`: the resource is the server's choice. */
  onBound(fullJid: string, sm: Enabled | undefined, chosen: boolean): void;
  onResumed(h: number): void;
  onResumeFailed(h: number | undefined): void;
  /** What the server offers now. Said once for each stream, sometimes after the session has begun. */
  onFeatures(features: ServerFeatures): void;
  /** A stanza, or a nonza of Stream Management. */
  onElement(element: Element): void;
  /** A chunk, be it a keepalive, is done with: what its stanzas have moved is to be written down. */
  onTurnEnd(): void;
  /** Called once; nothing else after it. */
  onEnded(failure: NegotiationFailure): void;
}

/** From the first byte to a bound resource; SCRAM key derivation and slow servers included. */
const NEGOTIATION_TIMEOUT_MS = 30_000;
/** How long a server may take to close a stream that we have closed. */
const CLOSING_TIMEOUT_MS = 5_000;
const UNAVAILABLE = '<presence type="unavailable"/>';

export class UpstreamStream {
  readonly #handlers: StreamHandlers;
  readonly #state: NegotiationState;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #endTimeLimit: () => void;
  #ended = false;

  /** Begins at once. Throws where the platform does not connect to such an address. */
  constructor(
    endpoint: Endpoint,
    config: NegotiationConfig,
    handlers: StreamHandlers,
    { open, clock }: StreamPlatform,
  ) {
    this.#handlers = handlers;
    this.#state = startNegotiation(config);
    this.#clock = clock;
    this.#link = open(endpoint, {
      onConnected: () => this.#negotiate({ type: "connected" }),
      onTlsEstablished: () => this.#negotiate({ type: "tls-established" }),
      onEvents: (events) => {
        try {
          this.#onEvents(events);
        } finally {
          if (!this.#ended) this.#handlers.onTurnEnd();
        }
      },
      onClosed: (reason, stage) =>
        this.#end({ kind: stage === "tls" ? "identity" : "server", condition: "closed", text: reason }),
    });
    this.#endTimeLimit = clock.after(NEGOTIATION_TIMEOUT_MS, () => {
      this.#end({ kind: "server", condition: "timeout", text: "The server took too long to let us in." });
    });
    void this.#link.run();
  }

  get isBound(): boolean {
    return !this.#ended && this.#state.phase === "bound";
  }

  /** Sends serialized stanzas or nonzas. Only on a bound stream. */
  send(elements: readonly string[]): void {
    for (const element of elements) this.#link.writeElement(element);
  }

  /** Ends the stream for what the server did wrong, with the reason on the wire (RFC 6120 section 4.9). */
  fail(condition: StreamCondition, text: string, application?: Element): void {
    this.#fail("protocol", condition, text, condition, application);
  }

  /** Drops the connection without closing the stream: what is incidental must not end a resumable session. */
  abandon(): void {
    this.#ended = true;
    this.#endTimeLimit();
    this.#link.close();
  }

  /**
   * Ends the session in order (RFC 6121 section 4.5.1, RFC 6120 section 4.4), so that it cannot be resumed; the connection goes
   * when the server has closed it, or after a while. Before there is a session there is nothing to be said.
   */
  leave(): void {
    if (!this.isBound) return this.abandon();
    this.#ended = true;
    this.#link.writeElement(UNAVAILABLE);
    this.#link.writeClose();
    this.#clock.after(CLOSING_TIMEOUT_MS, () => this.#link.close());
  }

  #onEvents(events: StreamEvent[]): void {
    for (const [index, event] of events.entries()) {
      if (this.#ended) return;
      const restarted = this.#onEvent(event);
      if (restarted && index < events.length - 1) return this.#injected();
    }
  }

  /** Says whether a new stream is to begin after this event. */
  #onEvent(event: StreamEvent): boolean {
    switch (event.type) {
      case "problem":
        this.#fail(
          "protocol",
          event.problem.condition,
          `The server's XML: ${event.problem.text}`,
          event.problem.condition,
        );
        return false;
      case "open":
        return this.#negotiate({ type: "open", header: event.header });
      case "close":
        this.#end(closedFailure(event.otherUri));
        return false;
      case "element":
        if (this.#state.phase !== "bound")
          return this.#negotiate({ type: "element", element: event.element });
        this.#onBoundElement(event.element);
        return false;
    }
  }

  #onBoundElement(element: Element): void {
    // After SASL2's inline features come those of the stream (XEP-0388 section 2.6.1); they are no stanza to be counted.
    if (element.is("features", NS.stream)) return this.#handlers.onFeatures(readServerFeatures(element));
    if (!element.is("error", NS.stream)) return this.#handlers.onElement(element);
    this.#end(streamErrorFailure(readStreamError(element)));
  }

  #negotiate(event: NegotiationEvent): boolean {
    if (this.#ended) return false;
    const effects = negotiate(this.#state, event, { nonce });
    for (const effect of effects) if (!this.#ended) this.#carryOut(effect);
    return effects.some(({ type }) => type === "restart" || type === "start-tls");
  }

  #carryOut(effect: NegotiationEffect): void {
    switch (effect.type) {
      case "open":
        return this.#link.writeOpen(effect.opening);
      case "send":
        return this.#link.writeElement(effect.xml);
      case "start-tls":
        return this.#link.startTls() ? undefined : this.#injected();
      case "restart":
        return this.#link.restart() ? undefined : this.#injected();
      case "derive-keys":
        void this.#derive(effect);
        return;
      case "authenticated":
        return this.#handlers.onAuthenticated(effect.evidence);
      case "bound":
        this.#endTimeLimit();
        this.#handlers.onFeatures(effect.features);
        return this.#handlers.onBound(effect.fullJid, effect.sm, effect.chosen ?? false);
      case "resumed":
        this.#endTimeLimit();
        if (effect.features) this.#handlers.onFeatures(effect.features);
        return this.#handlers.onResumed(effect.h);
      case "resume-failed":
        return this.#handlers.onResumeFailed(effect.h);
      case "failed":
        return this.#end(effect.failure);
    }
  }

  async #derive({
    password,
    parameters,
  }: Extract<NegotiationEffect, { type: "derive-keys" }>): Promise<void> {
    const derived = await deriveKeys(password, parameters);
    if (derived.ok) this.#negotiate({ type: "keys", keys: derived.keys });
    else this.#end({ kind: "protocol", condition: "iterations", text: derived.text });
  }

  /** UP-2: what came ahead of its stream, also in part, was injected before the protection began (RFC 6120 section 5.3.3). */
  #injected(): void {
    const text = "The server sent more before the new stream began.";
    this.#fail("protocol", "injection", text, "policy-violation");
  }

  #fail(
    kind: NegotiationFailure["kind"],
    condition: string,
    text: string,
    wire: StreamCondition,
    application?: Element,
  ): void {
    if (this.#ended) return;
    this.#link.writeElement(serialize(streamError(wire, undefined, application)));
    this.#link.writeClose();
    this.#end({ kind, condition, text });
  }

  #end(failure: NegotiationFailure): void {
    if (this.#ended) return;
    this.abandon();
    this.#handlers.onEnded(failure);
  }
}

function closedFailure(otherUri: string | undefined): NegotiationFailure {
  const failure = { kind: "server", condition: "closed", text: "The server closed the stream." } as const;
  return otherUri === undefined ? failure : { ...failure, elsewhere: { kind: "uri", text: otherUri } };
}
