/**
 * UP-12, UP-13: is the server still there? A pure decision over what was heard, what was asked and the time; it neither
 * waits nor asks itself.
 */

export interface Patience {
  /** A server that says nothing for this long is asked whether it is there. */
  idleMs: number;
  /** And given up when it says nothing for this long after that. */
  answerMs: number;
}

/**
 * For a server that is asked after so many seconds of silence; with 25 of them it has 55 in all. The answer may take a
 * little longer than the silence before it: networks that change need their time. */
export function patienceOf(idleSeconds: number): Patience {
  return { idleMs: idleSeconds * 1_000, answerMs: idleSeconds * 1_200 };
}

/** A server that acknowledges nothing for so long keeps everything else waiting for ever, whatever else it says. */
const ACKNOWLEDGEMENT_MS = 60_000;

export type Verdict =
  /** All is well until then, at least. */
  | { type: "wait"; untilMs: number }
  /** To be asked now; call `asked`. */
  | { type: "ask" }
  /** Of no use any more, for a reason in words. */
  | { type: "dead"; text: string };

export class Liveness {
  readonly #patience: Patience;
  #heardAtMs: number;
  #askedAtMs: number | undefined;

  constructor(patience: Patience, nowMs: number) {
    this.#patience = patience;
    this.#heardAtMs = nowMs;
  }

  /** Anything at all came, be it white space. True when it was asked for: what is due next is due earlier then. */
  heard(nowMs: number): boolean {
    const wasAsked = this.#askedAtMs !== undefined;
    this.#heardAtMs = nowMs;
    this.#askedAtMs = undefined;
    return wasAsked;
  }

  /** The question has been sent. */
  asked(nowMs: number): void {
    this.#askedAtMs = nowMs;
  }

  /**
   * `unacknowledgedSinceMs`: when the acknowledgement was asked for that is still to come. Nobody is given up for silence
   * without having been asked, however late this is called: a process that slept has heard nothing in its sleep.
   */
  judge(nowMs: number, unacknowledgedSinceMs: number | undefined): Verdict {
    const { idleMs, answerMs } = this.#patience;
    if (unacknowledgedSinceMs !== undefined && nowMs - unacknowledgedSinceMs >= ACKNOWLEDGEMENT_MS) {
      return {
        type: "dead",
        text: `The server has acknowledged nothing for ${ACKNOWLEDGEMENT_MS / 1000} s.`,
      };
    }
    const dueMs = this.#askedAtMs === undefined ? this.#heardAtMs + idleMs : this.#askedAtMs + answerMs;
    if (nowMs < dueMs) {
      const acknowledgementMs = (unacknowledgedSinceMs ?? Number.POSITIVE_INFINITY) + ACKNOWLEDGEMENT_MS;
      return { type: "wait", untilMs: Math.min(dueMs, acknowledgementMs) };
    }
    if (this.#askedAtMs === undefined) return { type: "ask" };
    const silentSeconds = Math.round((nowMs - this.#heardAtMs) / 1000);
    return { type: "dead", text: `The server has not answered for ${silentSeconds} s.` };
  }
}
