/**
 * The upstream session as Stream Management sees it (XEP-0198): what was handled, what was acknowledged, what is on its
 * way, all of it in SQLite. A counter moves in the same transaction as the stanza's effects, and what is sent after it
 * leaves only when it is durable; so after death at any instruction the two sides agree on what each has.
 *
 * No more is on its way unacknowledged than a server reads at once (UP-13): the rest waits for the acknowledgement.
 */
import { withDelay } from "../../xmpp/delay.ts";
import {
  ackNonza,
  type Enabled,
  increment,
  newlyAcknowledged,
  REQUEST_ACK,
} from "../../xmpp/stream-management.ts";
import type { Outbound } from "../storage/outbound.ts";
import type { UpstreamRow, UpstreamRows } from "../storage/upstream-row.ts";

/** A message that waited longer than this says when it was written. */
const WORTH_STAMPING_MS = 5_000;
/**
 * What may be on its way unacknowledged, in characters. Prosody 0.12 feeds what comes after a resumption to the parser of
 * the old connection; had it read half an element there, the session is lost. It reads 4,096 bytes at once: while no more
 * is under way, it reads whole elements.
 */
const WINDOW = 3_500;
const BATCH = 64;

export class ManagedSession {
  readonly #rows: UpstreamRows;
  readonly #outbound: Outbound;
  readonly #isGivenUpRequest: (id: string) => boolean;
  /** The session to resume, or the one under way with Stream Management; undefined without either. */
  #row: UpstreamRow | undefined;
  /** `handled` has moved since it was last written. */
  #dirty = false;
  /** Stanzas are being acknowledged on the connection that stands. */
  #managed = false;
  /** Since when an acknowledgement is asked for that is still to come. */
  #askedAtMs: number | undefined;
  /** The sizes of those at the head of the queue that were sent on this connection, and their sum. */
  #sent: number[] = [];
  #sentSize = 0;

  /** `isGivenUpRequest`: was the asker of the IQ request with this id told that it failed? */
  constructor(
    rows: UpstreamRows,
    outbound: Outbound,
    isGivenUpRequest: (id: string) => boolean = () => false,
  ) {
    this.#rows = rows;
    this.#outbound = outbound;
    this.#isGivenUpRequest = isGivenUpRequest;
    this.#row = rows.read();
  }

