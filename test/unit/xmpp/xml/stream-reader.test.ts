// The incremental reader of RFC 6120 streams.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../../xmpp/xml/limits.ts";
import { StreamReader } from "../../../../xmpp/xml/stream-reader.ts";
import { HEADER, plan, readAll, readBody, SEED, tree } from "./support.ts";
import type { Picture, Plan } from "./support.ts";

const STREAMS = "http://etherx.jabber.org/streams";
const CLIENT: [string, string] = ["xmlns", "jabber:client"];

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("'", "&apos;").replaceAll("]]>", "]]&gt;");

/** Writes a plan in one of the many ways that mean the same. */
function written(element: Plan): string {
  let out = `<${element.name} xmlns='${escape(element.namespace)}' xmlns:p='urn:p'`;
  for (const [name, value] of Object.entries(element.attributes)) out += ` ${name}='${escape(value)}'`;
  const inside = element.children.map((child) =>
    typeof child === "string" ? escape(child) : written(child),
  );
  return `${out}>${inside.join("")}</${element.name}>`;
}

describe("stream header", () => {
  it("XML-13 opens with the header and its content namespace", () => {
    const [event, ...rest] = new StreamReader(DEFAULT_LIMITS).write(
      `<stream:stream from='im.example' id='1' version='1.0' xml:lang='en' xmlns='jabber:client' xmlns:stream='${STREAMS}'>`,
    );
    expect(rest).toEqual([]);
    if (event?.type !== "open") throw new Error("no header");
    expect(event.contentNamespace).toBe("jabber:client");
    expect(tree(event.header)).toEqual([
      "stream",
      [
        ["from", "im.example"],
        ["id", "1"],
        ["version", "1.0"],
        ["xml:lang", "en"],
        ["xmlns", STREAMS],
        ["xmlns:stream", STREAMS],
      ],
    ]);
  });

  it.each([
    ["without prefix", `<stream xmlns='${STREAMS}'>`, ["open"]],
    ["with another prefix", `<s:stream xmlns:s='${STREAMS}'>`, ["open"]],
    ["in another namespace", "<stream:stream xmlns:stream='urn:other'>", ["invalid-namespace"]],
    ["in no namespace", "<stream>", ["invalid-namespace"]],
    ["of another name", `<stream:steam xmlns:stream='${STREAMS}'>`, ["bad-format"]],
    ["with an unbound prefix", "<stream:stream>", ["not-well-formed"]],
    ["that is a stanza", "<message xmlns='jabber:client'/>", ["invalid-namespace"]],
    ["that is empty", `<stream:stream xmlns:stream='${STREAMS}'/>`, ["open", "close"]],
  ])("XML-13 answers a header %s", (_, header, events) => {
    expect(readAll([header])).toEqual(events);
  });
});

describe("between elements", () => {
  it.each([" ", "\n", "\r\n\t ", "\r"])("XML-15 ignores %j", (space) => {
    const a: Picture = ["a", [CLIENT]];
    expect(
      readAll([HEADER, space, "<a/>", space, `${space}<a/>${space}<a/>${space}`, space, "</stream:stream>"]),
    ).toEqual(["open", a, a, a, "close"]);
  });

  it.each(["x", "&#32;", "&amp;", "\u00A0", "\uFEFF", "<![CDATA[ ]]>", "<![CDATA[]]>", " x ", "<a/>x"])(
    "XML-15 refuses %j as bad-format, however it is split",
    (text) => {
      const before = text.startsWith("<a/>") ? [["a", [CLIENT]]] : [];
      expect(readBody(`${text}<b/>`)).toEqual([...before, "bad-format"]);
      expect(readAll([HEADER, ...`${text}<b/>`.split("")])).toEqual(["open", ...before, "bad-format"]);
      // At once, without waiting for the tag that may never come.
      expect(readBody(text)).toEqual([...before, "bad-format"]);
    },
  );
});

