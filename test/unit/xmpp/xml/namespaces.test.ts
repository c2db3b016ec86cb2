// The normal form of elements: Namespaces in XML 1.0, and what of it would let two readers disagree.
import { describe, expect, it } from "vitest";
import { namespaceOf } from "../../../../xmpp/xml/element.ts";
import { frameCondition, frameElement, linked, readAll, readBody, tree, unowned } from "./support.ts";
import type { Tree } from "./support.ts";

const CLIENT: [string, string] = ["xmlns", "jabber:client"];

const header = (declarations: string): string =>
  `<s:stream xmlns:s='http://etherx.jabber.org/streams' ${declarations}>`;

describe("normal form", () => {
  const forms: [what: string, written: string, meant: Tree][] = [
    [
      "a default namespace is inherited without repeating it",
      "<message xmlns='jabber:client'><body/></message>",
      ["message", [CLIENT], ["body", []]],
    ],
    [
      "a redundant declaration disappears",
      "<message xmlns='jabber:client'><body xmlns='jabber:client'/></message>",
      ["message", [CLIENT], ["body", []]],
    ],
    [
      "a prefix becomes a default namespace",
      "<x:message xmlns:x='jabber:client'><x:body/></x:message>",
      ["message", [CLIENT, ["xmlns:x", "jabber:client"]], ["body", []]],
    ],
    [
      "an unprefixed child of a prefixed element has no namespace",
      "<x:message xmlns:x='jabber:client'><body/></x:message>",
      ["message", [CLIENT, ["xmlns:x", "jabber:client"]], ["body", [["xmlns", ""]]]],
    ],
    [
      "xmlns='' stays",
      "<message xmlns='jabber:client'><body xmlns=''><b/></body></message>",
      ["message", [CLIENT], ["body", [["xmlns", ""]], ["b", []]]],
    ],
    [
      "a namespace that returns is declared again",
      "<a xmlns='u'><b xmlns='v'><c xmlns='u'/></b></a>",
      ["a", [["xmlns", "u"]], ["b", [["xmlns", "v"]], ["c", [["xmlns", "u"]]]]],
    ],
    [
      "a prefix may be bound anew further inside",
      "<p:a xmlns:p='u'><p:b xmlns:p='v'/><p:c/></p:a>",
      [
        "a",
        [
          ["xmlns", "u"],
          ["xmlns:p", "u"],
        ],
        [
          "b",
          [
            ["xmlns", "v"],
            ["xmlns:p", "v"],
          ],
        ],
        ["c", []],
      ],
    ],
    [
      "a prefixed attribute carries its declaration",
      "<a xmlns='u' xmlns:p='v'><b p:x='1'/></a>",
      [
        "a",
        [
          ["xmlns", "u"],
          ["xmlns:p", "v"],
        ],
        [
          "b",
          [
            ["p:x", "1"],
            ["xmlns:p", "v"],
          ],
        ],
      ],
    ],
    [
      "xml:lang needs no declaration",
      "<a xmlns='u' xml:lang='en'/>",
      [
        "a",
        [
          ["xml:lang", "en"],
          ["xmlns", "u"],
        ],
      ],
    ],
    [
      "the allowed declaration of the prefix xml disappears",
      "<a xmlns='u' xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='en'/>",
      [
        "a",
        [
          ["xml:lang", "en"],
          ["xmlns", "u"],
        ],
      ],
    ],
    [
      "a default namespace does not reach attributes",
      "<a xmlns='u' xmlns:p='u' x='1' p:x='2'/>",
      [
        "a",
        [
          ["p:x", "2"],
          ["x", "1"],
          ["xmlns", "u"],
          ["xmlns:p", "u"],
        ],
      ],
    ],
  ];
  it.each(forms)("XML-7 %s", (_, written, meant) => {
    const element = frameElement(written);
    expect(tree(element)).toEqual(meant);
    expect(element.parent).toBe(null);
    expect(linked(element)).toBe(true);
    expect(readAll([header(""), written])).toEqual(["open", meant]);
  });

  const inherited: [what: string, stream: string, written: string, meant: Tree][] = [
    [
      "the content namespace",
      header("xmlns='jabber:client'"),
      "<iq><query xmlns='q'/></iq>",
      ["iq", [CLIENT], ["query", [["xmlns", "q"]]]],
    ],
    [
      "the stream prefix",
      header("xmlns='jabber:client'"),
      "<s:features><bind xmlns='b'/></s:features>",
      ["features", [["xmlns", "http://etherx.jabber.org/streams"]], ["bind", [["xmlns", "b"]]]],
    ],
    [
      "another prefix",
      header("xmlns:db='jabber:server:dialback'"),
      "<db:result/>",
      ["result", [["xmlns", "jabber:server:dialback"]]],
    ],
    [
      "a prefix on an attribute",
      header("xmlns='jabber:client' xmlns:p='u'"),
      "<iq p:x='1'/>",
      ["iq", [["p:x", "1"], CLIENT, ["xmlns:p", "u"]]],
    ],
    ["no namespace", header(""), "<iq/>", ["iq", [["xmlns", ""]]]],
  ];
  it.each(inherited)(
    "XML-7 makes %s of the stream header explicit on a first-level child",
    (_, stream, written, meant) => {
      expect(readAll([stream, written])).toEqual(["open", meant]);
    },
  );

  it("XML-7 gives elements a namespace that namespaceOf sees", () => {
    const element = frameElement("<x:message xmlns:x='jabber:client'><body/><x:thread/></x:message>");
    const [body, thread] = element.getChildElements();
    expect(namespaceOf(element)).toBe("jabber:client");
    expect(body && namespaceOf(body)).toBe("");
    expect(thread && namespaceOf(thread)).toBe("jabber:client");
  });
});

