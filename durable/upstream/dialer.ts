/**
 * Makes attempts: with which credentials, for which resource, by which way. Knows nothing of what becomes of a session, nor of
 * when to try again.
 */
import type {
  AuthenticationEvidence,
  Credentials,
  NegotiationConfig,
  NegotiationFailure,
} from "../../xmpp/initiating/state.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Vault } from "../credentials/vault.ts";
import type { OtherHost } from "../discovery/other-host.ts";
import type { Route } from "../discovery/route.ts";
import { keepAccepted } from "./keep-accepted.ts";
import type { ManagedSession } from "./managed-session.ts";
import { type AttemptConfig, UpstreamAttempt } from "./upstream-attempt.ts";
import type { StreamHandlers, StreamPlatform } from "./upstream-stream.ts";

export type LoginOutcome = { ok: true } | { ok: false; failure: NegotiationFailure };

export interface DialerDependencies {
  account: Jid;
  /** A fresh round of the domain's servers, to be tried one after the other; that one first, if it may be trusted. */
  route(prefer?: OtherHost): Route;
  /** To be asked for at the next bind. */
  resource(): string;
  /** Names this installation to the server: a UUID, the same for as long as the account is here. */
  userAgent: string;
  /** SASL2-4: is anybody there who was told the full JID, or would miss what the server withholds in Bind 2? */
  hasClients(): boolean;
  /** UP-4: may the password be sent to a server that has nothing but PLAIN? Inside TLS only. */
  allowPlain: boolean;
  vault: Vault;
  session: ManagedSession;
  platform: StreamPlatform;
}

/** What differs from one attempt at a session to the next. */
export interface SessionRequest {
  credentials: Credentials;
  token?: NegotiationConfig["token"];
  /** Where the server would have us connect first. */
  prefer?: OtherHost | undefined;
  /** Is the resource to be ours, and not the server's choice? */
  ownResource: boolean;
}

export type SessionHandlers = Omit<StreamHandlers, "onAuthenticated">;

const HOW_TO_ALLOW_PLAIN =
  'the settings forbid that; ALLOW_SASL_PLAIN = "true" would allow it, inside TLS only';

function nothing(): void {
  // For a stream that ends before any of this can happen.
}

export class Dialer {
  readonly #deps: DialerDependencies;

  constructor(deps: DialerDependencies) {
    this.#deps = deps;
  }

  /** A stream that becomes the session. `settle` is called once: when its credentials are stored, or with the failure. */
  dial(
    request: SessionRequest,
    settle: (outcome: LoginOutcome) => void,
    handlers: SessionHandlers,
  ): UpstreamAttempt {
    const { credentials, prefer } = request;
    const route = this.#deps.route(prefer);
    const all: StreamHandlers = {
      ...handlers,
      onAuthenticated: (evidence) => void this.#accept(credentials, evidence, settle),
      onEnded: (failure) => {
        settle({ ok: false, failure });
        handlers.onEnded(failure);
      },
    };
    return new UpstreamAttempt(route, this.#sessionConfig(request), all, this.#deps.platform);
  }

  /** A stream that only finds out whether the server takes a password. The session is not touched. */
  prove(credentials: Credentials, settle: (outcome: LoginOutcome) => void): void {
    const attempt = new UpstreamAttempt(
      this.#deps.route(),
      this.#config(credentials),
      {
        onAuthenticated: (evidence) => {
          attempt.abandon();
          void this.#accept(credentials, evidence, settle);
        },
        onBound: nothing,
        onResumed: nothing,
        onResumeFailed: nothing,
        onFeatures: nothing,
        onElement: nothing,
        onTurnEnd: nothing,
        onEnded: (failure) => settle({ ok: false, failure }),
      },
      this.#deps.platform,
    );
  }

  #sessionConfig({ credentials, token, ownResource }: SessionRequest): AttemptConfig {
    const { userAgent, session } = this.#deps;
    const resume = session.resumption();
    return {
      ...this.#config(credentials),
      proofOnly: false,
      userAgent,
      bind2: !ownResource && !this.#deps.hasClients(),
      ...(token && { token }),
      ...(resume && { resume }),
    };
  }

  #config(credentials: Credentials): AttemptConfig {
    const { account, allowPlain, vault } = this.#deps;
    const strongestSeen = vault.strongestSeen();
    return {
      account,
      resource: this.#deps.resource(),
      credentials,
      allowPlain,
      howToAllowPlain: HOW_TO_ALLOW_PLAIN,
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
}
