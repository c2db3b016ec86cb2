// What has arrived, in order, and waiting for what has not: the one way in which interop tests synchronise. A wait ends
// with the arrival itself; its time limit only says how long a hang may last.

const PATIENCE_MS = 15_000;

interface Waiter<T> {
  readonly matches: (entry: T) => boolean;
  readonly resolve: (entry: T) => void;
}

/** An append-only list that can be waited for. */
export class Inbox<T> {
  readonly #describe: (entry: T) => string;
  readonly #waiters = new Set<Waiter<T>>();
  readonly #all: T[] = [];
  readonly #watchers: ((entry: T) => void)[] = [];

  /** `describe` is for the error text of a wait in vain. */
  constructor(describe: (entry: T) => string) {
    this.#describe = describe;
  }

  /** Everything so far, oldest first. */
  get all(): readonly T[] {
    return this.#all;
  }

  /** Is told of every entry from now on, before anybody who waits for it. */
  watch(watcher: (entry: T) => void): void {
    this.#watchers.push(watcher);
  }

  push(entry: T): void {
    this.#all.push(entry);
    for (const watcher of this.#watchers) watcher(entry);
    for (const waiter of this.#waiters) {
      if (waiter.matches(entry)) {
        this.#waiters.delete(waiter);
        waiter.resolve(entry);
      }
    }
  }

  /**
   * The first entry that matches, from position `from` on; waits for it if it is yet to come.
   * @throws when nothing came in time, with everything that did
   */
  async first(what: string, matches: (entry: T) => boolean, from = 0, patienceMs = PATIENCE_MS): Promise<T> {
    const known = this.#all.slice(from).find(matches);
    if (known !== undefined) {
      return known;
    }
    return await new Promise((resolve, reject) => {
      const waiter: Waiter<T> = {
        matches,
        resolve: (entry) => {
          clearTimeout(timer);
          resolve(entry);
        },
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        const arrived = this.#all.map((entry) => `  ${this.#describe(entry)}`).join("\n");
        reject(new Error(`waited in vain for ${what}; what arrived:\n${arrived}`));
      }, patienceMs);
      this.#waiters.add(waiter);
    });
  }
}
