/** Which features take part in the policy, in the order in which they are asked about a stanza. */
import type { Part, PartContext } from "./part.ts";

/** The parts of one account's policy. */
export function makeParts(_context: PartContext): Part[] {
  return [];
}
