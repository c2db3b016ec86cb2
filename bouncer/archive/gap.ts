/** MAM-8: what of the server's archive is yet to be fetched, in a form that outlives the process. Knows nothing of how. */
import type { Ports, TextStore } from "../ports.ts";
import { joinFields, splitFields } from "../text-fields.ts";

/** The time in which messages may have come that are not in the log. */
export interface Gap {
  /** The archive's id after which to go on; undefined: none is known, or the archive knows it no more. */
  after: string | undefined;
  /** When the last message was said that the log has from before; it was complete then. */
  fromMs: number;
  /** When a session began again: from then on messages come by themselves. */
  toMs: number;
  /** The log's last number from before. */
  seq: number;
  /** How many messages were found so far. */
  found: number;
  /** The archive did not know the last message that the log has. */
  hasExpired: boolean;
}

const KEY = "gap";

export class StoredGap {
  readonly #store: TextStore;
  #gap: Gap | undefined;

  constructor(store: Pick<Ports["store"], "archive">) {
    this.#store = store.archive;
    const row = store.archive.entries().find(({ key }) => key === KEY);
    if (!row) return;
    const [after, fromMs, seq, found, hasExpired] = splitFields(row.value);
    this.#gap = {
      after,
      fromMs: Number(fromMs),
      toMs: row.atMs,
      seq: Number(seq),
      found: Number(found),
      hasExpired: hasExpired === "true",
    };
  }

  get current(): Readonly<Gap> | undefined {
    return this.#gap;
  }

  set(gap: Gap): void {
    this.#gap = gap;
    const { after, fromMs, toMs, seq, found, hasExpired } = gap;
    const fields = [after, String(fromMs), String(seq), String(found), String(hasExpired)];
    this.#store.set(KEY, joinFields(...fields), toMs);
  }

  close(): void {
    this.#gap = undefined;
    this.#store.delete(KEY);
  }
}
