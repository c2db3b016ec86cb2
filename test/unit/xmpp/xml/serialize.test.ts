// Elements to text, and back.
import xml, { Element } from "@xmpp/xml";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clone } from "../../../../xmpp/xml/element.ts";
import { escapeAttribute, serialize } from "../../../../xmpp/xml/serialize.ts";
import { StreamReader } from "../../../../xmpp/xml/stream-reader.ts";
import { DEFAULT_LIMITS } from "../../../../xmpp/xml/limits.ts";
import { frameElement, HEADER, plan, readBody, SEED, tree } from "./support.ts";
import type { Plan } from "./support.ts";

function built(from: Plan, parentNamespace: string | undefined): Element {
  const element = new Element(from.name);
  const attrs: Element["attrs"] = Object.create(null);
  if (from.namespace !== parentNamespace) attrs.xmlns = from.namespace;
  if (Object.hasOwn(from.attributes, "p:q")) attrs["xmlns:p"] = "urn:p";
  for (const [name, value] of Object.entries(from.attributes)) attrs[name] = value;
  element.attrs = attrs;
  for (const child of from.children) {
    const last = element.children.length - 1;
    const before = element.children[last];
    if (typeof child !== "string") element.cnode(built(child, from.namespace));
    else if (typeof before === "string") element.children[last] = before + child;
    else if (child !== "") element.children.push(child);
  }
  return element;
}

describe("round trip", () => {
  it.each([
    "<message xmlns='jabber:client' to='a@b'><body>Art thou not Romeo?</body></message>",
    "<x:message xmlns:x='jabber:client'><body/><x:body/></x:message>",
    "<a xmlns='u' xmlns:p='v'><p:b p:x='1' xml:lang='en'><c xmlns=''><d xmlns='u'/></c></p:b></a>",
    "<a xmlns='u&amp;&lt;&gt;&quot;&apos;' x='&#9;&#10;&#13;&lt;&amp;&gt;&quot;&apos;'>&#13;\t\n]]&gt;</a>",
    "<__proto__ xmlns='u' __proto__='1' constructor='2'><toString/></__proto__>",
    "<a xmlns='u'><![CDATA[<b/>]]><b/><![CDATA[&amp;]]></a>",
    "<a xmlns='u'>😀\u0085\u2028\uFFFD</a>",
  ])("XML-18 gives an equal tree for %s", (written) => {
    const element = frameElement(written);
    expect(tree(frameElement(serialize(element)))).toEqual(tree(element));
  });

  it("XML-18 gives an equal tree for any element", () => {
    fc.assert(
      fc.property(plan, (from) => {
        const element = built(from, undefined);
        expect(readBody(serialize(element))).toEqual([tree(element)]);
        expect(readBody(serialize(element, "jabber:client"))).toEqual([tree(element)]);
        expect(tree(clone(element))).toEqual(tree(element));
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it("XML-18 serializes the deepest tree that the readers allow", () => {
    const deep = `<a xmlns="u">${"<a>".repeat(62)}<a/>${"</a>".repeat(63)}`;
    expect(serialize(frameElement(deep))).toBe(deep);
  });
});

describe("escaping", () => {
  it.each([
    ["plain text", "plain text"],
    ["a&b", "a&amp;b"],
    ["<b>", "&lt;b&gt;"],
    ["]]>", "]]&gt;"],
    ["\t\n\r", "\t\n&#13;"],
    ["\"'", "\"'"],
    ["é€😀\uFEFF\uFFFD", "é€😀\uFEFF\uFFFD"],
    ["a\u0000b\u000Bc\u001Fd\uFFFEe\uFFFF", "a\uFFFDb\uFFFDc\uFFFDd\uFFFDe\uFFFD"],
  ])("XML-19 writes the text %j as %j", (text, written) => {
    expect(serialize(xml("a", {}, text))).toBe(`<a>${written}</a>`);
  });

  it.each([
    ["plain value!", "plain value!"],
    ["&<>\"'", "&amp;&lt;&gt;&quot;&apos;"],
    ["\t\n\r", "&#9;&#10;&#13;"],
    ["(a)%#$;=?-😀", "(a)%#$;=?-😀"],
    ["\u0001\uFFFF", "\uFFFD\uFFFD"],
  ])("XML-19 writes the attribute value %j as %j", (value, written) => {
    expect(serialize(xml("a", { x: value, skipped: undefined }))).toBe(`<a x="${written}"/>`);
    expect(escapeAttribute(value)).toBe(written);
  });
});

describe("namespaces", () => {
  const stanza = frameElement("<message xmlns='jabber:client'><body>x</body><y xmlns='u'/></message>");

  it("XML-20 declares the namespace of a standalone element", () => {
    expect(serialize(stanza)).toBe('<message xmlns="jabber:client"><body>x</body><y xmlns="u"/></message>');
  });

  it("XML-20 omits the xmlns that the stream already has, and no other", () => {
    expect(serialize(stanza, "jabber:client")).toBe('<message><body>x</body><y xmlns="u"/></message>');
    expect(serialize(stanza, "jabber:server")).toBe(serialize(stanza));
    const reader = new StreamReader(DEFAULT_LIMITS);
    reader.write(HEADER);
    const [event] = reader.write(serialize(stanza, "jabber:client"));
    if (event?.type !== "element") throw new Error("no element");
    expect(tree(event.element)).toEqual(tree(stanza));
  });

  it("XML-20 declares an inherited namespace when a child is written by itself", () => {
    const body = stanza.getChild("body");
    if (body === undefined) throw new Error("no body");
    expect(serialize(body)).toBe('<body xmlns="jabber:client">x</body>');
    expect(serialize(body, "jabber:client")).toBe("<body>x</body>");
    expect(serialize(body, "u")).toBe('<body xmlns="jabber:client">x</body>');
  });

  it("XML-20 keeps an element in no namespace out of the stream's", () => {
    const [none] = frameElement("<a xmlns='u'><b xmlns=''/></a>").getChildElements();
    expect(none && serialize(none, "jabber:client")).toBe('<b xmlns=""/>');
    expect(none && serialize(none)).toBe('<b xmlns=""/>');
  });

  it("XML-20 leaves an element made without xmlns to the namespace around it", () => {
    expect(serialize(xml("presence", { to: "a@b" }), "jabber:client")).toBe('<presence to="a@b"/>');
    expect(serialize(xml("presence"))).toBe("<presence/>");
  });
});
