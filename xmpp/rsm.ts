/** Result Set Management (XEP-0059): what is asked of a page, and what a page says of itself. */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "./namespaces.ts";

export interface PageRequest {
  /** How many at most; undefined: as many as whoever answers thinks fit. */
  max: number | undefined;
  /** The page that ends before this item; empty: the last page (section 2.5). */
  before: string | undefined;
  /** The page that begins after this item. */
  after: string | undefined;
  /** The page that begins at this position (section 2.6). */
  index: number | undefined;
}

export interface PageSummary {
  first: string | undefined;
  last: string | undefined;
  /** Of the first item, and of all: only where they are known. */
  index?: number | undefined;
  count?: number | undefined;
}

/** What the `<set/>` inside `parent` asks for; everything undefined without one. Undefined when a number in it is none. */
export function readPageRequest(parent: Element): PageRequest | undefined {
  const set = parent.getChild("set", NS.rsm);
  const max = readNumber(set?.getChildText("max"));
  const index = readNumber(set?.getChildText("index"));
  if (Number.isNaN(max) || Number.isNaN(index)) return undefined;
  const before = set?.getChild("before")?.getText();
  // An empty `<after/>` is before the first item (section 2.2), as without one.
  const after = set?.getChildText("after") ?? "";
  return { max, before, after: after === "" ? undefined : after, index };
}

/** The `<set/>` of an answer. */
export function pageSummary({ first, last, index, count }: PageSummary): Element {
  return xml(
    "set",
    { xmlns: NS.rsm },
    first === undefined ? undefined : xml("first", { index: index?.toString() }, first),
    last === undefined ? undefined : xml("last", {}, last),
    count === undefined ? undefined : xml("count", {}, String(count)),
  );
}

/** The last item of an answer's page, if there is one. */
export function lastOfPage(parent: Element): string | undefined {
  const last = parent.getChild("set", NS.rsm)?.getChildText("last") ?? "";
  return last === "" ? undefined : last;
}

function readNumber(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined) return undefined;
  return /^\d{1,10}$/.test(text.trim()) ? Number(text) : Number.NaN;
}
