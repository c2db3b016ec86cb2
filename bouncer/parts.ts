/** Which features take part in the policy, in the order in which they are asked about a stanza. */
import { ArchiveFill } from "./archive/archive-fill.ts";
import { OwnArchive } from "./archive/own-archive.ts";
import { ArchiveResults } from "./archive-results.ts";
import { BlockList } from "./block-list.ts";
import { ChatStates } from "./chat-states.ts";
import { Commands } from "./commands/commands.ts";
import { DisplayedSync } from "./displayed-sync.ts";
import { IllFormed } from "./ill-formed.ts";
import { OwnAddress } from "./own-address.ts";
import { ClientStates } from "./client-states.ts";
import { Outage } from "./outage.ts";
import type { Part, PartContext } from "./part.ts";
import { Pep } from "./pep.ts";
import { Receipts } from "./receipts.ts";
import { Rooms } from "./rooms/rooms.ts";
import { Roster } from "./roster.ts";

/** The parts of one account's policy. */
export function makeParts(context: PartContext): Part[] {
  const roster = new Roster(context);
  const rooms = new Rooms(context);
  return [
    new IllFormed(context),
    new Receipts(context, context.ports.store.receipts),
    new ChatStates(context),
    new ClientStates(context),
    new BlockList(context),
    new DisplayedSync(context),
    // Behind those who leave out what need not be said.
    rooms,
    new Commands(context, rooms),
    // Behind whoever answers such a request in its own way.
    new OwnAddress(context),
    roster,
    new Pep(context, { isContact: (bareJid) => roster.mayContain(bareJid) }),
    new OwnArchive(context),
    new ArchiveFill(context),
    // Its notices come after what the others say to a session's end or beginning.
    new Outage(context),
    // Last: it takes every result of an archive that nobody else has claimed.
    new ArchiveResults(context),
  ];
}
