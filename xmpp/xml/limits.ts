// How much XML one peer may make this process hold. Knows numbers and their reasons only, nothing of parsing.
// RFC 6120 section 13.12 asks for limits and forbids a stanza limit under 10,000 bytes.

/** Ceilings for one stanza (or stream header, or frame). Exceeding any of them is a `policy-violation`. */
export interface XmlLimits {
  /** UTF-8 bytes on the wire from `<` to the final `>`, counted exactly and also while the stanza is incomplete. */
  readonly maxStanzaBytes: number;
  /** Nesting of elements; the stanza itself is level 1. */
  readonly maxDepth: number;
  /** Attributes of one element, namespace declarations included. */
  readonly maxAttributes: number;
  /** Elements in one stanza, the stanza itself included. */
  readonly maxElements: number;
  /** UTF-16 code units of one namespace name. */
  readonly maxNamespaceLength: number;
}

/** Limits that no honest client or server is known to reach. */
export const DEFAULT_LIMITS: XmlLimits = {
  // Common servers let 256 KiB to 512 KiB through; a large roster or an in-band avatar needs about as much.
  maxStanzaBytes: 1_048_576,
  // A carbon of a forwarded, encrypted message nests about a dozen levels. Tree walks recurse, so this bounds the stack.
  maxDepth: 64,
  // The richest real elements (data forms, Jingle candidates) stay under 20.
  maxAttributes: 64,
  // A roster of 5,000 contacts with groups has about 15,000. An element costs some hundred bytes of memory but
  // only four bytes of wire, so bytes alone would let one stanza take a large part of a Durable Object's 128 MB.
  maxElements: 20_000,
  // Real names stay under 100. Resolution repeats the name for every prefixed attribute, so its length multiplies.
  maxNamespaceLength: 512,
};
