// LOG-1, LOG-5: the log's tables: what a message costs, and what is read from them.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LoggedMessage, RoomProgress } from "../../bouncer/log/log-store.ts";
import type { LogRetention } from "../../durable/log-config.ts";
import { AccountLog } from "../../durable/storage/account-log.ts";
import { DeviceRows } from "../../durable/storage/device-rows.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { counting } from "./support/counting.ts";
import { logEntry, withSql } from "./support/log-tables.ts";

/** Pinned; fast-check prints it with the failing example. */
const SEED = 20_261_122;
const FOREVER: LogRetention = { days: undefined, megabytes: 9_000 };

/** What both the tables and their model keep of it. */
function known({ seq, frame, atMs }: LoggedMessage): unknown {
  return { seq, frame, atMs };
}

describe("LOG-1 what a message costs", () => {
  it("LOG-1 one row written, and one more for each peer in 1,024 messages, and five, later", async () => {
    await withSql("log-cost", (storage) => {
      const { sql, rowsWritten } = counting(storage);
      const log = new AccountLog(sql, FOREVER);
      for (let n = 0; n < 1_024; n += 1) log.store.append(logEntry({ peer: `p${n % 3}@example.org` }));
      expect(rowsWritten()).toBe(1_024);
      log.keepUp(0);
      expect(rowsWritten()).toBe(1_024 + 3 + 5);
      log.keepUp(0);
      expect(rowsWritten()).toBe(1_024 + 3 + 5);
    });
  });

  it("LOG-1 what no row may hold in production is not logged", async () => {
    await withSql("log-large", (sql) => {
      const log = new AccountLog(sql, FOREVER).store;
      expect(log.append(logEntry({ frame: "x".repeat(1_900_001) }))).toBeUndefined();
      expect(log.append(logEntry({ frame: "x".repeat(1_900_000) }))).toBe(1);
      expect(log.append(logEntry({ messageId: "x".repeat(10_000) }))).toBeUndefined();
    });
  });
});

describe("LOG-1 what is read", () => {
  it("LOG-1 is what the policy's tests believe, also after a reset and however much is listed", async () => {
    const name = fc.constantFrom("phone", "laptop", undefined);
    const message = fc.record({
      peer: fc.constantFrom("bob@example.org", "carol@example.org", "room@muc.example.org"),
      room: fc.boolean(),
      sent: fc.boolean(),
      device: name,
      stanzaId: fc.constantFrom("a", "b", undefined),
      atMs: fc.nat(100),
      length: fc.integer({ min: 10, max: 400 }),
    });
    const samples = fc.sample(fc.array(message, { minLength: 1_000, maxLength: 2_300 }), {
      seed: SEED,
      numRuns: 5,
    });
    for (const [index, messages] of samples.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- one database after the other
      await withSql(`log-differential-${index}`, (sql) => {
        const log = new AccountLog(sql, FOREVER);
        const model = new MemoryLog();
        for (const [n, { length, ...rest }] of messages.entries()) {
          const made = logEntry({
            ...rest,
            frame: `${"x".repeat(length)}${length % 3 === 0 ? "yy" : ""}`,
            messageId: `m${n}`,
          });
          expect(log.store.append(made)).toBe(model.append(made));
          if (n % 97 === 0) log.keepUp(0);
        }
        const revived = new AccountLog(sql, FOREVER).store;
        for (const store of [log.store, revived]) {
          for (const after of [0, 1, 50, 1_023, 1_024, 1_025, 1_700, 2_048, 5_000]) {
            const limits = { count: 20, length: 2_000, exceptFrom: "phone" };
            const plain = ({ messages: found, through }: ReturnType<typeof model.page>) => ({
              seqs: found.map(({ seq }) => seq),
              through: Math.max(through, after),
            });
            expect(plain(store.page(after, limits))).toEqual(plain(model.page(after, limits)));
            for (const peer of ["bob@example.org", "room@muc.example.org", "nobody@example.org"]) {
              const seqs = store.ofPeer(peer, after, 30).map(({ seq }) => seq);
              expect(seqs).toEqual(model.ofPeer(peer, after, 30).map(({ seq }) => seq));
              for (const most of [7, 5_000]) {
                expect(store.ofRoom(peer, after, most, "xyy")).toEqual(
                  model.ofRoom(peer, after, most, "xyy"),
                );
              }
              expect(store.beginInRoom(peer, after, 30)).toBe(model.beginInRoom(peer, after, 30));
            }
          }
          for (const since of [0, 50, 99, 101]) {
            expect(store.beginOf(10, since)).toBe(model.beginOf(10, since));
          }
          expect(store.beginOf(0, 0)).toBe(model.head());
          // It may begin earlier than need be, by a batch, but not later.
          for (const atMs of [0, 99, 100, 101]) {
            expect(store.beginAt(atMs)).toBeLessThanOrEqual(model.beginAt(atMs));
            expect(store.beginAt(atMs)).toBeGreaterThanOrEqual(model.beginAt(atMs) - 2_048);
          }
          const some = [17, 3, 99_999, 900];
          expect(store.read(some).map(known)).toEqual(model.read(some).map(known));
          expect(store.latestIds(100)).toEqual(model.latestIds(100));
        }
      });
    }
  });

  it("LOG-8 a page looks at no more than 5,000 rows, however many of them are rooms'", async () => {
    await withSql("log-rooms", (sql) => {
      const log = new AccountLog(sql, FOREVER).store;
      for (let n = 0; n < 6_000; n += 1) log.append(logEntry({ room: true }));
      log.append(logEntry());
      const limits = { count: 1, length: 1, exceptFrom: "" };
      expect(log.page(0, limits)).toEqual({ messages: [], through: 5_000 });
      expect(log.page(5_000, limits)).toMatchObject({ messages: [{ seq: 6_001 }], through: 6_001 });
    });
  });
});

describe("LOG-5 device rows", () => {
  it("LOG-5 LOG-10 come back as they were written", async () => {
    await withSql("log-devices", (sql) => {
      const rows = new DeviceRows(sql);
      const part = { until: 6, atMs: 5_000, seq: 3 };
      const rooms = new Map<string, RoomProgress>([
        [
          "tea@muc.example.org",
          { had: { after: 2, part }, sent: { place: { after: 6 }, mark: 12 }, live: true },
        ],
        [
          "b@muc.example.org",
          { had: { after: -3 }, sent: { place: { after: 1 }, mark: undefined }, live: false },
        ],
        ["c@muc.example.org", { had: { after: 1 }, sent: undefined, live: false }],
      ]);
      const times = { firstSeenMs: 1, lastSeenMs: 2 };
      const phone = {
        name: "phone",
        cursor: 7,
        since: 3,
        heard: 8,
        rooms,
        position: 9,
        returns: true,
        ...times,
      };
      rows.set({ ...phone, cursor: 1 });
      rows.set(phone);
      rows.set({ ...phone, name: "laptop", rooms: new Map(), position: undefined, returns: false });
      rows.delete("nobody");
      expect(new DeviceRows(sql).entries()).toEqual([
        { ...phone, name: "laptop", rooms: new Map(), position: undefined, returns: false },
        phone,
      ]);
      rows.delete("phone");
      expect(new DeviceRows(sql).entries()).toHaveLength(1);
    });
  });
});
