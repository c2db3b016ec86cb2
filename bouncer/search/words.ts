/**
 * SEARCH-2: what a word is, in any language, and what is looked for: words, phrases, beginnings of words. Pure, and the same for
 * what is indexed, what is asked for, and what is looked through directly.
 *
 * Case, accents and other widths of the same letter do not count. Scripts that write no spaces between words are taken
 * character by character, so that what is looked for there is any part of a text.
 */

/** What is looked for: these words, one right after the other. `prefix`: the last one may go on. */
export interface SearchTerm {
  words: readonly string[];
  prefix: boolean;
}

/** More of a text is not indexed: nobody writes that in a message by hand. */
const MAX_TEXT = 20_000;
const MAX_TERMS = 16;
const MAX_WORDS = 64;
const MAX_QUERY = 1_000;

/** Letters, figures, and what stands above and below them. */
export const WORD = /[\p{L}\p{N}\p{M}\p{Co}]+/gu;
/** Accents of Latin, Greek and Cyrillic; points of Hebrew; short vowels of Arabic. */
const ACCENTS = /[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]/g;
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const PIECES = new RegExp(`${UNSPACED.source}\\p{M}*|(?:(?!${UNSPACED.source}).)+`, "gsu");

/** The same for all ways to write the same letters. */
function fold(text: string): string {
  return text.normalize("NFKD").replaceAll(ACCENTS, "").toLowerCase().normalize("NFKC");
}

/** The words of a text, in order. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [word] of fold(text.slice(0, MAX_TEXT)).matchAll(WORD)) {
    if (UNSPACED.test(word)) words.push(...(word.match(PIECES) ?? []));
    else words.push(word);
  }
  return words;
}

/**
 * Reads what a person has typed: words, "phrases in quotes", and beginnings of words with an asterisk (`hol*`). All of it has
 * to be in a message. Undefined when there is nothing in it to look for.
 */
export function readQuery(text: string): SearchTerm[] | undefined {
  const terms: SearchTerm[] = [];
  let left = MAX_WORDS;
  for (const [, quoted, bare = ""] of text.slice(0, MAX_QUERY).matchAll(/"([^"]*)"?|([^\s"]+)/g)) {
    const words = wordsOf(quoted ?? bare).slice(0, left);
    left -= words.length;
    if (words.length > 0) terms.push({ words, prefix: quoted === undefined && bare.endsWith("*") });
  }
  return terms.length > 0 ? terms.slice(0, MAX_TERMS) : undefined;
}

/** Has a text of these words all that is looked for? */
export function matches(terms: readonly SearchTerm[], words: readonly string[]): boolean {
  return terms.every((term) => words.some((_word, index) => isAt(term, words, index)));
}

/** Can a text that holds this, in whatever form, have what is looked for? Cheaper than looking. */
export function mayMatch(terms: readonly SearchTerm[], text: string): boolean {
  const folded = fold(text);
  return terms.every(({ words }) => words.every((word) => folded.includes(word)));
}

/** The query for SQLite's FTS5. Words hold neither quotes nor anything else that it would read as more than a word. */
export function toMatch(terms: readonly SearchTerm[]): string {
  return terms
    .map(({ words, prefix }) => `"${words.join(" ").replaceAll('"', "")}"${prefix ? " *" : ""}`)
    .join(" AND ");
}

function isAt({ words, prefix }: SearchTerm, text: readonly string[], index: number): boolean {
  return words.every((word, offset) => {
    const found = text[index + offset];
    if (found === undefined) return false;
    return prefix && offset === words.length - 1 ? found.startsWith(word) : found === word;
  });
}
