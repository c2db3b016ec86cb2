/** Which features take part in the policy, in the order in which they are asked about a stanza. */
import { ArchiveResults } from "./archive-results.ts";
import { ChatStates } from "./chat-states.ts";
import type { Part, PartContext } from "./part.ts";
import { Receipts } from "./receipts.ts";

/** The parts of one account's policy. */
export function makeParts(context: PartContext): Part[] {
  return [
    new Receipts(context, context.ports.store.receipts),
    new ChatStates(context),
    // Last: it takes every result of an archive that nobody else has claimed.
    new ArchiveResults(context),
  ];
}
