/**
 * One account's side of the registry: keeps the registry in step with whether this account is to be online, and asks it
 * only when that has changed.
 */
import type { Settings } from "../storage/settings.ts";
import { within } from "../time-limit.ts";

/** The registry, as far as an account may use it. */
interface Registry {
  add(bareJid: string, onLoopback: boolean): Promise<void>;
  remove(bareJid: string): Promise<void>;
}

const LEAVE_LIMIT_MS = 10_000;

export class Registration {
  readonly #settings: Pick<Settings, "get" | "set">;
  readonly #registry: Registry;
  readonly #bareJid: string;
  readonly #onLoopback: boolean;
  #queue: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(
    settings: Pick<Settings, "get" | "set">,
    registry: Registry,
    bareJid: string,
    onLoopback: boolean,
  ) {
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
    if (this.#isOver) return;
    const state = wanted ? (this.#onLoopback ? "loopback" : "anywhere") : "no";
    this.#queue = this.#queue.then(() => this.#tell(state)).catch(() => undefined);
  }

  /** FORGET-3: the account is forgotten. A registry that cannot be told now finds out when it wakes the account. */
  async leave(): Promise<void> {
    this.#isOver = true;
    this.#queue = this.#queue.then(() => this.#registry.remove(this.#bareJid));
    await within(LEAVE_LIMIT_MS, this.#queue).catch(() => undefined);
  }

  async #tell(state: "loopback" | "anywhere" | "no"): Promise<void> {
    if ((this.#settings.get("registered") ?? "no") === state) return;
    if (state === "no") await this.#registry.remove(this.#bareJid);
    else await this.#registry.add(this.#bareJid, state === "loopback");
    // Only now: a process that dies before asks again.
    this.#settings.set("registered", state);
  }
}
