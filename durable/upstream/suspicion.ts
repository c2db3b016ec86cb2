/**
 * UP-17: finding the stanza over which a server ends every stream. As long as it stays in the queue it is sent again after
 * each reconnection, and ends the next stream too. Pure bookkeeping: it neither sends nor drops anything.
 */
export class Suspicion {
  /** One stanza at a time, so that the next error has one suspect only. */
  #cautious = false;
  /** What was alone on its way when the server ended the stream. */
  #accused: string | undefined;

  get isCautious(): boolean {
    return this.#cautious;
  }

  /**
   * The server has ended the stream over something that it was sent. `underWay`: what it has not acknowledged, oldest first.
   * True when the one that was under way is it: it was alone now and the last time. Once could be somebody else's doing.
   */
  blame(underWay: readonly string[]): boolean {
    this.#cautious = underWay.length > 0;
    const [first] = underWay;
    const alone = underWay.length === 1 ? first : undefined;
    const convicted = alone !== undefined && alone === this.#accused;
    this.#accused = convicted ? undefined : alone;
    return convicted;
  }

  /** All that was queued has arrived. */
  clear(): void {
    this.#cautious = false;
    this.#accused = undefined;
  }
}
