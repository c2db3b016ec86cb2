/**
 * MAM-2 to MAM-6: where the account's server has no archive, the log is one (XEP-0313): a client's questions to the account
 * about it are answered here, and the server does not hear of them.
 */
import xml, { type Element } from "@xmpp/xml";
import { archiveForm, type ArchiveQuery, readArchiveQuery, resultFrame } from "../../xmpp/archive.ts";
import { bareJidOf } from "../../xmpp/jid.ts";
import { NS } from "../../xmpp/namespaces.ts";
import { pageSummary } from "../../xmpp/rsm.ts";
import { errorReply, iqPayload, iqResult, isIqRequest, stanzaKind } from "../../xmpp/stanza.ts";
import type { LogFilter, LoggedMessage } from "../log/log-store.ts";
import type { Part, PartContext } from "../part.ts";
import type { ClientId } from "../ports.ts";
import { type ArchivePage, selectPage } from "./select.ts";

const EVERYTHING: LogFilter = {
  peer: undefined,
  fullJid: undefined,
  rooms: false,
  fromMs: -Infinity,
  toMs: Infinity,
  after: -Infinity,
  before: Infinity,
  only: undefined,
};

export class OwnArchive implements Part {
  readonly #context: PartContext;

  constructor(context: PartContext) {
    this.#context = context;
  }

  fromClient(id: ClientId, stanza: Element): boolean {
    const { archive, outlet, session } = this.#context;
    if (!archive.isOurs || stanzaKind(stanza) !== "iq" || !isIqRequest(stanza)) return false;
    const { to = session.bareJid } = stanza.attrs;
    const payload = iqPayload(stanza);
    if (payload?.getNS() !== NS.mam || to.includes("/") || bareJidOf(to) !== session.bareJid) return false;
    const answer = this.#answer(id, stanza, payload);
    outlet.deliver({ rule: "MAM-2", stanza: answer, to: [id], reason: "the archive is ours" });
    return true;
  }

  #answer(id: ClientId, request: Element, payload: Element): Element {
    switch (`${request.attrs.type} ${payload.getName()}`) {
      case "set query":
        return this.#query(id, request, payload);
      case "get query":
        return iqResult(request, xml("query", { xmlns: NS.mam }, archiveForm()));
      case "get metadata":
        return iqResult(request, this.#metadata());
      case "get prefs":
        return iqResult(request, everythingIsArchived());
      case "set prefs":
        return this.#setPreferences(request, payload);
      default:
        return errorReply(request, { type: "cancel", condition: "feature-not-implemented" });
    }
  }

  #query(id: ClientId, request: Element, payload: Element): Element {
    const { archive: host, ports } = this.#context;
    const read = readArchiveQuery(payload);
    if (!read.ok) return errorReply(request, read.error);
    const page = selectPage({ host, log: ports.log, clock: ports.clock }, read.query);
    if (!page.ok) return errorReply(request, page.error);
    this.#tell(id, read.query, page.value);
    return iqResult(request, this.#fin(page.value));
  }

  /** XEP-0313 section 4.2, in the order of section 4.3.5. */
  #tell(id: ClientId, { queryId, flip }: ArchiveQuery, { messages }: ArchivePage): void {
    const { archive, outlet, ports, session } = this.#context;
    const address = { from: session.bareJid, to: session.fullJid, queryId };
    const asFrame = ({ atMs, frame, seq }: LoggedMessage): string => {
      const stamp = ports.clock.stamp(atMs);
      return resultFrame({ id: archive.idOf(seq), stamp, frame: archive.unstamped(frame) }, address);
    };
    const ordered = flip ? messages.toReversed() : messages;
    const reason = `${messages.length} messages of the archive, to who asked for them`;
    outlet.replay({ rule: "MAM-2", stanza: xml("message"), to: [id], reason }, ordered.map(asFrame));
  }

  #fin({ messages, complete, total }: ArchivePage): Element {
    const { archive } = this.#context;
    const [first, last] = [messages.at(0), messages.at(-1)].map((message) => {
      return message && archive.idOf(message.seq);
    });
    const fin = xml("fin", { xmlns: NS.mam, complete: complete ? "true" : undefined });
    fin.append(pageSummary({ first, last, index: total?.index, count: total?.count }));
    return fin;
  }

  /** XEP-0313 section 4.4. */
  #metadata(): Element {
    const { archive, ports } = this.#context;
    const metadata = xml("metadata", { xmlns: NS.mam });
    for (const [name, latest] of [
      ["start", false],
      ["end", true],
    ] as const) {
      const page = { after: -Infinity, before: Infinity, skip: 0, count: 1, length: 0 };
      const [message] = ports.log.select({ filter: EVERYTHING, latest, ...page }).messages;
      if (!message) continue;
      const timestamp = ports.clock.stamp(message.atMs);
      metadata.append(xml(name, { id: archive.idOf(message.seq), timestamp }));
    }
    return metadata;
  }

  /** XEP-0441 section 2: everything is logged, and nothing else can be had. */
  #setPreferences(request: Element, prefs: Element): Element {
    const hasNever = (prefs.getChild("never")?.getChildElements().length ?? 0) > 0;
    if (prefs.attrs.default === "always" && !hasNever) return iqResult(request, everythingIsArchived());
    const text = "Every message is logged; a message that is not to be says so itself (XEP-0334).";
    return errorReply(request, { type: "cancel", condition: "feature-not-implemented", text });
  }
}

function everythingIsArchived(): Element {
  return xml("prefs", { xmlns: NS.mam, default: "always" }, xml("always"), xml("never"));
}
