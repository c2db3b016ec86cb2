// Frames of RFC 7395 section 3.3.3.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFrame } from "../../../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../../../xmpp/xml/limits.ts";
import { frameCondition, frameElement, SEED, tree } from "./support.ts";

describe("frames", () => {
  it.each([
    "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example' version='1.0'/>",
    '<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />',
    "<message xmlns='jabber:client'><body>x</body></message>",
    "<message xmlns='jabber:client'/>\r\n",
    "<?xml version='1.0'?><message xmlns='jabber:client'/>",
    "<?xml version='1.0' encoding='UTF-8'?>\n<message xmlns='jabber:client'/>",
  ])("XML-17 reads the one element of %j", (frame) => {
    expect(frameCondition(frame)).toBe("ok");
    expect(frameElement(frame).parent).toBe(null);
  });

  it.each(["", " ", "\n", " \r\n\t"])("XML-17 takes %j for a keepalive", (frame) => {
    expect(parseFrame(frame, DEFAULT_LIMITS)).toEqual({ ok: true, element: undefined });
  });

  it.each([
    ["two elements", "<a xmlns='u'/><b xmlns='u'/>", "not-well-formed"],
    ["two elements with space between", "<a xmlns='u'/> <b xmlns='u'/>", "not-well-formed"],
    ["text after the element", "<a xmlns='u'/>x", "not-well-formed"],
    ["a reference after the element", "<a xmlns='u'/>&amp;", "not-well-formed"],
    ["CDATA after the element", "<a xmlns='u'/><![CDATA[x]]>", "not-well-formed"],
    ["the start of another element", "<a xmlns='u'/><", "not-well-formed"],
    ["an end tag after the element", "<a xmlns='u'/></a>", "not-well-formed"],
    ["a comment after the element", "<a xmlns='u'/><!-- x -->", "restricted-xml"],
    ["an instruction after the element", "<a xmlns='u'/><?x y?>", "restricted-xml"],
    ["a DOCTYPE after the element", "<a xmlns='u'/><!DOCTYPE a>", "restricted-xml"],
    ["text before the element", "x<a xmlns='u'/>", "bad-format"],
    ["white space before the element", " <a xmlns='u'/>", "bad-format"],
    ["a byte order mark", "\uFEFF<a xmlns='u'/>", "bad-format"],
    ["no markup at all", "hello", "bad-format"],
    ["an incomplete element", "<a xmlns='u'>", "not-well-formed"],
    ["an incomplete tag", "<a xmlns='u", "not-well-formed"],
    ["a single <", "<", "not-well-formed"],
    [
      "a TCP stream header",
      "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>",
      "not-well-formed",
    ],
    ["a declaration alone", "<?xml version='1.0'?>", "not-well-formed"],
    ["a lone surrogate at the end", "<a xmlns='u'/>\uD83D", "not-well-formed"],
    [
      "a declared encoding other than UTF-8",
      "<?xml version='1.0' encoding='latin1'?><a xmlns='u'/>",
      "unsupported-encoding",
    ],
  ])("XML-17 refuses %s", (_, frame, condition) => {
    expect(frameCondition(frame)).toBe(condition);
  });

  it.each(["<message/>", "<message xmlns=''/>", "<message xmlns:x='jabber:client'><x:body/></message>"])(
    "XML-17 refuses the top element without namespace in %s",
    (frame) => expect(frameCondition(frame)).toBe("invalid-namespace"),
  );

  it("XML-17 reads no markup out of CDATA or escaped text", () => {
    const smuggled = "</body></message><message from='admin@example'/>";
    for (const body of [`<![CDATA[${smuggled}]]>`, smuggled.replaceAll("<", "&lt;")]) {
      expect(tree(frameElement(`<message xmlns='jabber:client'><body>${body}</body></message>`))).toEqual([
        "message",
        [["xmlns", "jabber:client"]],
        ["body", [], smuggled],
      ]);
    }
  });

  it("XML-17 carries nothing from one frame to the next", () => {
    expect(frameCondition("<p:a xmlns:p='u'>")).toBe("not-well-formed");
    expect(frameCondition("</p:a>")).toBe("not-well-formed");
    expect(frameCondition("<p:a/>")).toBe("not-well-formed");
    expect(frameCondition("<a xmlns='u'/>")).toBe("ok");
  });

  it("XML-17 never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(typeof parseFrame(`<${text}`, DEFAULT_LIMITS).ok).toBe("boolean");
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});
