/** How far each device has got in the log, in the table `device`. */
import * as v from "valibot";
import type { DeviceRow, DeviceStore, RoomProgress } from "../../bouncer/log/log-store.ts";

type Columns = {
  name: string;
  cursor: number;
  since: number;
  heard: number;
  rooms: string | null;
  position: number | null;
  returns: number;
  first_seen_ms: number;
  last_seen_ms: number;
};

const placeSchema = v.object({
  after: v.number(),
  part: v.optional(v.object({ until: v.number(), atMs: v.number(), seq: v.number() })),
});
const roomsSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.array(
    v.tuple([
      v.string(),
      v.object({
        had: placeSchema,
        sent: v.optional(
          v.pipe(
            v.object({ place: placeSchema, mark: v.optional(v.number()) }),
            v.transform(({ place, mark }) => ({ place, mark })),
          ),
        ),
        live: v.boolean(),
      }),
    ]),
  ),
);

export class DeviceRows implements DeviceStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  entries(): DeviceRow[] {
    return this.#sql
      .exec<Columns>(
        "SELECT name, cursor, since, heard, rooms, position, returns, first_seen_ms, last_seen_ms FROM device",
      )
      .toArray()
      .map((row) => ({
        name: row.name,
        cursor: row.cursor,
        since: row.since,
        heard: row.heard,
        rooms: readRooms(row.rooms),
        position: row.position ?? undefined,
        returns: row.returns === 1,
        firstSeenMs: row.first_seen_ms,
        lastSeenMs: row.last_seen_ms,
      }));
  }

  set({ name, cursor, since, heard, rooms, position, returns, firstSeenMs, lastSeenMs }: DeviceRow): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO device (name, cursor, since, heard, rooms, position, returns, first_seen_ms, last_seen_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      name,
      cursor,
      since,
      heard,
      rooms.size === 0 ? null : JSON.stringify([...rooms]),
      position ?? null,
      Number(returns),
      firstSeenMs,
      lastSeenMs,
    );
  }

  delete(name: string): void {
    this.#sql.exec("DELETE FROM device WHERE name = ?", name);
  }
}

function readRooms(text: string | null): Map<string, RoomProgress> {
  return new Map(text === null ? [] : v.parse(roomsSchema, text));
}
