// Plays what a server says to the negotiation machine, as text through the strict reader, and checks what the machine does
// in turn. Every dialogue is played twice: as it is, and with the state sent through JSON between every two events, as after
// the death of the process. Both must come to the same.

import { expect } from "vitest";
import { streamHeader } from "../../../../xmpp/framing.ts";
import { negotiate, startNegotiation } from "../../../../xmpp/initiating/negotiation.ts";
import type {
  NegotiationConfig,
  NegotiationEffect,
  NegotiationEvent,
  NegotiationState,
} from "../../../../xmpp/initiating/state.ts";
import { DEFAULT_LIMITS } from "../../../../xmpp/xml/limits.ts";
import { StreamReader } from "../../../../xmpp/xml/stream-reader.ts";
import type { ScramKeys } from "../../../../xmpp/sasl/scram-keys.ts";
import { shape } from "../../../support/xml-shape.ts";

export type Line =
  /** Text of the server; one event after the other. */
  | { server: string }
  /** What the machine sends next: the header of a stream over TCP, or one element, compared by its meaning. */
  | { client: string }
  /** What the machine does next. */
  | { does: Exclude<NegotiationEffect, { type: "send" | "open" }> }
  | { event: "connected" | "tls-established" }
  | { keys: ScramKeys };

export const USER: NegotiationConfig = {
  account: { local: "user", domain: "example.org", resource: "" },
  resource: "xmpproxy-1",
  credentials: { type: "password", password: "pencil" },
  tls: "starttls",
  allowPlain: true,
  probeSalt: true,
  proofOnly: false,
};

const PROBE_NONCE = "theprobesnonce";
/** The client's nonce of RFC 5802 section 5, so that its exchange can be taken literally. */
export const NONCE = "fyko+d2lbbFgONRv9qkxdawL";

class Stage {
  state: NegotiationState;
  readonly #revives: boolean;
  readonly #nonces: string[];
  #reader = new StreamReader(DEFAULT_LIMITS);
  readonly done: NegotiationEffect[] = [];

  constructor(config: NegotiationConfig, revives: boolean, nonces: readonly string[]) {
    this.state = startNegotiation(config);
    this.#revives = revives;
    this.#nonces = [...nonces];
  }

  event(event: NegotiationEvent): void {
    if (this.#revives) this.state = JSON.parse(JSON.stringify(this.state));
    const effects = negotiate(this.state, event, { nonce: () => this.#nonces.shift() ?? NONCE });
    if (effects.some(({ type }) => type === "restart")) this.#reader = new StreamReader(DEFAULT_LIMITS);
    this.done.push(...effects);
  }

  server(text: string): void {
    for (const event of this.#reader.write(text)) {
      if (event.type === "problem") throw new Error(`the server's words are no XML: ${event.problem.text}`);
      if (event.type === "open") this.event({ type: "open", header: event.header });
      else this.event(event);
    }
  }
}

/** Plays a dialogue from the moment the TCP connection stands; nothing may be done that it does not name. */
export function converse(
  lines: readonly Line[],
  config: Partial<NegotiationConfig> = {},
  nonces: readonly string[] = [PROBE_NONCE],
): void {
  for (const revives of [false, true]) {
    const stage = new Stage({ ...USER, ...config }, revives, nonces);
    for (const [index, line] of [{ event: "connected" } as const, ...lines].entries()) {
      const where = `line ${index}${revives ? ", revived" : ""}: ${JSON.stringify(line)}`;
      if ("server" in line) stage.server(line.server);
      else if ("event" in line) stage.event({ type: line.event });
      else if ("keys" in line) stage.event({ type: "keys", keys: line.keys });
      else if ("does" in line) expect(stage.done.shift(), where).toEqual(line.does);
      else checkSent(stage.done.shift(), line.client, where);
    }
    expect(stage.done, "done, and not expected").toEqual([]);
  }
}

function checkSent(effect: NegotiationEffect | undefined, literal: string, where: string): void {
  if (literal.startsWith("<?xml") && effect?.type === "open") {
    return expect(streamHeader(effect.opening), where).toBe(literal);
  }
  if (effect?.type !== "send") expect.fail(`${JSON.stringify(effect)} instead of sending (${where})`);
  expect(shape(effect.xml), where).toEqual(shape(literal));
}
