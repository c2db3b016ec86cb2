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
  /**
   * Are namespace names with white space at their ends refused? Otherwise they are read without it, as saxes resolves
   * them.
   */
  readonly refusesPaddedNamespaces: boolean;
}

/** Limits that no honest client is known to reach. */
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
  refusesPaddedNamespaces: true,
};

/**
 * For what the account's server sends. It hands on what strangers wrote, and what goes beyond these limits ends the
 * session: they are far beyond what a server lets through, so that no single message can do that.
 */
export const SERVER_LIMITS: XmlLimits = {
  maxStanzaBytes: 8_388_608,
  maxDepth: 1_000,
  maxAttributes: 1_000,
  maxElements: 200_000,
  maxNamespaceLength: 65_536,
  refusesPaddedNamespaces: false,
};
