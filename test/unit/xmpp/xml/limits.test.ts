// Ceilings: what a hostile peer may not make us hold.
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../../xmpp/xml/limits.ts";
import { serialize } from "../../../../xmpp/xml/serialize.ts";
import { StreamReader } from "../../../../xmpp/xml/stream-reader.ts";
import { frameCondition, frameElement, HEADER, readAll, readBody } from "./support.ts";

const POLICY = "policy-violation";

const bytes = (text: string): number => Buffer.byteLength(text);
const nested = (depth: number): string => `<a xmlns='u'>${"<a>".repeat(depth - 1)}${"</a>".repeat(depth)}`;
const attributes = (count: number): string =>
  Array.from({ length: count }, (_, index) => `a${index}='${index}'`).join(" ");
const used = (count: number): string =>
  Array.from({ length: count }, (_, index) => `p${index}:x=''`).join(" ");
const many = (count: number): string => `<a xmlns='u'>${"<b/>".repeat(count - 1)}</a>`;

describe("bytes", () => {
  const SMALL = { ...DEFAULT_LIMITS, maxStanzaBytes: 200 };

  it.each(["a", "é", "€", "😀"])("XML-10 counts the UTF-8 bytes of %s exactly", (character) => {
    const open = "<a xmlns='u'>";
    const room = 200 - bytes(`${open}</a>`);
    const characters = character.repeat(Math.floor(room / bytes(character)));
    const fill = " ".repeat(room - bytes(characters));
    const fits = `${open}${characters}${fill}</a>`;
    const exceeds = `${open}${characters}${fill} </a>`;
    expect(bytes(fits)).toBe(200);
    expect(frameCondition(fits, SMALL)).toBe("ok");
    expect(frameCondition(exceeds, SMALL)).toBe(POLICY);
    for (const chunks of [[fits], fits.split("")])
      expect(readAll([HEADER, ...chunks], SMALL)).toHaveLength(2);
    for (const chunks of [[exceeds], exceeds.split("")])
      expect(readAll([HEADER, ...chunks], SMALL)).toEqual(["open", POLICY]);
  });

  it("XML-10 starts anew with each first-level element and ignores the white space between", () => {
    const stanza = `<a>${"x".repeat(190)}</a>`;
    const body = `${stanza}${" ".repeat(500)}${stanza}\n${stanza}`;
    for (const chunks of [[body], body.split("")])
      expect(readAll([HEADER, ...chunks], SMALL)).toHaveLength(4);
  });

  it("XML-10 counts the stream header by itself", () => {
    const header = `${HEADER.slice(0, -1)} id='${"x".repeat(200)}'>`;
    expect(readAll([header], SMALL)).toEqual([POLICY]);
    expect(readAll(header.split(""), SMALL)).toEqual([POLICY]);
    expect(readAll([HEADER, `<a>${"x".repeat(193)}</a>`], SMALL)).toHaveLength(2);
  });

  it.each([
    ["text", "<a>", "x"],
    ["an attribute value", "<a x='", "x"],
    ["an element name", "<", "x"],
    ["an attribute name", "<a ", "x"],
    ["an end tag", "<a></", "a"],
    ["white space in a tag", "<a ", " "],
    ["a CDATA section", "<a><![CDATA[", "x"],
    ["a comment", "<!--", "x"],
    ["an instruction", "<?x ", "x"],
    ["an entity name", "<a>&", "x"],
    ["text in many pieces", "<a>", "&amp;"],
  ])("XML-10 refuses %s that never ends before it is complete", (_, start, more) => {
    const reader = new StreamReader(DEFAULT_LIMITS);
    reader.write(HEADER + start);
    const chunk = more.repeat(Math.ceil(16_384 / more.length));
    let chunks = 0;
    for (;;) {
      chunks++;
      const [event] = reader.write(chunk);
      if (event?.type === "problem") {
        expect(event.problem.condition).toBe(POLICY);
        break;
      }
      expect(event).toBe(undefined);
      expect(chunks).toBeLessThanOrEqual(DEFAULT_LIMITS.maxStanzaBytes / 16_384);
    }
  });

  it("XML-10 refuses an endless header, declaration and document type", () => {
    for (const start of ["<stream:stream to='", "<?xml version='", "<!DOCTYPE x [", "<!--"]) {
      const chunks = [start, ...Array.from({ length: 70 }, () => "x".repeat(16_384))];
      expect(readAll(chunks)).toEqual([POLICY]);
    }
  });

  it("XML-10 does not gather keepalives", () => {
    const reader = new StreamReader({ ...DEFAULT_LIMITS, maxStanzaBytes: 200 });
    reader.write(HEADER);
    for (let count = 0; count < 1000; count++) expect(reader.write(" \r\n\t")).toEqual([]);
    expect(reader.write("<a/>")).toHaveLength(1);
  });
});

