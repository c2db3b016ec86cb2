// Base64 as SASL uses it: over UTF-8 text in elements (RFC 6120 6.4, RFC 4648 4), and over bytes inside messages.
// Must not know: the mechanisms whose messages these are.

import { base64, utf8 } from "@scure/base";

/** A SASL message as element text. An empty message is a lone "=" (RFC 6120 6.4.2). */
export function encodeBase64Text(message: string): string {
  return message === "" ? "=" : base64.encode(utf8.decode(message));
}

/**
 * The message in an element's text, or undefined, which is `incorrect-encoding`. Strict: padding required, no white space,
 * no bits left over (RFC 6120 13.9.1), nothing that is not UTF-8. No text and "=" both mean an empty message; where the two
 * differ (RFC 6120 6.4.2, the initial response) the caller looks at the text.
 */
export function decodeBase64Text(text: string): string | undefined {
  try {
    return text === "=" ? "" : utf8.encode(base64.decode(text));
  } catch {
    return undefined;
  }
}

/** Bytes from strict base64, or undefined. */
export function decodeBase64(text: string): Uint8Array | undefined {
  try {
    return base64.decode(text);
  } catch {
    return undefined;
  }
}
