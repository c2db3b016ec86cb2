/**
 * IQ-9: the results of a query to an archive (XEP-0313 section 4.2), a client's own server's or a room's. They are messages,
 * but not conversation: they belong to whoever asked, and to nobody else.
 *
 * The query itself is a request like any other (iq-out.ts), whose id is also the query's while it is open.
 */
import type { Element } from "@xmpp/xml";
import { stanzaKind } from "../xmpp/stanza.ts";
import { isArchive } from "./iq-out.ts";
import type { Part, PartContext } from "./part.ts";

export class ArchiveResults implements Part {
  readonly #context: PartContext;

  constructor(context: PartContext) {
    this.#context = context;
  }

  fromUpstream(stanza: Element): boolean {
    if (stanzaKind(stanza) !== "message") return false;
    const result = stanza
      .getChildElements()
      .find((child) => child.getName() === "result" && isArchive(child));
    if (!result) return false;
    const { iq, outlet } = this.#context;
    const asker = iq.archiveResult(stanza, result);
    if (typeof asker !== "string") outlet.withhold("IQ-9", stanza, "nobody has this query under way");
    else
      outlet.deliver({ rule: "IQ-9", stanza, to: [asker], reason: "an archive's result goes to its asker" });
    return true;
  }
}
