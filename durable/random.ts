/** Unguessable text from the platform's generator. */
import { base64urlnopad } from "@scure/base";

/** 144 random bits, printable, without a comma: SCRAM nonces (RFC 5802 section 5.1), stream ids, stanza ids. */
export function nonce(): string {
  return base64urlnopad.encode(crypto.getRandomValues(new Uint8Array(18)));
}

/** A few letters and digits that tell one resource from another. */
export function resourceSuffix(): string {
  return nonce().replaceAll(/[-_]/g, "").slice(0, 8).toLowerCase();
}
