/**
 * The receiving entity's half of a WebSocket stream (RFC 7395 on RFC 6120), as plain data: how far a client got,
 * what goes in and what comes out. Everything here survives JSON, so that a stream survives hibernation.
 */
import type { Element } from "@xmpp/xml";
import type { Jid } from "../jid.ts";
import type { ScramHash, ScramVerifier } from "../sasl/scram-keys.ts";
import type { ScramServerState } from "../sasl/scram-server.ts";
import type { StreamCondition } from "../stream-error.ts";
import type { XmlProblem } from "../xml/xml-error.ts";

export interface ReceivingState {
  phase:
    | "opening" /** before the first `<open/>` */
    | "authenticating" /** SASL offered or under way */
    | "checking" /** the shell checks a password */
    | "reopening" /** authenticated, before the second `<open/>` */
    | "binding" /** resource binding offered */
    | "awaiting-upstream" /** the client asked to bind; the account's full JID is not known yet */
    | "bound"
    | "closed";
  /** The mechanism under way, and what it remembers. */
  mechanism?: string;
  scram?: ScramServerState;
  failedLogins: number;
  bindRequest?: { id: string | undefined; resource: string | undefined };
  fullJid?: string;
  /** Stream Management is enabled, which it can be once (XEP-0198 section 3). */
  managed?: boolean;
}

/** What the machine may look up while it takes a step. */
export interface ReceivingContext {
  account: Jid;
  /** SASL mechanisms to offer, best first. */
  mechanisms: readonly string[];
  verifierFor(hash: ScramHash): ScramVerifier | undefined;
  /** At least 128 bits, printable ASCII without a comma: stream ids and SCRAM nonces. */
  nonce(): string;
  rosterVersioning: boolean;
}

export type ReceivingEvent =
  | { type: "element"; element: Element }
  | { type: "problem"; problem: XmlProblem }
  | { type: "password-accepted" }
  | { type: "password-refused"; condition: SaslRefusal; text?: string }
  | { type: "upstream-bound"; fullJid: string }
  /** The answer to enable-sm. */
  | { type: "sm-enabled"; id: string; maxSeconds: number }
  /** The answers to resume: the old stream's full JID and how many of its stanzas were handled. */
  | { type: "sm-resumed"; previd: string; h: number; fullJid: string }
  | { type: "sm-resume-failed" }
  | { type: "upstream-unavailable"; text: string }
  | { type: "shutdown"; condition: StreamCondition; text: string; application?: Element };

export type SaslRefusal = "account-disabled" | "not-authorized" | "temporary-auth-failure";

export type ReceivingEffect =
  | { type: "send"; frame: string }
  /** Is this the account's password? Answer with password-accepted or password-refused. */
  | { type: "check-password"; password: string }
  | { type: "authenticated"; mechanism: string }
  /** Answer with upstream-bound or upstream-unavailable. */
  | { type: "await-upstream" }
  /** The stream is bound: from here on stanzas come out. */
  | { type: "bound"; resource: string | undefined }
  | { type: "stanza"; stanza: Element }
  /** The stream itself answers a stanza of its client: both count for Stream Management. */
  | { type: "reply"; reply: Element }
  /** The client says whether a person is looking at it (XEP-0352). */
  | { type: "client-state"; active: boolean }
  /** Stream Management (XEP-0198); answer with sm-enabled. */
  | { type: "enable-sm" }
  /** Answer with sm-resumed, then send what the client has yet to get, or with sm-resume-failed. */
  | { type: "resume"; previd: string; h: number }
  /** The client wants to know how many of its stanzas were handled. */
  | { type: "ack-requested" }
  /** The client has handled this many of ours. */
  | { type: "acknowledged"; h: number }
  /** Nothing more will be sent: close the WebSocket with this code (RFC 6455 section 7.4). */
  | { type: "end"; code: number };
