/**
 * COST-3: clients' frames, led into turns. A turn ends with a transaction, which takes longer than all the rest. A frame that
 * comes alone has its turn at once; those that come right behind it have one together, a moment later.
 *
 * What waits is lost with the process like what is still on the wire: nothing was said of it yet. Knows nothing of what is in
 * frames.
 */

/** With more than this waiting, in characters or bytes, nobody waits for more. */
const MAX_WAITING_LENGTH = 262_144;

export interface Frame<Socket> {
  ws: Socket;
  data: string | ArrayBuffer;
}

/** `Socket` is a WebSocket. */
export class FrameTurns<Socket> {
  /** Takes frames in one turn, in order. */
  readonly #take: (frames: readonly Frame<Socket>[]) => void;
  #waiting: Frame<Socket>[] = [];
  #length = 0;
  /** A turn has just been: what comes before this is due waits for it. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(take: (frames: readonly Frame<Socket>[]) => void) {
    this.#take = take;
  }

  add(frame: Frame<Socket>): void {
    this.#waiting.push(frame);
    this.#length += typeof frame.data === "string" ? frame.data.length : frame.data.byteLength;
    if (this.#timer === undefined || this.#length > MAX_WAITING_LENGTH) this.flush();
  }

  /** Whatever waits has its turn now: something that was after it is about to happen. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const frames = this.#waiting;
    this.#waiting = [];
    this.#length = 0;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.flush();
    }, 0);
    this.#take(frames);
  }
}
