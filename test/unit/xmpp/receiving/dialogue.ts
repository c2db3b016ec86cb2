// Plays a client's frames to the receiving machine and checks what it does in turn. Every dialogue is played twice: as it is,
// and with the state sent through JSON between every two events, as when the object hibernates. Both must come to the same.

import { expect } from "vitest";
import { startReceiving, receive } from "../../../../xmpp/receiving/stream.ts";
import type {
  ReceivingContext,
  ReceivingEffect,
  ReceivingEvent,
  ReceivingState,
} from "../../../../xmpp/receiving/state.ts";
import { encodeBase64Text } from "../../../../xmpp/sasl/base64.ts";
import { fakeVerifier } from "../../../../xmpp/sasl/scram-server.ts";
import { type ScramVerifier, verifierFromKeys } from "../../../../xmpp/sasl/scram-keys.ts";
import { parseFrame } from "../../../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../../../xmpp/xml/limits.ts";
import { serialize } from "../../../../xmpp/xml/serialize.ts";
import { shape } from "../../../support/xml-shape.ts";
import { keysOf } from "../sasl/scram-support.ts";

export type Line =
  /** A frame of the client. */
  | { client: string }
  /** What the machine sends next. `<open`, `<close` and `<stream:` to the letter, everything else by its meaning. */
  | { server: string }
  /** What the machine does next; a stanza is compared by its meaning. */
  | { does: Exclude<ReceivingEffect, { type: "send" | "stanza" | "reply" }> }
  | { stanza: string }
  /** What the stream answers to a stanza itself. */
  | { reply: string }
  | { event: Exclude<ReceivingEvent, { type: "element" | "problem" }> };

export const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
export const FULL = "user@example.org/xmpproxy-1";

/** RFC 5802 section 5: user "user", password "pencil"; the server's nonce is its. */
const parameters = { hash: "SHA-1", salt: "QSXCR+Q6sek8bf92", iterations: 4096 } as const;
const verifier: ScramVerifier = verifierFromKeys(parameters, keysOf(parameters, "pencil"));

export const CONTEXT: ReceivingContext = {
  account: { local: "user", domain: "example.org", resource: "" },
  secure: true,
  mechanisms: ["SCRAM-SHA-1", "PLAIN"],
  verifierFor: (hash) => (hash === "SHA-1" ? verifier : undefined),
  fakeVerifierFor: (username, hash) => fakeVerifier("a secret", username, hash, 4096),
  refusal: () => undefined,
  nonce: () => "3rfcNHYJY1ZVvWVs7j",
  rosterVersioning: true,
};

class Stage {
  state: ReceivingState = startReceiving();
  readonly done: ReceivingEffect[] = [];
  readonly #context: ReceivingContext;
  readonly #revives: boolean;

  constructor(context: ReceivingContext, revives: boolean) {
    this.#context = context;
    this.#revives = revives;
  }

