/**
 * SASL as the initiating entity (RFC 6120 section 6): choosing a mechanism, the SCRAM exchange (RFC 5802)
 * with its salt probe, and PLAIN where it was allowed. A step of negotiation.ts.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../namespaces.ts";
import { decodeBase64Text, encodeBase64Text } from "../sasl/base64.ts";
import { chooseMechanism } from "../sasl/mechanisms.ts";
import { encodePlain } from "../sasl/plain.ts";
import { onKeys, onServerFinal, onServerFirst, startScramClient } from "../sasl/scram-client.ts";
import {
  hashOfMechanism,
  mechanismOfHash,
  type ScramKeys,
  type ScramParameters,
} from "../sasl/scram-keys.ts";
import { serialize } from "../xml/serialize.ts";
import { offeredMechanisms } from "./features.ts";
import type {
  AuthenticationEvidence,
  NegotiationEffect,
  NegotiationFailure,
  NegotiationState,
} from "./state.ts";

export interface SaslPorts {
  /** At least 128 bits, printable ASCII without a comma (RFC 5802 section 5.1). */
  nonce(): string;
}

type SaslOutcome = NegotiationEffect[] | { succeeded: AuthenticationEvidence };

/** Chooses among what the server offers and begins. */
export function beginSasl(state: NegotiationState, features: Element, ports: SaslPorts): NegotiationEffect[] {
  const { credentials, allowPlain, strongestSeen, account, probeSalt } = state.config;
  const offered = offeredMechanisms(features);
  const usable =
    credentials.type === "scram"
      ? offered.filter((name) => name === mechanismOfHash(credentials.parameters.hash))
      : offered;
  const choice = chooseMechanism(usable, {
    allowPlain: allowPlain && state.secured && credentials.type === "password",
    ...(strongestSeen === undefined ? {} : { strongestSeen }),
  });
  if (!choice.ok) {
    return credentials.type === "scram"
      ? fail(
          "credentials",
          "stale-keys",
          "The server no longer offers the mechanism the stored keys are for.",
        )
      : fail("protocol", "invalid-mechanism", choice.reason);
  }
  state.phase = "sasl";
  state.mechanism = choice.mechanism;
  if (choice.mechanism === "PLAIN" && credentials.type === "password") {
    return sendAuth(
      "PLAIN",
      encodeBase64Text(encodePlain({ authcid: account.local, password: credentials.password })),
    );
  }
  state.probing = probeSalt && credentials.type === "password";
  return beginScram(state, ports);
}

/** One element from the server while SASL is under way. */
export function continueSasl(state: NegotiationState, element: Element, ports: SaslPorts): SaslOutcome {
  if (element.getNS() !== NS.sasl) return unexpected(element);
  switch (element.getName()) {
    case "challenge":
      return onChallenge(state, element);
    case "success":
      return onSuccess(state, element);
    case "failure":
      return onFailure(state, element, ports);
    default:
      return unexpected(element);
  }
}

/** The keys asked for with `derive-keys`, or known beforehand. */
export function useKeys(state: NegotiationState, keys: ScramKeys): NegotiationEffect[] {
  if (!state.scram) return fail("protocol", "unexpected-keys", "Keys arrived when none were asked for.");
  const { message, state: scram } = onKeys(state.scram, keys);
  state.scram = scram;
  state.keys = keys;
  return [{ type: "send", xml: serialize(xml("response", { xmlns: NS.sasl }, encodeBase64Text(message))) }];
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
  return sendAuth(mechanism, encodeBase64Text(message));
}

function onChallenge(state: NegotiationState, element: Element): NegotiationEffect[] {
  const message = decodeBase64Text(element.getText());
  if (!state.scram || message === undefined) return unexpected(element);
  if (state.keys) return onEarlyServerFinal(state, message);
  const answer = onServerFirst(state.scram, message);
  if (answer.type === "failed") return fail("identity", "scram", answer.reason);
  if (state.probing) {
    state.probed = answer.parameters;
    return [{ type: "send", xml: serialize(xml("abort", { xmlns: NS.sasl })) }];
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
  return [{ type: "send", xml: serialize(xml("response", { xmlns: NS.sasl })) }];
}

function onSuccess(state: NegotiationState, element: Element): SaslOutcome {
  const mechanism = state.mechanism ?? "";
  if (mechanism === "PLAIN") return { succeeded: { mechanism, saltIsStable: false } };
  if (!state.serverProved) {
    // RFC 5802 section 9: without the server's signature anybody could have said "success".
    const problem = checkServerFinal(state, decodeBase64Text(element.getText()) ?? "");
    if (problem) return problem;
  }
  const { parameters, keys, probed } = state;
  if (!parameters || !keys) return unexpected(element);
  return {
    succeeded: {
      mechanism,
      scram: { parameters, keys },
      saltIsStable:
        state.config.credentials.type === "scram" ||
        (probed !== undefined && sameParameters(probed, parameters)),
    },
  };
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
  const children = element.getChildElements();
  const condition = children.find((child) => child.getName() !== "text")?.getName() ?? "not-authorized";
  if (state.probing && condition === "aborted") {
    state.probing = false;
    return beginScram(state, ports);
  }
  const said = element.getChildText("text", NS.sasl) ?? "";
  // RFC 6120 section 6.5: only a temporary failure is worth another try with the same credentials.
  const kind = condition === "temporary-auth-failure" ? "server" : "credentials";
  return fail(
    kind,
    condition,
    `The server refused the login: ${condition}${said === "" ? "" : ` (${said})`}.`,
  );
}

function sameParameters(a: ScramParameters, b: ScramParameters): boolean {
  return a.hash === b.hash && a.salt === b.salt && a.iterations === b.iterations;
}

function sendAuth(mechanism: string, initialResponse: string): NegotiationEffect[] {
  return [{ type: "send", xml: serialize(xml("auth", { xmlns: NS.sasl, mechanism }, initialResponse)) }];
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
