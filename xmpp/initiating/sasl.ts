/**
 * SASL as the initiating entity (RFC 6120 section 6, XEP-0388): choosing a profile and a mechanism, the SCRAM exchange (RFC
 * 5802) with its salt probe, tokens, and PLAIN where it was allowed. A step of negotiation.ts.
 */
import type { Element } from "@xmpp/xml";
import { NS } from "../namespaces.ts";
import { decodeBase64Text, encodeBase64Text } from "../sasl/base64.ts";
import { HASHED_TOKEN, hashedTokenMessage, isHashedTokenAnswer } from "../sasl/hashed-token.ts";
import { downgradeProtection } from "../sasl/downgrade-protection.ts";
import { chooseMechanism } from "../sasl/mechanisms.ts";
import { encodePlain } from "../sasl/plain.ts";
import {
  maximumIterations,
  onKeys,
  onServerFinal,
  onServerFirst,
  startScramClient,
} from "../sasl/scram-client.ts";
import {
  hashOfMechanism,
  mechanismOfHash,
  type ScramKeys,
  type ScramParameters,
} from "../sasl/scram-keys.ts";
import { offeredChannelBindings, offeredMechanisms, readSasl2Offer } from "./features.ts";
import { inlineRequests, readToken } from "./inline.ts";
import {
  readAdditionalData,
  readChallenge,
  readSaslFailure,
  sendAbort,
  sendInitial,
  sendResponse,
} from "./sasl-profiles.ts";
import type {
  AuthenticationEvidence,
  NegotiationEffect,
  NegotiationFailure,
  NegotiationState,
  Sasl2Offer,
  SaslProfile,
} from "./state.ts";

export interface SaslPorts {
  /** At least 128 bits, printable ASCII without a comma (RFC 5802 section 5.1). */
  nonce(): string;
}

type SaslOutcome = NegotiationEffect[] | { succeeded: AuthenticationEvidence };

/** Chooses among what the server offers and begins. */
export function beginSasl(state: NegotiationState, features: Element, ports: SaslPorts): NegotiationEffect[] {
  const { credentials, allowPlain, howToAllowPlain, strongestSeen, account, probeSalt, token, userAgent } =
    state.config;
  // XEP-0388 section 3: only inside TLS.
  const sasl2 = state.secured ? readSasl2Offer(features) : undefined;
  if (token && sasl2?.tokens && userAgent !== undefined) return beginToken(state, sasl2, token.token);
  const older = offeredMechanisms(features);
  const channelBindings = offeredChannelBindings(features);
  state.advertised = {
    sasl: older,
    sasl2: sasl2?.mechanisms ?? [],
    ...(channelBindings && { channelBindings }),
  };
  const offered = [...(sasl2?.mechanisms ?? []), ...older];
  const usable =
    credentials.type === "scram"
      ? offered.filter((name) => name === mechanismOfHash(credentials.parameters.hash))
      : offered;
  const choice = chooseMechanism(usable, {
    allowPlain: allowPlain && state.secured && credentials.type === "password",
    ...(strongestSeen === undefined ? {} : { strongestSeen }),
  });
  if (!choice.ok) {
    if (credentials.type === "scram") {
      const text = "The server no longer offers the mechanism the stored keys are for.";
      return fail("credentials", "stale-keys", text);
    }
    const isForbidden = choice.onlyPlain && state.secured && !allowPlain;
    const how = isForbidden && howToAllowPlain !== undefined ? `; ${howToAllowPlain}` : "";
    return fail("protocol", "invalid-mechanism", `${choice.reason}${how}`);
  }
  const { mechanism } = choice;
  state.phase = "sasl";
  state.mechanism = mechanism;
  // The stronger mechanism before the better profile: the two lists need not be the same.
  if (sasl2?.mechanisms.includes(mechanism)) state.sasl2 = sasl2;
  state.profile = state.sasl2 ? "sasl2" : "sasl";
  if (mechanism === "PLAIN" && credentials.type === "password") {
    return sendAuth(
      state,
      encodeBase64Text(encodePlain({ authcid: account.local, password: credentials.password })),
    );
  }
  state.probing = probeSalt && credentials.type === "password";
  // Prosody's SASL2 ends the stream on <abort/> although XEP-0388 section 4.5 has it; RFC 6120's is known everywhere, and a
  // failed attempt leaves the stream as it was. So the salt is asked for in the older profile wherever there are both.
  if (state.probing && older.includes(mechanism)) state.profile = "sasl";
  return beginScram(state, ports);
}

