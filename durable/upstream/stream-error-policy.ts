/**
 * UP-14: what to do when the server ends the stream with an error, for every condition of RFC 6120 section 4.9.3. A table and
 * nothing else: who waits, resumes or binds is elsewhere.
 *
 * A session is dropped only where the two sides' counters cannot agree any more. In every other case resuming is tried, also
 * where the server will hardly have kept the session: a refusal costs one round trip, and says how much of what we sent has
 * arrived (XEP-0198 section 5), without which it would be sent twice.
 *
 * No condition alone stops the retries: a stream error proves nothing about the password. The login that follows does, and a
 * refusal there stops them (LOGIN-8).
 */
import type { NegotiationFailure } from "../../xmpp/initiating/state.ts";
import type { ReceivedStreamError } from "../../xmpp/stream-error.ts";

/** When to try again. Each pace is the slowest that is fair; a person who comes is not kept waiting by any of them. */
export type Pace =
  /** Nothing is wrong: now, if this is not happening again and again. */
  | "at-once"
  /** One second, doubling to a minute. */
  | "backoff"
  /** Half a minute and more: the server has too much to do. */
  | "slowly"
  /** A quarter of an hour: somebody has to change something first. */
  | "rarely";

export interface StreamErrorPolicy {
  session: "resume" | "drop";
  pace: Pace;
  /** Another resource when it happens again: somebody else wants ours. */
  contested: boolean;
  /** May something that we have sent be what the server does not stand? Sending it again would end every stream. */
  suspect: boolean;
  /** Follow where it leads (UP-15). */
  redirect: boolean;
  /** What it means, in a sentence for people; empty where the server's own words say enough. */
  words: string;
}

const USUAL: StreamErrorPolicy = {
  session: "resume",
  pace: "backoff",
  contested: false,
  suspect: false,
  redirect: false,
  words: "",
};

const OUR_XML: StreamErrorPolicy = {
  ...USUAL,
  suspect: true,
  words: "It does not accept something that was sent to it.",
};

const WRONG_DOMAIN = "It says that it does not serve this domain.";
const TOO_OLD: StreamErrorPolicy = {
  ...USUAL,
  pace: "rarely",
  words: "It does not speak the XMPP that is spoken here.",
};

export const STREAM_ERROR_POLICIES: ReadonlyMap<string, StreamErrorPolicy> = new Map([
  ["bad-format", OUR_XML],
  ["bad-namespace-prefix", OUR_XML],
  [
    "conflict",
    {
      ...USUAL,
      contested: true,
      words: "Another session has taken this one's place, or somebody has ended it on the server.",
    },
  ],
  ["connection-timeout", { ...USUAL, pace: "at-once", words: "It has not heard of us for too long." }],
  ["host-gone", { ...USUAL, pace: "rarely", words: WRONG_DOMAIN }],
  ["host-unknown", { ...USUAL, pace: "rarely", words: WRONG_DOMAIN }],
  ["improper-addressing", OUR_XML],
  ["internal-server-error", { ...USUAL, words: "Something is broken there." }],
  ["invalid-from", OUR_XML],
  ["invalid-namespace", OUR_XML],
  ["invalid-xml", OUR_XML],
  // Where an account was disabled or deleted; whether the password still holds is for the next login to say.
  [
    "not-authorized",
    { ...USUAL, words: "It does not let this account go on; the next login will tell why." },
  ],
  ["not-well-formed", OUR_XML],
  // Too large a stanza; also too many of them, or too many that a server holds for us.
  ["policy-violation", { ...OUR_XML, words: "Something that was sent to it is against its rules." }],
  [
    "remote-connection-failed",
    { ...USUAL, pace: "slowly", words: "It cannot reach something that it needs itself." },
  ],
  ["reset", { ...USUAL, pace: "at-once", words: "It wants to begin anew, with new keys or features." }],
  ["resource-constraint", { ...USUAL, pace: "slowly", words: "It has too much to do." }],
  ["restricted-xml", OUR_XML],
  ["see-other-host", { ...USUAL, pace: "at-once", redirect: true, words: "It sends us to another host." }],
  ["system-shutdown", { ...USUAL, words: "It is being shut down or restarted." }],
  ["undefined-condition", USUAL],
  ["unsupported-encoding", TOO_OLD],
  ["unsupported-feature", TOO_OLD],
  ["unsupported-stanza-type", OUR_XML],
  ["unsupported-version", TOO_OLD],
]);

/** UP-18: no stream error, and the same as see-other-host. */
const CLOSED_ELSEWHERE: StreamErrorPolicy = {
  ...USUAL,
  pace: "at-once",
  redirect: true,
  words: "It sends us to another address.",
};

/** The application-specific condition of XEP-0198 section 6: the server counts otherwise than we do. */
const TOO_HIGH = "handled-count-too-high";

/** What to do about a stream error. An unknown condition is an undefined one (RFC 6120 section 4.9.3.21). */
export function streamErrorPolicy({ condition, application }: ReceivedStreamError): StreamErrorPolicy {
  const policy = STREAM_ERROR_POLICIES.get(condition) ?? USUAL;
  return application === TOO_HIGH ? { ...policy, session: "drop" } : policy;
}

/** What to do after a stream that has ended like this; undefined where the server has said nothing to go by. */
export function endingPolicy({
  streamError,
  elsewhere,
}: Pick<NegotiationFailure, "streamError" | "elsewhere">): StreamErrorPolicy | undefined {
  if (streamError) return streamErrorPolicy(streamError);
  return elsewhere && CLOSED_ELSEWHERE;
}
