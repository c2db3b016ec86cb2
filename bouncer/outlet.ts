/**
 * The one place from which the policy sends anything. A stanza is serialized once, whoever gets it, and every decision
 * goes into the trace with its reason.
 */
import type { Element } from "@xmpp/xml";
import { errorReply } from "../xmpp/stanza.ts";
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
  /** Its place in the log, if it has one. */
  logSeq?: number | undefined;
}

export class Outlet {
  readonly trace = new Trace();
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  deliver({ rule, stanza, to, reason, logSeq }: Delivery): void {
    this.trace.add(this.#ports.clock.nowMs(), rule, stanza, to, reason);
    if (to.length > 0) this.#ports.clients.send(to, serialize(stanza), logSeq);
  }

  /** False when too much is waiting already: the stanza is lost, and whoever cares has to say so (DOWN-5). */
  toUpstream(rule: string, stanza: Element, reason: string): boolean {
    const sent = this.#ports.upstream.send(stanza);
    if (sent) this.trace.add(this.#ports.clock.nowMs(), rule, stanza, "upstream", reason);
    else this.withhold("DOWN-5", stanza, "too much is waiting for the server");
    return sent;
  }

  /** DOWN-5: tells a client that what it sent found no room. An error gets no answer (RFC 6120 section 8.3.1). */
  refuse(stanza: Element, sender: ClientId): void {
    if (stanza.attrs.type === "error") return;
    const text = "Too much is waiting to be sent; try again later.";
    const reply = errorReply(stanza, { type: "wait", condition: "resource-constraint", text });
    this.deliver({ rule: "DOWN-5", stanza: reply, to: [sender], reason: "there was no room for it" });
  }

  withhold(rule: string, stanza: Element, reason: string): void {
    this.trace.add(this.#ports.clock.nowMs(), rule, stanza, [], reason);
  }
}
