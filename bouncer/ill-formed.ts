/**
 * What no server takes, whoever sends it: refused before anything else sees it (RFC 6120 section 8), so that no table holds it
 * and nobody waits for an answer in vain.
 */
import type { Element } from "@xmpp/xml";
import { errorReply, type StanzaError, stanzaKind } from "../xmpp/stanza.ts";
import type { Part, PartContext } from "./part.ts";
import type { ClientId } from "./ports.ts";

/** RFC 7622 section 3.1: three parts of 1,023 octets, and what is between them. */
const MAX_ADDRESS_LENGTH = 3_071;
const IQ_TYPES: ReadonlySet<string | undefined> = new Set(["get", "set", "result", "error"]);

export class IllFormed implements Part {
  readonly #context: Pick<PartContext, "outlet">;

  constructor(context: Pick<PartContext, "outlet">) {
    this.#context = context;
  }

  fromClient(id: ClientId, stanza: Element): boolean {
    const kind = stanzaKind(stanza);
    if (!kind) return false;
    if ((stanza.attrs.to?.length ?? 0) > MAX_ADDRESS_LENGTH) {
      delete stanza.attrs.to;
      this.#refuse("ERR-3", id, stanza, { type: "modify", condition: "jid-malformed" });
      return true;
    }
    if (kind !== "iq" || IQ_TYPES.has(stanza.attrs.type)) return false;
    this.#refuse("IQ-13", id, stanza, { type: "modify", condition: "bad-request" });
    return true;
  }

  /** RFC 6120 section 8.3.1: no error is answered with an error; nor is the answer to a question. */
  #refuse(rule: string, id: ClientId, stanza: Element, error: StanzaError): void {
    const { outlet } = this.#context;
    const reason = "no server takes it";
    if (stanza.attrs.type === "error" || stanza.attrs.type === "result")
      return outlet.withhold(rule, stanza, reason);
    outlet.deliver({ rule, stanza: errorReply(stanza, error), to: [id], reason });
  }
}
