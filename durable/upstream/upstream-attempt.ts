/**
 * One attempt at a session, over as many servers as the account's domain has: one after the other is tried until one lets
 * us in or refuses the credentials. To its owner it is one stream. Knows nothing of retries or of what is stored.
 */
import type { Element } from "@xmpp/xml";
import type { NegotiationConfig, NegotiationFailure } from "../../xmpp/initiating/state.ts";
import type { StreamCondition } from "../../xmpp/stream-error.ts";
import { protectionOf } from "../discovery/endpoint.ts";
import type { Candidate, Refused } from "../discovery/find-candidates.ts";
import type { Route } from "../discovery/route.ts";
import { type StreamHandlers, type StreamPlatform, UpstreamStream } from "./upstream-stream.ts";

/** Everything but how the transport is protected, which each candidate says. */
export type AttemptConfig = Omit<NegotiationConfig, "tls">;

export class UpstreamAttempt {
  readonly #route: Route;
  readonly #config: AttemptConfig;
  readonly #handlers: StreamHandlers;
  readonly #platform: StreamPlatform;
  #candidate: Candidate | undefined;
  #stream: UpstreamStream | undefined;
  /** Some server has taken the credentials: what happens now concerns that server only. */
  #authenticated = false;
  #abandoned = false;

  /** Begins at once. No handler is called before the constructor has returned. */
  constructor(route: Route, config: AttemptConfig, handlers: StreamHandlers, platform: StreamPlatform) {
    this.#route = route;
    this.#config = config;
    this.#handlers = handlers;
    this.#platform = platform;
    void this.#tryNext(undefined);
  }

  get isBound(): boolean {
    return this.#stream?.isBound ?? false;
  }

  /** The server that is tried now, or that the session is with. */
  get candidate(): Candidate | undefined {
    return this.#candidate;
  }

  /** What was tried or refused so far, and why. */
  get tried(): readonly Refused[] {
    return this.#route.log;
  }

  /** Sends serialized stanzas or nonzas. Only on a bound stream. */
  send(elements: readonly string[]): void {
    this.#stream?.send(elements);
  }

  /** Ends the stream for what the server did wrong, with the reason on the wire (RFC 6120 section 4.9). */
  fail(condition: StreamCondition, text: string, application?: Element): void {
    this.#stream?.fail(condition, text, application);
  }

  /** Drops the connection without closing the stream: what is incidental must not end a resumable session. */
  abandon(): void {
    this.#abandoned = true;
    this.#stream?.abandon();
  }

  /** Ends the stream in order, and with it the session. Nothing is heard of it any more. */
  leave(): void {
    this.#abandoned = true;
    this.#stream?.leave();
  }

  async #tryNext(last: NegotiationFailure | undefined): Promise<void> {
    if (last?.elsewhere) await this.#route.redirected(last.elsewhere);
    const candidate = await this.#route.next();
    if (this.#abandoned) return;
    this.#candidate = candidate;
    if (!candidate) return this.#handlers.onEnded(this.#conclusion(last));
    const config = { ...this.#config, tls: protectionOf(candidate) };
    try {
      this.#stream = this.#open(candidate, config);
    } catch {
      // The platform refuses some names outright, and DNS can say any.
      const text = "The platform does not connect to an address of this kind.";
      this.#route.failed(text);
      return this.#tryNext({ kind: "server", condition: "address", text });
    }
  }

  #open(candidate: Candidate, config: NegotiationConfig): UpstreamStream {
    const handlers: StreamHandlers = {
      ...this.#handlers,
      onAuthenticated: (evidence) => {
        this.#authenticated = true;
        this.#handlers.onAuthenticated(evidence);
      },
      onEnded: (failure) => {
        this.#route.failed(failure.text);
        // Refused credentials are refused everywhere; to try them elsewhere only gets the account locked.
        const isRefusal = failure.kind === "credentials" || failure.kind === "token";
        if (this.#authenticated || isRefusal) this.#handlers.onEnded(failure);
        else void this.#tryNext(failure);
      },
    };
    return new UpstreamStream(candidate, config, handlers, this.#platform);
  }

  /** Nobody is left to try: the one failure there was, or the whole story. */
  #conclusion(last: NegotiationFailure | undefined): NegotiationFailure {
    if (last && this.#route.log.length === 1) return last;
    return {
      kind: last?.kind ?? "identity",
      condition: last?.condition ?? "no-server",
      text: this.#route.explain(),
    };
  }
}
