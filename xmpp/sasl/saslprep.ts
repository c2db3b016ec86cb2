// SASLprep, the preparation of passwords (RFC 4013, a profile of stringprep, RFC 3454).
// Must not know: what is prepared, mechanisms.
//
// One deviation, on purpose: code points unassigned in Unicode 3.2 are allowed, as in a query string (RFC 3454 7), although
// RFC 5802 2.2 asks for a stored string. Otherwise nobody whose server took an emoji into the password could log in here.
// NFKC is the runtime's, which agrees with Unicode 3.2 on what that version assigns, save for a handful of corrigenda.

// RFC 3454 table C.1.2; it comes before B.1 because U+200B is in both.
const nonAsciiSpace = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu;
// Table B.1.
const mappedToNothing = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/gu;
// Tables C.2.1, C.2.2, C.3 to C.9, without what the mappings above or NFKC have removed already.
const prohibited =
  /[\p{Cc}\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\u06dd\u070f\u180e\u2028\u2029\u2061-\u2063\u206a-\u206f\ufff9-\ufffd\u{1d173}-\u{1d17a}\u2ff0-\u2ffb\u200e\u200f\u202a-\u202e\u{e0001}\u{e0020}-\u{e007f}]/u;
// Table D.1: characters of bidirectional category R or AL.
const rightToLeft =
  /[\u05be\u05c0\u05c3\u05d0-\u05ea\u05f0-\u05f4\u061b\u061f\u0621-\u063a\u0640-\u064a\u066d-\u066f\u0671-\u06d5\u06dd\u06e5\u06e6\u06fa-\u06fe\u0700-\u070d\u0710\u0712-\u072c\u0780-\u07a5\u07b1\u200f\ufb1d\ufb1f-\ufb28\ufb2a-\ufb36\ufb38-\ufb3c\ufb3e\ufb40\ufb41\ufb43\ufb44\ufb46-\ufbb1\ufbd3-\ufd3d\ufd50-\ufd8f\ufd92-\ufdc7\ufdf0-\ufdfc\ufe70-\ufe74\ufe76-\ufefc]/u;
// Table D.2 holds 360 ranges of category L. What stands for it here is nearly all of them that are letters, and errs on
// accepting: a server that minds says so itself.
const leftToRight = /[\p{Lu}\p{Ll}\p{Lt}\p{Lo}\p{Mc}\p{Nl}]/u;

/** RFC 3454 6: right-to-left text must begin and end so, and must not be mixed with left-to-right text. */
function isBidiConsistent(text: string): boolean {
  const characters = Array.from(text);
  const directed = characters.map((character) => rightToLeft.test(character));
  if (!directed.includes(true)) return true;
  if (directed[0] !== true || directed.at(-1) !== true) return false;
  return characters.every((character, index) => directed[index] === true || !leftToRight.test(character));
}

/** The prepared string, or undefined when the input has something prohibited in it. It may be empty. */
export function saslprep(text: string): string | undefined {
  // Printable ASCII, nearly every password, is left as it is by every step.
  if (/^[ -~]*$/.test(text)) return text;
  const prepared = text.replace(nonAsciiSpace, " ").replace(mappedToNothing, "").normalize("NFKC");
  return prohibited.test(prepared) || !isBidiConsistent(prepared) ? undefined : prepared;
}
