/** How far each device has got in the log, in the table `device`. */
import type { DeviceRow, DeviceStore } from "../../bouncer/log/log-store.ts";

type Columns = {
  name: string;
  cursor: number;
  since: number;
  position: number | null;
  first_seen_ms: number;
  last_seen_ms: number;
};

export class DeviceRows implements DeviceStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  entries(): DeviceRow[] {
    return this.#sql
      .exec<Columns>("SELECT name, cursor, since, position, first_seen_ms, last_seen_ms FROM device")
      .toArray()
      .map(({ name, cursor, since, position, first_seen_ms: firstSeenMs, last_seen_ms: lastSeenMs }) => ({
        name,
        cursor,
        since,
        position: position ?? undefined,
        firstSeenMs,
        lastSeenMs,
      }));
  }

  set({ name, cursor, since, position, firstSeenMs, lastSeenMs }: DeviceRow): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO device (name, cursor, since, position, first_seen_ms, last_seen_ms)
         VALUES (?, ?, ?, ?, ?, ?)`,
      name,
      cursor,
      since,
      position ?? null,
      firstSeenMs,
      lastSeenMs,
    );
  }

  delete(name: string): void {
    this.#sql.exec("DELETE FROM device WHERE name = ?", name);
  }
}
