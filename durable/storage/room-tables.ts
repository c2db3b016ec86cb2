/** Rooms, in the tables `room` and `room_occupants` (one row for up to 25 occupants). What they mean is not known here. */
import * as v from "valibot";
import type { RoomStore, StoredRoom } from "../../bouncer/ports.ts";
import { fitsRow } from "./row-size.ts";

const count = v.optional(v.number());
const limitsSchema = v.object({ maxchars: count, maxstanzas: count, seconds: count, sinceMs: count });
const roomSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    jid: v.string(),
    phase: v.picklist(["outside", "joining", "entered", "joined", "leaving"]),
    nick: v.string(),
    autojoin: v.boolean(),
    pinned: v.boolean(),
    hasArchive: v.optional(v.boolean()),
    self: v.optional(v.string()),
    subject: v.optional(v.string()),
    members: v.array(
      v.object({
        client: v.string(),
        presence: v.string(),
        owed: v.optional(v.object({ ...limitsSchema.entries, isBegun: v.optional(v.boolean()) })),
        early: v.optional(limitsSchema),
      }),
    ),
    waiters: v.array(
      v.object({ client: v.string(), nick: v.string(), presence: v.string(), limits: limitsSchema }),
    ),
  }),
);
const occupantsSchema = v.pipe(v.string(), v.parseJson(), v.array(v.tuple([v.string(), v.string()])));

export class RoomTables implements RoomStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  rooms(): StoredRoom[] {
    const rows = this.#sql.exec<{ state: string }>("SELECT state FROM room");
    return rows.toArray().map(({ state }) => v.parse(roomSchema, state));
  }

  set(room: StoredRoom): void {
    const state = JSON.stringify(room);
    // A subject of megabytes: who joins later has to do without.
    const fitting = fitsRow(state) ? state : JSON.stringify({ ...room, subject: undefined });
    this.#sql.exec("INSERT OR REPLACE INTO room (jid, state) VALUES (?, ?)", room.jid, fitting);
  }

  delete(jid: string): void {
    this.#sql.exec("DELETE FROM room WHERE jid = ?", jid);
    this.#sql.exec("DELETE FROM room_occupants WHERE jid = ?", jid);
  }

  occupants(jid: string): { chunk: number; occupants: [string, string][] }[] {
    const rows = this.#sql.exec<{ chunk: number; occupants: string }>(
      "SELECT chunk, occupants FROM room_occupants WHERE jid = ?",
      jid,
    );
    return rows.toArray().map(({ chunk, occupants }) => ({
      chunk,
      occupants: v.parse(occupantsSchema, occupants),
    }));
  }

  setOccupants(jid: string, chunk: number, occupants: readonly (readonly [string, string])[]): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO room_occupants (jid, chunk, occupants) VALUES (?, ?, ?)",
      jid,
      chunk,
      JSON.stringify(occupants),
    );
  }

  deleteOccupants(jid: string): void {
    this.#sql.exec("DELETE FROM room_occupants WHERE jid = ?", jid);
  }
}
