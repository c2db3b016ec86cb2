/**
 * DOWN-4: telling people about an outage, once it has lasted long enough to matter, and about its end. Short breaks stay
 * unmentioned: nothing is lost by them.
 */
import xml from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import type { Part, PartContext } from "./part.ts";

const WORTH_TELLING_MS = 10_000;

type OutageContext = Pick<PartContext, "clients" | "outlet" | "ports" | "session">;

export class Outage implements Part {
  readonly #context: OutageContext;
  #tellAtMs: number | undefined;
  #told = false;

  constructor(context: OutageContext) {
    this.#context = context;
  }

  upstreamLost(): void {
    if (!this.#told) this.#tellAtMs ??= this.#context.ports.clock.nowMs() + WORTH_TELLING_MS;
  }

  upstreamBound(): void {
    this.#over();
  }

  upstreamResumed(): void {
    this.#over();
  }

  tick(nowMs: number): void {
    if (this.#tellAtMs === undefined || this.#tellAtMs > nowMs) return;
    this.#tellAtMs = undefined;
    this.#told = true;
    const { downReason } = this.#context.session;
    this.#tell(
      (domain) => `No connection to ${domain}. ${downReason} What you send is kept until it is back.`,
    );
  }

  nextDeadlineMs(): number | undefined {
    return this.#tellAtMs;
  }

  /** The end is told of if the beginning was. */
  #over(): void {
    this.#tellAtMs = undefined;
    if (!this.#told) return;
    this.#told = false;
    this.#tell(
      (domain) => `The connection to ${domain} is back. What you sent meanwhile has been delivered.`,
    );
  }

  #tell(words: (domain: string) => string): void {
    const { clients, outlet, session } = this.#context;
    const domain = session.bareJid.slice(session.bareJid.indexOf("@") + 1);
    const attrs = { xmlns: NS.client, from: domain, type: "headline" };
    const stanza = xml("message", attrs, xml("body", {}, words(domain)));
    outlet.deliver({ rule: "DOWN-4", stanza, to: clients.allIds(), reason: "a notice to everybody" });
  }
}
