/** LOG-5: the devices that the account's clients are, and how far each has got in the log. Bounded, with expiry. */
import { isConnection } from "../clients.ts";
import type { DeviceRow, DeviceStore } from "./log-store.ts";

const MAX_DEVICES = 100;
const EXPIRY_MS = 90 * 86_400_000;
/** Of mere connections that are gone, which may come back by their former session only (SM-15). */
const MAX_CONNECTIONS = 20;
const CONNECTION_EXPIRY_MS = 7 * 86_400_000;

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

  /** A client is gone for good. True when it was a mere connection, which never comes again and so is forgotten. */
  left(row: DeviceRow): boolean {
    if (!isConnection(row.name)) return false;
    this.#delete(row.name);
    return true;
  }

  /** Forgets those that nobody has come with for long, and the oldest of too many; not those `inUse`. */
  expire(inUse: ReadonlySet<string>, nowMs: number): void {
    const idle = [...this.#rows.values()]
      .filter(({ name }) => !inUse.has(name))
      .toSorted((a, b) => a.lastSeenMs - b.lastSeenMs);
    const named = idle.filter(({ name }) => !isConnection(name));
    const returning = idle.filter(({ name, returns }) => isConnection(name) && returns);
    const known = [...this.#rows.keys()].filter((name) => !isConnection(name)).length;
    for (const { name, returns } of idle) if (isConnection(name) && !returns) this.#delete(name);
    this.#expireOf(returning, returning.length - MAX_CONNECTIONS, nowMs - CONNECTION_EXPIRY_MS);
    this.#expireOf(named, known - MAX_DEVICES, nowMs - EXPIRY_MS);
  }

  /** Oldest first. */
  #expireOf(rows: readonly DeviceRow[], tooMany: number, beforeMs: number): void {
    for (const [index, { name, lastSeenMs }] of rows.entries())
      if (index < tooMany || lastSeenMs < beforeMs) this.#delete(name);
  }

  #delete(name: string): void {
    this.#rows.delete(name);
    this.#store.delete(name);
  }
}
