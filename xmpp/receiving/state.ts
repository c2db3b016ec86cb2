/**
 * The receiving entity's half of a WebSocket stream (RFC 7395 on RFC 6120), as plain data: how far a client got,
 * what goes in and what comes out. Everything here survives JSON, so that a stream survives hibernation.
 */
import type { Element } from "@xmpp/xml";
import type { Jid } from "../jid.ts";
import type { ScramHash, ScramVerifier } from "../sasl/scram-keys.ts";
import type { ScramServerState } from "../sasl/scram-server.ts";
import type { StreamCondition } from "../stream-error.ts";
import type { Enable } from "../stream-management.ts";
import type { XmlProblem } from "../xml/xml-error.ts";

/** RFC 6120 section 6, and XEP-0388. */
export type SaslProfile = "sasl" | "sasl2";

/** What a client asks for along with authentication (XEP-0388 section 2.3), and what has come of it so far. */
export interface InlineRequest {
  resume?: { previd: string; h: number };
  /** Bind 2 (XEP-0386 section 3.2). */
  bind?: { carbons: boolean; active: boolean; enable?: Enable | "malformed" };
  requestToken?: true;
  /** `<fast/>` of a login by token (XEP-0484 section 3.4). */
  fast?: { count?: number; invalidate?: true };
  /** What the mechanism says along with success, in base64. */
  additionalData?: string;
  resumed?: { previd: string; h: number };
  resumeFailed?: { h?: number | undefined };
}

export interface ReceivingState {
  phase:
    | "opening" /** before the first `<open/>` */
    | "authenticating" /** SASL offered or under way */
    | "checking" /** the shell checks a password or a token */
    | "reopening" /** authenticated, before the second `<open/>` */
    | "resuming" /** authenticated; the shell takes up an old stream, inline */
    | "binding" /** resource binding offered */
    | "awaiting-upstream" /** the client asked to bind; the account's full JID is not known yet */
    | "granting" /** the shell makes what goes into SASL2's success */
    | "bound"
    | "closing" /** ended by us: the client's `<close/>` is still to come */
    | "closed";
  /** The SASL mechanisms as they were offered: nothing else is taken, and XEP-0474 hashes them. */
  offered?: readonly string[];
  /** The attempt under way, and what it remembers. */
  profile?: SaslProfile;
  mechanism?: string;
  scram?: ScramServerState;
  inline?: InlineRequest;
  failedLogins: number;
  /** SASL2's user agent id (XEP-0388 section 2.3). */
  device?: string;
  bindRequest?: { id: string | undefined; resource: string | undefined };
  fullJid?: string;
  /** Stream Management is enabled, which it can be once (XEP-0198 section 3). */
  managed?: boolean;
  /** The client did not ask for a stream that can be resumed (XEP-0198 section 5). */
  unresumable?: true;
  /** It goes on where another stream stopped (XEP-0198 section 5). */
  hasResumed?: true;
  /** What to close the WebSocket with after "closing". */
  endCode?: number;
}

/** What the machine may look up while it takes a step. */
export interface ReceivingContext {
  account: Jid;
  /** TLS, or this machine: tokens and SASL2 may be used (XEP-0388 section 3). */
  secure: boolean;
  /** SASL mechanisms to offer, best first. */
  mechanisms: readonly string[];
  verifierFor(hash: ScramHash): ScramVerifier | undefined;
  /** For somebody who is not the account: like a verifier, the same each time, and nobody's. */
  fakeVerifierFor(username: string, hash: ScramHash): ScramVerifier;
  /** In words why no login of this client is tried now; undefined when one is. */
  refusal(): string | undefined;
  /** At least 128 bits, printable ASCII without a comma: stream ids and SCRAM nonces. */
  nonce(): string;
  rosterVersioning: boolean;
}

export type ReceivingEvent =
  | { type: "element"; element: Element }
  | { type: "problem"; problem: XmlProblem }
  | { type: "password-accepted" }
  /** The answer goes into success and proves that we know the token too; base64. */
  | { type: "token-accepted"; answer: string }
  | { type: "login-refused"; condition: SaslRefusal; text?: string }
  | { type: "upstream-bound"; fullJid: string }
  /** There is nothing to bind to now. */
  | { type: "bind-refused"; condition: "remote-server-timeout" | "resource-constraint"; text: string }
  /** The answer to grant. `expiry` is an XEP-0082 timestamp. */
  | { type: "granted"; management?: ManagementGrant; token?: { token: string; expiry: string } }
  /** The answer to enable-sm. */
  | ({ type: "sm-enabled" } & ManagementGrant)
  /** The answers to resume: the old stream's full JID and how many of its stanzas were handled. */
  | { type: "sm-resumed"; previd: string; h: number; fullJid: string }
  /** `h`: how many of its stanzas were handled, where the old stream is still known. */
  | { type: "sm-resume-failed"; h?: number | undefined }
  | { type: "shutdown"; condition: StreamCondition; text: string; application?: Element }
  /** The client has had CLOSING_MS for its `<close/>`. */
  | { type: "closing-overdue" };

export type SaslRefusal =
  "account-disabled" | "credentials-expired" | "not-authorized" | "temporary-auth-failure";

/** What `<enabled/>` says (XEP-0198 sections 3 and 5). */
export interface ManagementGrant {
  id: string;
  maxSeconds: number;
}

/** What a client that is about to be bound is like. */
export interface Bound {
  /** The lasting identity behind it: its user agent id, else the resource it asked for; undefined when it said neither. */
  device: string | undefined;
  /** Asked for along with Bind 2. */
  carbons: boolean;
  active: boolean;
}

export type ReceivingEffect =
  | { type: "send"; frame: string }
  /** Is this the account's password? Answer with password-accepted or login-refused. */
  | { type: "check-password"; password: string }
  /** Is this the proof of one of the device's tokens (base64)? Answer with token-accepted or login-refused. */
  | { type: "check-token"; device: string; proof: string; count: number | undefined; invalidate: boolean }
  /** Somebody has guessed wrong. */
  | { type: "login-failed" }
  | { type: "authenticated"; mechanism: string }
  /** Answer with upstream-bound or bind-refused. */
  | { type: "await-upstream" }
  /**
   * What is to go into SASL2's success: a token for the device (`due`: only when the one it has is due for rotation), Stream
   * Management for the client that is about to be bound. Answer with granted.
   */
  | {
      type: "grant";
      token: { device: string; asked: "wanted" | "due" } | undefined;
      management: (Bound & Pick<Enable, "maxSeconds">) | undefined;
    }
  /** The stream is bound: from here on stanzas come out. */
  | ({ type: "bound" } & Bound)
  | { type: "stanza"; stanza: Element }
  /** The stream itself answers a stanza of its client: both count for Stream Management. */
  | { type: "reply"; reply: Element }
  /** The client says whether a person is looking at it (XEP-0352). */
  | { type: "client-state"; active: boolean }
  /** Stream Management (XEP-0198); answer with sm-enabled. */
  | { type: "enable-sm"; maxSeconds: Enable["maxSeconds"] }
  /** Answer with sm-resumed, then send what the client has yet to get, or with sm-resume-failed. */
  | { type: "resume"; previd: string; h: number }
  /** The client wants to know how many of its stanzas were handled. */
  | { type: "ack-requested" }
  /** The client has handled this many of ours. */
  | { type: "acknowledged"; h: number }
  /** The stream is over and nothing more will be sent; answer with closing-overdue after CLOSING_MS. */
  | { type: "closing" }
  /** Close the WebSocket with this code (RFC 6455 section 7.4). */
  | { type: "end"; code: number };
