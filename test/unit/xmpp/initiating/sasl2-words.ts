// What servers say in SASL2 (XEP-0388, with XEP-0198, 0386 and 0484 along with it), and what our side says to it.

import { createHmac } from "node:crypto";
import type { NegotiationEffect } from "../../../../xmpp/initiating/state.ts";
import { encodeBase64Text } from "../../../../xmpp/sasl/base64.ts";
import type { Line } from "./dialogue.ts";
import { KEYS, opensSecure, PARAMETERS, prosody, RFC5802 } from "./words.ts";

export const SASL2 = "urn:xmpp:sasl:2";
const FAST = "urn:xmpp:fast:0";

/** XEP-0388's. */
export const USER_AGENT = "d4565fa7-4d72-4749-b3d3-740edbf87770";
/** XEP-0484's. */
export const TOKEN = "WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm";
export const NEW_TOKEN = `<token xmlns='${FAST}' expiry='2020-03-12T14:36:15Z' token='${TOKEN}'/>`;

export const INLINE_SM = `<sm xmlns='urn:xmpp:sm:3'/>`;
export const INLINE_BIND = `<bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/><feature var='urn:xmpp:csi:0'/><feature var='urn:xmpp:sm:3'/></inline></bind>`;
export const INLINE_FAST = `<fast xmlns='${FAST}' tls-0rtt='true'><mechanism>HT-SHA-256-ENDP</mechanism><mechanism>HT-SHA-256-NONE</mechanism></fast>`;

const mechanisms = (names: readonly string[]): string =>
  names.map((name) => `<mechanism>${name}</mechanism>`).join("");

/** Features with both profiles, or with SASL2 alone. */
export function offers({
  sasl2 = ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"],
  sasl = ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"],
  inline = "",
}: {
  sasl2?: readonly string[];
  sasl?: readonly string[];
  inline?: string;
} = {}): string {
  const older =
    sasl.length === 0
      ? ""
      : `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${mechanisms(sasl)}</mechanisms>`;
  const list = inline === "" ? "" : `<inline>${inline}</inline>`;
  return `<stream:features>${older}<authentication xmlns='${SASL2}'>${mechanisms(sasl2)}${list}</authentication></stream:features>`;
}

/** Direct TLS, up to the features. */
export const connects = (features: string): Line[] => [...opensSecure, { server: prosody.header + features }];

export const authenticate = (mechanism: string, base64: string, inline = ""): string =>
  `<authenticate xmlns="${SASL2}" mechanism="${mechanism}"><initial-response>${base64}</initial-response>${inline}</authenticate>`;
export const scramFirst = (inline = ""): string =>
  authenticate("SCRAM-SHA-1", encodeBase64Text(RFC5802.clientFirst), inline);
export const challenge2 = (message: string): string =>
  `<challenge xmlns='${SASL2}'>\n  ${encodeBase64Text(message)}\n</challenge>`;
export const response2 = (message: string): string =>
  `<response xmlns="${SASL2}">${encodeBase64Text(message)}</response>`;
export const failure2 = (condition: string, more = ""): string =>
  `<failure xmlns='${SASL2}'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>${more}</failure>`;

/** A `<success/>`; `data` is base64. */
export const success2 = (data: string, results = "", identity = "user@example.org"): string =>
  `<success xmlns='${SASL2}'>${data === "" ? "" : `<additional-data>\n  ${data}\n</additional-data>`}` +
  `<authorization-identifier>${identity}</authorization-identifier>${results}</success>`;
export const SERVER_FINAL = encodeBase64Text(RFC5802.serverFinal);

/** SCRAM-SHA-1 with stored keys, up to the proof, with what is asked for along with it. */
export const provesKeys = (inline = ""): Line[] => [
  { client: scramFirst(inline) },
  { server: challenge2(RFC5802.serverFirst) },
  { client: response2(RFC5802.clientFinal) },
];
export const storedKeys = { type: "scram", parameters: PARAMETERS, keys: KEYS } as const;

type Evidence = Extract<NegotiationEffect, { type: "authenticated" }>["evidence"];

export function learned(evidence: Partial<Evidence> = {}): Line {
  const scram = { parameters: PARAMETERS, keys: KEYS };
  const usual: Evidence = { mechanism: "SCRAM-SHA-1", scram, saltIsStable: true };
  return { does: { type: "authenticated", evidence: { ...usual, ...evidence } } };
}

export const userAgent = `<user-agent id="${USER_AGENT}"><software>xmpproxy</software></user-agent>`;
export const resumes = (previd: string, h: number): string =>
  `<resume xmlns="urn:xmpp:sm:3" previd="${previd}" h="${h}"/>`;
export const requestsToken = `<request-token xmlns="${FAST}" mechanism="HT-SHA-256-NONE"/>`;
export const usesToken = (count: number): string => `<fast xmlns="${FAST}" count="${count}"/>`;
/** Bind 2 with everything that INLINE_BIND offers and we want. */
export const binds = `<bind xmlns="urn:xmpp:bind:0"><tag>xmpproxy</tag><enable xmlns="urn:xmpp:carbons:2"/><enable xmlns="urn:xmpp:sm:3" resume="true"/></bind>`;

/** What is sent with a token, and what the server proves with it. */
export const tokenProof = Buffer.concat([
  Buffer.from("user\0"),
  createHmac("sha256", TOKEN).update("Initiator").digest(),
]).toString("base64");
export const tokenAnswer = createHmac("sha256", TOKEN).update("Responder").digest("base64");