describe("end of stream", () => {
  it.each([
    ["</stream:stream>", ["close"]],
    ["</stream:stream >", ["close"]],
    ["<a/></stream:stream>\n", [["a", [CLIENT]], "close"]],
    ["</stream:stream><a/>", ["close"]],
    ["</stream:stream>text", ["close"]],
    ["</stream:stream></stream:stream>", ["close"]],
    ["</stream:stream><!-- -->", ["close"]],
    ["</stream>", ["not-well-formed"]],
  ])("XML-16 reads %s", (body, events) => {
    expect(readBody(body)).toEqual(events);
  });

  it("XML-16 ignores what follows the end in later chunks", () => {
    expect(readAll([HEADER, "</stream:stream>", "<a/>", "<!-- -->"])).toEqual(["open", "close"]);
  });
});

describe("chunks", () => {
  const stanzas = [
    "<message to='a@b' id='1'><body>h\u00e9llo 😀 &amp; &#x1F600; ]] &gt;</body></message>",
    "\r\n<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<s:features><bind xmlns='b' x='\r\n\t'/></s:features> ",
    "<a><![CDATA[]]]]><![CDATA[<😀>]]>\r\n</a>",
    "<𐐀 𐐀='😀'/>",
    "</s:stream>",
  ];
  const whole = `<?xml version='1.0' encoding='utf-8'?>\r\n<s:stream xmlns='jabber:client' xmlns:s='${STREAMS}'>${stanzas.join("")}`;

  it("XML-14 reads the same split at every single place", () => {
    const unsplit = readAll([whole]);
    expect(unsplit).toHaveLength(7);
    expect(readAll(whole.split(""))).toEqual(unsplit);
    for (let at = 1; at < whole.length; at++)
      expect(readAll([whole.slice(0, at), whole.slice(at)])).toEqual(unsplit);
  });

  it("XML-14 gives an element with the chunk that completes it", () => {
    const reader = new StreamReader(DEFAULT_LIMITS);
    reader.write(HEADER);
    expect(reader.write("<a><b/></a")).toEqual([]);
    expect(reader.write(">")).toHaveLength(1);
    expect(reader.write("")).toEqual([]);
  });

  it("XML-14 reads the same however any stanzas are split", () => {
    fc.assert(
      fc.property(fc.array(plan, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 40 }), (plans, cuts) => {
        const body = `${HEADER}${plans.map(written).join("\n")}</stream:stream>`;
        const places = [0, ...cuts.map((cut) => cut % body.length).toSorted((a, b) => a - b), body.length];
        const chunks = places.slice(1).map((end, index) => body.slice(places[index], end));
        const events = readAll([body]);
        expect(events).toHaveLength(plans.length + 2);
        expect(events.at(-1)).toBe("close");
        expect(readAll(chunks)).toEqual(events);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("XML-14 never throws and emits nothing after an end, whatever comes", () => {
    const piece = fc.constantFrom(
      "<",
      ">",
      "/",
      "</",
      "<a",
      "<a>",
      "</a>",
      "<a/>",
      "</stream:stream>",
      " ",
      "x",
      "='",
      "'",
      "&",
      "&amp;",
      ";",
      "<!--",
      "-->",
      "<![CDATA[",
      "]]>",
      "<?",
      "?>",
      "xmlns",
      ":",
      "\uD83D",
      "\uDE00",
      "\r",
      "\u0000",
      "<!DOCTYPE",
      "[",
      "]",
      "<?xml version='1.0'?>",
    );
    fc.assert(
      fc.property(
        fc.array(fc.array(piece, { maxLength: 6 }), { maxLength: 8 }),
        fc.boolean(),
        (chunks, opened) => {
          const reader = new StreamReader(DEFAULT_LIMITS);
          if (opened) reader.write(HEADER);
          const types = chunks.flatMap((chunk) => reader.write(chunk.join(""))).map(({ type }) => type);
          const end = types.findIndex((type) => type === "close" || type === "problem");
          expect(end === -1 || end === types.length - 1).toBe(true);
        },
      ),
      { seed: SEED, numRuns: 2000 },
    );
  });
});
