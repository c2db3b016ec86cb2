/**
 * From a password to SCRAM keys: PBKDF2 (RFC 5802 section 2.2's Hi) in WebCrypto. The only asynchronous part of SCRAM.
 */
import { base64, utf8 } from "@scure/base";
import { saslprep } from "../../xmpp/sasl/saslprep.ts";
import {
  hashBytes,
  keysFromSaltedPassword,
  type ScramKeys,
  type ScramParameters,
} from "../../xmpp/sasl/scram-keys.ts";

/** What the production platform's WebCrypto allows; local runs allow more, which must not be believed. */
const MAX_ITERATIONS = 100_000;

export type DerivedKeys = { ok: true; keys: ScramKeys } | { ok: false; text: string };

/** The account's keys for one salt and iteration count, or in words why there can be none. */
export async function deriveKeys(password: string, parameters: ScramParameters): Promise<DerivedKeys> {
  const prepared = saslprep(password);
  if (prepared === undefined || prepared === "") {
    return { ok: false, text: "The password contains characters that no XMPP server accepts (RFC 4013)." };
  }
  const { hash, salt, iterations } = parameters;
  if (iterations > MAX_ITERATIONS) {
    const text = `The server asks for ${iterations} PBKDF2 iterations; this platform computes at most ${MAX_ITERATIONS}.`;
    return { ok: false, text };
  }
  const key = await crypto.subtle.importKey("raw", utf8.decode(prepared), "PBKDF2", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits(
    { name: "PBKDF2", hash, salt: base64.decode(salt), iterations },
    key,
    hashBytes(hash) * 8,
  );
  return { ok: true, keys: keysFromSaltedPassword(hash, base64.encode(new Uint8Array(bits))) };
}
