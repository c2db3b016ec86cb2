/**
 * Encryption of what is stored: AES-256-GCM under a key derived by HKDF from the CREDENTIALS_KEY secret, bound to the
 * account it belongs to, so that a box moved to another account's object does not open.
 */
const encoder = new TextEncoder();
const IV_BYTES = 12;

async function keyFor(secret: string, account: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveKey"]);
  const info = encoder.encode(`xmpproxy credentials\0${account}`);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

/** Initialisation vector, then ciphertext with its tag. */
export async function seal(secret: string, account: string, text: string): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const key = await keyFor(secret, account);
  const sealed = new Uint8Array(
    await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, encoder.encode(text)),
  );
  const box = new Uint8Array(IV_BYTES + sealed.length);
  box.set(iv);
  box.set(sealed, IV_BYTES);
  return box;
}

/** The text, or undefined when the key is another one or the box was changed. */
export async function unseal(secret: string, account: string, box: Uint8Array): Promise<string | undefined> {
  const key = await keyFor(secret, account);
  const algorithm = { name: "AES-GCM", iv: box.subarray(0, IV_BYTES) };
  try {
    return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, key, box.subarray(IV_BYTES)));
  } catch {
    return undefined;
  }
}