/** One element from the server while SASL is under way. */
export function continueSasl(state: NegotiationState, element: Element, ports: SaslPorts): SaslOutcome {
  if (element.getNS() !== NS[profileOf(state)]) return unexpected(element);
  switch (element.getName()) {
    case "challenge":
      return onChallenge(state, element);
    case "success":
      return onSuccess(state, element);
    case "failure":
      return onFailure(state, element, ports);
    case "continue":
      return onContinue(state, element);
    default:
      return unexpected(element);
  }
}

/** The keys asked for with `derive-keys`, or known beforehand. */
export function useKeys(state: NegotiationState, keys: ScramKeys): NegotiationEffect[] {
  if (!state.scram || !state.parameters || state.keys)
    return fail("protocol", "unexpected-keys", "Keys arrived when none were asked for.");
  const { message, state: scram } = onKeys(state.scram, keys);
  state.scram = scram;
  state.keys = keys;
  return sendResponse(profileOf(state), message);
}

/** XEP-0484 section 3.4: one message, and the server's answer comes with success. */
function beginToken(state: NegotiationState, sasl2: Sasl2Offer, token: string): NegotiationEffect[] {
  state.phase = "sasl";
  state.mechanism = HASHED_TOKEN;
  state.profile = "sasl2";
  state.sasl2 = sasl2;
  state.usesToken = true;
  return sendAuth(state, hashedTokenMessage(state.config.account.local, token));
}

function beginScram(state: NegotiationState, ports: SaslPorts): NegotiationEffect[] {
  const mechanism = state.mechanism ?? "";
  const hash = hashOfMechanism(mechanism);
  if (!hash) return fail("protocol", "invalid-mechanism", `Cannot speak ${mechanism}.`);
  const { state: scram, message } = startScramClient({
    hash,
    username: state.config.account.local,
    nonce: ports.nonce(),
  });
  state.scram = scram;
  return sendAuth(state, encodeBase64Text(message));
}

function onChallenge(state: NegotiationState, element: Element): NegotiationEffect[] {
  const message = readChallenge(profileOf(state), element);
  if (!state.scram || message === undefined) return unexpected(element);
  if (state.keys) return onEarlyServerFinal(state, message);
  const answer = onServerFirst(state.scram, message, maximumIterations, expectedProtection(state));
  if (answer.type === "failed") return fail("identity", "scram", answer.reason);
  if (state.probing) {
    state.probed = answer.parameters;
    return sendAbort(profileOf(state));
  }
  state.scram = answer.state;
  state.parameters = answer.parameters;
  const { credentials } = state.config;
  if (credentials.type === "password") {
    return [{ type: "derive-keys", parameters: answer.parameters, password: credentials.password }];
  }
  if (!sameParameters(credentials.parameters, answer.parameters)) {
    return fail("credentials", "stale-keys", "The server has a new salt: the stored keys no longer open it.");
  }
  return useKeys(state, credentials.keys);
}

/** RFC 5802 lets the server send its signature as a last challenge, answered by an empty response. */
function onEarlyServerFinal(state: NegotiationState, message: string): NegotiationEffect[] {
  const problem = checkServerFinal(state, message);
  if (problem) return problem;
  return sendResponse(profileOf(state), "");
}

