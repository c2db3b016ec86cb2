/**
 * MSG-8: the devices whose owner wants what the account sends to reach them as it is, since they know no carbons: bots that
 * only keep a log. Stored, and bounded.
 */
import { utf8 } from "@scure/base";
import type { Client } from "./clients.ts";
import type { Ports, TextStore } from "./ports.ts";

const MAX_DEVICES = 100;
/** As a resource (RFC 7622 section 3.4). */
const MAX_OCTETS = 1_023;

export class RawCopies {
  readonly #store: TextStore;
  readonly #clock: Pick<Ports["clock"], "nowMs">;
  readonly #devices: Set<string>;

  constructor({
    store,
    clock,
  }: {
    store: Pick<Ports["store"], "rawCopies">;
    clock: Pick<Ports["clock"], "nowMs">;
  }) {
    this.#store = store.rawCopies;
    this.#clock = clock;
    this.#devices = new Set(this.#store.entries().map(({ key }) => key));
  }

  /** In alphabetical order. */
  devices(): string[] {
    return [...this.#devices].toSorted();
  }

  /** Takes these in place of those before; or says, in words, why not, and changes nothing. */
  replace(devices: ReadonlySet<string>): string | undefined {
    if (devices.size > MAX_DEVICES) return `There may be ${MAX_DEVICES} devices at most.`;
    if ([...devices].some((device) => utf8.decode(device).length > MAX_OCTETS)) {
      return `A device's name has at most ${MAX_OCTETS} octets.`;
    }
    for (const device of this.#devices) if (!devices.has(device)) this.#delete(device);
    for (const device of devices) if (!this.#devices.has(device)) this.#add(device);
    return undefined;
  }

  /**
   * Does this client get sent messages as they are? Carbons are the better way for whoever knows them. Names are typed into
   * forms, without the space around them.
   */
  isFor({ carbons, device }: Pick<Client, "carbons" | "device">): boolean {
    return !carbons && this.#devices.has(device.trim());
  }

  #add(device: string): void {
    this.#devices.add(device);
    this.#store.set(device, "", this.#clock.nowMs());
  }

  #delete(device: string): void {
    this.#devices.delete(device);
    this.#store.delete(device);
  }
}
