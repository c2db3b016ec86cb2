import { utf8Length } from "../../xmpp/xml/characters.ts";

/** SQLite rows hold at most 2 MB in production; local runs do not enforce it. */
const MAX_TEXT_BYTES = 1_900_000;

/** Does a text fit into a row, beside the row's other columns? Counted in UTF-8. */
export function fitsRow(text: string): boolean {
  if (text.length * 3 <= MAX_TEXT_BYTES) return true;
  return text.length <= MAX_TEXT_BYTES && utf8Length(text) <= MAX_TEXT_BYTES;
}
