/** Who is looked at when: one guess after the other, and no more than a few kept waiting for the account's server. */

/** More than these do not wait. */
export const MAX_WAITING = 8;

export interface LoginTurns {
  /** Runs this when its turn has come; undefined where too many wait already. */
  take<T>(run: () => Promise<T>): Promise<T> | undefined;
}

export class Queue implements LoginTurns {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  take<T>(run: () => Promise<T>): Promise<T> | undefined {
    if (this.#waiting >= MAX_WAITING) return undefined;
    this.#waiting += 1;
    const result = this.#last.then(run).finally(() => (this.#waiting -= 1));
    this.#last = result.catch(() => undefined);
    return result;
  }
}
