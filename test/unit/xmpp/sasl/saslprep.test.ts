// SASLprep.

import { describe, expect, it } from "vitest";
import { saslprep } from "../../../../xmpp/sasl/saslprep.ts";

describe("SASL-14 SASLprep", () => {
  it.each([
    // RFC 4013 section 3.
    ["SOFT HYPHEN is mapped to nothing", "I\u00adX", "IX"],
    ["nothing to do", "user", "user"],
    ["case is kept", "USER", "USER"],
    ["output is NFKC, input in ISO 8859-1", "\u00aa", "a"],
    ["output is NFKC, will match IX", "\u2168", "IX"],
    ["printable ASCII", " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ", " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ "],
    ["empty", "", ""],
    ["nothing is left", "\u00ad\u200d", ""],
    ["other spaces become spaces", "a\u00a0b\u3000c\u200bd", "a b c d"],
    ["umlauts are composed", "u\u0308", "ü"],
    ["full width is narrowed", "ＡＢＣ", "ABC"],
    ["Hebrew", "\u05d0\u05d1", "\u05d0\u05d1"],
    ["Hebrew around digits", "\u05d01\u05d1", "\u05d01\u05d1"],
    ["emoji, unassigned in Unicode 3.2", "🦜", "🦜"],
  ])("SASL-14 %s: %j", (_, input, output) => {
    expect(saslprep(input)).toBe(output);
  });

  it.each([
    // RFC 4013 section 3.
    ["prohibited character", "\u0007"],
    ["bidirectional check", "\u0627\u0031"],
    ["NUL", "a\0b"],
    ["DELETE", "a\u007f"],
    ["C1 control", "a\u0085"],
    ["line separator", "a\u2028b"],
    ["private use", "\ue000"],
    ["noncharacter", "\ufdd0"],
    ["noncharacter of another plane", "\u{1ffff}"],
    ["lone surrogate", "\ud800"],
    ["replacement character", "\ufffd"],
    ["ideographic description", "\u2ff0"],
    ["left-to-right mark", "a\u200eb"],
    ["tag", "\u{e0041}"],
    ["Hebrew and Latin", "\u05d0a\u05d1"],
    ["Hebrew that begins with a digit", "1\u05d0"],
    ["Hebrew that ends with a digit", "\u05d01"],
  ])("SASL-14 refuses %s: %j", (_, input) => {
    expect(saslprep(input)).toBeUndefined();
  });
});
