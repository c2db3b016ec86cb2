/**
 * IQ-15: when somebody was last here, which is what others are told of how long the account has been idle (XEP-0012 section 5:
 * of a connected resource, the last time that somebody used it). Clients know that of themselves while they are here; this
 * knows it of those that are gone, also after a reset.
 */
import type { Client, Clients } from "./clients.ts";
import type { TextStore } from "./ports.ts";

/** The one row. Its time is what counts. */
const KEY = "gone";

export class LastActivity {
  readonly #clients: Clients;
  readonly #store: TextStore;
  /** The last activity of any client that is gone, or of one that is here, no later than it. */
  #storedMs: number | undefined;

  constructor(store: TextStore, clients: Clients) {
    this.#store = store;
    this.#clients = clients;
    this.#storedMs = store.entries()[0]?.atMs;
  }

  /** A client comes or goes: at both times, since a process that dies takes with it what clients were doing. */
  seen({ lastActiveMs }: Pick<Client, "lastActiveMs">): void {
    if (this.#storedMs !== undefined && lastActiveMs <= this.#storedMs) return;
    this.#storedMs = lastActiveMs;
    this.#store.set(KEY, "", lastActiveMs);
  }

  /** For how long nobody has done anything, in whole seconds; undefined while nobody was ever here. */
  idleSeconds(nowMs: number): number | undefined {
    const [latest] = this.#clients.byRecency();
    if (!latest && this.#storedMs === undefined) return undefined;
    const lastMs = Math.max(latest?.lastActiveMs ?? 0, this.#storedMs ?? 0);
    return Math.max(0, Math.floor((nowMs - lastMs) / 1000));
  }
}
