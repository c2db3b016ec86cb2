/**
 * What happened to the account's session over the lives of many processes: since when it is online or is not, and the last
 * few events with their reasons. One row, written when something changes.
 */
import * as v from "valibot";

const MAX_EVENTS = 20;
const MAX_TEXT_LENGTH = 500;
/** The same failure again and again is written down no more often than this. */
const REPEAT_WRITE_MS = 600_000;

const eventSchema = v.object({
  atMs: v.number(),
  what: v.picklist(["bound", "resumed", "lost", "refused", "rescued"]),
  text: v.optional(v.string()),
  /** The same again: how often in all, and when last. */
  times: v.number(),
  lastMs: v.number(),
});
const stateSchema = v.object({
  onlineSinceMs: v.optional(v.number()),
  offlineSinceMs: v.optional(v.number()),
  events: v.array(eventSchema),
});

/** Where it is kept (storage/settings.ts). */
interface Row {
  get(name: "history"): string | undefined;
  set(name: "history", value: string): void;
}

export type HistoryEvent = v.InferOutput<typeof eventSchema>;
type What = HistoryEvent["what"];

export class History {
  readonly #settings: Row;
  readonly #state: v.InferOutput<typeof stateSchema>;
  #writtenMs = 0;

  constructor(settings: Row) {
    this.#settings = settings;
    const stored = v.safeParse(v.pipe(v.string(), v.parseJson(), stateSchema), settings.get("history"));
    this.#state = stored.success ? stored.output : { events: [] };
  }

  /** Since when the account has been online without anybody having noticed anything; undefined while it is not. */
  get onlineSinceMs(): number | undefined {
    return this.#state.onlineSinceMs;
  }

  /** Since when it has not been online; undefined while it is, and when it never was. */
  get offlineSinceMs(): number | undefined {
    return this.#state.offlineSinceMs;
  }

  /** Oldest first. */
  get events(): readonly HistoryEvent[] {
    return this.#state.events;
  }

  bound(nowMs: number): void {
    this.#online("bound", nowMs);
  }

  /** Nothing to tell where only our own process had ended. */
  resumed(nowMs: number): void {
    if (this.#state.onlineSinceMs === undefined) this.#online("resumed", nowMs);
  }

  /** A session was lost, or could not be had. */
  lost(reason: string, nowMs: number): void {
    this.#offline("lost", reason, nowMs);
  }

  /** The server refused what is stored. */
  refused(reason: string, nowMs: number): void {
    this.#offline("refused", reason, nowMs);
  }

  /** The watchdog found the account without an alarm. */
  rescued(nowMs: number): void {
    this.#add("rescued", undefined, nowMs);
    this.#write(nowMs);
  }

  #online(what: What, nowMs: number): void {
    this.#state.onlineSinceMs = nowMs;
    delete this.#state.offlineSinceMs;
    this.#add(what, undefined, nowMs);
    this.#write(nowMs);
  }

  #offline(what: What, reason: string, nowMs: number): void {
    const begins = this.#state.offlineSinceMs === undefined;
    this.#state.offlineSinceMs ??= nowMs;
    delete this.#state.onlineSinceMs;
    const isNew = this.#add(what, reason.slice(0, MAX_TEXT_LENGTH), nowMs);
    if (begins || isNew || nowMs - this.#writtenMs >= REPEAT_WRITE_MS) this.#write(nowMs);
  }

  /** False when it is the last event once more. */
  #add(what: What, text: string | undefined, nowMs: number): boolean {
    const { events } = this.#state;
    const last = events.at(-1);
    if (last?.what === what && last.text === text) {
      last.times += 1;
      last.lastMs = nowMs;
      return false;
    }
    events.push({ atMs: nowMs, what, ...(text !== undefined && { text }), times: 1, lastMs: nowMs });
    if (events.length > MAX_EVENTS) events.shift();
    return true;
  }

  #write(nowMs: number): void {
    this.#writtenMs = nowMs;
    this.#settings.set("history", JSON.stringify(this.#state));
  }
}
