// Bob in a random run: what has come to him, and what must have.

import type { Element } from "@xmpp/xml";
import { expect } from "vitest";
import { count, once } from "./random-device.ts";

export class RandomBob {
  readonly heard = new Map<string, number>();
  /** Requests of his: how often each was answered. */
  readonly asked = new Map<string, number>();
  /** Those that a later session cannot answer. */
  readonly unanswerable = new Set<string>();
  /** What he has not answered yet. */
  open: Element[] = [];
  /** How alice is. */
  sees = "away";
  readonly #receipts = new Map<string, number>();

  gets(stanza: Element): void {
    const { id = "", type } = stanza.attrs;
    if (stanza.is("presence")) this.sees = type ?? stanza.getChildText("show") ?? "";
    else if (stanza.is("iq") && (type === "get" || type === "set")) this.open.push(stanza);
    else if (stanza.is("iq")) count(this.asked, id);
    else {
      const body = stanza.getChildText("body");
      const receipt = stanza.getChild("received", "urn:xmpp:receipts")?.attrs.id;
      if (body !== null) count(this.heard, body);
      if (receipt !== undefined) count(this.#receipts, receipt);
    }
  }

  /** Everything has had its time; `receipted` is what somebody has sent receipts for. */
  check(receipted: readonly string[]): void {
    expect(Object.fromEntries(this.heard), "what bob has heard").toEqual(once([...this.heard.keys()]));
    expect(Object.fromEntries(this.#receipts), "receipts").toEqual(once(receipted));
    for (const [id, times] of this.asked) {
      if (this.unanswerable.has(id)) expect(times, `answers to bob's ${id}`).toBeLessThan(2);
      else expect(times, `answers to bob's ${id}`).toBe(1);
    }
  }
}
