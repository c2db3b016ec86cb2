// What XMPP forbids of XML, through both readers: RFC 6120 sections 11.1, 11.3, 11.5, 11.6.
import { describe, expect, it } from "vitest";
import { parseFrame } from "../../../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../../../xmpp/xml/limits.ts";
import { StreamReader } from "../../../../xmpp/xml/stream-reader.ts";
import { frameCondition, frameElement, HEADER, readAll, readBody, tree } from "./support.ts";

/** Both readers refuse the stanza with that condition; the stream reader emits nothing of it. */
function expectRefused(stanza: string, condition: string): void {
  expect(frameCondition(stanza)).toBe(condition);
  expect(readBody(stanza)).toEqual([condition]);
}

const message = (inside: string): string => `<message xmlns='jabber:client'>${inside}</message>`;

describe("restricted features", () => {
  it.each([
    ["a comment", message("<!-- hidden -->")],
    ["a comment inside text", message("<body>a<!---->b</body>")],
    ["a comment with markup", message("<!-- <body>x</body> -->")],
    ["a processing instruction", message("<?php echo ?>")],
    ["a stylesheet instruction", message("<?xml-stylesheet href='x'?>")],
    ["an undefined entity", message("<body>&nbsp;</body>")],
    ["an undefined entity in an attribute", message("<body x='&nbsp;'/>")],
    ["an entity named like a property", message("<body>&constructor;</body>")],
    ["an entity named __proto__", message("<body>&__proto__;</body>")],
    ["a DOCTYPE inside", message("<!DOCTYPE x>")],
  ])("XML-1 refuses %s as restricted-xml", (_, stanza) => expectRefused(stanza, "restricted-xml"));

  const laughs =
    '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>';
  it.each([
    ["billion laughs", laughs, "<message xmlns='jabber:client'>&c;</message>"],
    ["an external DTD", "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>", "<message xmlns='jabber:client'/>"],
    ["a comment", "<!-- x -->", "<message xmlns='jabber:client'/>"],
    ["an instruction", "<?x y?>", "<message xmlns='jabber:client'/>"],
  ])("XML-1 refuses %s before the root as restricted-xml", (_, prolog, stanza) => {
    expect(frameCondition(prolog + stanza)).toBe("restricted-xml");
    expect(readAll([prolog + HEADER + stanza])).toEqual(["restricted-xml"]);
  });

  it("XML-1 refuses a comment between stanzas and keeps the stanza before it", () => {
    expect(readBody("<a/><!-- x --><b/>")).toEqual([["a", [["xmlns", "jabber:client"]]], "restricted-xml"]);
  });

  it("XML-1 allows the five predefined entities", () => {
    const element = frameElement(message("&amp;&lt;&gt;&quot;&apos;"));
    expect(element.children).toEqual(["&<>\"'"]);
  });
});

describe("well-formedness", () => {
  it.each([
    ["a duplicate attribute", message("<a x='1' x='2'/>")],
    ["a duplicate xmlns", "<message xmlns='jabber:client' xmlns='jabber:server'/>"],
    ["the same attribute by two prefixes", "<a xmlns='u' xmlns:p='v' xmlns:q='v' p:x='1' q:x='2'/>"],
    ["crossed tags", message("<a><b></a></b>")],
    ["an end tag of another name", "<message xmlns='jabber:client'></presence>"],
    ["an end tag of another case", "<message xmlns='jabber:client'></Message>"],
    ["an end tag with another prefix", "<x:message xmlns:x='jabber:client'></message>"],
    ["an unquoted value", message("<a x=1/>")],
    ["an attribute without value", message("<a x/>")],
    ["attributes without space between", message("<a x='1'y='2'/>")],
    ["< in a value", message("<a x='<'/>")],
    ["]]> in text", message("a]]>b")],
    ["an entity without a name", message("&;")],
    ["a name that starts with a digit", message("<1/>")],
    ["a space before the name", message("< a/>")],
    ["an empty end tag", message("<a></>")],
    ["an attribute in an end tag", message("<a></a x='1'>")],
    ["a slash within a tag", message("<a / x='1'>")],
    ["an upper-case CDATA start only", message("<![cdata[x]]>")],
    ["a DTD declaration outside of a DTD", message('<!ENTITY a "b">')],
    ["a declaration inside", message("<?xml version='1.0'?>")],
  ])("XML-2 refuses %s as not-well-formed", (_, stanza) => expectRefused(stanza, "not-well-formed"));

  it("XML-2 refuses an end tag that no start tag opened", () => {
    expect(frameCondition("</message>")).toBe("not-well-formed");
    expect(readBody("</message>")).toEqual(["not-well-formed"]);
  });

  it("XML-2 refuses a bare ampersand once the name of its entity ends, and reads nothing until then", () => {
    expect(frameCondition(message("a & b"))).toBe("not-well-formed");
    expect(readAll([HEADER, message("a & b"), message("c"), "<d/>"])).toEqual(["open"]);
    expect(readAll([HEADER, message("a & b"), message("c"), message("d;")])).toEqual([
      "open",
      "not-well-formed",
    ]);
  });

  it("XML-2 refuses a declaration that is not at the very beginning", () => {
    expect(readAll([` ${HEADER}`])).toEqual(["not-well-formed"]);
  });
});

