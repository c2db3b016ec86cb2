/**
 * A bounded map of short texts that outlives the process: the oldest give way when it is full, and all go after a while.
 * One row written for each text that is set or forgotten.
 */
import type { TextStore } from "./ports.ts";

interface Bounds {
  count: number;
  /** How long a text is kept after it was set last, in milliseconds. */
  ageMs: number;
}

export class RememberedTexts {
  /** In the order in which they were set. */
  readonly #texts = new Map<string, { value: string; atMs: number }>();
  readonly #store: TextStore;
  readonly #bounds: Bounds;

  constructor(store: TextStore, bounds: Bounds) {
    this.#store = store;
    this.#bounds = bounds;
    for (const { key, value, atMs } of store.entries()) this.#texts.set(key, { value, atMs });
    this.#makeRoom();
  }

  get(key: string): string | undefined {
    return this.#texts.get(key)?.value;
  }

  entries(): [key: string, value: string][] {
    return [...this.#texts].map(([key, { value }]) => [key, value]);
  }

  set(key: string, value: string, atMs: number): void {
    this.#texts.delete(key);
    this.#texts.set(key, { value, atMs });
    this.#store.set(key, value, atMs);
    this.#makeRoom();
  }

  delete(key: string): void {
    if (this.#texts.delete(key)) this.#store.delete(key);
  }

  expire(nowMs: number): void {
    for (const [key, { atMs }] of this.#texts) {
      if (nowMs - atMs < this.#bounds.ageMs) return;
      this.delete(key);
    }
  }

  /** When the oldest is to be forgotten. */
  nextDeadlineMs(): number | undefined {
    const [oldest] = this.#texts.values();
    return oldest && oldest.atMs + this.#bounds.ageMs;
  }

  #makeRoom(): void {
    for (const key of this.#texts.keys()) {
      if (this.#texts.size <= this.#bounds.count) return;
      this.delete(key);
    }
  }
}
