// JIDs (RFC 7622).

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bareJidOf,
  bareOf,
  formatJid,
  isBare,
  isSameJid,
  normalizeLocalpart,
  parseJid,
} from "../../../xmpp/jid.ts";

const seed = 20_261_122;

describe("JID-1 valid addresses", () => {
  it.each([
    // RFC 7622 section 3.5, table 1.
    ["juliet@example.com", "juliet", "example.com", ""],
    ["juliet@example.com/foo", "juliet", "example.com", "foo"],
    ["juliet@example.com/foo bar", "juliet", "example.com", "foo bar"],
    ["juliet@example.com/foo@bar", "juliet", "example.com", "foo@bar"],
    ["foo\\20bar@example.com", "foo\\20bar", "example.com", ""],
    ["fussball@example.com", "fussball", "example.com", ""],
    ["fu\u00dfball@example.com", "fu\u00dfball", "example.com", ""],
    ["\u03c0@example.com", "\u03c0", "example.com", ""],
    ["\u03a3@example.com/foo", "\u03c3", "example.com", "foo"],
    ["\u03c3@example.com/foo", "\u03c3", "example.com", "foo"],
    ["\u03c2@example.com/foo", "\u03c2", "example.com", "foo"],
    ["king@example.com/\u265a", "king", "example.com", "\u265a"],
    ["example.com", "", "example.com", ""],
    ["example.com/foobar", "", "example.com", "foobar"],
    ["a.example.com/b@example.net", "", "a.example.com", "b@example.net"],
    // Table 2 has this one among the invalid; erratum 4560 takes it out.
    ["juliet@example.com/ foo", "juliet", "example.com", " foo"],
    ["juliet@example.com/a/b//c/", "juliet", "example.com", "a/b//c/"],
    ["room@conference.example.com/👨‍👩‍👧 ❤️", "room", "conference.example.com", "👨‍👩‍👧 ❤️"],
    ["juliet@localhost", "juliet", "localhost", ""],
    ["juliet@192.0.2.7", "juliet", "192.0.2.7", ""],
    ["juliet@[2001:db8::1]/foo", "juliet", "[2001:db8::1]", "foo"],
    ["[::]", "", "[::]", ""],
    ["[::ffff:192.0.2.7]", "", "[::ffff:192.0.2.7]", ""],
    ["[1:2:3:4:5:6:7:8]", "", "[1:2:3:4:5:6:7:8]", ""],
    ["juliet@under_score.example", "juliet", "under_score.example", ""],
    ["juliet@xn--bcher-kva.example", "juliet", "xn--bcher-kva.example", ""],
    ["juliet@bücher.example", "juliet", "bücher.example", ""],
    ["名前@例え.jp/部屋", "名前", "例え.jp", "部屋"],
    [
      "a.b-c_d+e%f!g#h$i*j=k?l^m`n{o|p}q~r(s);[t]\\@example.com",
      "a.b-c_d+e%f!g#h$i*j=k?l^m`n{o|p}q~r(s);[t]\\",
      "example.com",
      "",
    ],
  ])("JID-1 %j is taken apart", (text, local, domain, resource) => {
    expect(parseJid(text)).toEqual({ local, domain, resource });
  });
});

