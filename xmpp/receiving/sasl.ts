/**
 * SASL as the receiving entity (RFC 6120 section 6): PLAIN, whose password the shell checks, and SCRAM from
 * stored verifiers (RFC 5802). A step of stream.ts.
 */
import xml, { type Element } from "@xmpp/xml";
import { formatJid, isSameJid, normalizeLocalpart } from "../jid.ts";
import { NS } from "../namespaces.ts";
import { decodeBase64Text, encodeBase64Text } from "../sasl/base64.ts";
import { parsePlain } from "../sasl/plain.ts";
import { onClientFinal, onClientFirst } from "../sasl/scram-server.ts";
import { hashOfMechanism } from "../sasl/scram-keys.ts";
import { serialize } from "../xml/serialize.ts";
import { saslFailureFrame, streamErrorFrame, CLOSE_FRAME } from "./frames.ts";
import type { ReceivingContext, ReceivingEffect, ReceivingState } from "./state.ts";

/** RFC 6120 section 6.4.5 wants a limit on retries; what is counted is one connection's. */
const MAX_FAILED_LOGINS = 5;

/** Many times what honest clients send. The state has to fit into what a socket can keep across hibernation. */
const MAX_SCRAM_LENGTH = 1_024;

/** One element while SASL is offered or under way. */
export function authenticate(
  state: ReceivingState,
  element: Element,
  context: ReceivingContext,
): ReceivingEffect[] {
  switch (element.getName()) {
    case "auth":
      return onAuth(state, element, context);
    case "response":
      return state.mechanism === undefined
        ? refuse(state, "malformed-request")
        : onMessage(state, state.mechanism, decodeBase64Text(element.getText()), context);
    case "abort":
      return refuse(state, "aborted");
    default:
      return refuse(state, "malformed-request");
  }
}

/** What the shell found out about the password. */
export function passwordAccepted(state: ReceivingState): ReceivingEffect[] {
  return succeed(state, "PLAIN", undefined);
}

/** Ends this attempt; the client may try again until it has failed too often. */
export function refuse(state: ReceivingState, condition: string, text?: string): ReceivingEffect[] {
  delete state.mechanism;
  delete state.scram;
  state.phase = "authenticating";
  if (condition !== "aborted" && condition !== "temporary-auth-failure") state.failedLogins += 1;
  const failure: ReceivingEffect = { type: "send", frame: saslFailureFrame(condition, text) };
  if (state.failedLogins < MAX_FAILED_LOGINS) return [failure];
  state.phase = "closed";
  return [
    failure,
    { type: "send", frame: streamErrorFrame("policy-violation", "Too many failed logins.") },
    { type: "send", frame: CLOSE_FRAME },
    { type: "end", code: 1008 },
  ];
}

function onAuth(state: ReceivingState, element: Element, context: ReceivingContext): ReceivingEffect[] {
  const mechanism = element.attrs.mechanism ?? "";
  if (!context.mechanisms.includes(mechanism)) return refuse(state, "invalid-mechanism");
  state.mechanism = mechanism;
  delete state.scram;
  const text = element.getText();
  // RFC 6120 section 6.4.2: nothing means that the initial response is still to come, "=" that it is empty.
  if (text === "") return [{ type: "send", frame: serialize(xml("challenge", { xmlns: NS.sasl })) }];
  return onMessage(state, mechanism, text === "=" ? "" : decodeBase64Text(text), context);
}

function onMessage(
  state: ReceivingState,
  mechanism: string,
  message: string | undefined,
  context: ReceivingContext,
): ReceivingEffect[] {
  if (message === undefined) return refuse(state, "incorrect-encoding");
  return mechanism === "PLAIN"
    ? onPlain(state, message, context)
    : onScram(state, mechanism, message, context);
}

function onPlain(state: ReceivingState, message: string, context: ReceivingContext): ReceivingEffect[] {
  const plain = parsePlain(message);
  if (!plain) return refuse(state, "malformed-request");
  const { account } = context;
  // RFC 4616 section 2: an authzid other than the account's own would be acting for somebody else.
  if (plain.authzid !== "" && plain.authzid !== formatJid(account)) return refuse(state, "invalid-authzid");
  // Clients differ in what they call the user name: the localpart (RFC 6120 section 6.3.8) or the whole bare JID.
  const own =
    normalizeLocalpart(plain.authcid) === account.local || isSameJid(plain.authcid, formatJid(account));
  if (!own) return refuse(state, "not-authorized");
  state.phase = "checking";
  return [{ type: "check-password", password: plain.password }];
}

function onScram(
  state: ReceivingState,
  mechanism: string,
  message: string,
  context: ReceivingContext,
): ReceivingEffect[] {
  if (message.length > MAX_SCRAM_LENGTH) return refuse(state, "malformed-request");
  if (state.scram) {
    const outcome = onClientFinal(state.scram, message);
    return outcome.type === "success"
      ? succeed(state, mechanism, outcome.message)
      : refuse(state, outcome.condition);
  }
  const hash = hashOfMechanism(mechanism);
  const verifier = hash && context.verifierFor(hash);
  if (!verifier) return refuse(state, "invalid-mechanism");
  const { account } = context;
  const outcome = onClientFirst(message, { verifier, account, serverNonce: context.nonce() });
  if (outcome.type === "failed") return refuse(state, outcome.condition);
  state.scram = outcome.state;
  const challenge = xml("challenge", { xmlns: NS.sasl }, encodeBase64Text(outcome.message));
  return [{ type: "send", frame: serialize(challenge) }];
}

function succeed(state: ReceivingState, mechanism: string, message: string | undefined): ReceivingEffect[] {
  delete state.mechanism;
  delete state.scram;
  state.phase = "reopening";
  const payload = message === undefined ? undefined : encodeBase64Text(message);
  return [
    { type: "send", frame: serialize(xml("success", { xmlns: NS.sasl }, payload)) },
    { type: "authenticated", mechanism },
  ];
}
