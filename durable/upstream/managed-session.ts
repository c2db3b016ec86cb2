/**
 * The upstream session as bookkeeping: what was handled, what is on its way, what has arrived, all of it in SQLite. A counter
 * moves in the same transaction as the stanza's effects, and what is sent after it leaves only when it is durable; so after
 * death at any instruction the two sides agree on what each has.
 *
 * With Stream Management (XEP-0198) the server says what has arrived. Without, the answer to a ping does (XEP-0199): a server
 * takes what a client sends in order (RFC 6120 section 10.1), so it has what was sent before. What such a server has not
 * confirmed when the connection is lost may have arrived, or not: it is not sent again, and its sender is told (UP-16).
 *
 * No more is on its way unacknowledged than a server reads at once (UP-13): the rest waits for the acknowledgement.
 */
import type { Element } from "@xmpp/xml";
import { withDelay } from "../../xmpp/delay.ts";
import { parseJid } from "../../xmpp/jid.ts";
import {
  ackNonza,
  type Enabled,
  increment,
  newlyAcknowledged,
  REQUEST_ACK,
} from "../../xmpp/stream-management.ts";
import type { Lease } from "../storage/lease.ts";
import type { Outbound } from "../storage/outbound.ts";
import { lacksPassword } from "../storage/room-join.ts";
import type { UndeliveredTable } from "../storage/undelivered.ts";
import type { UpstreamRow, UpstreamRows } from "../storage/upstream-row.ts";
import { Confirmation } from "./confirmation.ts";
import { isMessage, isSessionPresence, isSubscription, requestId } from "./queued-kinds.ts";
import { Suspicion } from "./suspicion.ts";

/** A message that waited longer than this says when it was written. */
const WORTH_STAMPING_MS = 5_000;
/**
 * What may be on its way unacknowledged, in characters. Prosody 0.12 feeds what comes after a resumption to the parser of
 * the old connection; had it read half an element there, the session is lost. It reads 4,096 bytes at once: while no more
 * is under way, it reads whole elements. Without resumption there is no such reason, only that of telling few senders.
 */
const WINDOW = { acks: 3_500, pings: 32_000 } as const;
const BATCH = 64;

interface SessionTables {
  rows: UpstreamRows;
  outbound: Outbound;
  undelivered: UndeliveredTable;
  /** How writes are put off (COST-4). */
  postponed: Pick<Lease, "later" | "save">;
  /** An id that nobody can guess. */
  newId(): string;
  /** Was the asker of the IQ request with this id told that it failed? */
  isGivenUp(id: string): boolean;
}

export class ManagedSession {
  readonly #tables: SessionTables;
  readonly #suspicion = new Suspicion();
  /** The session to resume, or the one under way; undefined without either. */
  #row: UpstreamRow | undefined;
  /** `handled` has moved since it was last written. */
  #dirty = false;
  /** How the server of the connection that stands says what has arrived. */
  #confirms: "acks" | "pings" | undefined;
  /** Since when an acknowledgement is asked for that is still to come. */
  #askedAtMs: number | undefined;
  /** The ping that is to be answered. */
  #ping: Confirmation | undefined;
  /** The sizes of those at the head of the queue that were sent on this connection, and their sum. */
  #sent: number[] = [];
  #sentSize = 0;

  constructor(tables: SessionTables) {
    this.#tables = tables;
    this.#row = tables.rows.read();
    this.#setUnconfirmedAside();
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

  /** Since when the server owes an acknowledgement, in milliseconds since the epoch. */
  get unacknowledgedSinceMs(): number | undefined {
    return this.#askedAtMs;
  }

  /** Does the server of the connection that stands acknowledge stanzas? */
  get isManaged(): boolean {
    return this.#confirms === "acks";
  }

  /**
   * A new session is bound: nothing was sent in it yet. `introduce` adds what the server has to know first (UP-8); what was
   * queued before follows, without the presence that belonged to the old session. All of it comes out of drain().
   */
  begin(fullJid: string, sm: Enabled | undefined, introduce: () => void): void {
    const { outbound } = this.#tables;
    const isVoid = (stanza: string): boolean => isSessionPresence(stanza) || this.#isGivenUp(stanza);
    const queued = outbound.takeAll().filter(({ stanza }) => !isVoid(stanza));
    this.#connected(sm ? "acks" : "pings");
    this.#dirty = false;
    this.#row = {
      smId: sm?.id ?? null,
      location: sm?.location ?? null,
      fullJid,
      handled: 0,
      acknowledged: 0,
      handedOver: sm ? null : outbound.first - 1,
    };
    this.#write();
    try {
      introduce();
    } finally {
      outbound.putBack(queued);
    }
  }

