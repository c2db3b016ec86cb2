/**
 * SASL as the receiving entity, in both profiles (RFC 6120 section 6, XEP-0388): PLAIN and tokens, which the shell checks,
 * and SCRAM from stored verifiers (RFC 5802). A step of stream.ts.
 */
import type { Element } from "@xmpp/xml";
import { formatJid, isSameJid, normalizeLocalpart } from "../jid.ts";
import { decodeBase64Text, encodeBase64Text } from "../sasl/base64.ts";
import { downgradeProtection } from "../sasl/downgrade-protection.ts";
import { HASHED_TOKEN, readHashedToken } from "../sasl/hashed-token.ts";
import { parsePlain } from "../sasl/plain.ts";
import { hashOfMechanism } from "../sasl/scram-keys.ts";
import { onClientFinal, onClientFirst } from "../sasl/scram-server.ts";
import { complete } from "./completion.ts";
import { readSasl2Request } from "./inline.ts";
import type { Outcome } from "./outcome.ts";
import { forgetAttempt, refuse, refuseGuess } from "./refuse.ts";
import { challengeFrame, readInitial, readResponse, successFrame } from "./sasl-profiles.ts";
import type { ReceivingContext, ReceivingEffect, ReceivingState, SaslProfile } from "./state.ts";

/** Many times what honest clients send. The state has to fit into what a socket can keep across hibernation. */
const MAX_SCRAM_LENGTH = 1_024;

/** One element of a profile while SASL is offered or under way. */
export function onSasl(
  profile: SaslProfile,
  state: ReceivingState,
  element: Element,
  context: ReceivingContext,
): Outcome {
  if (state.profile !== undefined && state.profile !== profile) {
    return { condition: "not-authorized", text: "Another login is under way on this stream." };
  }
  state.profile = profile;
  switch (element.getName()) {
    case profile === "sasl2" ? "authenticate" : "auth":
      return begin(profile, state, element, context);
    case "response":
      return state.mechanism === undefined
        ? refuse(state, "malformed-request")
        : onMessage(state, state.mechanism, readResponse(profile, element), context);
    case "abort":
      return refuse(state, "aborted");
    default:
      return refuse(state, "malformed-request");
  }
}

/** What the shell found out about the password. */
export function passwordAccepted(state: ReceivingState): ReceivingEffect[] {
  return succeed(state, undefined);
}

/** What the shell found out about the token. */
export function tokenAccepted(state: ReceivingState, answer: string): ReceivingEffect[] {
  return succeed(state, answer);
}

function begin(
  profile: SaslProfile,
  state: ReceivingState,
  element: Element,
  context: ReceivingContext,
): ReceivingEffect[] {
  forgetAttempt(state);
  delete state.device;
  state.profile = profile;
  if (profile === "sasl2") {
    const request = readSasl2Request(element);
    if (typeof request === "string") return refuse(state, "malformed-request", request);
    state.inline = request.inline;
    if (request.device !== undefined) state.device = request.device;
  }
  const mechanism = element.attrs.mechanism ?? "";
  const isToken = profile === "sasl2" && mechanism === HASHED_TOKEN;
  if (!isToken && !state.offered?.includes(mechanism)) return refuse(state, "invalid-mechanism");
  // LOGIN-9: not so for tokens, which cannot be guessed: whoever has one gets in, however many others try.
  const reason = isToken ? undefined : context.refusal();
  if (reason !== undefined) return refuse(state, "temporary-auth-failure", reason);
  state.mechanism = mechanism;
  const initial = readInitial(profile, element);
  return initial === undefined
    ? [challengeFrame(profile, "")]
    : onMessage(state, mechanism, initial, context);
}

function onMessage(
  state: ReceivingState,
  mechanism: string,
  base64: string,
  context: ReceivingContext,
): ReceivingEffect[] {
  if (mechanism === HASHED_TOKEN) return onToken(state, base64, context);
  const message = decodeBase64Text(base64);
  if (message === undefined) return refuse(state, "incorrect-encoding");
  return mechanism === "PLAIN"
    ? onPlain(state, message, context)
    : onScram(state, mechanism, message, context);
}

function onPlain(state: ReceivingState, message: string, context: ReceivingContext): ReceivingEffect[] {
  const plain = parsePlain(message);
  if (!plain) return refuse(state, "malformed-request");
  // RFC 4616 section 2: an authzid other than the account's own would be acting for somebody else.
  if (plain.authzid !== "" && plain.authzid !== formatJid(context.account))
    return refuse(state, "invalid-authzid");
  if (!isOwnName(plain.authcid, context)) return refuseGuess(state);
  state.phase = "checking";
  return [{ type: "check-password", password: plain.password }];
}

/** XEP-0484 section 3.4. A token is its device's, and used with `<fast/>`. */
function onToken(state: ReceivingState, base64: string, context: ReceivingContext): ReceivingEffect[] {
  const { device, inline } = state;
  if (device === undefined || !inline?.fast) {
    return refuse(state, "malformed-request", "A token needs <fast/> and a user agent with its id.");
  }
  const message = readHashedToken(base64);
  if (!message) return refuse(state, "malformed-request");
  if (!isOwnName(message.authcid, context)) return refuseGuess(state);
  state.phase = "checking";
  const { count, invalidate = false } = inline.fast;
  return [{ type: "check-token", device, proof: message.proof, count, invalidate }];
}

function onScram(
  state: ReceivingState,
  mechanism: string,
  message: string,
  context: ReceivingContext,
): ReceivingEffect[] {
  if (message.length > MAX_SCRAM_LENGTH) return refuse(state, "malformed-request");
  if (state.scram) return onProof(state, state.scram, message, context);
  const hash = hashOfMechanism(mechanism);
  if (!hash) return refuse(state, "invalid-mechanism");
  const outcome = onClientFirst(message, {
    account: context.account,
    verifier: context.verifierFor(hash),
    fake: (username) => context.fakeVerifierFor(username, hash),
    serverNonce: context.nonce(),
    downgradeProtection: downgradeProtection(hash, state.offered ?? []),
  });
  if (outcome.type === "failed") return refuse(state, outcome.condition);
  state.scram = outcome.state;
  return [challengeFrame(state.profile ?? "sasl", encodeBase64Text(outcome.message))];
}

function onProof(
  state: ReceivingState,
  scram: NonNullable<ReceivingState["scram"]>,
  message: string,
  context: ReceivingContext,
): ReceivingEffect[] {
  // Others may have guessed wrong since the challenge, over other connections.
  const reason = context.refusal();
  if (reason !== undefined) return refuse(state, "temporary-auth-failure", reason);
  const outcome = onClientFinal(scram, message);
  if (outcome.type === "success") return succeed(state, encodeBase64Text(outcome.message));
  return outcome.condition === "not-authorized" ? refuseGuess(state) : refuse(state, outcome.condition);
}

/** `data` is what the mechanism says along with success, in base64. */
function succeed(state: ReceivingState, data: string | undefined): ReceivingEffect[] {
  if (state.profile === "sasl2") return complete(state, data);
  const { mechanism = "" } = state;
  forgetAttempt(state);
  delete state.offered;
  state.phase = "reopening";
  return [successFrame(data), { type: "authenticated", mechanism }];
}

/** Clients differ in what they call the user name: the localpart (RFC 6120 section 6.3.8) or the whole bare JID. */
function isOwnName(name: string, { account }: ReceivingContext): boolean {
  return normalizeLocalpart(name) === account.local || isSameJid(name, formatJid(account));
}
