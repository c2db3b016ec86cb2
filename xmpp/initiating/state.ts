/**
 * The initiating entity's half of stream negotiation (RFC 6120 section 4.3), as plain data: what is asked for,
 * how far it got, what goes in and what comes out. Everything here survives JSON.
 */
import type { Element } from "@xmpp/xml";
import type { StreamOpening } from "../framing.ts";
import type { Jid } from "../jid.ts";
import type { ScramClientState } from "../sasl/scram-client.ts";
import type { ScramKeys, ScramParameters } from "../sasl/scram-keys.ts";
import type { ReceivedStreamError } from "../stream-error.ts";
import type { Enabled } from "../stream-management.ts";

/** What proves the account to its server: the password, or SCRAM keys bound to one salt and iteration count. */
export type Credentials =
  { type: "password"; password: string } | { type: "scram"; parameters: ScramParameters; keys: ScramKeys };

export interface NegotiationConfig {
  account: Jid;
  /** The resourcepart to ask for (RFC 6120 section 7.7). */
  resource: string;
  credentials: Credentials;
  /** How the transport is protected: by STARTTLS (required, never skipped), from its first byte, or not at all. */
  tls: "starttls" | "direct" | "none";
  /** May the password be sent in SASL PLAIN when the server has nothing better? Only ever inside TLS. */
  allowPlain: boolean;
  /** What to tell whoever may change that, when it is all that keeps us out. */
  howToAllowPlain?: string;
  /** The strongest mechanism this server was ever seen to offer: nothing weaker is accepted from then on. */
  strongestSeen?: string;
  /**
   * Ask for the salt twice before answering, to learn whether keys can be stored in place of the password
   * (some servers make a new salt for each login).
   */
  probeSalt: boolean;
  /** Stop after authentication: only the password was to be proved. */
  proofOnly: boolean;
  /** The session to take up again (XEP-0198 section 5), before a new one is bound. */
  resume?: { previd: string; h: number; fullJid: string };
  /** Names this installation to the server for good, a UUID version 4 (XEP-0388 section 2.3). */
  userAgent?: string;
  /** May the server choose the resource of a new session (Bind 2)? Only together with `userAgent`. */
  bind2?: boolean;
  /** Logs in ahead of `credentials` where the server still takes it. `count` is higher than at any use before. */
  token?: { token: string; count: number };
}

/** The namespaces of SASL's two profiles, by the names that NS has for them. */
export type SaslProfile = "sasl" | "sasl2";

/** What a server offers with SASL2 (XEP-0388). */
export interface Sasl2Offer {
  mechanisms: string[];
  /** Taking up a session along with authentication (XEP-0198 section 6.2). */
  resume: boolean;
  /** Bind 2 (XEP-0386), and what it enables along with it. */
  bind?: { carbons: boolean; streamManagement: boolean };
  /** FAST (XEP-0484), with the mechanism spoken here. */
  tokens: boolean;
}

/** A token that logs in until it expires (XEP-0484). A secret. */
export interface FastToken {
  token: string;
  /** A date and time as in XEP-0082, as the server wrote it. */
  expiry: string;
}

export interface NegotiationState {
  phase:
    | "header"
    | "features"
    | "tls"
    | "sasl"
    | "resume"
    | "bind"
    | "session"
    | "enable"
    | "bound"
    | "failed"
    | "proved";
  config: NegotiationConfig;
  secured: boolean;
  authenticated: boolean;
  /** The mechanism under way, and how its messages travel. */
  mechanism?: string;
  profile?: SaslProfile;
  /** What the server's features offered, by profile; XEP-0440's channel bindings for both. */
  advertised?: Record<SaslProfile, readonly string[]> & { channelBindings?: readonly string[] };
  /** Present when SASL2 is to be used. */
  sasl2?: Sasl2Offer;
  usesToken?: boolean;
  scram?: ScramClientState;
  /** What the server said of the salt in the probe. */
  probed?: ScramParameters;
  probing?: boolean;
  parameters?: ScramParameters;
  keys?: ScramKeys;
  /** The server's signature was verified in a `<challenge/>`, ahead of `<success/>`. */
  serverProved?: boolean;
  fullJid?: string;
  /** The resource is the server's choice (Bind 2). */
  chosen?: boolean;
  features?: ServerFeatures;
}

/** What the server offered after authentication, as far as anybody here asks. */
export interface ServerFeatures {
  /** XEP-0352. */
  clientState: boolean;
  rosterVersioning: boolean;
  sessionRequired: boolean;
  streamManagement: boolean;
}

export const NO_FEATURES: ServerFeatures = {
  clientState: false,
  rosterVersioning: false,
  sessionRequired: false,
  streamManagement: false,
};

export type NegotiationEvent =
  | { type: "connected" }
  | { type: "tls-established" }
  | { type: "open"; header: Element }
  | { type: "element"; element: Element }
  | { type: "keys"; keys: ScramKeys }
  | { type: "close" };

export type NegotiationEffect =
  /** Begin a stream, or begin it anew. */
  | { type: "open"; opening: StreamOpening }
  /** One element. */
  | { type: "send"; xml: string }
  | { type: "start-tls" }
  /** The next bytes from the server begin a new stream: read them with a fresh reader. */
  | { type: "restart" }
  | { type: "derive-keys"; parameters: ScramParameters; password: string }
  | { type: "authenticated"; evidence: AuthenticationEvidence }
  /**
   * A new session; `sm` when the server acknowledges stanzas: counters begin at zero on both sides now. `chosen` when the
   * resource is the server's choice (Bind 2): its features come afterwards, and are guessed here.
   */
  | { type: "bound"; fullJid: string; features: ServerFeatures; sm: Enabled | undefined; chosen?: true }
  /** The old session goes on; the server has handled `h` of our stanzas. In SASL2 it does not say its features again. */
  | { type: "resumed"; h: number; features: ServerFeatures | undefined }
  /** The old session is over; `h` of our stanzas were handled in it, where the server still knows. */
  | { type: "resume-failed"; h: number | undefined }
  | { type: "failed"; failure: NegotiationFailure };

/** What was learned by a successful authentication. */
export interface AuthenticationEvidence {
  mechanism: string;
  /** Present after SCRAM: what logs in again as long as the server keeps its salt. */
  scram?: { parameters: ScramParameters; keys: ScramKeys };
  /** Was the salt the same when asked twice? False when it was not asked. */
  saltIsStable: boolean;
  /** A token that was asked for, or that takes the place of the one that was used. */
  token?: FastToken;
}

/**
 * Why there is no session. `credentials`: the server refused them, a person must log in again. `identity`: TLS or
 * the server's SCRAM signature failed, nothing was disclosed. `protocol`: the server broke the protocol or lacks
 * what is needed. `server`: the server ended the stream. `token`: the server refused the token, which is of no use any more;
 * the credentials may still do, on a new connection. `text` is for the owner and holds no secret.
 */
export interface NegotiationFailure {
  kind: "credentials" | "identity" | "protocol" | "server" | "token";
  condition: string;
  text: string;
  /** The stream error that it ended with, if the server sent one. */
  streamError?: ReceivedStreamError;
  /** Where the server wants us to go on. */
  elsewhere?: Elsewhere;
}

/**
 * Where a server sends its client: a host, as `see-other-host` has it (RFC 6120 section 4.9.3.19), or a URI, as `see-other-uri`
 * does (RFC 7395 section 3.6.1). As it was sent.
 */
export interface Elsewhere {
  kind: "host" | "uri";
  text: string;
}
