/**
 * What is on its way to one connected client with Stream Management (XEP-0198 section 4): how much of it may be, when to ask
 * for an acknowledgement, and whether the client still answers. Only what it has not acknowledged takes room in the
 * object's memory and in its socket; the rest waits in SQLite. Keeps numbers, reads no clock.
 */

/** As much as this may be on its way unacknowledged, in UTF-8 bytes, or one larger stanza; and as many stanzas. */
const WINDOW_BYTES = 512 * 1024;
const WINDOW_STANZAS = 900;
/** After this many unacknowledged stanzas a client is asked at once; after fewer, when it was quiet for a moment. */
const ASK_AFTER = 5;
/**
 * A client that was asked and does not answer is taken for gone. Longer than a phone is without a network on a train;
 * ejabberd's default is the same.
 */
const ANSWER_TIMEOUT_MS = 60_000;
/** A client that nothing was heard of for this long is asked whether it is there. */
const QUIET_MS = 5 * 60_000;

export class ClientFlow {
  /** The number of the newest stanza sent on this connection, or acknowledged before it began. */
  #sentTo: number;
  #acknowledgedTo: number;
  #bytes: number;
  /** Since when a request for an acknowledgement is open. */
  #askedAtMs: number | undefined;
  #heardAtMs: number;

  /** `acknowledgedTo`, `bytes`: what was sent before the memory of the object was lost, and not acknowledged. */
  constructor(nowMs: number, sentTo: number, acknowledgedTo = sentTo, bytes = 0) {
    this.#sentTo = sentTo;
    this.#acknowledgedTo = acknowledgedTo;
    this.#bytes = bytes;
    this.#heardAtMs = nowMs;
  }

  get sentTo(): number {
    return this.#sentTo;
  }

  get unacknowledged(): number {
    return this.#sentTo - this.#acknowledgedTo;
  }

  /** May more be sent now? How large it is does not matter: something larger than the window has to go, too. */
  get hasRoom(): boolean {
    return this.unacknowledged < WINDOW_STANZAS && this.#bytes < WINDOW_BYTES;
  }

  /** How many bytes still fit; 0 or less when there is no room. */
  get room(): number {
    return WINDOW_BYTES - this.#bytes;
  }

  sent(count: number, bytes: number): void {
    this.#sentTo += count;
    this.#bytes += bytes;
  }

  /** Is it time to ask, because of how much was sent? */
  get isAskDue(): boolean {
    return this.#askedAtMs === undefined && (this.unacknowledged >= ASK_AFTER || !this.hasRoom);
  }

  /** Is there anything to ask for that was not asked for? */
  get canAsk(): boolean {
    return this.#askedAtMs === undefined && this.unacknowledged > 0;
  }

  asked(nowMs: number): void {
    this.#askedAtMs ??= nowMs;
  }

  /**
   * An `<a/>` that acknowledges `count` stanzas of together `bytes` anew. It answers all requests: clients may answer several
   * at once, and before they have handled everything that came before the request.
   */
  acknowledged(count: number, bytes: number, nowMs: number): void {
    this.#acknowledgedTo += count;
    this.#bytes = Math.max(0, this.#bytes - bytes);
    this.#askedAtMs = undefined;
    this.#heardAtMs = nowMs;
  }

  /** The client has sent something else. */
  heard(nowMs: number): void {
    this.#heardAtMs = nowMs;
  }

  /** SM-8: the client was asked and has not answered for too long. */
  isStalled(nowMs: number): boolean {
    return this.#askedAtMs !== undefined && nowMs - this.#askedAtMs > ANSWER_TIMEOUT_MS;
  }

  /** SM-9: is it time to ask, because nothing is heard of the client? */
  isQuiet(nowMs: number): boolean {
    return this.#askedAtMs === undefined && (this.unacknowledged > 0 || nowMs - this.#heardAtMs > QUIET_MS);
  }
}