  /** The session to take up again, if there is one. */
  resumption(): { previd: string; h: number; fullJid: string } | undefined {
    if (!this.#row || this.#row.smId === null) return undefined;
    return { previd: this.#row.smId, h: this.#row.handled, fullJid: this.#row.fullJid };
  }

  /** Where the server would like that session to be resumed, as it said it. */
  get location(): string | undefined {
    return this.resumption() && (this.#row?.location ?? undefined);
  }

  /**
   * A new session is bound: nothing was sent in it yet. `introduce` adds what the server has to know first (UP-8); what was
   * queued before follows, without the presence that belonged to the old session. All of it comes out of drain().
   */
  begin(fullJid: string, sm: Enabled | undefined, introduce: () => void): void {
    const isVoid = (stanza: string): boolean => isSessionPresence(stanza) || this.#isGivenUp(stanza);
    const queued = this.#outbound.takeAll().filter(({ stanza }) => !isVoid(stanza));
    this.#connected(sm !== undefined);
    this.#dirty = false;
    this.#row = sm && {
      smId: sm.id ?? null,
      location: sm.location ?? null,
      fullJid,
      handled: 0,
      acknowledged: 0,
    };
    if (this.#row) this.#rows.write(this.#row);
    else this.#rows.clear();
    try {
      introduce();
    } finally {
      this.#outbound.putBack(queued);
    }
  }

  /**
   * The old session goes on, and the server has handled `h` of our stanzas; the others come out of drain() again. False
   * when it claims more than it can have been sent.
   */
  resumed(h: number): boolean {
    this.#connected(true);
    if (!this.#acknowledge(h, this.#outbound.length)) return false;
    const queued = this.#outbound.slice(0, this.#outbound.length);
    // The server has none of these: whether one is sent again is ours to say.
    if (queued.some(({ stanza }) => this.#isGivenUp(stanza))) {
      this.#outbound.takeAll();
      this.#outbound.putBack(queued.filter(({ stanza }) => !this.#isGivenUp(stanza)));
    }
    return true;
  }

  /** The old session is over; where the server still knows, `h` of our stanzas were handled in it. */
  resumeFailed(h: number | undefined): void {
    if (h !== undefined) this.#acknowledge(h, this.#outbound.length);
    this.#row = undefined;
    this.#rows.clear();
  }

  /** The connection is gone; the session may be resumed. */
  disconnected(): void {
    this.#connected(false);
  }

  /** One stanza of the server has had its effects. Written by endTurn. */
  onStanza(): void {
    if (!this.#row || !this.#managed) return;
    this.#row.handled = increment(this.#row.handled);
    this.#dirty = true;
  }

  /** The answer to `<r/>`; call endTurn before it leaves. */
  ack(): string {
    return ackNonza(this.#row?.handled ?? 0);
  }

  /** An `<a/>`: what it acknowledges is done with. False when it claims more than was sent. */
  acknowledged(h: number): boolean {
    this.#askedAtMs = undefined;
    return this.#acknowledge(h, this.#sent.length);
  }

  /** One row however many stanzas a turn has had. */
  endTurn(): void {
    if (!this.#dirty || !this.#row) return;
    this.#dirty = false;
    this.#rows.write(this.#row);
  }

  /** Queues a stanza; false when there is no room. On a connection that stands, drain() then says what to send. */
  add(stanza: string, nowMs: number): boolean {
    return this.#outbound.add(stanza, nowMs);
  }

  /** What is to be sent now, in this order, on a connection that stands. */
  drain(nowMs: number): string[] {
    const wire: string[] = [];
    for (;;) {
      const waiting = this.#outbound.slice(this.#sent.length, BATCH);
      const before = wire.length;
      for (const { stanza, atMs } of waiting) {
        if (!this.#hasRoom(stanza)) break;
        wire.push(
          nowMs - atMs < WORTH_STAMPING_MS ? stanza : withDelay(stanza, new Date(atMs).toISOString()),
        );
        this.#sent.push(stanza.length);
        this.#sentSize += stanza.length;
      }
      if (wire.length - before < BATCH) break;
    }
    if (!this.#managed) this.#drop(this.#sent.length);
    else if (this.#sent.length > 0 && this.#askedAtMs === undefined) {
      this.#askedAtMs = nowMs;
      wire.push(REQUEST_ACK);
    }
    return wire;
  }

  /** Since when the server owes an acknowledgement, in milliseconds since the epoch. */
  get unacknowledgedSinceMs(): number | undefined {
    return this.#askedAtMs;
  }

  /** Does the server of the connection that stands acknowledge stanzas? */
  get isManaged(): boolean {
    return this.#managed;
  }

  /** Asks for an acknowledgement although nothing is open, if the server gives any. */
  probe(): string | undefined {
    return this.#managed ? REQUEST_ACK : undefined;
  }

  /** DOWN-2: a request whose asker was told that it failed must not be carried out later. */
  #isGivenUp(stanza: string): boolean {
    const id = requestId(stanza);
    return id !== undefined && this.#isGivenUpRequest(id);
  }

  #connected(managed: boolean): void {
    this.#managed = managed;
    this.#askedAtMs = undefined;
    this.#sent = [];
    this.#sentSize = 0;
  }

  #hasRoom(stanza: string): boolean {
    return !this.#managed || this.#sent.length === 0 || this.#sentSize + stanza.length <= WINDOW;
  }

  #acknowledge(h: number, outstanding: number): boolean {
    if (!this.#row) return true;
    const count = newlyAcknowledged(h, this.#row.acknowledged, outstanding);
    if (count === undefined) return false;
    if (count === 0) return true;
    this.#drop(count);
    this.#row.acknowledged = h;
    // With the rows that it speaks of, whatever else becomes of this turn.
    this.#rows.write(this.#row);
    return true;
  }

  #drop(count: number): void {
    this.#outbound.dropOldest(count);
    for (const size of this.#sent.splice(0, count)) this.#sentSize -= size;
  }
}

/** Presence that says how a session is, which a new session says anew; not the subscription kinds (RFC 6121 section 3). */
function isSessionPresence(stanza: string): boolean {
  const startTag = /^<presence\b[^>]*/.exec(stanza)?.[0];
  return startTag !== undefined && !/ type="(?:un)?subscribed?"/.test(startTag);
}

/** The id of a serialized IQ request; ids of ours need no escapes. */
function requestId(stanza: string): string | undefined {
  const startTag = /^<iq\b[^>]*/.exec(stanza)?.[0];
  if (startTag === undefined || !/ type="[gs]et"/.test(startTag)) return undefined;
  return / id="([^"]*)"/.exec(startTag)?.[1];
}