function onSuccess(state: NegotiationState, element: Element): SaslOutcome {
  const mechanism = state.mechanism ?? "";
  const data = readAdditionalData(profileOf(state), element);
  const token = state.profile === "sasl2" ? readToken(element) : undefined;
  const given = token && !state.config.proofOnly ? { token } : {};
  if (state.usesToken) {
    const known = state.config.token?.token ?? "";
    if (isHashedTokenAnswer(known, data)) return { succeeded: { mechanism, saltIsStable: false, ...given } };
    return fail("token", "no-proof", "The server could not prove that it knows our token.");
  }
  if (mechanism === "PLAIN") return { succeeded: { mechanism, saltIsStable: false, ...given } };
  if (!state.serverProved) {
    // RFC 5802 section 9: without the server's signature anybody could have said "success".
    const problem = checkServerFinal(state, decodeBase64Text(data) ?? "");
    if (problem) return problem;
  }
  const { parameters, keys, probed } = state;
  if (!parameters || !keys) return unexpected(element);
  const saltIsStable =
    state.config.credentials.type === "scram" || (probed !== undefined && sameParameters(probed, parameters));
  return { succeeded: { mechanism, scram: { parameters, keys }, saltIsStable, ...given } };
}

function checkServerFinal(state: NegotiationState, message: string): NegotiationEffect[] | undefined {
  if (!state.scram || !state.keys) {
    return fail("identity", "scram", "The server ended the exchange before it proved anything.");
  }
  const answer = onServerFinal(state.scram, message);
  if (answer.type === "failed") return fail("identity", "scram", answer.reason);
  state.serverProved = true;
  return undefined;
}

function onFailure(state: NegotiationState, element: Element, ports: SaslPorts): NegotiationEffect[] {
  const { condition, text } = readSaslFailure(element);
  // Also where a server calls the abort something else: nothing was proved yet that it could have refused.
  if (state.probing && state.probed) {
    state.probing = false;
    state.profile = state.sasl2 ? "sasl2" : "sasl";
    return beginScram(state, ports);
  }
  const said = text === "" ? "" : ` (${text})`;
  if (state.usesToken) return fail("token", condition, `The server refused our token: ${condition}${said}.`);
  // RFC 6120 section 6.5: only a temporary failure is worth another try with the same credentials.
  const kind = condition === "temporary-auth-failure" ? "server" : "credentials";
  return fail(kind, condition, `The server refused the login: ${condition}${said}.`);
}

/**
 * XEP-0388 section 2.6.3: a second factor or a new password, which only a person can give. Trying stored credentials again
 * would only bother that person; a password that is being proved is not wrong for it.
 */
function onContinue(state: NegotiationState, element: Element): NegotiationEffect[] {
  if (state.profile !== "sasl2") return unexpected(element);
  const tasks = element.getChild("tasks", NS.sasl2)?.getChildren("task", NS.sasl2) ?? [];
  const names = tasks.map((task) => task.getText().trim()).filter((name) => /^[\w-]{1,40}$/.test(name));
  const kind = state.config.credentials.type === "scram" ? "credentials" : "protocol";
  const text = `The server asks for another step after the password (${names.join(", ")}), which is not supported here.`;
  return fail(kind, "continue", text);
}

/** XEP-0474: of the profile's own list, whatever the other one says. */
function expectedProtection(state: NegotiationState): string | undefined {
  const hash = hashOfMechanism(state.mechanism ?? "");
  const { advertised } = state;
  return (
    hash && advertised && downgradeProtection(hash, advertised[profileOf(state)], advertised.channelBindings)
  );
}

function sameParameters(a: ScramParameters, b: ScramParameters): boolean {
  return a.hash === b.hash && a.salt === b.salt && a.iterations === b.iterations;
}

function sendAuth(state: NegotiationState, message: string): NegotiationEffect[] {
  const profile = profileOf(state);
  // The probe asks for nothing: it is meant to fail.
  const inline = state.probing ? [] : inlineRequests(state);
  return sendInitial(profile, state.mechanism ?? "", message, inline);
}

function profileOf({ profile }: NegotiationState): SaslProfile {
  return profile ?? "sasl";
}

function unexpected(element: Element): NegotiationEffect[] {
  return fail(
    "protocol",
    "unexpected-element",
    `The server sent <${element.getName()}/> in the middle of SASL.`,
  );
}

function fail(kind: NegotiationFailure["kind"], condition: string, text: string): NegotiationEffect[] {
  return [{ type: "failed", failure: { kind, condition, text } }];
}
