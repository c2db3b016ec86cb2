/** MAM-8: what of an archive is yet to be fetched, in a form that outlives the process. Knows nothing of how. */
import type { Ports, TextStore } from "../ports.ts";
import { joinFields, splitFields } from "../text-fields.ts";

/** The time in which messages may have come that are not in the log. */
export interface Gap {
  /** The archive's id after which to go on; undefined: none is known, or the archive knows it no more. */
  after: string | undefined;
  /** When the last message was said that the log has from before, or that was fetched; it was complete then. */
  fromMs: number;
  /** When a session, or a stay in a room, began again: from then on messages come by themselves. */
  toMs: number;
  /** The log's last number from before. */
  seq: number;
  /** How many messages were found so far. */
  found: number;
  /** The archive did not know the last message that the log has. */
  hasExpired: boolean;
  /** They were for the account: what cannot be had of them is a hole. */
  isMissed: boolean;
}

/** The account's own; a room's is behind its bare JID. */
const KEY = "gap";
const ROOM_KEY = "gap ";

export class StoredGap {
  readonly #store: TextStore;
  readonly #key: string;
  #gap: Gap | undefined;

  /** `value`: as it was stored, if it was. */
  constructor(store: TextStore, key: string, row?: { value: string; atMs: number }) {
    this.#store = store;
    this.#key = key;
    this.#gap = row && read(row);
  }

  get current(): Readonly<Gap> | undefined {
    return this.#gap;
  }

  set(gap: Gap): void {
    this.#gap = gap;
    const { after, fromMs, toMs, seq, found, hasExpired, isMissed } = gap;
    const numbers = [fromMs, seq, found].map(String);
    this.#store.set(this.#key, joinFields(after, ...numbers, String(hasExpired), String(isMissed)), toMs);
  }

  close(): void {
    if (!this.#gap) return;
    this.#gap = undefined;
    this.#store.delete(this.#key);
  }
}

/** What is to be fetched from the archive of the account. */
export function ownGap({ archive }: Pick<Ports["store"], "archive">): StoredGap {
  return new StoredGap(
    archive,
    KEY,
    archive.entries().find(({ key }) => key === KEY),
  );
}

/** And from those of rooms, by their bare JIDs. */
export class RoomGaps {
  readonly #store: TextStore;
  readonly #gaps = new Map<string, StoredGap>();

  constructor({ archive }: Pick<Ports["store"], "archive">) {
    this.#store = archive;
    for (const { key, ...row } of archive.entries()) {
      if (key.startsWith(ROOM_KEY)) {
        this.#gaps.set(key.slice(ROOM_KEY.length), new StoredGap(archive, key, row));
      }
    }
  }

  /** The gap that is open there. */
  at(room: string): Readonly<Gap> | undefined {
    return this.#gaps.get(room)?.current;
  }

  of(room: string): StoredGap {
    const known = this.#gaps.get(room) ?? new StoredGap(this.#store, `${ROOM_KEY}${room}`);
    this.#gaps.set(room, known);
    return known;
  }

  close(room: string): void {
    this.#gaps.get(room)?.close();
    this.#gaps.delete(room);
  }

  rooms(): string[] {
    return [...this.#gaps.keys()];
  }
}

function read({ value, atMs }: { value: string; atMs: number }): Gap {
  const [after, fromMs, seq, found, hasExpired, isMissed] = splitFields(value);
  return {
    after,
    fromMs: Number(fromMs),
    toMs: atMs,
    seq: Number(seq),
    found: Number(found),
    hasExpired: hasExpired === "true",
    isMissed: isMissed !== "false",
  };
}
