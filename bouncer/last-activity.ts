/**
 * IQ-15: when somebody was last here, which is what others are told of how long the account has been idle (XEP-0012 section 5:
 * of a connected resource, the last time that somebody used it). Clients know that of themselves while they are here; this
 * knows it of those that are gone, also after a reset.
 */
import type { Element } from "@xmpp/xml";
import { NS } from "../xmpp/namespaces.ts";
import type { Client, Clients } from "./clients.ts";
import type { Ports, TextStore } from "./ports.ts";

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

/**
 * PRES-1: when somebody used the client that sends this presence: now, unless it says that it sends it by itself because nobody has
 * used it for a while (XEP-0319 section 3, XEP-0256 section 2.2).
 */
export function lastUsedMs(presence: Element, clock: Pick<Ports["clock"], "nowMs" | "parse">): number {
  const nowMs = clock.nowMs();
  const sinceMs = clock.parse(presence.getChild("idle", NS.idle)?.attrs.since ?? "");
  const seconds = Number(presence.getChild("query", NS.lastActivity)?.attrs.seconds ?? NaN);
  const usedMs = Number.isNaN(sinceMs) ? nowMs - seconds * 1000 : sinceMs;
  return Number.isNaN(usedMs) ? nowMs : Math.min(nowMs, usedMs);
}
