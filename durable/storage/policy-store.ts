/** What the policy keeps (bouncer/ports.ts), each in its table. */
import type { Ports, SecretStore } from "../../bouncer/ports.ts";
import { DeviceRows } from "./device-rows.ts";
import type { Lease } from "./lease.ts";
import { ContactPresenceTable, DirectedPresenceTable } from "./presence-tables.ts";
import { RoomTables } from "./room-tables.ts";
import { TextTable } from "./text-table.ts";

export function policyStore(
  { sql, later }: Pick<Lease, "sql" | "later">,
  roomPasswords: SecretStore,
): Ports["store"] {
  return {
    contacts: new ContactPresenceTable(sql),
    directed: new DirectedPresenceTable(sql),
    said: new TextTable(sql, "said"),
    capabilities: new TextTable(sql, "capabilities"),
    requests: new TextTable(sql, "requests", later),
    inbound: new TextTable(sql, "inbound"),
    receipts: new TextTable(sql, "receipts"),
    peerSessions: new TextTable(sql, "peer-sessions"),
    held: new TextTable(sql, "held"),
    blockList: new TextTable(sql, "block-list"),
    rawCopies: new TextTable(sql, "copies-raw"),
    lastActivity: new TextTable(sql, "last-activity"),
    devices: new DeviceRows(sql),
    pep: new TextTable(sql, "pep"),
    roster: new TextTable(sql, "roster"),
    rooms: new RoomTables(sql),
    roomPasswords,
    archive: new TextTable(sql, "archive"),
    holes: new TextTable(sql, "holes"),
    deleted: new TextTable(sql, "deleted"),
  };
}