  /**
   * The old session goes on, and the server has handled `h` of our stanzas; the others come out of drain() again. False
   * when it claims more than it can have been sent.
   */
  resumed(h: number): boolean {
    const { outbound } = this.#tables;
    this.#connected("acks");
    if (!this.#acknowledge(h, outbound.length)) return false;
    const queued = outbound.slice(0, outbound.length);
    // The server has none of these: whether one is sent again is ours to say. MUC-15: a join that lost its password is repeated.
    const isVoid = (stanza: string): boolean => this.#isGivenUp(stanza) || lacksPassword(stanza);
    if (queued.some(({ stanza }) => isVoid(stanza))) {
      outbound.takeAll();
      outbound.putBack(queued.filter(({ stanza }) => !isVoid(stanza)));
    }
    return true;
  }

  /** The old session is over; where the server still knows, `h` of our stanzas were handled in it. */
  resumeFailed(h: number | undefined): void {
    if (h !== undefined) this.#acknowledge(h, this.#tables.outbound.length);
    this.#row = undefined;
    this.#tables.rows.clear();
  }

  /** The connection is gone; the session may be resumed. `suspect`: because of something that was sent, it seems. */
  disconnected({ suspect = false } = {}): void {
    if (suspect && this.isManaged) this.#findCulprit();
    this.#connected(undefined);
    this.#setUnconfirmedAside();
  }

  /** One stanza of the server has had its effects. Written by endTurn. */
  onStanza(): void {
    if (!this.#row || !this.isManaged) return;
    this.#row.handled = increment(this.#row.handled);
    this.#dirty = true;
  }

  /** The answer to `<r/>`: what it says has to be durable first. Written now, sent when the platform has it on disk. */
  ack(): string {
    this.endTurn();
    this.#tables.postponed.save();
    return ackNonza(this.#row?.handled ?? 0);
  }

  /** An `<a/>`: what it acknowledges is done with. False when it claims more than was sent. */
  acknowledged(h: number): boolean {
    this.#askedAtMs = undefined;
    return this.#acknowledge(h, this.#sent.length);
  }

  /** How many stanzas the server can have had in this session, as it counts them; when it is resumed, with all that wait. */
  get sentCount(): number {
    const outstanding = this.#sent.length > 0 ? this.#sent.length : this.#tables.outbound.length;
    return ((this.#row?.acknowledged ?? 0) + outstanding) % 2 ** 32;
  }

  /** Is this the answer to our ping? Then what was sent before that is done with, and the answer is for nobody else. */
  isConfirmation(stanza: Element): boolean {
    if (!this.#ping?.isAnsweredBy(stanza)) return false;
    this.#drop(this.#ping.count);
    // UP-16: what is confirmed is not to be told as lost.
    this.#tables.postponed.save();
    this.#ping = undefined;
    this.#askedAtMs = undefined;
    return true;
  }

  /** One row however many stanzas a turn has had; with what else it has written, if it has written anything. */
  endTurn(): void {
    if (!this.#dirty || !this.#row) return;
    this.#dirty = false;
    this.#writeLater();
  }

  /** Queues a stanza; false when there is no room. On a connection that stands, drain() then says what to send. */
  add(stanza: string, nowMs: number, sender?: string): boolean {
    return this.#tables.outbound.add(stanza, nowMs, sender);
  }

  /** What is to be sent now, in this order, on a connection that stands. */
  drain(nowMs: number): string[] {
    const wire: string[] = [];
    for (;;) {
      const waiting = this.#tables.outbound.slice(this.#sent.length, BATCH);
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
    if (wire.length > 0) this.#handOver();
    if (this.#sent.length > 0 && this.#askedAtMs === undefined) wire.push(this.#question(nowMs));
    return wire;
  }

  /** Asks whether the server is there, unless it owes an answer already. */
  probe(nowMs: number): string[] {
    if (this.isManaged) return [REQUEST_ACK];
    return this.#ping ? [] : [this.#question(nowMs)];
  }

  #question(nowMs: number): string {
    this.#askedAtMs = nowMs;
    if (this.isManaged) return REQUEST_ACK;
    const domain = parseJid(this.#row?.fullJid ?? "")?.domain ?? "";
    this.#ping = new Confirmation(this.#tables.newId(), domain, this.#sent.length);
    return this.#ping.request;
  }

  /** DOWN-2: a request whose asker was told that it failed must not be carried out later. */
  #isGivenUp(stanza: string): boolean {
    const id = requestId(stanza);
    return id !== undefined && this.#tables.isGivenUp(id);
  }

  #connected(confirms: "acks" | "pings" | undefined): void {
    this.#confirms = confirms;
    this.#askedAtMs = undefined;
    this.#ping = undefined;
    this.#sent = [];
    this.#sentSize = 0;
  }

  #hasRoom(stanza: string): boolean {
    if (this.#sent.length === 0) return true;
    if (this.#suspicion.isCautious) return false;
    return this.#sentSize + stanza.length <= WINDOW[this.#confirms ?? "acks"];
  }

  /** UP-16: durable before it leaves, so that after death at any instruction it is known what may have left. */
  #handOver(): void {
    if (!this.#row || this.#row.handedOver === null) return;
    this.#row.handedOver = this.#tables.outbound.first + this.#sent.length - 1;
    this.#write();
  }

  /** UP-16: of what was handed over nobody knows more. Subscription requests can be repeated without harm (RFC 6121). */
  #setUnconfirmedAside(): void {
    const { outbound, rows, undelivered } = this.#tables;
    if (!this.#row || this.#row.handedOver === null) return;
    const count = Math.min(this.#row.handedOver - outbound.first + 1, outbound.length);
    this.#row = undefined;
    rows.clear();
    if (count <= 0) return;
    const unconfirmed = outbound.slice(0, count);
    outbound.dropOldest(count);
    undelivered.add(
      unconfirmed.filter(({ stanza }) => isMessage(stanza)),
      "unconfirmed",
    );
    outbound.putBack(unconfirmed.filter(({ stanza }) => isSubscription(stanza)));
  }

  /** UP-17: what the server does not stand is taken out. Whether it counts as handled is unknown: the session goes with it. */
  #findCulprit(): void {
    const { outbound, undelivered } = this.#tables;
    const underWay = outbound.slice(0, this.#sent.length);
    if (!this.#suspicion.blame(underWay.map(({ stanza }) => stanza))) return;
    outbound.dropOldest(1);
    undelivered.add(underWay, "refused");
    this.resumeFailed(undefined);
  }

  #acknowledge(h: number, outstanding: number): boolean {
    if (!this.#row) return true;
    const count = newlyAcknowledged(h, this.#row.acknowledged, outstanding);
    if (count === undefined) return false;
    if (count === 0) return true;
    this.#drop(count);
    this.#row.acknowledged = h;
    // With the rows that it speaks of.
    this.#writeLater();
    return true;
  }

  #writeLater(): void {
    this.#tables.postponed.later("upstream", () => {
      if (this.#row) this.#tables.rows.write(this.#row);
    });
  }

  #write(): void {
    this.#writeLater();
    this.#tables.postponed.save();
  }

  #drop(count: number): void {
    const { outbound } = this.#tables;
    outbound.acknowledgeOldest(count);
    for (const size of this.#sent.splice(0, count)) this.#sentSize -= size;
    if (outbound.length === 0) this.#suspicion.clear();
  }
}
