/**
 * The upstream session as Stream Management sees it (XEP-0198): what was handled, what was acknowledged, what is on its
 * way, all of it in SQLite. A counter moves in the same transaction as the stanza's effects, and what is sent after it
 * leaves only when it is durable; so after death at any instruction the two sides agree on what each has.
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

export class ManagedSession {
  readonly #rows: UpstreamRows;
  readonly #outbound: Outbound;
  /** The session to resume, or the one under way with Stream Management; undefined without either. */
  #row: UpstreamRow | undefined;
  /** `handled` has moved since it was last written. */
  #dirty = false;
  /** Stanzas are being acknowledged on the connection that stands. */
  #managed = false;
  #askedForAck = false;

  constructor(rows: UpstreamRows, outbound: Outbound) {
    this.#rows = rows;
    this.#outbound = outbound;
    this.#row = rows.read();
  }

  /** The session to take up again, if there is one. */
  resumption(): { previd: string; h: number; fullJid: string } | undefined {
    if (!this.#row || this.#row.smId === null) return undefined;
    return { previd: this.#row.smId, h: this.#row.handled, fullJid: this.#row.fullJid };
  }

  /** A new session is bound. Returns what is queued, to be sent in this order; nothing of it was sent in this session. */
  begin(fullJid: string, sm: Enabled | undefined, nowMs: number): string[] {
    this.#managed = sm !== undefined;
    this.#askedForAck = false;
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
    const queued = this.#outbound
      .all()
      .map(({ stanza, atMs }) =>
        nowMs - atMs < WORTH_STAMPING_MS ? stanza : withDelay(stanza, new Date(atMs).toISOString()),
      );
    return this.#send(queued);
  }

  /**
   * The old session goes on, and the server has handled `h` of our stanzas. Returns the others, to be sent again in this
   * order; undefined when it claims more than it was sent.
   */
  resumed(h: number): string[] | undefined {
    this.#managed = true;
    this.#askedForAck = false;
    if (!this.acknowledged(h)) return undefined;
    return this.#send(this.#outbound.all().map(({ stanza }) => stanza));
  }

  /** The old session is over; where the server still knows, `h` of our stanzas were handled in it. */
  resumeFailed(h: number | undefined): void {
    if (h !== undefined) this.acknowledged(h);
    this.#row = undefined;
    this.#rows.clear();
  }

  /** The connection is gone; the session may be resumed. */
  disconnected(): void {
    this.#managed = false;
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

  /** An `<a/>` or `<resumed/>`: what it acknowledges is done with. False when it claims more than was sent. */
  acknowledged(h: number): boolean {
    if (!this.#row) return true;
    const count = newlyAcknowledged(h, this.#row.acknowledged, this.#outbound.length);
    if (count === undefined) return false;
    this.#askedForAck = false;
    if (count === 0) return true;
    this.#outbound.dropOldest(count);
    this.#row.acknowledged = h;
    this.#dirty = true;
    return true;
  }

  /** One row however many stanzas a turn has had. */
  endTurn(): void {
    if (!this.#dirty || !this.#row) return;
    this.#dirty = false;
    this.#rows.write(this.#row);
  }

  /** Queues a stanza. Returns what is to be written to a connection that stands; undefined when there is no room. */
  add(stanza: string, nowMs: number, connected: boolean): string[] | undefined {
    if (connected && !this.#managed && this.#outbound.length === 0) return [stanza];
    if (!this.#outbound.add(stanza, nowMs)) return undefined;
    return connected ? this.#send([stanza]) : [];
  }

  /** Asks for an acknowledgement now, if the server gives any; for when it is unclear whether it is still there. */
  probe(): string | undefined {
    return this.#managed ? REQUEST_ACK : undefined;
  }

  /** With Stream Management at most one request for an acknowledgement is open; without, what is sent is done with. */
  #send(stanzas: string[]): string[] {
    if (stanzas.length === 0) return stanzas;
    if (!this.#managed) {
      this.#outbound.dropOldest(stanzas.length);
      return stanzas;
    }
    if (this.#askedForAck) return stanzas;
    this.#askedForAck = true;
    return [...stanzas, REQUEST_ACK];
  }

  /** Stanzas went out after the last request: ask again. Undefined when there is nothing to ask about. */
  askAgain(): string | undefined {
    if (!this.#managed || this.#askedForAck || this.#outbound.length === 0) return undefined;
    this.#askedForAck = true;
    return REQUEST_ACK;
  }
}
