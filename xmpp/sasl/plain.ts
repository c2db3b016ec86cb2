// The PLAIN mechanism (RFC 4616): one message with the password in it.
// Must not know: who may use it, how the password is checked.

/** What a PLAIN message carries. An empty authzid means: derive it from the authcid. Contains a secret: never log it. */
interface PlainCredentials {
  readonly authzid: string;
  readonly authcid: string;
  readonly password: string;
}

/**
 * The message, as text: it goes out through `encodeBase64Text`. Without authzid: a client acts for itself only.
 * What the grammar cannot express (an empty field, a NUL inside one) is the caller's mistake (RangeError).
 */
export function encodePlain({
  authcid,
  password,
}: {
  readonly authcid: string;
  readonly password: string;
}): string {
  if (authcid === "" || password === "" || authcid.includes("\0") || password.includes("\0")) {
    throw new RangeError("PLAIN needs an authcid and a password, and no NUL in either");
  }
  return `\0${authcid}\0${password}`;
}

/** A decoded message taken apart, or undefined: exactly two NULs, authcid and password not empty (RFC 4616 2). */
export function parsePlain(message: string): PlainCredentials | undefined {
  const [authzid, authcid, password, ...rest] = message.split("\0");
  // The falsy tests also cover the empty string, which the grammar's 1*SAFE excludes.
  if (authzid === undefined || !authcid || !password || rest.length > 0) return undefined;
  return { authzid, authcid, password };
}
