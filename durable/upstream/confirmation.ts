/**
 * UP-16: the ping that confirms what was sent before it (XEP-0199 section 4.2), where the server has no Stream Management. A
 * server that does not know pings answers with an error, which says as much.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../../xmpp/namespaces.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";

export class Confirmation {
  readonly #id: string;
  readonly #domain: string;
  /** How many of those that were sent, and not confirmed yet, its answer confirms. */
  readonly count: number;

  /** `id` is one that nobody can guess: a contact's answer would be taken for the server's. */
  constructor(id: string, domain: string, count: number) {
    this.#id = id;
    this.#domain = domain;
    this.count = count;
  }

  /** What is to be sent. */
  get request(): string {
    const ping = xml("ping", { xmlns: NS.ping });
    const iq = xml("iq", { xmlns: NS.client, type: "get", id: this.#id, to: this.#domain }, ping);
    return serialize(iq, NS.client);
  }

  isAnsweredBy(stanza: Element): boolean {
    const { id, from, type } = stanza.attrs;
    if (id !== this.#id || !stanza.is("iq", NS.client)) return false;
    // RFC 6120 section 8.1.2.1: from whom it was for, or from nobody.
    return (type === "result" || type === "error") && (from === undefined || from === this.#domain);
  }
}
