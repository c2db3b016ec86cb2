/**
 * Message Archive Management (XEP-0313 v1.1.3): the wire forms of queries and of what answers them. Knows neither what an
 * archive is made of nor who may ask.
 */
import xml, { type Element } from "@xmpp/xml";
import { type FormValues, readForm } from "./data-forms.ts";
import { parseJid } from "./jid.ts";
import { NS } from "./namespaces.ts";
import { type PageRequest, readPageRequest } from "./rsm.ts";
import type { StanzaError } from "./stanza.ts";
import { escapeAttribute } from "./xml/serialize.ts";

/** Beyond this an enumeration of ids is no query any more. */
const MAX_IDS = 1_000;

export interface ArchiveQuery {
  queryId: string | undefined;
  /** Only messages to or from this address; a bare JID stands for all its resources. */
  with: string | undefined;
  /** XEP-0082 timestamps, both inclusive. */
  start: string | undefined;
  end: string | undefined;
  afterId: string | undefined;
  beforeId: string | undefined;
  ids: readonly string[] | undefined;
  /** Rooms' messages as well; undefined when the asker leaves it to us. */
  groupchat: boolean | undefined;
  page: PageRequest;
  /** The page's results are to come last first. */
  flip: boolean;
}

export type ReadQuery = { ok: true; query: ArchiveQuery } | { ok: false; error: StanzaError };

const FIELDS: ReadonlySet<string> = new Set([
  "FORM_TYPE",
  "with",
  "start",
  "end",
  "before-id",
  "after-id",
  "ids",
  "include-groupchat",
]);

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** What a `<query/>` of type set asks for, or the error for its asker (section 4.1). */
export function readArchiveQuery(element: Element): ReadQuery {
  const page = readPageRequest(element);
  if (!page) return refuse("bad-request", "A number was expected in <set/>.");
  const form = element.getChild("x", NS.dataForms);
  const values = readForm(form);
  if (form && values.get("FORM_TYPE")?.[0] !== NS.mam) {
    return refuse("bad-request", `The form's FORM_TYPE must be ${NS.mam}.`);
  }
  for (const name of values.keys()) {
    if (!FIELDS.has(name)) return refuse("feature-not-implemented", "There is no such field.", "cancel");
  }
  const start = single(values, "start");
  const end = single(values, "end");
  if (![start, end].every((stamp) => stamp === undefined || TIMESTAMP.test(stamp))) {
    return refuse("bad-request", "A timestamp was expected (XEP-0082).");
  }
  const address = single(values, "with");
  if (address !== undefined && !parseJid(address)) return refuse("jid-malformed", "That is no address.");
  const ids = values.get("ids")?.filter((id) => id !== "");
  if (ids && ids.length > MAX_IDS) return refuse("not-acceptable", `No more than ${MAX_IDS} ids at once.`);
  const groupchat = single(values, "include-groupchat");
  const query = {
    queryId: element.attrs.queryid,
    with: address,
    start,
    end,
    afterId: single(values, "after-id"),
    beforeId: single(values, "before-id"),
    ids: ids?.length === 0 ? undefined : ids,
    groupchat: groupchat === undefined ? undefined : groupchat === "true" || groupchat === "1",
    page,
    flip: element.getChild("flip-page") !== undefined,
  };
  return { ok: true, query };
}

/** A `<query/>` for what comes after an id, or from a time on; oldest first. */
export function archiveQuery(from: { after: string } | { start: string }, max: number): Element {
  const set = xml("set", { xmlns: NS.rsm }, xml("max", {}, String(max)));
  const query = xml("query", { xmlns: NS.mam });
  if ("after" in from) set.append(xml("after", {}, from.after));
  else {
    const form = xml("x", { xmlns: NS.dataForms, type: "submit" });
    form.append(xml("field", { var: "FORM_TYPE", type: "hidden" }, xml("value", {}, NS.mam)));
    form.append(xml("field", { var: "start" }, xml("value", {}, from.start)));
    query.append(form);
  }
  query.append(set);
  return query;
}

/** The form that says which fields a query may have (section 4.1.5). */
export function archiveForm(): Element {
  const open = xml("validate", { xmlns: NS.dataValidate, datatype: "xs:string" }, xml("open"));
  return xml(
    "x",
    { xmlns: NS.dataForms, type: "form" },
    xml("field", { type: "hidden", var: "FORM_TYPE" }, xml("value", {}, NS.mam)),
    xml("field", { type: "jid-single", var: "with" }),
    xml("field", { type: "text-single", var: "start" }),
    xml("field", { type: "text-single", var: "end" }),
    xml("field", { type: "text-single", var: "before-id" }),
    xml("field", { type: "text-single", var: "after-id" }),
    xml("field", { type: "list-multi", var: "ids" }, open),
    xml("field", { type: "boolean", var: "include-groupchat" }),
  );
}

/** A result (section 4.2) as text. `frame` is the archived message as serialize() writes it, `stamp` when it was said. */
export function resultFrame(
  { id, stamp, frame }: { id: string; stamp: string; frame: string },
  { from, to, queryId }: { from: string; to: string; queryId: string | undefined },
): string {
  const query = queryId === undefined ? "" : ` queryid="${escapeAttribute(queryId)}"`;
  return (
    `<message xmlns="${NS.client}" from="${escapeAttribute(from)}" to="${escapeAttribute(to)}">` +
    `<result xmlns="${NS.mam}"${query} id="${escapeAttribute(id)}"><forwarded xmlns="${NS.forward}">` +
    `<delay xmlns="${NS.delay}" stamp="${stamp}"/>${frame}</forwarded></result></message>`
  );
}

/** A result as it comes from an archive: the message inside, its id there, and when it was said (section 4.2). */
export interface ArchiveResult {
  queryId: string;
  id: string;
  /** An XEP-0082 timestamp; empty where there is none. */
  stamp: string;
  message: Element;
}

/** The result in a message from an archive; undefined where it has none. */
export function readResult(message: Element): ArchiveResult | undefined {
  const result = message.getChild("result", NS.mam);
  const forwarded = result?.getChild("forwarded", NS.forward);
  const inner = forwarded?.getChild("message", NS.client);
  const { queryid: queryId, id } = result?.attrs ?? {};
  if (!inner || queryId === undefined || id === undefined) return undefined;
  const stamp = forwarded?.getChild("delay", NS.delay)?.attrs.stamp ?? "";
  return { queryId, id, stamp, message: inner };
}

/** A result's message was said at another moment than its archive's stamp says (XEP-0203); a result without a stamp stays so. */
export function restampResult(message: Element, stamp: string): void {
  const forwarded = message.getChild("result", NS.mam)?.getChild("forwarded", NS.forward);
  const delay = forwarded?.getChild("delay", NS.delay);
  if (delay) delay.attrs.stamp = stamp;
}

function single(values: FormValues, name: string): string | undefined {
  const value = values.get(name)?.[0];
  return value === "" ? undefined : value;
}

function refuse(
  condition: StanzaError["condition"],
  text: string,
  type: StanzaError["type"] = "modify",
): ReadQuery {
  return { ok: false, error: { type, condition, text } };
}
