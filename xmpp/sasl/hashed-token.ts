// HT-SHA-256-NONE, the mechanism of tokens (draft-schmaus-kitten-sasl-ht, as XEP-0484 uses it): one message each way, the
// token as the key of an HMAC. NONE because the platform's TLS gives no channel binding data.
// Must not know: where tokens come from, how messages travel.

import { base64, utf8 } from "@scure/base";
import { decodeBase64 } from "./base64.ts";
import { constantTimeEqual } from "./constant-time.ts";
import { hashBytes, hashOf, hmacOf } from "./scram-keys.ts";

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

/** What a client sends: whom it says it is, and its proof (base64); undefined when it is no such message. */
export function readHashedToken(message: string): { authcid: string; proof: string } | undefined {
  const bytes = decodeBase64(message);
  const nul = bytes?.indexOf(0) ?? -1;
  if (!bytes || nul < 1 || bytes.length !== nul + 1 + hashBytes("SHA-256")) return undefined;
  const proof = base64.encode(bytes.subarray(nul + 1));
  try {
    return { authcid: utf8.encode(bytes.subarray(0, nul)), proof };
  } catch {
    return undefined;
  }
}

/** What recognises a token and answers for it. Neither is the token, nor what logs in with it. */
export interface TokenVerifier {
  /** SHA-256 of the client's proof, base64: without channel binding that proof is always the same. */
  readonly check: string;
  /** What the server says along with success, base64. */
  readonly answer: string;
}

export function tokenVerifier(token: string): TokenVerifier {
  const key = utf8.decode(token);
  return {
    check: base64.encode(hashOf("SHA-256", hmacOf("SHA-256", key, "Initiator"))),
    answer: base64.encode(hmacOf("SHA-256", key, "Responder")),
  };
}

/** Whether a proof (base64) was made with the verifier's token. */
export function isTokenProof({ check }: TokenVerifier, proof: string): boolean {
  const bytes = decodeBase64(proof);
  const known = base64.decode(check);
  return bytes !== undefined && constantTimeEqual(hashOf("SHA-256", bytes), known);
}

/** Whether the server's answer, base64, was made with the same token: without that, anybody could have said "success". */
export function isHashedTokenAnswer(token: string, answer: string): boolean {
  const proof = decodeBase64(answer);
  return proof !== undefined && constantTimeEqual(proof, hmacOf("SHA-256", utf8.decode(token), "Responder"));
}
