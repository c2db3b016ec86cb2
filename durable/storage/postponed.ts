/**
 * COST-4: writes that need not be on disk before anything leaves: what the next process would only do once more, or be told
 * again. A turn that writes nothing else need not wait for the disk because of them. They are made together with the next write
 * that is, in its transaction and before it, or after a moment without one.
 *
 * Whatever is put off here must do no harm when it is lost with everything after it; never when it is lost alone. So the end of
 * a turn that has written makes what that turn has put off, too.
 */

/** Puts a write off. Of several under one key only the last is made. */
export type Postpone = (key: string, write: () => void) => void;

/** For what is not put off. */
export const atOnce: Postpone = (_key, write) => write();

/** Long enough to be shared by what comes together; a write waits for twice as long at most. */
const MOMENT_MS = 100;

export class Postponed {
  #writes = new Map<string, () => void>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #hasWritten = false;
  /** While the timer runs: what waits now has not waited for all of it. */
  #hasSaved = false;
  #isOver = false;

  readonly later: Postpone = (key, write) => {
    if (this.#isOver) return;
    this.#writes.set(key, write);
    if (this.#timer === null) this.#wait();
  };

  /** Something is about to be written: in its transaction, what was put off. */
  beforeWrite(): void {
    this.#hasWritten = true;
    this.save();
  }

  /** At the end of whatever an event has caused. */
  endTurn(): void {
    if (this.#hasWritten) this.save();
    this.#hasWritten = false;
  }

  /** Makes all of them now. */
  save(): void {
    if (this.#writes.size === 0) return;
    const writes = this.#writes;
    this.#writes = new Map();
    this.#hasSaved = true;
    for (const write of writes.values()) write();
  }

  /** Nothing is written any more. */
  end(): void {
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#writes.clear();
  }

  #wait(): void {
    this.#hasSaved = false;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#hasSaved && this.#writes.size > 0) this.#wait();
      else this.save();
    }, MOMENT_MS);
  }
}
