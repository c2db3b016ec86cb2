/**
 * MAM-10, MAM-14: when the log may have missed something that nobody can tell us any more, and why. Bounded; the owner is told.
 */
import type { Ports, TextStore } from "../ports.ts";
import { joinFields, splitFields } from "../text-fields.ts";

/** As many of the account's own, and as many of all rooms together: a busy room must not push out the others. */
const MAX_HOLES = 100;

/** From the last that is known to be in the log, until when it is complete again: milliseconds since the epoch. */
export interface Hole {
  fromMs: number;
  toMs: number;
  reason: string;
  /** The bare JID of the room that it is about; undefined: everything but rooms. */
  room?: string | undefined;
}

export class Holes {
  readonly #store: TextStore;
  readonly #ids: Ports["ids"];
  /** By key, oldest first. */
  readonly #holes = new Map<string, Hole>();

  constructor({ store, ids }: { store: Pick<Ports["store"], "holes">; ids: Ports["ids"] }) {
    this.#store = store.holes;
    this.#ids = ids;
    for (const { key, value, atMs } of store.holes.entries()) {
      const [fromMs = "", reason = "", room] = splitFields(value);
      this.#holes.set(key, { fromMs: Number(fromMs), toMs: atMs, reason, room });
    }
  }

  /** Oldest first. */
  all(): Hole[] {
    return [...this.#holes.values()];
  }

  /** Nothing of that time is in the log any more. */
  clear(): void {
    for (const key of this.#holes.keys()) this.#store.delete(key);
    this.#holes.clear();
  }

  add(hole: Hole): void {
    const key = this.#ids.next();
    this.#holes.set(key, hole);
    this.#store.set(key, joinFields(String(hole.fromMs), hole.reason, hole.room), hole.toMs);
    const alike = [...this.#holes].filter(
      ([, { room }]) => (room === undefined) === (hole.room === undefined),
    );
    const [oldest] = alike;
    if (!oldest || alike.length <= MAX_HOLES) return;
    this.#holes.delete(oldest[0]);
    this.#store.delete(oldest[0]);
  }
}
