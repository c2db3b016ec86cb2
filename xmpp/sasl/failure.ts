// The conditions with which a SASL negotiation fails (RFC 6120 6.5).
// Must not know: how they are written on the wire, what follows from them.

/** RFC 6120 6.5.1 to 6.5.11. */
export type SaslFailureCondition =
  | "aborted"
  | "account-disabled"
  | "credentials-expired"
  | "encryption-required"
  | "incorrect-encoding"
  | "invalid-authzid"
  | "invalid-mechanism"
  | "malformed-request"
  | "mechanism-too-weak"
  | "not-authorized"
  | "temporary-auth-failure";

/** The outcome of a server-side step that ends the negotiation. It says nothing more, so that nothing can leak. */
export interface SaslFailed {
  readonly type: "failed";
  readonly condition: SaslFailureCondition;
}
