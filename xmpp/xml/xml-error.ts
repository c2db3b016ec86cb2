// The one value that says why XML from a peer is refused. RFC 6120 section 4.9.3 names the conditions.
// The text is always one of our own sentences: stanza content may be secret and must not reach a log or the wire.

/** Stream error conditions (RFC 6120 section 4.9.3) that reading XML can lead to. */
type XmlCondition =
  | "bad-format"
  | "bad-namespace-prefix"
  | "invalid-namespace"
  | "not-well-formed"
  | "policy-violation"
  | "restricted-xml"
  | "unsupported-encoding";

/** Why the input is refused; fatal for the stream that it came from. */
export interface XmlProblem {
  readonly condition: XmlCondition;
  /** An English sentence for logs and the `<text/>` of a stream error, free of the peer's content. */
  readonly text: string;
}

/** Makes a problem; `text` must be a literal, never made from input. */
export function xmlProblem(condition: XmlCondition, text: string): XmlProblem {
  return { condition, text };
}