describe("characters", () => {
  const illegal: [string, string][] = [
    ["NUL", "\u0000"],
    ["U+0001", "\u0001"],
    ["vertical tab", "\u000B"],
    ["form feed", "\u000C"],
    ["escape", "\u001B"],
    ["U+FFFE", "\uFFFE"],
    ["U+FFFF", "\uFFFF"],
    ["a lone high surrogate", "\uD83D"],
    ["a lone low surrogate", "\uDE00"],
    ["two high surrogates", "\uD83D\uD83D"],
    ["a reversed pair", "\uDE00\uD83D"],
  ];
  it.each(illegal)("XML-3 refuses %s everywhere as not-well-formed", (_, character) => {
    expectRefused(message(character), "not-well-formed");
    expectRefused(message(`${character}<a/>`), "not-well-formed");
    expectRefused(message(`<![CDATA[${character}]]>`), "not-well-formed");
    expectRefused(message(`<a x='${character}'/>`), "not-well-formed");
    expectRefused(message(`<a${character}/>`), "not-well-formed");
    expectRefused(message(`<a ${character}='1'/>`), "not-well-formed");
  });

  it("XML-3 does not let a lone surrogate swallow the tag behind it", () => {
    const inner = "<body>\uD83D</body></message><message xmlns='jabber:client' from='admin@example'>";
    expectRefused(message(inner), "not-well-formed");
  });

  it("XML-3 keeps the stanza before a lone surrogate", () => {
    expect(readBody("<a/><b>\uDE00</b>")).toEqual([["a", [["xmlns", "jabber:client"]]], "not-well-formed"]);
  });

  it.each([
    "&#0;",
    "&#x1;",
    "&#xB;",
    "&#xD83D;",
    "&#xDE00;",
    "&#xFFFE;",
    "&#xFFFF;",
    "&#x110000;",
    "&#99999999999;",
  ])("XML-3 refuses the reference %s as not-well-formed", (reference) => {
    expectRefused(message(reference), "not-well-formed");
    expectRefused(message(`<a x='${reference}'/>`), "not-well-formed");
  });

  it.each(["&#;", "&#x;", "&#xZ;", "&#-1;", "&#1 0;", "&#X41;"])(
    "XML-3 refuses the malformed reference %s",
    (reference) => {
      expectRefused(message(reference), "not-well-formed");
    },
  );

  it.each([
    ["&#65;&#x42;&#x1F600;", "AB😀"],
    ["&#9;&#10;&#13;", "\t\n\r"],
    ["\u007F\u0085\u2028\uFFFD\u{10FFFF}\uFEFF", "\u007F\u0085\u2028\uFFFD\u{10FFFF}\uFEFF"],
    ["a\r\nb\rc", "a\nb\nc"],
  ])("XML-3 allows %j", (written, meant) => {
    expect(frameElement(message(written)).children).toEqual([meant]);
  });
});

