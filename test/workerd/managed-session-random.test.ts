// UP-9 to UP-11, COST-4: the upstream session against a server that counts, in runs of chance: the process dies, or the connection
// breaks, between any two events. Each seed is printed with what fails.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Lease } from "../../durable/storage/lease.ts";
import { Outbound } from "../../durable/storage/outbound.ts";
import { UndeliveredTable } from "../../durable/storage/undelivered.ts";
import { UpstreamRows } from "../../durable/storage/upstream-row.ts";
import { ManagedSession } from "../../durable/upstream/managed-session.ts";
import { readHandled, wrapped } from "../../xmpp/stream-management.ts";
import { parse } from "../support/xml-shape.ts";

const NOW = 1_000_000;
const STEPS = 400;

/** mulberry32: whole numbers below `end`. */
function chance(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  };
}

/** A server of XEP-0198: what it has got, and what it has sent that is not acknowledged. */
class CountingServer {
  readonly got: number[] = [];
  /** Of this session. */
  #handled: number;
  said = 0;
  #sent: number[] = [];
  #acknowledged: number;

  /** Both sides have counted to here before. */
  constructor(begin: number) {
    this.#handled = begin;
    this.#acknowledged = begin;
  }

  /** As it says it: modulo 2^32. */
  get handled(): number {
    return wrapped(this.#handled);
  }

  takes(stanza: string): void {
    const [, number] = / id="(\d+)"/.exec(stanza) ?? [];
    if (number === undefined) return;
    this.got.push(Number(number));
    this.#handled += 1;
  }

  says(): number {
    this.said += 1;
    this.#sent.push(this.said);
    return this.said;
  }

  hears(h: number): void {
    const count = (h - wrapped(this.#acknowledged)) >>> 0;
    expect(count, "no more is acknowledged than was sent, and no less than before").toBeLessThanOrEqual(
      this.#sent.length,
    );
    this.#sent.splice(0, count);
    this.#acknowledged += count;
  }

  /** What is sent again when the session goes on. */
  get again(): readonly number[] {
    return this.#sent;
  }

  /** Another session; everything that was sent in the old one is known to have come. */
  forgets(): void {
    this.#handled = 0;
    this.#acknowledged = 0;
  }
}

class Run {
  readonly server: CountingServer;
  readonly #storage: DurableObjectStorage;
  readonly #next: (end: number) => number;
  #lease: Lease;
  #session: ManagedSession;
  /** What was sent and is under way. */
  #wire: string[] = [];
  #written = 0;
  #leases: Lease[] = [];

  constructor(storage: DurableObjectStorage, { seed, counted }: { seed: number; counted: number }) {
    this.#storage = storage;
    this.server = new CountingServer(counted);
    this.#next = chance(seed);
    storage.sql.exec("CREATE TABLE seen (place INTEGER PRIMARY KEY, number INTEGER NOT NULL)");
    this.#lease = this.#open();
    this.#session = this.#revive();
    this.#begin();
    storage.sql.exec("UPDATE upstream SET handled = ?, acknowledged = ?", counted, counted);
    this.#breaks(true);
  }

  get written(): number {
    return this.#written;
  }

  seen(): number[] {
    const rows = this.#storage.sql.exec<{ number: number }>("SELECT number FROM seen ORDER BY place");
    return rows.toArray().map(({ number }) => number);
  }

  step(): void {
    const what = this.#next(12);
    if (what < 4) this.#write();
    else if (what < 6) this.#arrives(this.#next(this.#wire.length + 1));
    else if (what === 6) this.#acknowledges();
    else if (what < 9) this.#hears(this.server.says());
    else if (what === 9) this.#asks();
    else if (what === 10) this.#breaks(this.#next(2) === 0);
    else this.#otherSession();
  }

  /** Everything arrives, on both sides. */
  end(): void {
    for (let n = 0; n < 200; n += 1) {
      this.#arrives(this.#wire.length);
      this.#acknowledges();
    }
    this.#asks();
    for (const lease of this.#leases) lease.end();
  }

  #write(): void {
    this.#written += 1;
    const padding = "x".repeat(this.#next(2_000));
    this.#session.add(`<message id="${this.#written}"><body>${padding}</body></message>`, NOW);
    this.#drain();
  }

  #drain(): void {
    this.#wire.push(...this.#session.drain(NOW));
    this.#lease.endTurn();
  }

  #arrives(count: number): void {
    for (const stanza of this.#wire.splice(0, count)) this.server.takes(stanza);
  }

  #acknowledges(): void {
    expect(this.#session.acknowledged(this.server.handled)).toBe(true);
    this.#drain();
  }

  /** Half of what comes is stored, as a message is; the other half is nothing but counted, as an answer is. */
  #hears(number: number): void {
    this.#session.onStanza();
    if (number % 2 === 0) this.#lease.sql.exec("INSERT INTO seen (number) VALUES (?)", number);
    this.#session.endTurn();
    this.#lease.endTurn();
  }

  #asks(): void {
    const h = readHandled(parse(this.#session.ack())) ?? 0;
    const stored = new UpstreamRows(this.#storage.sql).read();
    expect(stored?.handled, "what the server is told is on disk").toBe(h);
    this.server.hears(h);
  }

  #breaks(dies: boolean): void {
    this.#wire = [];
    if (dies) {
      this.#lease.end();
      this.#lease = this.#open();
      this.#session = this.#revive();
    } else this.#session.disconnected();
    const { h = -1 } = this.#session.resumption() ?? {};
    this.server.hears(h);
    expect(this.#session.resumed(this.server.handled)).toBe(true);
    this.#drain();
    for (const number of this.server.again) this.#hears(number);
  }

  /** XEP-0198 section 5: the server says with its refusal what it has handled. */
  #otherSession(): void {
    this.#asks();
    this.#wire = [];
    this.#session.disconnected();
    this.#session.resumeFailed(this.server.handled);
    this.server.forgets();
    this.#begin();
    this.#drain();
  }

  #begin(): void {
    this.#session.begin("a@good.example/r", { id: "sm", location: undefined }, () => undefined);
    this.#lease.endTurn();
  }

  #open(): Lease {
    const lease = new Lease(this.#storage);
    this.#leases.push(lease);
    return lease;
  }

  #revive(): ManagedSession {
    return new ManagedSession({
      rows: new UpstreamRows(this.#lease.sql),
      outbound: new Outbound(this.#lease.sql, this.#lease.later),
      undelivered: new UndeliveredTable(this.#lease.sql),
      postponed: this.#lease,
      newId: () => "p",
      isGivenUp: () => false,
    });
  }
}

describe("UP-9 UP-10 UP-11 COST-4 the session in runs of chance", () => {
  it.each([
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((seed) => ({ seed, counted: 0 })),
    // Section 4: counters go on from 0. Few sessions are so long that they end before.
    ...[11, 12, 13, 14].map((seed) => ({ seed, counted: 2 ** 32 - 1 })),
  ])("UP-9 UP-11 each stanza once and in order, from $counted on, seed $seed", async ({ seed, counted }) => {
    const stub = env.ACCOUNT.getByName(`random-${seed}@good.example`);
    await runInDurableObject(stub, (_instance, { storage }) => {
      const run = new Run(storage, { seed, counted });
      for (let n = 0; n < STEPS; n += 1) run.step();
      run.end();
      expect(run.server.got).toEqual(Array.from({ length: run.written }, (_none, index) => index + 1));
      const even = Array.from({ length: Math.floor(run.server.said / 2) }, (_none, index) => 2 * (index + 1));
      expect(run.seen()).toEqual(even);
      expect(run.written).toBeGreaterThan(50);
    });
  });
});
