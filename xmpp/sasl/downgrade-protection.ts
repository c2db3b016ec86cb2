// SASL SCRAM Downgrade Protection (XEP-0474 version 0.5): the server signs which mechanisms it has offered, so that nobody
// in between can have taken the better ones out.
// Must not know: where the lists come from, what follows from a difference.

import { base64, utf8 } from "@scure/base";
import { hashOf, type ScramHash } from "./scram-keys.ts";

/** SCRAM's attribute for it. */
export const DOWNGRADE_ATTRIBUTE = "h";

/**
 * The hash, base64 (section 6.1): of the mechanisms that the profile in use has offered, and of the channel binding types
 * (XEP-0440) where any were offered.
 */
export function downgradeProtection(
  hash: ScramHash,
  mechanisms: readonly string[],
  channelBindings?: readonly string[],
): string {
  const lists = channelBindings ? [mechanisms, channelBindings] : [mechanisms];
  const text = lists.map((list) => list.toSorted(byCodeUnit).join("\u{1E}")).join("\u{1F}");
  return base64.encode(hashOf(hash, utf8.decode(text)));
}

/** "i;octet" (RFC 4790 section 9.3): the names are ASCII. */
function byCodeUnit(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
