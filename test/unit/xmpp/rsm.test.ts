// MAM-4: Result Set Management on the wire (XEP-0059): its examples.

import { describe, expect, it } from "vitest";
import { type PageRequest, type PageSummary, pageSummary, readPageRequest } from "../../../xmpp/rsm.ts";
import { serialize } from "../../../xmpp/xml/serialize.ts";
import { parse } from "../../support/xml-shape.ts";

const RSM = "http://jabber.org/protocol/rsm";
const query = (set: string) => parse(`<query xmlns="jabber:iq:search">${set}</query>`);
const NOTHING: PageRequest = { max: undefined, before: undefined, after: undefined, index: undefined };

const REQUESTS: [what: string, set: string, request: PageRequest | undefined][] = [
  ["no set", "", NOTHING],
  ["a limit (2.1)", `<set xmlns="${RSM}"><max>10</max></set>`, { ...NOTHING, max: 10 }],
  [
    "the second page (2.2)",
    `<set xmlns="${RSM}"><max>10</max><after>peterpan@neverland.lit</after></set>`,
    { ...NOTHING, max: 10, after: "peterpan@neverland.lit" },
  ],
  [
    "the previous page (2.3)",
    `<set xmlns="${RSM}"><max>10</max><before>peter@pixyland.org</before></set>`,
    { ...NOTHING, max: 10, before: "peter@pixyland.org" },
  ],
  [
    "the last page (2.5)",
    `<set xmlns="${RSM}"><max>10</max><before/></set>`,
    { ...NOTHING, max: 10, before: "" },
  ],
  [
    "a page by its position (2.6)",
    `<set xmlns="${RSM}"><max>10</max><index>371</index></set>`,
    { ...NOTHING, max: 10, index: 371 },
  ],
  ["the count alone (2.7)", `<set xmlns="${RSM}"><max>0</max></set>`, { ...NOTHING, max: 0 }],
  ["an empty after is none", `<set xmlns="${RSM}"><after/></set>`, NOTHING],
  ["a set of something else", `<set xmlns="urn:other"><max>1</max></set>`, NOTHING],
  ["a limit that is no number", `<set xmlns="${RSM}"><max>ten</max></set>`, undefined],
  ["a limit below nothing", `<set xmlns="${RSM}"><max>-1</max></set>`, undefined],
  ["an empty limit", `<set xmlns="${RSM}"><max/></set>`, undefined],
  ["a position that is no number", `<set xmlns="${RSM}"><index>1e9</index></set>`, undefined],
];

const SUMMARIES: [what: string, summary: PageSummary, set: string][] = [
  [
    "the first page (2.2)",
    { first: "stpeter@jabber.org", last: "peterpan@neverland.lit", index: 0, count: 800 },
    '<first index="0">stpeter@jabber.org</first><last>peterpan@neverland.lit</last><count>800</count>',
  ],
  ["an empty page (2.2)", { first: undefined, last: undefined, index: 0, count: 790 }, "<count>790</count>"],
  ["without what is not known", { first: "a", last: "b" }, "<first>a</first><last>b</last>"],
];

describe("MAM-4 pages (XEP-0059)", () => {
  it.each(REQUESTS)("MAM-4 reads %s", (_what, set, request) => {
    expect(readPageRequest(query(set))).toEqual(request);
  });

  it.each(SUMMARIES)("MAM-4 writes %s", (_what, summary, set) => {
    expect(serialize(pageSummary(summary))).toBe(`<set xmlns="${RSM}">${set}</set>`);
  });
});
