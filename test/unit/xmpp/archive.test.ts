// MAM-3: queries to an archive as XEP-0313's examples have them, and what is no query.

import { describe, expect, it } from "vitest";
import {
  type ArchiveQuery,
  archiveForm,
  archiveQuery,
  readArchiveQuery,
  readResult,
  resultFrame,
} from "../../../xmpp/archive.ts";
import { serialize } from "../../../xmpp/xml/serialize.ts";
import { parse } from "../../support/xml-shape.ts";

const NOTHING: ArchiveQuery = {
  queryId: undefined,
  with: undefined,
  start: undefined,
  end: undefined,
  afterId: undefined,
  beforeId: undefined,
  ids: undefined,
  groupchat: undefined,
  page: { max: undefined, before: undefined, after: undefined, index: undefined },
  flip: false,
};

const type = '<field var="FORM_TYPE" type="hidden"><value>urn:xmpp:mam:2</value></field>';
const field = (name: string, ...values: string[]): string =>
  `<field var="${name}">${values.map((value) => `<value>${value}</value>`).join("")}</field>`;
const form = (...fields: string[]): string =>
  `<x xmlns="jabber:x:data" type="submit">${type}${fields.join("")}</x>`;
const query = (inside: string, attributes = "") =>
  parse(`<query xmlns="urn:xmpp:mam:2"${attributes}>${inside}</query>`);
const set = (inside: string): string => `<set xmlns="http://jabber.org/protocol/rsm">${inside}</set>`;

const QUERIES: [what: string, element: ReturnType<typeof query>, query: Partial<ArchiveQuery>][] = [
  ["for everything", query("", ' queryid="f27"'), { queryId: "f27" }],
  ["with an empty form", query(form()), {}],
  ["by address", query(form(field("with", "juliet@capulet.lit"))), { with: "juliet@capulet.lit" }],
  [
    "by time",
    query(form(field("start", "2010-06-07T00:00:00Z"), field("end", "2010-07-07T13:23:54Z"))),
    { start: "2010-06-07T00:00:00Z", end: "2010-07-07T13:23:54Z" },
  ],
  [
    "by time with an offset and fractions",
    query(form(field("start", "2010-06-07T02:00:00.25+02:00"))),
    { start: "2010-06-07T02:00:00.25+02:00" },
  ],
  [
    "between two ids",
    query(form(field("after-id", "28482-98726-73623"), field("before-id", "09af3-cc343-b409f"))),
    { afterId: "28482-98726-73623", beforeId: "09af3-cc343-b409f" },
  ],
  ["by ids", query(form(field("ids", "a", "b"))), { ids: ["a", "b"] }],
  ["with rooms", query(form(field("include-groupchat", "true"))), { groupchat: true }],
  ["without rooms", query(form(field("include-groupchat", "0"))), { groupchat: false }],
  ["with empty fields, which say nothing", query(form(field("with", ""), field("end"), field("ids"))), {}],
  [
    "a page",
    query(
      form(field("start", "2010-08-07T00:00:00Z")) +
        set("<max>10</max><after>09af3</after>") +
        "<flip-page/>",
    ),
    { start: "2010-08-07T00:00:00Z", page: { ...NOTHING.page, max: 10, after: "09af3" }, flip: true },
  ],
  ["the last page", query(set("<max>10</max><before/>")), { page: { ...NOTHING.page, max: 10, before: "" } }],
];

const REFUSED: [what: string, element: ReturnType<typeof query>, condition: string][] = [
  ["a form of another type", query('<x xmlns="jabber:x:data" type="submit"/>'), "bad-request"],
  [
    "an unknown field (4.1.5)",
    query(form(field("{http://example.com/}free-text-search", "x"))),
    "feature-not-implemented",
  ],
  ["what is no time", query(form(field("start", "yesterday"))), "bad-request"],
  ["a time without a zone", query(form(field("end", "2010-06-07T00:00:00"))), "bad-request"],
  ["what is no address", query(form(field("with", "a@b@c"))), "jid-malformed"],
  ["what is no number", query(set("<max>many</max>")), "bad-request"],
  [
    "too many ids",
    query(form(field("ids", ...Array.from({ length: 1_001 }, (_, n) => `i${n}`)))),
    "not-acceptable",
  ],
];

describe("MAM-3 queries (XEP-0313 section 4)", () => {
  it.each(QUERIES)("MAM-3 reads a query %s", (_what, element, wanted) => {
    expect(readArchiveQuery(element)).toEqual({ ok: true, query: { ...NOTHING, ...wanted } });
  });

  it.each(REFUSED)("MAM-3 refuses %s", (_what, element, condition) => {
    expect(readArchiveQuery(element)).toMatchObject({ ok: false, error: { condition } });
  });

  it("MAM-3 its own queries can be read by itself", () => {
    expect(readArchiveQuery(archiveQuery({ after: "x" }, 5))).toEqual({
      ok: true,
      query: { ...NOTHING, page: { ...NOTHING.page, after: "x", max: 5 } },
    });
    const start = "2026-01-01T00:00:00.000Z";
    expect(readArchiveQuery(archiveQuery({ start }, 5))).toEqual({
      ok: true,
      query: { ...NOTHING, start, page: { ...NOTHING.page, max: 5 } },
    });
  });

  it("MAM-3 the form names every field that is read", () => {
    const names = archiveForm()
      .getChildren("field")
      .map(({ attrs }) => attrs.var);
    expect(names).toEqual([
      "FORM_TYPE",
      "with",
      "start",
      "end",
      "before-id",
      "after-id",
      "ids",
      "include-groupchat",
    ]);
    const values: Record<string, string> = {
      with: "a@b",
      start: "2026-01-01T00:00:00Z",
      end: "2026-01-01T00:00:00Z",
      "include-groupchat": "true",
    };
    for (const name of names.slice(1)) {
      const read = readArchiveQuery(query(form(field(name ?? "", values[name ?? ""] ?? "x"))));
      expect(read.ok && JSON.stringify(read.query), name).not.toBe(JSON.stringify(NOTHING));
    }
  });
});

describe("MAM-2 results (XEP-0313 section 4.2)", () => {
  it("MAM-2 a result reads back as what it was made of", () => {
    const frame =
      '<message xmlns="jabber:client" from="romeo@montague.lit/orchard"><body>Call me but love</body></message>';
    const text = resultFrame(
      { id: 'a"1', stamp: "2010-07-10T23:08:25.000Z", frame },
      { from: "juliet@capulet.lit", to: "juliet@capulet.lit/balcony", queryId: "f<27" },
    );
    const message = parse(text);
    expect(message.attrs).toMatchObject({ from: "juliet@capulet.lit", to: "juliet@capulet.lit/balcony" });
    const result = readResult(message);
    expect(result).toMatchObject({ queryId: "f<27", id: 'a"1', stamp: "2010-07-10T23:08:25.000Z" });
    expect(result && serialize(result.message)).toBe(frame);
  });

  it("MAM-2 without a query id there is none in a result", () => {
    const text = resultFrame(
      { id: "1", stamp: "s", frame: "<message/>" },
      { from: "a@b", to: "a@b/c", queryId: undefined },
    );
    expect(text).not.toContain("queryid");
    expect(readResult(parse(text))).toBeUndefined();
  });
});
