// What the SCRAM tests share: PBKDF2, which the product's shell does, and a trip through storage.

import { pbkdf2Sync } from "node:crypto";
import { keysFromSaltedPassword } from "../../../../xmpp/sasl/scram-keys.ts";
import type { ScramHash, ScramKeys, ScramParameters } from "../../../../xmpp/sasl/scram-keys.ts";

export const hashBytesOf: Record<ScramHash, number> = { "SHA-1": 20, "SHA-256": 32, "SHA-512": 64 };

/** SaltedPassword in base64, from Node's own OpenSSL. */
export function saltedPasswordOf({ hash, salt, iterations }: ScramParameters, password: string): string {
  const digest = hash.replace("-", "").toLowerCase();
  const bytes = pbkdf2Sync(password, Buffer.from(salt, "base64"), iterations, hashBytesOf[hash], digest);
  return bytes.toString("base64");
}

export function keysOf(parameters: ScramParameters, password: string): ScramKeys {
  return keysFromSaltedPassword(parameters.hash, saltedPasswordOf(parameters, password));
}

/** A state as it comes back after hibernation. */
export function stored<State>(state: State): State {
  const copy: State = JSON.parse(JSON.stringify(state));
  return copy;
}