describe("namespace abuse", () => {
  const XML = "http://www.w3.org/XML/1998/namespace";
  const XMLNS = "http://www.w3.org/2000/xmlns/";
  it.each([
    ["an unbound element prefix", "<a xmlns='u'><p:b/></a>", "not-well-formed"],
    ["an unbound attribute prefix", "<a xmlns='u' p:x='1'/>", "not-well-formed"],
    ["a prefix used outside of its scope", "<a xmlns='u'><b xmlns:p='v'/><p:c/></a>", "not-well-formed"],
    ["an undeclared prefix named __proto__", "<a xmlns='u' __proto__:x='1'/>", "not-well-formed"],
    ["xml bound to another name", "<a xmlns='u' xmlns:xml='v'/>", "not-well-formed"],
    ["xmlns declared", `<a xmlns='u' xmlns:xmlns='${XMLNS}'/>`, "not-well-formed"],
    ["a prefix bound to the XML namespace", `<a xmlns='u' xmlns:p='${XML}'/>`, "not-well-formed"],
    ["a prefix bound to the xmlns namespace", `<a xmlns='u' xmlns:p='${XMLNS}'/>`, "not-well-formed"],
    ["the XML namespace as default", `<a xmlns='${XML}'/>`, "not-well-formed"],
    ["the xmlns namespace as default", `<a xmlns='${XMLNS}'/>`, "not-well-formed"],
    ["a prefix undeclared", "<p:a xmlns:p='u'><b xmlns:p=''/></p:a>", "not-well-formed"],
    ["an element with the prefix xmlns", "<a xmlns='u'><xmlns:b/></a>", "not-well-formed"],
    ["an element with the prefix xml", "<a xmlns='u'><xml:b/></a>", "bad-namespace-prefix"],
    ["two colons", "<a xmlns='u'><p:b:c xmlns:p='v'/></a>", "not-well-formed"],
    ["an empty prefix", "<a xmlns='u'><:b/></a>", "not-well-formed"],
    ["an empty local name", "<a xmlns='u'><p: xmlns:p='v'/></a>", "not-well-formed"],
    ["a local name that starts with a digit", "<a xmlns='u'><p:1 xmlns:p='v'/></a>", "not-well-formed"],
    ["a local name that starts with a dash", "<a xmlns='u' xmlns:p='v' p:-x='1'/>", "not-well-formed"],
    [
      "a local name that starts with a combining mark",
      "<a xmlns='u' xmlns:p='v' p:\u0301x='1'/>",
      "not-well-formed",
    ],
    ["a declared prefix that starts with a digit", "<a xmlns='u' xmlns:1='v'/>", "not-well-formed"],
    ["a padded default namespace", "<message xmlns=' jabber:client'/>", "bad-format"],
    ["a padded prefix declaration", "<x:message xmlns:x='jabber:client&#10;'/>", "bad-format"],
  ])("XML-8 refuses %s", (_, stanza, condition) => {
    expect(frameCondition(stanza)).toBe(condition);
    expect(readBody(stanza)).toEqual([condition]);
  });
});

describe("names that JavaScript knows", () => {
  it.each(["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"])(
    "XML-9 treats %s as any other name, of element, attribute and prefix",
    (name) => {
      const element = frameElement(`<${name} xmlns='u' ${name}='1' xmlns:${name}='v' ${name}:${name}='2'/>`);
      expect(tree(element)).toEqual([
        name,
        [
          [name, "1"],
          [`${name}:${name}`, "2"],
          ["xmlns", "u"],
          [`xmlns:${name}`, "v"],
        ].toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
      ]);
      expect(unowned(element.attrs)).toEqual([]);
      expect(frameElement("<a xmlns='u'/>").attrs[name]).toBe(undefined);
      expect(Object.hasOwn(Object.prototype, "1")).toBe(false);
    },
  );

  it("XML-9 gives stream headers and their children attributes without a prototype too", () => {
    expect(readBody("<a __proto__='1'/>")).toEqual([["a", [["__proto__", "1"], CLIENT]]]);
  });
});
