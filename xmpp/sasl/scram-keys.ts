// SCRAM's keys, proofs and signatures (RFC 5802 3, RFC 7677; SHA-512 likewise).
// Must not know: messages, and PBKDF2, which is asynchronous WebCrypto and belongs to the shell. Bytes are base64 here, so
// that everything is plain data.

import { hmac } from "@noble/hashes/hmac.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { base64, utf8 } from "@scure/base";
import { constantTimeEqual } from "./constant-time.ts";

const scramHashes = ["SHA-512", "SHA-256", "SHA-1"] as const;

export type ScramHash = (typeof scramHashes)[number];

/** What PBKDF2 needs besides the prepared password. `salt` is base64. */
export interface ScramParameters {
  readonly hash: ScramHash;
  readonly salt: string;
  readonly iterations: number;
}

/** What a client keeps instead of the password, base64. Whoever has the clientKey can log in: a secret. */
export interface ScramKeys {
  readonly clientKey: string;
  readonly serverKey: string;
}

/** What a server keeps, base64. It proves nothing to anybody else: the ClientKey is not in it and cannot be had from it. */
export interface ScramVerifier extends ScramParameters {
  readonly storedKey: string;
  readonly serverKey: string;
}

/** The SASL name of a hash's mechanism, without channel binding (RFC 5802 4, RFC 7677). */
export function mechanismOfHash(hash: ScramHash): `SCRAM-${ScramHash}` {
  return `SCRAM-${hash}`;
}

/** The hash of a SCRAM mechanism's name; undefined for every other name. */
export function hashOfMechanism(name: string): ScramHash | undefined {
  return scramHashes.find((hash) => mechanismOfHash(hash) === name);
}

/** How many random bytes the salt of a real verifier has to have: a fake one (`fakeVerifier`) has as many. */
export const saltBytes = 16;

const hashes = { "SHA-1": sha1, "SHA-256": sha256, "SHA-512": sha512 };

/** The output length of the hash, and so of every key, proof and signature, in bytes. */
export function hashBytes(hash: ScramHash): number {
  return hashes[hash].outputLen;
}

/** H(bytes). */
export function hashOf(hash: ScramHash, bytes: Uint8Array): Uint8Array {
  return hashes[hash](bytes);
}

/** HMAC(key, text), everything but the text as bytes. */
export function hmacOf(hash: ScramHash, key: Uint8Array, text: string): Uint8Array {
  return hmac(hashes[hash], key, utf8.decode(text));
}

function xor(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.map((byte, index) => byte ^ (right[index] ?? 0));
}

/**
 * ClientKey and ServerKey.
 * @param saltedPassword base64 of PBKDF2-HMAC-<hash>(SASLprep(password), salt, iterations, length of the hash). Of another
 *   length it is a bug (RangeError).
 */
export function keysFromSaltedPassword(hash: ScramHash, saltedPassword: string): ScramKeys {
  const salted = base64.decode(saltedPassword);
  if (salted.length !== hashBytes(hash))
    throw new RangeError(`a SaltedPassword for ${hash} has ${hashBytes(hash)} bytes`);
  return {
    clientKey: base64.encode(hmacOf(hash, salted, "Client Key")),
    serverKey: base64.encode(hmacOf(hash, salted, "Server Key")),
  };
}

/** StoredKey := H(ClientKey). */
function storedKeyOf(hash: ScramHash, clientKey: Uint8Array): Uint8Array {
  return hashOf(hash, clientKey);
}

/** The verifier that belongs to the keys derived with these parameters. */
export function verifierFromKeys(
  { hash, salt, iterations }: ScramParameters,
  keys: ScramKeys,
): ScramVerifier {
  const storedKey = base64.encode(storedKeyOf(hash, base64.decode(keys.clientKey)));
  return { hash, salt, iterations, storedKey, serverKey: keys.serverKey };
}

/** Whether keys, derived with the verifier's parameters from a password that came by PLAIN, belong to the verifier. */
export function keysMatchVerifier(keys: ScramKeys, verifier: ScramVerifier): boolean {
  return constantTimeEqual(
    storedKeyOf(verifier.hash, base64.decode(keys.clientKey)),
    base64.decode(verifier.storedKey),
  );
}

/** ClientProof := ClientKey XOR HMAC(StoredKey, AuthMessage), base64. */
export function clientProof(hash: ScramHash, keys: ScramKeys, authMessage: string): string {
  const clientKey = base64.decode(keys.clientKey);
  return base64.encode(xor(clientKey, hmacOf(hash, storedKeyOf(hash, clientKey), authMessage)));
}

/** Whether a proof, as bytes of the hash's length, was made with the ClientKey behind this StoredKey (base64). */
export function isClientProof(
  hash: ScramHash,
  storedKey: string,
  authMessage: string,
  proof: Uint8Array,
): boolean {
  const stored = base64.decode(storedKey);
  const clientKey = xor(proof, hmacOf(hash, stored, authMessage));
  return constantTimeEqual(storedKeyOf(hash, clientKey), stored);
}

/** ServerSignature := HMAC(ServerKey, AuthMessage), base64. */
export function serverSignature(hash: ScramHash, serverKey: string, authMessage: string): string {
  return base64.encode(hmacOf(hash, base64.decode(serverKey), authMessage));
}
