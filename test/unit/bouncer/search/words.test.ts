// SEARCH-2: what words are, what is looked for, and that nothing that anybody types is more than words.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { excerptOf } from "../../../../bouncer/search/excerpt.ts";
import { matches, mayMatch, readQuery, toMatch, wordsOf } from "../../../../bouncer/search/words.ts";

const SEED = 20_261_122;

describe("SEARCH-2 words of any language", () => {
  it.each([
    ["Hello, world! It's 9:30.", ["hello", "world", "it", "s", "9", "30"]],
    ["Déjà vu, naïve Ångström", ["deja", "vu", "naive", "angstrom"]],
    ["ПРИВЕТ, Ёлка", ["привет", "елка"]],
    ["ＡＢＣ ﬁne", ["abc", "fine"]],
    ["明日、東京へ行く", ["明", "日", "東", "京", "へ", "行", "く"]],
    ["iPhone買った", ["iphone", "買", "っ", "た"]],
    ["안녕하세요 여러분", ["안녕하세요", "여러분"]],
    ["हिन्दी में", ["हिन्दी", "में"]],
    ["שָׁלוֹם", ["שלום"]],
    ["👍 ... !?", []],
    ["", []],
  ])("SEARCH-2 %s", (text, expected) => {
    expect(wordsOf(text)).toEqual(expected);
  });

  it("SEARCH-2 of an endless text only the beginning counts", () => {
    expect(wordsOf("word ".repeat(100_000))).toHaveLength(4_000);
  });
});

describe("SEARCH-2 what is looked for", () => {
  it.each([
    ["hello", "Well, hello there", true],
    ["hell", "hello", false],
    ["hel*", "hello", true],
    ["hello there", "there you are: hello", true],
    ['"hello there"', "there you are: hello", false],
    ['"hello there"', "Oh, hello, there!", true],
    ["ångstrom", "ANGSTRÖM", true],
    ["東京", "明日、東京へ行く", true],
    ["京東", "明日、東京へ行く", false],
    ["don't", "I don't know", true],
    ["don't", "t is after don", false],
    ['"never closed', "it was never closed", true],
    ["well-known*", "a well-knownish thing", true],
  ])("SEARCH-2 %s in %s: %s", (query, text, expected) => {
    const terms = readQuery(query) ?? [];
    expect(matches(terms, wordsOf(text))).toBe(expected);
    if (expected) expect(mayMatch(terms, `<body>${text}</body>`)).toBe(true);
  });

  it.each(["", "   ", '""', "*", "…!?", '"" ""'])("SEARCH-2 nothing in %j", (query) => {
    expect(readQuery(query)).toBeUndefined();
  });

  it("SEARCH-2 a query is bounded", () => {
    const terms = readQuery("word ".repeat(10_000)) ?? [];
    expect(terms).toHaveLength(16);
    expect(readQuery(`"${"word ".repeat(10_000)}"`)?.[0]?.words).toHaveLength(64);
  });

  it("SEARCH-2 whatever is typed is nothing but quoted words to the index", () => {
    const typed = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc
        .array(
          fc.constantFrom(
            '"',
            "*",
            " ",
            "AND",
            "OR",
            "NOT",
            "NEAR(",
            "words:",
            "^",
            "-",
            "a",
            "(",
            ")",
            "'",
            ";",
            "\0",
          ),
          {
            maxLength: 20,
          },
        )
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(typed, (text) => {
        const terms = readQuery(text);
        if (terms) expect(toMatch(terms)).toMatch(/^"[^"]+"( \*)?( AND "[^"]+"( \*)?)*$/);
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });
});

describe("SEARCH-3 excerpts", () => {
  const terms = readQuery("needle") ?? [];
  const hay = "hay ".repeat(100);

  it.each([
    ["short", "a Needle here", "a Needle here"],
    ["lines", "one\n\n  two needle\tthree", "one two needle three"],
    ["in the middle", `${hay}needle ${hay}`, /^…(hay ){9,10}needle (hay ?){30,40}…$/],
    ["at the end", `${hay}needle`, /^…(hay ){9,10}needle$/],
  ])("SEARCH-3 %s", (_name, text, expected) => {
    expect(excerptOf(text, terms)).toMatch(expected);
  });

  it("SEARCH-3 never half a character", () => {
    const piece = excerptOf(`${"😀".repeat(100)} needle ${"😀".repeat(200)}`, terms);
    expect(piece.isWellFormed()).toBe(true);
  });
});
