/**
 * The one place from which the policy sends anything. A stanza is serialized once, whoever gets it, and every decision
 * goes into the trace with its reason.
 */
import type { Element } from "@xmpp/xml";
import { errorReply } from "../xmpp/stanza.ts";
import { serialize } from "../xmpp/xml/serialize.ts";
import type { HeldBack } from "./held-back.ts";
import type { CatchUp } from "./log/catch-up.ts";
import type { MessageLog } from "./log/message-log.ts";
import type { ClientId, Ports } from "./ports.ts";
import type { Trace } from "./trace.ts";

/** One form of a stanza and those who get it; nobody when it was withheld. */
export interface Delivery {
  /** The id of the rule in docs/SPEC.md. */
  rule: string;
  stanza: Element;
  to: readonly ClientId[];
  reason: string;
  /** The stanza as text, where it is there already; `stanza` may then be a mere outline of it. */
  frame?: string;
  /** Its place in the log, if it has one and is not what has just come itself. */
  logSeq?: number | undefined;
}

interface OutletDependencies {
  ports: Ports;
  trace: Trace;
  log: Pick<MessageLog, "placeOf">;
  catchUp: Pick<CatchUp, "anyBehind" | "isBehind">;
  held: Pick<HeldBack, "admit" | "flush">;
}

export class Outlet {
  readonly trace: Trace;
  readonly #ports: Ports;
  readonly #log: OutletDependencies["log"];
  readonly #catchUp: OutletDependencies["catchUp"];
  readonly #held: OutletDependencies["held"];

  constructor({ ports, trace, log, catchUp, held }: OutletDependencies) {
    this.#ports = ports;
    this.trace = trace;
    this.#log = log;
    this.#catchUp = catchUp;
    this.#held = held;
  }

  /** LOG-8: a client that is being brought up to date gets from the log what is in the log, when its turn has come. */
  deliver({ rule, stanza, to, reason, logSeq, frame: text }: Delivery): void {
    const place = this.#log.placeOf(stanza);
    const seq = logSeq ?? place?.seq;
    const frame = text ?? (place?.message === stanza ? place.frame : to.length > 0 ? serialize(stanza) : "");
    const awake = this.#held.admit(stanza, frame, to);
    if (awake.length < to.length) this.withhold("CSI-3", stanza, "not for inactive clients, or not now");
    const waits = seq !== undefined && this.#catchUp.anyBehind;
    const now = waits ? awake.filter((id) => !this.#catchUp.isBehind(id)) : awake;
    this.trace.add(this.#ports.clock.nowMs(), rule, stanza, place?.room ? awake : now, reason);
    if (now.length > 0) this.#ports.clients.send(now, frame, seq);
    // Messages of rooms wait for nobody; but their place is beyond what the client has got.
    if (place?.room && now.length < awake.length) {
      const behind = awake.filter((id) => this.#catchUp.isBehind(id));
      this.#ports.clients.send(behind, frame);
    }
  }

  /** Stanzas that were kept as text, to one client, as one decision: `about` stands for them in the trace. */
  replay({ rule, stanza: about, to, reason }: Delivery, frames: Iterable<string>): void {
    for (const id of to) this.#held.flush(id);
    this.trace.add(this.#ports.clock.nowMs(), rule, about, to, reason);
    for (const frame of frames) this.#ports.clients.send(to, frame);
  }

  /** False when too much is waiting already: the stanza is lost, and whoever cares has to say so (DOWN-5). */
  toUpstream(rule: string, stanza: Element, reason: string, sender?: ClientId): boolean {
    const sent = this.#ports.upstream.send(stanza, sender);
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
