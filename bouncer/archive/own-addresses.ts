/** The full JIDs that the account had here: what was sent from them went through the log. Bounded; outlives the process. */
import type { Ports } from "../ports.ts";
import { joinFields, splitFields } from "../text-fields.ts";

const KEY = "addresses";
const MAX_ADDRESSES = 20;

export class OwnAddresses {
  readonly #ports: Pick<Ports, "clock"> & { store: Pick<Ports["store"], "archive"> };
  readonly #known: string[] = [];

  constructor(ports: Pick<Ports, "clock"> & { store: Pick<Ports["store"], "archive"> }) {
    this.#ports = ports;
    const row = ports.store.archive.entries().find(({ key }) => key === KEY);
    if (row) this.#known.push(...splitFields(row.value).flatMap((address) => address ?? []));
  }

  has(fullJid: string | undefined): boolean {
    return fullJid !== undefined && this.#known.includes(fullJid);
  }

  add(fullJid: string): void {
    if (fullJid === "" || this.has(fullJid)) return;
    this.#known.push(fullJid);
    this.#known.splice(0, this.#known.length - MAX_ADDRESSES);
    const { clock, store } = this.#ports;
    store.archive.set(KEY, joinFields(...this.#known), clock.nowMs());
  }
}