describe("JID-2 invalid addresses", () => {
  it.each([
    // RFC 7622 section 3.5, table 2 (without the entry that erratum 4560 takes out).
    ["quotation marks in the localpart", '"juliet"@example.com'],
    ["space in the localpart", "foo bar@example.com"],
    ["zero-length localpart and resourcepart", "@example.com/"],
    ["Roman numeral in the localpart", "henry\u2163@example.com"],
    ["symbol in the localpart", "\u265a@example.com"],
    ["localpart without domainpart", "juliet@"],
    ["resourcepart without domainpart", "/foobar"],
    ["nothing", ""],
    ["only separators", "@/"],
    ["zero-length localpart", "@example.com"],
    ["zero-length resourcepart", "example.com/"],
    ["zero-length resourcepart of an account", "juliet@example.com/"],
    ["two localparts", "a@b@example.com"],
    ["ampersand", "a&b@example.com"],
    ["apostrophe", "o'hara@example.com"],
    ["colon", "a:b@example.com"],
    ["less-than", "a<b@example.com"],
    ["greater-than", "a>b@example.com"],
    ["control in the localpart", "a\u0001b@example.com"],
    ["DELETE in the localpart", "a\u007fb@example.com"],
    ["no-break space in the localpart", "a\u00a0b@example.com"],
    ["ligature in the localpart", "\ufb01n@example.com"],
    ["full-width @ is no separator", "juliet\uff20example.com"],
    ["full-width @ in the localpart", "a\uff20b@example.com"],
    ["full-width slash in the domainpart", "example.com\uff0ffoo"],
    ["private use in the localpart", "\ue000@example.com"],
    ["lone surrogate in the localpart", "\ud800@example.com"],
    ["lone surrogate in the resourcepart", "example.com/\udc00"],
    ["empty label", "a@example..com"],
    ["leading dot", "a@.example.com"],
    ["two trailing dots", "a@example.com.."],
    ["only a dot", "a@."],
    ["space in the domainpart", "a@exam ple.com"],
    ["slash-like symbol in the domainpart", "a@ex\u2215ample.com"],
    ["ideographic full stop in the domainpart", "a@example\u3002com"],
    ["control in the domainpart", "a@example.com\n"],
    ["port", "a@example.com:5222"],
    ["percent", "a@ex%61mple.com"],
    ["leading hyphen", "a@-example.com"],
    ["trailing hyphen", "a@example-.com"],
    ["symbol in the domainpart", "a@\u265a.example"],
    ["label of 64", `a@${"x".repeat(64)}.example`],
    ["unclosed bracket", "a@[::1"],
    ["IPv6 without brackets", "a@::1"],
    ["IPv4 in brackets", "a@[192.0.2.7]"],
    ["IPv6 with a zone", "a@[fe80::1%eth0]"],
    ["IPv6 with two gaps", "a@[1::2::3]"],
    ["IPv6 with eight groups and two gaps", "a@[1:2::3:4::5:6:7:8]"],
    ["IPv6 with nine groups", "a@[1:2:3:4:5:6:7:8:9]"],
    ["IPv6 with a gap for nothing", "a@[1:2:3:4::5:6:7:8]"],
    ["IPv6 with a long group", "a@[::12345]"],
    ["IPv6 with an empty group", "a@[1:::2]"],
    ["something after the bracket", "a@[::1]x"],
    ["NUL in the resourcepart", "a@example.com/b\0"],
    ["line break in the resourcepart", "a@example.com/b\nc"],
    ["C1 control in the resourcepart", "a@example.com/b\u0085"],
    ["paragraph separator in the resourcepart", "a@example.com/b\u2029c"],
    ["noncharacter in the resourcepart", "a@example.com/\ufffe"],
  ])("JID-2 refuses %s: %j", (_, text) => {
    expect(parseJid(text)).toBeUndefined();
  });

  it.each([
    ["localpart", (part: string) => `${part}@example.com`],
    ["resourcepart", (part: string) => `a@example.com/${part}`],
    ["domainpart", (part: string) => `a@${part.replaceAll(/(.{15})./gu, "$1.").replace(/\.$/, "x")}`],
  ])("JID-2 counts the octets of a %s: 1023, no more", (_, build) => {
    expect(parseJid(build("a".repeat(1023)))).toBeDefined();
    expect(parseJid(build("a".repeat(1024)))).toBeUndefined();
    expect(parseJid(build("名".repeat(341)))).toBeDefined();
    expect(parseJid(build("名".repeat(400)))).toBeUndefined();
  });
});