describe("shape", () => {
  it("XML-11 allows maxDepth levels and refuses one more", () => {
    expect(frameCondition(nested(64))).toBe("ok");
    expect(frameCondition(nested(65))).toBe(POLICY);
    expect(readBody(nested(64))).toHaveLength(1);
    expect(readBody(nested(65))).toEqual([POLICY]);
  });

  it("XML-11 stops at once at deep nesting that never closes", () => {
    expect(readBody("<a>".repeat(300_000))).toEqual([POLICY]);
    expect(frameCondition("<a>".repeat(300_000))).toBe(POLICY);
  });

  it("XML-11 allows maxAttributes, counting declarations, and refuses one more", () => {
    expect(frameCondition(`<a xmlns='u' ${attributes(63)}/>`)).toBe("ok");
    expect(frameCondition(`<a xmlns='u' ${attributes(64)}/>`)).toBe(POLICY);
    expect(readBody(`<a ${attributes(64)}/><b ${attributes(64)}/>`)).toHaveLength(2);
    expect(readBody(`<a ${attributes(65)}/>`)).toEqual([POLICY]);
    // At once, without waiting for the end of the tag.
    expect(readBody(`<a ${attributes(65)}`)).toEqual([POLICY]);
  });

  it("XML-11 refuses 100,000 attributes", () => {
    expect(
      frameCondition(`<a xmlns='u' ${attributes(100_000)}/>`, { ...DEFAULT_LIMITS, maxStanzaBytes: 1e7 }),
    ).toBe(POLICY);
  });

  it("XML-11 counts the declarations that it has to add, so that its own output can be read again", () => {
    const declarations = Array.from({ length: 40 }, (_, index) => `xmlns:p${index}='u${index}'`).join(" ");
    const good = `<a xmlns='u' ${declarations}><b ${used(32)}/></a>`;
    expect(frameCondition(serialize(frameElement(good)))).toBe("ok");
    expect(frameCondition(`<a xmlns='u' ${declarations}><b ${used(33)}/></a>`)).toBe(POLICY);
  });

  it("XML-11 allows maxElements in one stanza, anew for each, and refuses one more", () => {
    expect(frameCondition(many(20_000))).toBe("ok");
    expect(frameCondition(many(20_001))).toBe(POLICY);
    expect(readBody(many(20_000) + many(20_000))).toHaveLength(2);
    expect(readBody(many(20_001))).toEqual([POLICY]);
  });

  it("XML-11 refuses a namespace name beyond maxNamespaceLength", () => {
    const name = "u".repeat(512);
    expect(frameCondition(`<a xmlns='${name}'/>`)).toBe("ok");
    expect(frameCondition(`<a xmlns='${name}u'/>`)).toBe(POLICY);
    expect(frameCondition(`<a xmlns='u' xmlns:p='${name}u'/>`)).toBe(POLICY);
    expect(readAll([`${HEADER.slice(0, -1)} xmlns:p='${name}u'>`])).toEqual([POLICY]);
  });

  it("XML-11 refuses a stanza whose namespaces multiply its size (namespace laughs)", () => {
    const name = "u".repeat(500);
    const laughs = (count: number): string => `<a xmlns='v' xmlns:p='${name}'>${"<p:b/>".repeat(count)}</a>`;
    const fits = frameElement(laughs(2_000));
    expect(serialize(fits).length).toBeLessThan(2 * DEFAULT_LIMITS.maxStanzaBytes);
    expect(frameCondition(laughs(10_000))).toBe(POLICY);
    const prefixes = `<a xmlns='v' xmlns:p='${name}'>${"<b p:x=''/>".repeat(10_000)}</a>`;
    expect(frameCondition(prefixes)).toBe(POLICY);
  });
});
