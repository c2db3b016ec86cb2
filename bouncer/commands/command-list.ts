/** Which commands there are, in the order in which clients list them. */
import { isConnection } from "../clients.ts";
import type { PartContext } from "../part.ts";
import type { Command } from "./command.ts";
import { copiesRawCommand } from "./copies-raw-command.ts";
import { forgetCommand } from "./forget-command.ts";
import { deleteCommand, exportCommand } from "./log-commands.ts";
import { type PinnedRooms, pinnedRoomsCommand } from "./pinned-rooms-command.ts";
import { searchCommand } from "./search-command.ts";
import { statusCommand } from "./status-command.ts";
import { traceCommand } from "./trace-command.ts";

/** The commands of one account. */
export function makeCommands(
  { ports, outlet, clients, session, rawCopies }: PartContext,
  rooms: PinnedRooms,
): Command[] {
  return [
    statusCommand(() => ports.owner.status()),
    traceCommand({
      entries: () => outlet.trace.entries(),
      stamp: (atMs) => ports.clock.stamp(atMs),
      deviceOf: (id) => clients.get(id)?.device,
    }),
    pinnedRoomsCommand(rooms),
    copiesRawCommand(rawCopies, () =>
      clients.byRecency().flatMap(({ carbons, device }) => (carbons || isConnection(device) ? [] : [device])),
    ),
    searchCommand({
      search: (query) => ports.owner.search(query),
      stamp: (atMs) => ports.clock.stamp(atMs),
      parse: (stamp) => ports.clock.parse(stamp),
    }),
    exportCommand(session.bareJid),
    deleteCommand((peer) => ports.owner.deleteLog(peer)),
    forgetCommand({
      account: session.bareJid,
      isNamed: ports.owner.isNamed,
      forget: () => ports.owner.forget(),
    }),
  ];
}
