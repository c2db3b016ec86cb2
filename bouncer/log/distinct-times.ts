/**
 * When messages were said, so that sorting by it keeps the order in which they came: clients sort by the stamp, and many servers
 * know only the second.
 */
const SECOND_MS = 1_000;
/** Stamps run ahead of the clock by no more than this, however many messages come at once. */
const MAX_AHEAD_MS = SECOND_MS;

/** What is sent again is late by no more than this against what comes with it; otherwise it was said before. */
const MAX_LATE_MS = 5 * SECOND_MS;

export class DistinctTimes {
  /** The latest time that was given to what came as it was said; undefined until it is needed, in a new process. */
  #latestMs: number | undefined;
  readonly #loggedMs: () => number | undefined;
  /** The second that a server has named last, and how many messages came with it one after the other. */
  #secondMs = Number.NaN;
  #inSecond = 0;

  /** `loggedMs` tells the time of what was logged last, by an earlier process. */
  constructor(loggedMs: () => number | undefined) {
    this.#loggedMs = loggedMs;
  }

  /** What comes within one millisecond gets times in its order all the same. */
  now(nowMs: number): number {
    const latestMs = this.#latest();
    const isSame = nowMs <= latestMs && latestMs - nowMs < MAX_AHEAD_MS;
    this.#latestMs = isSame ? latestMs + 1 : nowMs;
    return this.#latestMs;
  }

  /** What was said before: within a second that has no parts, one millisecond after the other. */
  said(saidMs: number): number {
    if (saidMs % SECOND_MS !== 0) return saidMs;
    this.#inSecond = saidMs === this.#secondMs ? this.#inSecond + 1 : 0;
    this.#secondMs = saidMs;
    const apartMs = saidMs + Math.min(this.#inSecond, SECOND_MS - 1);
    // What came in that second as it was said came before: a server sends again, with stamps, what was on its way.
    const latestMs = this.#latest();
    const isBehind = latestMs >= apartMs && latestMs < saidMs + SECOND_MS - 1;
    if (isBehind) this.#latestMs = latestMs + 1;
    return isBehind ? latestMs + 1 : apartMs;
  }

  /**
   * What our server sends again, or later, with the time at which it had it: it comes in its order, among what comes as it is said and
   * has the time at which it has come.
   */
  resent(saidMs: number): number {
    const latestMs = this.#latest();
    if (latestMs < saidMs || latestMs - saidMs >= MAX_LATE_MS) return this.said(saidMs);
    this.#latestMs = latestMs + 1;
    return this.#latestMs;
  }

  #latest(): number {
    this.#latestMs ??= this.#loggedMs() ?? 0;
    return this.#latestMs;
  }
}
