/** What lets a client resume its session (XEP-0198 section 5), and what is kept of it: nothing that opens anything. */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { base64 } from "@scure/base";

/** In place of a hash that somebody could know the id of. */
export const UNRESUMABLE = "";

/** SHA-256, base64. */
export function hashOfId(id: string): string {
  return base64.encode(sha256(utf8ToBytes(id)));
}
