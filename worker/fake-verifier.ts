/** SASL-8: what stands for the verifier of somebody who is not served here, the same at every attempt. */
import { VERIFIER_ITERATIONS } from "../durable/credentials/vault.ts";
import type { ScramHash, ScramVerifier } from "../xmpp/sasl/scram-keys.ts";
import { fakeVerifier } from "../xmpp/sasl/scram-server.ts";

export function fakeVerifierFor(key: string): (username: string, hash: ScramHash) => ScramVerifier {
  return (username, hash) => fakeVerifier(key, username, hash, VERIFIER_ITERATIONS);
}
