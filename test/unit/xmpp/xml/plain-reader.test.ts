// XML-14: what is read at a glance comes out as the tokenizer reads it. Split into single characters, nothing is ever whole at a
// glance: so that is the tokenizer's own reading, to compare with.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, type XmlLimits } from "../../../../xmpp/xml/limits.ts";
import { PlainReader } from "../../../../xmpp/xml/plain-reader.ts";
import { HEADER, linked, readAll, SEED, tree } from "./support.ts";

const CLIENT = "jabber:client";

function glance(text: string, limits: XmlLimits = DEFAULT_LIMITS): unknown {
  const reader = new PlainReader(limits);
  const element = reader.read(text, 0, CLIENT);
  if (!element) return undefined;
  expect(linked(element)).toBe(true);
  return { tree: tree(element), rest: text.slice(reader.end) };
}

/** What the tokenizer makes of the body, and what the reader does when it may look at all of it. */
function bothWays(body: string, limits?: XmlLimits): { tokenized: unknown; whole: unknown } {
  return {
    tokenized: readAll([HEADER, ...Array.from(body)], limits),
    whole: readAll([HEADER, body], limits),
  };
}

describe("XML-14 at a glance", () => {
  it.each([
    "<message/>",
    `<message from='a@b/c' to="d@e" id='"'><body>x</body></message>`,
    `<message xml:lang='en'><body xml:lang="de">&lt;b&gt; &amp; it&apos;s &quot;</body></message>`,
    `<iq type='result'><query xmlns='jabber:iq:roster'><item jid='a@b'/></query></iq>`,
    `<a xmlns='x'><b xmlns='x'/><c xmlns='jabber:client'/><d>\n\t</d></a>`,
    `<a constructor='1' __proto__='2'>\u{1F600}\uFFFD</a>`,
  ])("XML-14 takes %s", (text) => {
    expect(glance(`${text}<next/>`)).toEqual({
      tree: readAll([HEADER, ...Array.from(text)])[1],
      rest: "<next/>",
    });
  });

  it.each([
    "<message",
    "<message />",
    "<message><body>x</body>",
    "<a:b xmlns:a='x'/>",
    "<a b:c='d' xmlns:b='x'/>",
    "<a b='1' b='2'/>",
    "<a xmlns='x' xmlns='x'/>",
    "<a xmlns=''/>",
    "<a xmlns=' x'/>",
    "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
    "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
    "<a b='c'd='e'/>",
    "<a  b='c'/>",
    "<a\nb='c'/>",
    "<a b = 'c'/>",
    "<a b='\t'/>",
    "<a b='<'/>",
    "<a>&#65;</a>",
    "<a>&am&amp;p;</a>",
    "<a>]]></a>",
    "<a>\r</a>",
    "<a>\u0000</a>",
    "<a>\uFFFE</a>",
    "<a><![CDATA[x]]></a>",
    "<a><!-- x --></a>",
    "<a></b>",
    "<a></a >",
    "<a></ab>",
    "<ä/>",
    "<a ä='x'/>",
    "<1a/>",
    "</stream:stream>",
    " <a/>",
  ])("XML-14 leaves %s to the tokenizer", (text) => {
    expect(glance(text)).toBeUndefined();
    const { tokenized, whole } = bothWays(text);
    expect(whole).toEqual(tokenized);
  });

  it("XML-14 reads the same whole as by characters, whatever is changed in good stanzas", () => {
    const good = fc.constantFrom(
      `<message from='a@b/c' type="chat" id='m1'><body>It&apos;s on time.</body></message>`,
      `<presence from='a@b'><c xmlns='http://jabber.org/protocol/caps' ver='x='/></presence>`,
      `<iq type='result' id='1'><query xmlns='jabber:iq:roster'><item jid='x@y'><group>G</group></item></query></iq>`,
      `<message xml:lang='en'><x xmlns='u' xmlns:p='v' p:a='b'/><![CDATA[ a>b ]]></message>`,
      "<r xmlns='urn:xmpp:sm:3'/>",
      "\n ",
    );
    const scrap = fc.constantFrom(
      ..."<>/&'\"=: \r\t\u0001\uFFFF1é".split(""),
      "]]>",
      "xmlns",
      "xmlns='x'",
      "</a>",
      "\u{1F600}",
      "&amp;",
      "&#x41;",
      "<!--",
      "<?x?>",
      "xml:lang='a'",
      "",
    );
    const change = fc.record({ at: fc.nat(400), remove: fc.nat(3), scrap });
    const small: XmlLimits = {
      ...DEFAULT_LIMITS,
      maxStanzaBytes: 120,
      maxDepth: 2,
      maxAttributes: 3,
      maxElements: 3,
      maxNamespaceLength: 20,
    };
    fc.assert(
      fc.property(
        fc.array(good, { minLength: 1, maxLength: 4 }),
        fc.array(change, { maxLength: 3 }),
        fc.constantFrom(DEFAULT_LIMITS, small),
        fc.nat(400),
        (stanzas, changes, limits, cut) => {
          let body = stanzas.join("");
          for (const { at, remove, scrap: put } of changes) {
            const from = at % (body.length + 1);
            body = body.slice(0, from) + put + body.slice(from + remove);
          }
          const { tokenized, whole } = bothWays(body, limits);
          expect(whole).toEqual(tokenized);
          expect(readAll([HEADER, body.slice(0, cut), body.slice(cut)], limits)).toEqual(tokenized);
        },
      ),
      { seed: SEED, numRuns: 5_000 },
    );
  });

  it("XML-10 XML-11 leaves what comes near a limit to the tokenizer", () => {
    const limits = {
      ...DEFAULT_LIMITS,
      maxDepth: 2,
      maxElements: 3,
      maxAttributes: 2,
      maxNamespaceLength: 3,
    };
    expect(glance("<a><b/><b/></a>", limits)).toBeDefined();
    expect(glance("<a><b><c/></b></a>", limits)).toBeUndefined();
    expect(glance("<a><b/><b/><b/></a>", limits)).toBeUndefined();
    expect(glance("<a b='' c='' d=''/>", limits)).toBeUndefined();
    expect(glance("<a xmlns='long'/>", limits)).toBeUndefined();
    expect(glance("<a/>", { ...DEFAULT_LIMITS, maxStanzaBytes: 12 })).toBeUndefined();
  });
});
