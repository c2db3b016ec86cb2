// Questions about the raw characters of a chunk that the tokenizer does not answer. Knows no markup.
// XML 1.0 (5th edition) sections 2.2 (Char) and 2.3 (white space).
/// <reference lib="es2024.string" />

const LONE_SURROGATE = /\p{Surrogate}/u;
const NOT_ASCII = /[\u0080-\uffff]/;

/** UTF-8 bytes of `text` from index `from` (inclusive) to `to` (exclusive); surrogate pairs must be whole. */
export function utf8Length(text: string, from = 0, to = text.length): number {
  // Most stanzas are ASCII, and an expression that says so is compiled long before a loop is.
  if (from === 0 && to === text.length && !NOT_ASCII.test(text)) return to;
  let bytes = to - from;
  for (let index = from; index < to; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // The halves of a surrogate pair share four bytes, two each.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

/** Whether the UTF-8 form of that part of `text` plus `before` exceeds `limit`; mostly answers without a scan. */
export function exceeds(limit: number, before: number, text: string, from: number, to: number): boolean {
  // No code unit takes more than three bytes.
  return before + 3 * (to - from) > limit && before + utf8Length(text, from, to) > limit;
}

/** Index of the first character at or after `from` that is not XML white space; `text.length` if there is none. */
export function skipWhiteSpace(text: string, from = 0): number {
  let index = from;
  for (; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) break;
  }
  return index;
}

/** Index of the first surrogate without its other half, -1 if there is none. */
export function indexOfLoneSurrogate(text: string): number {
  return text.isWellFormed() ? -1 : text.search(LONE_SURROGATE);
}
