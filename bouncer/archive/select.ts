/**
 * MAM-3 to MAM-5: what a query to an archive (XEP-0313 section 4) means in the log: which messages, and which page of them.
 * Pure but for the log that it reads.
 */
import type { ArchiveQuery } from "../../xmpp/archive.ts";
import { bareOf, formatJid, isBare, parseJid } from "../../xmpp/jid.ts";
import type { StanzaError } from "../../xmpp/stanza.ts";
import type { LogFilter, LogSelection, LogStore, LoggedMessage } from "../log/log-store.ts";
import type { Ports } from "../ports.ts";
import type { ArchiveHost } from "./archive-host.ts";

/** A page: what it has unless it is asked for less or more, and what it has at most. */
const PAGE = { usual: 50, max: 250, length: 1_000_000 };

export interface ArchivePage {
  /** Oldest first. */
  messages: readonly LoggedMessage[];
  /** Is it the last page in the direction in which it was asked for? */
  complete: boolean;
  total: { count: number; index: number } | undefined;
}

type Read<T> = { ok: true; value: T } | { ok: false; error: StanzaError };

interface ArchiveReader {
  log: Pick<LogStore, "has" | "select">;
  clock: Pick<Ports["clock"], "parse">;
  host: Pick<ArchiveHost, "seqOf">;
}

/** The page that is asked for, or the error for its asker. */
export function selectPage(reader: ArchiveReader, query: ArchiveQuery): Read<ArchivePage> {
  const { page } = query;
  const filter = filterOf(reader, query);
  const after = seqOf(reader, page.after);
  const before = seqOf(reader, page.before === "" ? undefined : page.before);
  if (!filter || after === "unknown" || before === "unknown") return unknownId();
  const selection: LogSelection = {
    filter,
    after: after ?? -Infinity,
    before: before ?? Infinity,
    latest: page.before !== undefined,
    skip: page.index ?? 0,
    count: Math.min(page.max ?? PAGE.usual, PAGE.max),
    length: PAGE.length,
  };
  const { messages, rest, total } = reader.log.select(selection);
  // XEP-0059 section 2.6: a page by its position, only where positions are known.
  if (selection.skip > 0 && !total) return refuse("cancel", "feature-not-implemented", "Ask by id.");
  if (rest === "unknown" && messages.length === 0) {
    return refuse("wait", "resource-constraint", "Too much would have to be looked through: ask for less.");
  }
  return { ok: true, value: { messages, complete: rest === "none", total } };
}

/** Undefined when an id in it is not of this archive. */
function filterOf(reader: ArchiveReader, query: ArchiveQuery): LogFilter | undefined {
  const after = seqOf(reader, query.afterId);
  const before = seqOf(reader, query.beforeId);
  const only = query.ids?.map((id) => seqOf(reader, id));
  if (after === "unknown" || before === "unknown") return undefined;
  const seqs = only?.flatMap((seq) => (typeof seq === "number" ? seq : []));
  if (only?.length !== seqs?.length) return undefined;
  const jid = query.with === undefined ? undefined : parseJid(query.with);
  return {
    peer: jid && bareOf(jid),
    fullJid: jid && !isBare(jid) ? formatJid(jid) : undefined,
    rooms: query.groupchat ?? false,
    fromMs: query.start === undefined ? -Infinity : reader.clock.parse(query.start),
    toMs: query.end === undefined ? Infinity : reader.clock.parse(query.end),
    after: after ?? -Infinity,
    before: before ?? Infinity,
    only: seqs,
  };
}

function seqOf({ host, log }: ArchiveReader, id: string | undefined): number | "unknown" | undefined {
  if (id === undefined) return undefined;
  const seq = host.seqOf(id);
  return seq !== undefined && log.has(seq) ? seq : "unknown";
}

function unknownId(): Read<never> {
  return refuse("cancel", "item-not-found", "There is no message with that id in the archive.");
}

function refuse(type: StanzaError["type"], condition: StanzaError["condition"], text: string): Read<never> {
  return { ok: false, error: { type, condition, text } };
}
