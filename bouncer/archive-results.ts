/**
 * IQ-9: the results of a query to an archive (XEP-0313 section 4.2), a client's own server's or a room's. They are messages,
 * but not conversation: they belong to whoever asked, and to nobody else.
 *
 * Where the archive's stamps are coarse, they are made finer (MAM-11).
 *
 * The query itself is a request like any other (iq-out.ts), whose id is also the query's while it is open.
 */
import type { Element } from "@xmpp/xml";
import { type ArchiveResult, readResult, restampResult } from "../xmpp/archive.ts";
import { bareJidOf } from "../xmpp/jid.ts";
import { stanzaKind } from "../xmpp/stanza.ts";
import { finerTime } from "./archive/finer-stamp.ts";
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
    // Before it is told under its asker's query id, which may be none.
    const told = readResult(stanza);
    const asker = iq.archiveResult(stanza, result);
    if (typeof asker !== "string") {
      outlet.withhold("IQ-9", stanza, "nobody has this query under way");
      return true;
    }
    if (told) this.#stampFiner(stanza, told);
    outlet.deliver({ rule: "IQ-9", stanza, to: [asker], reason: "an archive's result goes to its asker" });
    return true;
  }

  /** MAM-11: with the log's time of the same message. */
  #stampFiner(stanza: Element, { id, message, stamp }: ArchiveResult): void {
    const { log, ports, session } = this.#context;
    const by = bareJidOf(stanza.attrs.from ?? session.bareJid);
    const loggedMs = log.messages.timeOf(message, id, by);
    const finerMs = finerTime({ stamp, stampedMs: ports.clock.parse(stamp) }, loggedMs);
    if (finerMs !== undefined) restampResult(stanza, ports.clock.stamp(finerMs));
  }
}
