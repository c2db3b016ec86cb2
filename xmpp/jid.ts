// JIDs: parsing, normalisation and comparison (RFC 7622).
// Must not know: stanzas, accounts, who may use an address.
//
// PRECIS and IDNA2008 are approximated with the Unicode properties that the runtime has, so that no tables have to be
// shipped. What that leaves out, each in the direction of accepting more: the Bidi Rule, the contextual rules of
// RFC 5892 appendix A, old Hangul jamo, and code points that a future Unicode version assigns. An A-label ("xn--…") stays
// as it is written: it is not turned into its U-label.

import { utf8 } from "@scure/base";

/** An address in normalised form. A bare JID has the resource "", a domain's own address also the local "". */
export interface Jid {
  readonly local: string;
  readonly domain: string;
  readonly resource: string;
}

// RFC 7622 3.2 to 3.4: each part is at most 1023 octets of UTF-8, after normalisation.
const maximumPartBytes = 1023;

// RFC 7622 3.3.1 forbids these although the IdentifierClass of RFC 8264 allows them.
const localpartAscii = /^[!#-%(-.0-9;=?[-~]$/;
const labelAscii = /^[a-z0-9_-]$/;
// The LetterDigits of RFC 8264 9.1, plus the code points that RFC 5892 appendix A allows in a context.
const identifierCharacter =
  /^[\p{Ll}\p{Lu}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}\u00b7\u0375\u05f3\u05f4\u30fb\u200c\u200d]$/u;
// The Cc, Cs, Zl, Zp and noncharacters that the FreeformClass excludes. Ignorable and private-use code points stay legal:
// emoji sequences in nicknames are made of them, and to refuse an address that other servers accept loses messages.
const illegalInResourcepart = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u;

/** Whether a part, already well-formed UTF-16, has a legal length. */
function hasLegalLength(part: string): boolean {
  if (part === "") return false;
  // A UTF-16 code unit takes at most three octets.
  return part.length * 3 <= maximumPartBytes || utf8.decode(part).length <= maximumPartBytes;
}

/**
 * Width mapping, lower case, NFC: the order of RFC 8265 3.3.2. `toLowerCase` is the operation that RFC 8265 (unlike
 * RFC 7613) names: "ß" and "ς" keep their identity.
 */
function mapCase(text: string): string {
  const narrowed = text.replace(/[\uff00-\uffef]+/g, (wide) => wide.normalize("NFKC"));
  return narrowed.toLowerCase().normalize("NFC");
}

function consistsOf(text: string, ascii: RegExp): boolean {
  for (const character of text) {
    if (!(character < "\x80" ? ascii : identifierCharacter).test(character)) return false;
  }
  // HasCompat (RFC 8264 9.17): a character that NFKC would replace by another.
  return text.normalize("NFKC") === text;
}

/**
 * The localpart as servers compare it (UsernameCaseMapped, approximated as the head of this file says), or undefined when
 * it is not a legal localpart.
 */
export function normalizeLocalpart(text: string): string | undefined {
  const local = mapCase(text);
  return consistsOf(local, localpartAscii) && hasLegalLength(local) ? local : undefined;
}

/** Whether this is an IPv6 address (RFC 4291 2.2), without the brackets. */
function isIpv6(text: string): boolean {
  // A dotted tail stands for the last two groups.
  const groups = text.replace(/(^|:)(\d{1,3}\.){3}\d{1,3}$/, "$10:0");
  const halves = groups.split("::");
  if (halves.length > 2) return false;
  const words = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  if (!words.every((word) => /^[0-9a-f]{1,4}$/.test(word))) return false;
  return halves.length === 2 ? words.length < 8 : words.length === 8;
}

function isLabel(label: string): boolean {
  if (label === "" || label.startsWith("-") || label.endsWith("-")) return false;
  // RFC 1035 2.3.4; a U-label's limit concerns its A-label, which is not computed here.
  return label.length <= 63 && consistsOf(label, labelAscii);
}

/** The domainpart in comparable form, or undefined. "_" is let through: names inside private networks have it. */
function normalizeDomainpart(text: string): string | undefined {
  // RFC 7622 3.2: a final dot goes before anything else is done.
  const domain = mapCase(text.endsWith(".") ? text.slice(0, -1) : text);
  if (domain.startsWith("[")) return domain.endsWith("]") && isIpv6(domain.slice(1, -1)) ? domain : undefined;
  return domain.split(".").every(isLabel) && hasLegalLength(domain) ? domain : undefined;
}

/**
 * The resourcepart in comparable form (OpaqueString, RFC 8265 4.2), or undefined. Case is kept. Spaces are legal
 * everywhere, also in front: erratum 4560 of RFC 7622.
 */
function normalizeResourcepart(text: string): string | undefined {
  const resource = text.replace(/\p{Zs}/gu, " ").normalize("NFC");
  return !illegalInResourcepart.test(resource) && hasLegalLength(resource) ? resource : undefined;
}

/**
 * Takes an address apart and normalises each part, or undefined when it is not a JID.
 * The separators are found before any mapping (RFC 7622 3.1), so a full-width "@" never separates.
 */
export function parseJid(text: string): Jid | undefined {
  const slash = text.indexOf("/");
  const bare = slash === -1 ? text : text.slice(0, slash);
  const at = bare.indexOf("@");
  const local = at === -1 ? "" : normalizeLocalpart(bare.slice(0, at));
  const domain = normalizeDomainpart(bare.slice(at + 1));
  const resource = slash === -1 ? "" : normalizeResourcepart(text.slice(slash + 1));
  if (local === undefined || domain === undefined || resource === undefined) return undefined;
  return { local, domain, resource };
}

/** "localpart@domainpart", or "domainpart". */
export function bareOf(jid: Jid): string {
  return jid.local === "" ? jid.domain : `${jid.local}@${jid.domain}`;
}

/** The whole address: the full JID when there is a resourcepart, else the bare JID. */
export function formatJid(jid: Jid): string {
  return jid.resource === "" ? bareOf(jid) : `${bareOf(jid)}/${jid.resource}`;
}

/** Whether the address has no resourcepart. */
export function isBare(jid: Jid): boolean {
  return jid.resource === "";
}

/**
 * The normalised bare JID of an address as it stands in a stanza. Something that is no JID comes back as it is, without
 * what follows the first "/": a `from` that our own server stamped must always lead somewhere.
 */
export function bareJidOf(text: string): string {
  const slash = text.indexOf("/");
  const bare = slash === -1 ? text : text.slice(0, slash);
  // Every stanza comes through here, nearly always with lower-case ASCII, which no mapping changes.
  if (!/[^!-@[-~]|\.$/.test(bare)) return bare;
  const jid = parseJid(bare);
  return jid === undefined ? bare : bareOf(jid);
}

/** Whether two addresses are equal once normalised (RFC 7622 4). What is no JID equals only itself. */
export function isSameJid(left: string, right: string): boolean {
  if (left === right) return true;
  const [leftJid, rightJid] = [parseJid(left), parseJid(right)];
  return leftJid !== undefined && rightJid !== undefined && formatJid(leftJid) === formatJid(rightJid);
}