describe("declaration and encoding", () => {
  const stream = HEADER.slice(HEADER.indexOf("<stream"));
  it.each([
    ["<?xml version='1.0'?>", "open"],
    ["<?xml version='1.0' encoding='UTF-8'?>", "open"],
    ['<?xml version="1.0" encoding="utf-8" standalone="yes"?>\r\n', "open"],
    ["", "open"],
    ["\n ", "open"],
    ["<?xml version='1.0' encoding='UTF-16'?>", "unsupported-encoding"],
    ["<?xml version='1.0' encoding='ISO-8859-1'?>", "unsupported-encoding"],
    ["<?xml version='1.0' encoding='UTF-7'?>", "unsupported-encoding"],
    ["<?xml encoding='UTF-8'?>", "not-well-formed"],
    ["<?xml?>", "not-well-formed"],
    ["<?XML version='1.0'?>", "not-well-formed"],
    ["<?xml version='2.0'?>", "not-well-formed"],
    ["<?xml version='1.0'?><?xml version='1.0'?>", "not-well-formed"],
    ["\uFEFF", "not-well-formed"],
    ["x", "not-well-formed"],
  ])("XML-4 answers a stream that begins %j with %s", (declaration, answer) => {
    expect(readAll([declaration + stream])).toEqual([answer]);
  });

  it.each(["1.0", "1.1", "1.2"])("XML-4 keeps to the characters of XML 1.0 under version %s", (version) => {
    const declaration = `<?xml version='${version}'?>`;
    expect(readAll([declaration + stream, "<a>&#1;</a>"])).toEqual(["open", "not-well-formed"]);
    // U+0085 is a line end in XML 1.1 only.
    expect(readAll([declaration + stream, "<a>\u0085</a>"]).at(-1)).toEqual([
      "a",
      [["xmlns", "jabber:client"]],
      "\u0085",
    ]);
    expect(frameCondition(`${declaration}<a xmlns='u'>&#1;</a>`)).toBe("not-well-formed");
  });
});

describe("text", () => {
  it.each([
    ["<![CDATA[<b>&amp;</b>]]>", "<b>&amp;</b>"],
    ["a<![CDATA[b]]>c&amp;<![CDATA[]]><![CDATA[]]]]><![CDATA[>]]>", "abc&]]>"],
    ["<![CDATA[<!-- no comment --><?no pi?>]]>", "<!-- no comment --><?no pi?>"],
  ])("XML-5 reads %s as one text", (written, meant) => {
    expect(frameElement(message(written)).children).toEqual([meant]);
  });

  it("XML-5 makes no child of an empty CDATA section", () => {
    expect(frameElement(message("<![CDATA[]]>")).children).toEqual([]);
  });

  it("XML-5 keeps white space inside an element", () => {
    expect(tree(frameElement(message(" <a/>\n")))).toEqual([
      "message",
      [["xmlns", "jabber:client"]],
      " ",
      ["a", []],
      "\n",
    ]);
  });
});

describe("the first problem", () => {
  it("XML-6 is final: nothing after it is read, not even a second problem", () => {
    const reader = new StreamReader(DEFAULT_LIMITS);
    reader.write(HEADER);
    const types = reader
      .write("<a/><b x='1' x='2'/><c/><!-- --><d>&nbsp;</d></stream:stream>")
      .map(({ type }) => type);
    expect(types).toEqual(["element", "problem"]);
    expect(reader.write("<e/>")).toEqual([]);
    expect(reader.write("</stream:stream>")).toEqual([]);
  });

  it.each([
    ["a stanza", "<a/><message></iq>", [["a", [["xmlns", "jabber:client"]]], "not-well-formed"]],
    ["the stream", "<a/></stream:other>", [["a", [["xmlns", "jabber:client"]]], "not-well-formed"]],
  ])("XML-6 takes back %s that was closed by another name, and only that", (_, body, events) => {
    expect(readBody(body)).toEqual(events);
  });

  it("XML-6 keeps an element whose successor is bad in the same chunk", () => {
    expect(readBody("<a></a>x")).toEqual([["a", [["xmlns", "jabber:client"]]], "bad-format"]);
    expect(readBody("<a></a><")).toEqual([["a", [["xmlns", "jabber:client"]]]]);
    expect(readBody("<a></a></x>")).toEqual([["a", [["xmlns", "jabber:client"]]], "not-well-formed"]);
  });

  const secret = "hunter2";
  it.each([
    message(`<${secret}></b>`),
    message(`</${secret}>`),
    message(`<a ${secret}='1' ${secret}='2'/>`),
    message(`<${secret}:a/>`),
    message(`<a ${secret}:b='1'/>`),
    message(`<a:${secret}:c/>`),
    message(`&${secret};`),
    message(`<a ${secret}/>`),
    message(`<!-- ${secret} -->`),
    message(`<?${secret}?>`),
    message(`${secret}]]>`),
    `<${secret} xmlns='u'/><${secret} xmlns='u'/>`,
    `<?xml version='${secret}'?><a xmlns='u'/>`,
    `<!DOCTYPE ${secret}><a xmlns='u'/>`,
  ])("XML-12 says nothing of the content of %s", (stanza) => {
    const result = parseFrame(stanza, DEFAULT_LIMITS);
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain(secret);
    const reader = new StreamReader(DEFAULT_LIMITS);
    reader.write(HEADER);
    expect(JSON.stringify(reader.write(stanza).filter(({ type }) => type === "problem"))).not.toContain(
      secret,
    );
  });
});