describe("JID-3 normalisation", () => {
  it.each([
    ["Juliet@Example.COM/Balcony", "juliet@example.com/Balcony"],
    ["juliet@example.com.", "juliet@example.com"],
    ["example.com./x", "example.com/x"],
    ["JU\u0308RGEN@BU\u0308CHER.example/Ju\u0308rgen", "jürgen@bücher.example/Jürgen"],
    ["ＪＵＬＩＥＴ@example.com", "juliet@example.com"],
    ["juliet@ｅｘａｍｐｌｅ．com", "juliet@example.com"],
    ["a@[2001:DB8::A]", "a@[2001:db8::a]"],
    ["a@example.com/b\u00a0c\u3000d", "a@example.com/b c d"],
    ["a@example.com/ＡＢ", "a@example.com/ＡＢ"],
    ["STRASSE@example.com", "strasse@example.com"],
    ["Straße@example.com", "straße@example.com"],
  ])("JID-3 %j is %j", (text, normalized) => {
    const jid = parseJid(text);
    expect(jid && formatJid(jid)).toBe(normalized);
  });

  it("JID-3 of a localpart alone is the same", () => {
    expect(normalizeLocalpart("Jürgen")).toBe("jürgen");
    expect(normalizeLocalpart("")).toBeUndefined();
    expect(normalizeLocalpart("a@b")).toBeUndefined();
  });

  const piece = fc.constantFrom(
    ...Array.from("aAzZ09.-_@/: ßẞΣςσİıǅﬁⅣüÜéー가각名🦜\u0301\u0308\u200d\uff21\uff0e\u00a0\u212b[]"),
  );
  const nearlyJid = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));

  it("JID-3 changes nothing when it is done twice", () => {
    fc.assert(
      fc.property(nearlyJid, (text) => {
        const jid = parseJid(text);
        if (jid !== undefined) expect(parseJid(formatJid(jid))).toEqual(jid);
      }),
      { seed, numRuns: 5000 },
    );
  });

  it("JID-3 by the short way agrees with the long way", () => {
    fc.assert(
      fc.property(nearlyJid, (text) => {
        const bare = text.replace(/\/.*/u, "");
        const jid = parseJid(bare);
        expect(bareJidOf(text)).toBe(jid === undefined ? bare : bareOf(jid));
      }),
      { seed, numRuns: 5000 },
    );
  });
});

describe("JID-4 bare and full JIDs", () => {
  it.each([
    ["juliet@example.com/balcony", "juliet@example.com", false],
    ["juliet@example.com", "juliet@example.com", true],
    ["example.com/balcony", "example.com", false],
    ["example.com", "example.com", true],
  ])("JID-4 %j has the bare JID %j", (text, bare, isBareJid) => {
    const jid = parseJid(text);
    if (jid === undefined) throw new Error("not a JID");
    expect(bareOf(jid)).toBe(bare);
    expect(isBare(jid)).toBe(isBareJid);
    expect(formatJid(jid)).toBe(text);
  });

  it.each([
    ["juliet@example.com/a/b", "juliet@example.com"],
    ["Juliet@Example.com/a", "juliet@example.com"],
    ["juliet@example.com./a", "juliet@example.com"],
    ["JÜRGEN@example.com/a", "jürgen@example.com"],
    ["example.com/a", "example.com"],
    ["juliet@example.com/\0", "juliet@example.com"],
    ["", ""],
    ["♚@Example.com/a", "♚@Example.com"],
    ["A B@example.com/a", "A B@example.com"],
  ])("JID-4 the bare JID of the address %j is %j, also when it is no JID", (text, bare) => {
    expect(bareJidOf(text)).toBe(bare);
  });
});

describe("JID-5 comparison", () => {
  it.each([
    ["juliet@example.com", "Juliet@EXAMPLE.com.", true],
    ["juliet@example.com/a", "juliet@example.com/a", true],
    ["juliet@example.com/a", "juliet@example.com/A", false],
    ["juliet@example.com/a", "juliet@example.com", false],
    ["jürgen@example.com", "ju\u0308rgen@example.com", true],
    ["strasse@example.com", "straße@example.com", false],
    ["no jid@example.com", "no jid@example.com", true],
    ["no jid@example.com", "NO jid@example.com", false],
    ["no jid@example.com", "other non jid@example.com", false],
    ["no jid@example.com", "juliet@example.com", false],
  ])("JID-5 %j against %j is %s", (left, right, same) => {
    expect(isSameJid(left, right)).toBe(same);
    expect(isSameJid(right, left)).toBe(same);
  });
});
