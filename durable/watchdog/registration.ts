/**
 * One account's side of the registry: keeps the registry in step with whether this account is to be online, and asks it
 * only when that has changed.
 */
import type { Settings } from "../storage/settings.ts";

/** The registry, as far as an account may use it. */
interface Registry {
  add(bareJid: string, onLoopback: boolean): Promise<void>;
  remove(bareJid: string): Promise<void>;
}

export class Registration {
  readonly #settings: Settings;
  readonly #registry: Registry;
  readonly #bareJid: string;
  readonly #onLoopback: boolean;
  #queue: Promise<void> = Promise.resolve();

  constructor(settings: Settings, registry: Registry, bareJid: string, onLoopback: boolean) {
    this.#settings = settings;
    this.#registry = registry;
    this.#bareJid = bareJid;
    this.#onLoopback = onLoopback;
  }

  /**
   * ALIVE-1: is the account to be kept online? What the registry could not be told now is told at the next call. Calls are
   * carried out in order, and asked of the registry at least once: it takes each twice.
   */
  keep(wanted: boolean): void {
    const state = wanted ? (this.#onLoopback ? "loopback" : "anywhere") : "no";
    this.#queue = this.#queue.then(() => this.#tell(state)).catch(() => undefined);
  }

  async #tell(state: "loopback" | "anywhere" | "no"): Promise<void> {
    if ((this.#settings.get("registered") ?? "no") === state) return;
    if (state === "no") await this.#registry.remove(this.#bareJid);
    else await this.#registry.add(this.#bareJid, state === "loopback");
    // Only now: a process that dies before asks again.
    this.#settings.set("registered", state);
  }
}
