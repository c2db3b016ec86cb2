/**
 * The one place from which the policy sends anything. A stanza is serialized once, whoever gets it, and every decision
 * goes into the trace with its reason.
 */
import type { Element } from "@xmpp/xml";
import { serialize } from "../xmpp/xml/serialize.ts";
import type { ClientId, Ports } from "./ports.ts";
import { Trace } from "./trace.ts";

/** One form of a stanza and those who get it; nobody when it was withheld. */
export interface Delivery {
  /** The id of the rule in docs/SPEC.md. */
  rule: string;
  stanza: Element;
  to: readonly ClientId[];
  reason: string;
}

export class Outlet {
  readonly trace = new Trace();
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  deliver({ rule, stanza, to, reason }: Delivery): void {
    this.trace.add(this.#ports.clock.nowMs(), rule, stanza, to, reason);
    if (to.length > 0) this.#ports.clients.send(to, serialize(stanza));
  }

  toUpstream(rule: string, stanza: Element, reason: string): void {
    this.trace.add(this.#ports.clock.nowMs(), rule, stanza, "upstream", reason);
    this.#ports.upstream.send(stanza);
  }

  withhold(rule: string, stanza: Element, reason: string): void {
    this.trace.add(this.#ports.clock.nowMs(), rule, stanza, [], reason);
  }
}
