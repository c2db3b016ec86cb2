/** LOG-5: the devices that the account's clients are, and how far each has got in the log. Bounded, with expiry. */
import type { Client } from "../clients.ts";
import type { DeviceRow, DeviceStore } from "./log-store.ts";

const MAX_DEVICES = 100;
const EXPIRY_MS = 90 * 86_400_000;
/** Begins the name of what is only a connection, because the client has named no device. */
const CONNECTION = "connection:";

/** The name under which a client's device is known to the log. */
export function deviceName({ id, device }: Pick<Client, "id" | "device">): string {
  return device === id ? `${CONNECTION}${id}` : device;
}

export class Devices {
  readonly #store: DeviceStore;
  readonly #rows = new Map<string, DeviceRow>();

  constructor(store: DeviceStore) {
    this.#store = store;
    for (const row of store.entries()) this.#rows.set(row.name, row);
  }

  get(name: string): DeviceRow | undefined {
    return this.#rows.get(name);
  }

  save(row: DeviceRow): void {
    this.#rows.set(row.name, row);
    this.#store.set(row);
  }

  /** A client is gone. True when it was a mere connection, which never comes again and so is forgotten. */
  left({ name }: DeviceRow): boolean {
    if (!name.startsWith(CONNECTION)) return false;
    this.#delete(name);
    return true;
  }

  /** Forgets those that nobody has come with for long, and the oldest of too many; not those `inUse`. */
  expire(inUse: ReadonlySet<string>, nowMs: number): void {
    const idle = [...this.#rows.values()]
      .filter(({ name }) => !inUse.has(name))
      .toSorted((a, b) => a.lastSeenMs - b.lastSeenMs);
    const tooMany = this.#rows.size - MAX_DEVICES;
    for (const [index, { name, lastSeenMs }] of idle.entries()) {
      const isOver = index < tooMany || nowMs - lastSeenMs > EXPIRY_MS || name.startsWith(CONNECTION);
      if (isOver) this.#delete(name);
    }
  }

  #delete(name: string): void {
    this.#rows.delete(name);
    this.#store.delete(name);
  }
}
