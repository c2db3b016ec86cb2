// HT-SHA-256-NONE, the mechanism of tokens (draft-schmaus-kitten-sasl-ht, as XEP-0484 uses it): one message each way, the
// token as the key of an HMAC. NONE because the platform's TLS gives no channel binding data.
// Must not know: where tokens come from, how messages travel.

import { base64, utf8 } from "@scure/base";
import { decodeBase64 } from "./base64.ts";
import { constantTimeEqual } from "./constant-time.ts";
import { hmacOf } from "./scram-keys.ts";

export const HASHED_TOKEN = "HT-SHA-256-NONE";

/** What logs in with it. The token is a secret. */
export function hashedTokenMessage(authcid: string, token: string): string {
  const name = utf8.decode(`${authcid}\0`);
  const proof = hmacOf("SHA-256", utf8.decode(token), "Initiator");
  const message = new Uint8Array(name.length + proof.length);
  message.set(name);
  message.set(proof, name.length);
  return base64.encode(message);
}

/** Whether the server's answer, base64, was made with the same token: without that, anybody could have said "success". */
export function isHashedTokenAnswer(token: string, answer: string): boolean {
  const proof = decodeBase64(answer);
  return proof !== undefined && constantTimeEqual(proof, hmacOf("SHA-256", utf8.decode(token), "Responder"));
}