  event(event: ReceivingEvent): void {
    if (this.#revives) this.state = JSON.parse(JSON.stringify(this.state));
    this.done.push(...receive(this.state, event, this.#context));
  }

  frame(text: string): void {
    const frame = parseFrame(text, DEFAULT_LIMITS);
    if (!frame.ok) this.event({ type: "problem", problem: frame.problem });
    else if (frame.element) this.event({ type: "element", element: frame.element });
  }
}

/** Plays a dialogue from the moment the WebSocket is open; nothing may be done that it does not name. */
export function converse(lines: readonly Line[], context: Partial<ReceivingContext> = {}): ReceivingState {
  for (const revives of [false, true]) {
    const stage = new Stage({ ...CONTEXT, ...context }, revives);
    for (const [index, line] of lines.entries()) {
      const where = `line ${index + 1}${revives ? ", revived" : ""}: ${JSON.stringify(line)}`;
      if ("client" in line) stage.frame(line.client);
      else if ("event" in line) stage.event(line.event);
      else if ("does" in line) expect(stage.done.shift(), where).toEqual(line.does);
      else checkEffect(stage.done.shift(), line, where);
    }
    expect(stage.done, "done, and not expected").toEqual([]);
    if (revives) return stage.state;
  }
  throw new Error("unreachable");
}

function checkEffect(
  effect: ReceivingEffect | undefined,
  line: { server: string } | { stanza: string } | { reply: string },
  where: string,
): void {
  if ("stanza" in line) {
    if (effect?.type !== "stanza") expect.fail(`${JSON.stringify(effect)} instead of a stanza (${where})`);
    const { name, attrs } = shape(line.stanza);
    expect({ name: `{${effect.stanza.getNS()}}${effect.stanza.getName()}` }, where).toEqual({ name });
    expect(effect.stanza.attrs, where).toMatchObject(attrs);
    return;
  }
  if ("reply" in line) {
    if (effect?.type !== "reply") expect.fail(`${JSON.stringify(effect)} instead of a reply (${where})`);
    expect(shape(serialize(effect.reply)), where).toEqual(shape(line.reply));
    return;
  }
  if (effect?.type !== "send") expect.fail(`${JSON.stringify(effect)} instead of sending (${where})`);
  if (/^<(?:open|close|stream:)/.test(line.server)) expect(effect.frame, where).toBe(line.server);
  else expect(shape(effect.frame), where).toEqual(shape(line.server));
}

export const OPEN = `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="example.org" version="1.0"/>`;
/** Byte for byte: Strophe compares the beginning. */
export const OPENED =
  `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" from="example.org" id="3rfcNHYJY1ZVvWVs7j"` +
  ` version="1.0" xml:lang="en"/>`;
/** Byte for byte: Strophe compares all of it. */
export const CLOSE = `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />`;

const listed = (names: string[]): string => names.map((name) => `<mechanism>${name}</mechanism>`).join("");

/** RFC 6120's SASL only. */
export const onlySasl = (...names: string[]): string =>
  `<stream:features xmlns:stream="http://etherx.jabber.org/streams">` +
  `<mechanisms xmlns="${SASL}">${listed(names)}</mechanisms></stream:features>`;

export const mechanisms = (...names: string[]): string =>
  `<stream:features xmlns:stream="http://etherx.jabber.org/streams">` +
  `<mechanisms xmlns="${SASL}">${listed(names)}</mechanisms>` +
  `<authentication xmlns="urn:xmpp:sasl:2">${listed(names)}<inline><sm xmlns="urn:xmpp:sm:3"/>` +
  `<bind xmlns="urn:xmpp:bind:0"><inline><feature var="urn:xmpp:carbons:2"/><feature var="urn:xmpp:csi:0"/>` +
  `<feature var="urn:xmpp:sm:3"/></inline></bind>` +
  `<fast xmlns="urn:xmpp:fast:0"><mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication>` +
  `</stream:features>`;

export const BIND_FEATURES =
  `<stream:features xmlns:stream="http://etherx.jabber.org/streams"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>` +
  `<session xmlns="urn:ietf:params:xml:ns:xmpp-session"><optional/></session><sm xmlns="urn:xmpp:sm:3"/>` +
  `<csi xmlns="urn:xmpp:csi:0"/>` +
  `<ver xmlns="urn:xmpp:features:rosterver"/></stream:features>`;

/** How the machine ends a stream whose client answers. */
export function endsWith(condition: string, text: string, code = 1000): Line[] {
  const error =
    `<stream:error xmlns:stream="http://etherx.jabber.org/streams">` +
    `<${condition} xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>` +
    `<text xmlns="urn:ietf:params:xml:ns:xmpp-streams" xml:lang="en">${text}</text></stream:error>`;
  return [
    { server: error },
    { server: CLOSE },
    { does: { type: "closing" } },
    { client: CLOSE },
    { does: { type: "end", code } },
  ];
}

export const auth = (mechanism: string, message: string): Line => ({
  client: `<auth xmlns="${SASL}" mechanism="${mechanism}">${encodeBase64Text(message)}</auth>`,
});
export const response = (message: string): Line => ({
  client: `<response xmlns="${SASL}">${encodeBase64Text(message)}</response>`,
});
export const challenge = (message: string): Line => ({
  server: `<challenge xmlns="${SASL}">${encodeBase64Text(message)}</challenge>`,
});
export const fails = (condition: string, text?: string): Line => ({
  server: `<failure xmlns="${SASL}"><${condition}/>${text === undefined ? "" : `<text xml:lang="en">${text}</text>`}</failure>`,
});

/**
 * RFC 5802 section 5's exchange, but for what the server adds to its first message (XEP-0474): the hash of what is on offer,
 * SHA-1 of "PLAIN", U+001E and "SCRAM-SHA-1". Computed with OpenSSL.
 */
export const SCRAM = {
  clientFirst: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
  serverFirst:
    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,h=Y+xk2TW25vKwG9yWicfQlsuiFQs=",
  clientFinal: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=P+ZzHi/4wVqRU+r6ccz5q1A5a1w=",
  serverFinal: "v=WIF8Y2urkVf4A6xc29wfT96P/2M=",
};

export const opened: Line[] = [
  { client: OPEN },
  { server: OPENED },
  { server: mechanisms("SCRAM-SHA-1", "PLAIN") },
];
export const plain: Line[] = [
  auth("PLAIN", "\0user\0pencil"),
  { does: { type: "check-password", password: "pencil" } },
];
export const authenticated: Line[] = [
  ...opened,
  ...plain,
  { event: { type: "password-accepted" } },
  { server: `<success xmlns="${SASL}"/>` },
  { does: { type: "authenticated", mechanism: "PLAIN" } },
];
export const reopened: Line[] = [
  ...authenticated,
  { client: OPEN },
  { server: OPENED },
  { server: BIND_FEATURES },
];
export const bindRequest = (resource: string): Line => ({
  client: `<iq xmlns="jabber:client" type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind">${resource}</bind></iq>`,
});
export const bound: Line[] = [
  ...reopened,
  bindRequest(`<resource>phone</resource>`),
  { does: { type: "await-upstream" } },
  { event: { type: "upstream-bound", fullJid: FULL } },
  {
    server: `<iq type="result" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>${FULL}</jid></bind></iq>`,
  },
  { does: { type: "bound", device: "phone", carbons: false, active: true } },
];

/** Each phase, and how a stream comes there. */
export const phases: [name: string, lines: Line[]][] = [
  ["opening", []],
  ["authenticating", opened],
  ["checking", [...opened, ...plain]],
  ["reopening", authenticated],
  ["binding", reopened],
  ["awaiting-upstream", [...reopened, bindRequest(""), { does: { type: "await-upstream" } }]],
  ["bound", bound],
];
