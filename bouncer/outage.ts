/**
 * DOWN-4: telling people about an outage, once it has lasted long enough to matter, and about its end. Short breaks stay
 * unmentioned: nothing is lost by them.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";

const WORTH_TELLING_MS = 10_000;

export class Outage {
  readonly #domain: string;
  #tellAtMs: number | undefined;
  #told = false;

  constructor(domain: string) {
    this.#domain = domain;
  }

  lost(nowMs: number): void {
    if (!this.#told) this.#tellAtMs ??= nowMs + WORTH_TELLING_MS;
  }

  /** The notice of the end, if the beginning was told. */
  over(): Element | undefined {
    this.#tellAtMs = undefined;
    if (!this.#told) return undefined;
    this.#told = false;
    return this.#notice(
      `The connection to ${this.#domain} is back. What you sent meanwhile has been delivered.`,
    );
  }

  /** The notice of the outage, when it is time for it. */
  tick(nowMs: number, reason: string): Element | undefined {
    if (this.#tellAtMs === undefined || this.#tellAtMs > nowMs) return undefined;
    this.#tellAtMs = undefined;
    this.#told = true;
    return this.#notice(
      `No connection to ${this.#domain}. ${reason} What you send is kept until it is back.`,
    );
  }

  nextDeadlineMs(): number | undefined {
    return this.#tellAtMs;
  }

  #notice(body: string): Element {
    return xml("message", { xmlns: NS.client, from: this.#domain, type: "headline" }, xml("body", {}, body));
  }
}
