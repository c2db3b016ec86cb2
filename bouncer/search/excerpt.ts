/** SEARCH-3: the piece of a message around what was found in it, in one line. */
import { type SearchTerm, WORD, wordsOf } from "./words.ts";

/** Characters before and after what was found. */
const BEFORE = 40;
const AFTER = 160;

export function excerptOf(text: string, terms: readonly SearchTerm[]): string {
  const at = firstMatch(text, terms);
  const begin = at <= BEFORE ? 0 : wordEdge(text, at - BEFORE);
  const end = at + AFTER >= text.length ? text.length : lastEdge(text, at + AFTER);
  const piece = text.slice(begin, end).toWellFormed().replaceAll(/\s+/g, " ").trim();
  return `${begin > 0 ? "…" : ""}${piece}${end < text.length ? "…" : ""}`;
}

/** Where a text has one of the words that are looked for. */
function firstMatch(text: string, terms: readonly SearchTerm[]): number {
  for (const found of text.matchAll(WORD)) {
    const words = wordsOf(found[0]);
    const isMeant = terms.some(({ words: [first = ""], prefix }) =>
      words.some((word) => (prefix ? word.startsWith(first) : word === first)),
    );
    if (isMeant) return found.index;
  }
  return 0;
}

/** The next space, if there is one near. */
function wordEdge(text: string, from: number): number {
  const space = text.indexOf(" ", from);
  return space === -1 || space > from + BEFORE / 2 ? from : space + 1;
}

function lastEdge(text: string, to: number): number {
  const space = text.lastIndexOf(" ", to);
  return space < to - BEFORE / 2 ? to : space;
}
