/**
 * SASL-8: what stands for the verifier of somebody who is not served here, the same at every attempt, and as an account's own object
 * makes it for others (vault.ts).
 */
import { VERIFIER_ITERATIONS } from "../durable/credentials/vault.ts";
import type { ScramHash, ScramVerifier } from "../xmpp/sasl/scram-keys.ts";
import { fakeVerifier } from "../xmpp/sasl/scram-server.ts";

/** `account`: the bare JID that it is for; empty while it is not known. */
export function fakeVerifierFor(
  key: string,
  account: string,
): (username: string, hash: ScramHash) => ScramVerifier {
  return (username, hash) => fakeVerifier(key, `${username}\0${account}`, hash, VERIFIER_ITERATIONS);
}
