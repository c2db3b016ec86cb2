// What real servers say during negotiation, word for word where it matters, and what our side says to it.

import { encodeBase64Text } from "../../../../xmpp/sasl/base64.ts";
import type { NegotiationEffect, ServerFeatures } from "../../../../xmpp/initiating/state.ts";
import type { ScramParameters } from "../../../../xmpp/sasl/scram-keys.ts";
import { keysOf } from "../sasl/scram-support.ts";
import type { Line } from "./dialogue.ts";
import { NONCE } from "./dialogue.ts";

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";

/** What our side opens with: nothing that tells who logs in before TLS (RFC 6120 section 4.7.1). */
const PLAIN_HEADER =
  `<?xml version="1.0"?><stream:stream to="example.org" version="1.0" xml:lang="en"` +
  ` xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">`;
export const SECURE_HEADER = PLAIN_HEADER.replace(
  ` version="1.0" xml`,
  ` from="user@example.org" version="1.0" xml`,
);

export const opensPlain: Line[] = [{ does: { type: "restart" } }, { client: PLAIN_HEADER }];
export const opensSecure: Line[] = [{ does: { type: "restart" } }, { client: SECURE_HEADER }];

interface ServerWords {
  header: string;
  starttls: string;
  mechanisms(...names: string[]): string;
  bind: string;
  features: ServerFeatures;
}

const features = (content: string): string => `<stream:features>${content}</stream:features>`;
const mechanism = (name: string): string => `<mechanism>${name}</mechanism>`;

/** Prosody 0.12. */
export const prosody: ServerWords = {
  header:
    `<?xml version='1.0'?><stream:stream id='dfbd1ee1-2ec5-4f62-8d6e-1e3c9f3d0a68' xml:lang='en'` +
    ` xmlns:stream='http://etherx.jabber.org/streams' version='1.0' from='example.org' xmlns='jabber:client'>`,
  starttls: features(`<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>`),
  mechanisms: (...names) =>
    features(`<mechanisms xmlns='${SASL}'>${names.map(mechanism).join("")}</mechanisms>`),
  bind: features(
    `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><required/></bind><session xmlns='urn:ietf:params:xml:ns:xmpp-session'>` +
      `<optional/></session><ver xmlns='urn:xmpp:features:rosterver'/><sub xmlns='urn:xmpp:features:pre-approval'/>` +
      `<csi xmlns='urn:xmpp:csi:0'/>`,
  ),
  features: { clientState: true, rosterVersioning: true, sessionRequired: false, streamManagement: false },
};

/** ejabberd 23. */
export const ejabberd: ServerWords = {
  header:
    `<?xml version='1.0'?><stream:stream id='8421473629047623517' version='1.0' xml:lang='en'` +
    ` xmlns:stream='http://etherx.jabber.org/streams' from='example.org' xmlns='jabber:client'>`,
  starttls: features(`<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>`),
  mechanisms: (...names) =>
    features(
      `<mechanisms xmlns='${SASL}'>${names.map(mechanism).join("")}</mechanisms>` +
        `<register xmlns='http://jabber.org/features/iq-register'/>`,
    ),
  bind: features(
    `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>` +
      `<c ver='9VoVwkg8JJYcTJbJF3dZmyhY3Gk=' node='http://www.process-one.net/en/ejabberd/' hash='sha-1' xmlns='http://jabber.org/protocol/caps'/>` +
      `<sm xmlns='urn:xmpp:sm:2'/><sm xmlns='urn:xmpp:sm:3'/><csi xmlns='urn:xmpp:csi:0'/>`,
  ),
  features: { clientState: true, rosterVersioning: false, sessionRequired: false, streamManagement: true },
};

/** From a TCP connection to the second stream, inside TLS. */
export function upgrades(server: ServerWords): Line[] {
  return [
    ...opensPlain,
    { server: server.header },
    { server: server.starttls },
    { client: `<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>` },
    { server: `<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>` },
    { does: { type: "start-tls" } },
    { event: "tls-established" },
    ...opensSecure,
    { server: server.header },
  ];
}

export const auth = (name: string, message: string): string =>
  `<auth xmlns="${SASL}" mechanism="${name}">${encodeBase64Text(message)}</auth>`;
export const challenge = (message: string): string =>
  `<challenge xmlns='${SASL}'>${encodeBase64Text(message)}</challenge>`;
export const response = (message: string): string =>
  `<response xmlns="${SASL}">${encodeBase64Text(message)}</response>`;
export const success = (message: string): string =>
  `<success xmlns='${SASL}'>${encodeBase64Text(message)}</success>`;
export const EMPTY_RESPONSE = `<response xmlns="${SASL}"/>`;
export const EMPTY_SUCCESS = `<success xmlns='${SASL}'/>`;
export const ABORT = `<abort xmlns="${SASL}"/>`;
export const failure = (condition: string, text = ""): string =>
  `<failure xmlns='${SASL}'><${condition}/>${text === "" ? "" : `<text xml:lang='en'>${text}</text>`}</failure>`;

/** RFC 5802 section 5: user "user", password "pencil". */
export const RFC5802 = {
  clientFirst: `n,,n=user,r=${NONCE}`,
  serverFirst: `r=${NONCE}3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096`,
  clientFinal: `c=biws,r=${NONCE}3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=`,
  serverFinal: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
};
export const PARAMETERS: ScramParameters = { hash: "SHA-1", salt: "QSXCR+Q6sek8bf92", iterations: 4096 };
export const KEYS = keysOf(PARAMETERS, "pencil");

/** The salt probe: a first attempt that is aborted once the salt is known. */
export function probes(salt = PARAMETERS.salt, mechanismName = "SCRAM-SHA-1"): Line[] {
  return [
    { client: auth(mechanismName, "n,,n=user,r=theprobesnonce") },
    { server: challenge(`r=theprobesnonceservers,s=${salt},i=4096`) },
    { client: ABORT },
    { server: failure("aborted") },
  ];
}

/** SCRAM-SHA-1 with the password, up to the proof. */
export const proves: Line[] = [
  { client: auth("SCRAM-SHA-1", RFC5802.clientFirst) },
  { server: challenge(RFC5802.serverFirst) },
  { does: { type: "derive-keys", parameters: PARAMETERS, password: "pencil" } },
  { keys: KEYS },
  { client: response(RFC5802.clientFinal) },
];

/** What a successful SCRAM-SHA-1 has taught. */
export function evidence(saltIsStable: boolean): Line {
  const scram = { parameters: PARAMETERS, keys: KEYS };
  return { does: { type: "authenticated", evidence: { mechanism: "SCRAM-SHA-1", scram, saltIsStable } } };
}

export const bindRequest = `<iq type="set" id="bind"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>xmpproxy-1</resource></bind></iq>`;
export const bindResult = (jid: string): string =>
  `<iq id='bind' type='result' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>${jid}</jid></bind></iq>`;

export function fails(
  kind: Extract<NegotiationEffect, { type: "failed" }>["failure"]["kind"],
  condition: string,
  text: string,
): Line {
  return { does: { type: "failed", failure: { kind, condition, text } } };
}

/** The server has sent a stream error. */
export function ends(condition: string, said: string, text: string): Line {
  const streamError = { condition, text: said };
  return { does: { type: "failed", failure: { kind: "server", condition, text, streamError } } };
}
