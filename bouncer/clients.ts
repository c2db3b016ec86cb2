/**
 * The attached clients and what each has asked for. A client here is one stream that has bound; the device is the
 * lasting identity behind it.
 */
import type { Element } from "@xmpp/xml";
import type { ClientId } from "./ports.ts";

export interface Client {
  readonly id: ClientId;
  /** Names the device (ID-2). */
  readonly device: string;
  /** Enabled carbons (XEP-0280 section 4). */
  carbons: boolean;
  /** Asked for the roster, and so is to get roster pushes (RFC 6121 section 2.1.6). */
  interested: boolean;
  /** A person is looking at it, as far as it has said (XEP-0352). */
  active: boolean;
  /** Its last available broadcast presence; undefined before the first and after `unavailable`. */
  presence: Element | undefined;
  /** When it last sent anything that a person may have caused. */
  lastActiveMs: number;
  /** Since when its socket is gone although it may come back and resume; undefined while it is connected. */
  suspendedAtMs: number | undefined;
}

/** What of a client outlives the memory of the process. Plain data. */
export interface ClientRecord extends Pick<
  Client,
  "id" | "device" | "carbons" | "interested" | "active" | "lastActiveMs"
> {
  /** Its presence, serialized. */
  presence: string | undefined;
}

/** Begins the name of a device that is nothing but a connection, because its client has named none. */
const CONNECTION = "connection:";

export function connectionDevice(id: ClientId): string {
  return `${CONNECTION}${id}`;
}

export function isConnection(device: string): boolean {
  return device.startsWith(CONNECTION);
}

/** How a client goes: for good; because its device is attaching anew; or as one that may still come back (SM-15). */
export type Departure = "left" | "replaced" | "lapsed";

/** A client that is gone counts as present for this long: time to come back before the world is told. */
export const PATIENCE_MS = 60_000;

/** Is somebody there, as far as the world should know? */
export function isPresent(client: Client, nowMs: number): boolean {
  if (client.presence === undefined) return false;
  return client.suspendedAtMs === undefined || nowMs - client.suspendedAtMs < PATIENCE_MS;
}

export class Clients {
  readonly #clients = new Map<ClientId, Client>();

  add(client: Client): void {
    this.#clients.set(client.id, client);
  }

  remove(id: ClientId): Client | undefined {
    const client = this.#clients.get(id);
    this.#clients.delete(id);
    return client;
  }

  get(id: ClientId): Client | undefined {
    return this.#clients.get(id);
  }

  get size(): number {
    return this.#clients.size;
  }

  /** In the order they attached. */
  all(): IterableIterator<Client> {
    return this.#clients.values();
  }

  /** The ids of those for whom the test holds, in the order they attached. */
  idsWhere(test: (client: Client) => boolean): ClientId[] {
    const ids: ClientId[] = [];
    for (const client of this.#clients.values()) if (test(client)) ids.push(client.id);
    return ids;
  }

  allIds(): ClientId[] {
    return [...this.#clients.keys()];
  }

  byDevice(device: string): Client | undefined {
    for (const client of this.#clients.values()) if (client.device === device) return client;
    return undefined;
  }

  /** Most recently active first. */
  byRecency(): Client[] {
    return [...this.#clients.values()].toSorted((a, b) => b.lastActiveMs - a.lastActiveMs);
  }
}
