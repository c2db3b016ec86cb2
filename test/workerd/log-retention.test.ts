// LOG-9: what retention leaves of the log, by age and by size, and what a step of it costs.

import { describe, expect, it } from "vitest";
import type { LogEntry } from "../../bouncer/log/log-store.ts";
import { AccountLog } from "../../durable/storage/account-log.ts";
import { counting } from "./support/counting.ts";
import { logEntry, withSql } from "./support/log-tables.ts";
import { FOREVER } from "./support/filled-log.ts";

const DAY_MS = 86_400_000;

function count(sql: SqlStorage, table: string): number {
  return sql.exec<{ count: number }>(`SELECT count(*) AS count FROM ${table}`).one().count;
}

describe("LOG-9 retention", () => {
  const NOW = 400 * DAY_MS;

  it("LOG-9 by age, a batch at a time, with their lists", async () => {
    await withSql("kept-age", (sql) => {
      const log = new AccountLog(sql, { days: 30, megabytes: 9_000 });
      for (let n = 0; n < 2_500; n += 1) log.store.append(logEntry({ atMs: NOW - 31 * DAY_MS }));
      for (let n = 0; n < 300; n += 1) log.store.append(logEntry({ atMs: NOW - 29 * DAY_MS }));
      const left: number[] = [];
      for (let step = 0; step < 4; step += 1) {
        log.keepUp(NOW);
        left.push(count(sql, "log"));
      }
      expect(left).toEqual([1_776, 752, 300, 300]);
      // What is left is not listed yet; how far lists go is still said.
      expect([count(sql, "log_peer"), count(sql, "log_time")]).toEqual([0, 1]);
      expect(log.store.ofPeer("bob@example.org", 0, 1_000)).toHaveLength(300);
      expect(log.store.page(0, { count: 1, length: 1, exceptFrom: "" })).toMatchObject({
        messages: [{ seq: 2_501 }],
      });
    });
  });

  it("LOG-9 by size, until it is small enough", async () => {
    await withSql("kept-size", (sql) => {
      const log = new AccountLog(sql, { days: undefined, megabytes: 1 });
      for (let n = 0; n < 4_000; n += 1) log.store.append(logEntry({ frame: "x".repeat(1_000) }));
      expect(sql.databaseSize).toBeGreaterThan(1_000_000);
      for (let step = 0; step < 30; step += 1) log.keepUp(NOW);
      expect(sql.databaseSize).toBeLessThanOrEqual(1_000_000);
      // Not much more than is too much, of which a step is a large part here.
      expect(sql.databaseSize).toBeGreaterThan(800_000);
      expect(count(sql, "log")).toBeGreaterThanOrEqual(500);
      expect(log.store.head()).toBe(4_000);
    });
  });

  it(
    "LOG-9 by size while more comes: what stays is most of what there is room for",
    { timeout: 60_000 },
    async () => {
      await withSql("kept-steady", (sql) => {
        const log = new AccountLog(sql, { days: undefined, megabytes: 3 });
        let fewest = Infinity;
        for (let n = 0; n < 20_000; n += 1) {
          const words = `${n.toString(36)} ${((n * 7_919) % 10_007).toString(36)} ${"filler ".repeat(20)}`;
          const frame = `<message xmlns="jabber:client" type="chat"><body>${words}</body></message>`;
          log.store.append(logEntry({ frame, peer: `p${n % 7}@example.org` }));
          if (n % 512 !== 0) continue;
          log.keepUp(NOW);
          if (n > 10_000) fewest = Math.min(fewest, count(sql, "log"));
        }
        expect(sql.databaseSize).toBeLessThan(4_000_000);
        expect(fewest).toBeGreaterThan(6_000);
      });
    },
  );

  it("LOG-9 a message larger than what is too much goes alone", async () => {
    await withSql("kept-large", (sql) => {
      const log = new AccountLog(sql, { days: undefined, megabytes: 4 });
      for (let n = 0; n < 10; n += 1) log.store.append(logEntry({ frame: "x".repeat(1_000_000) }));
      for (let step = 0; step < 30; step += 1) log.keepUp(NOW);
      expect(count(sql, "log")).toBe(3);
    });
  });

  it("LOG-9 regression: by age also what stands behind something newer, as after two imports", async () => {
    await withSql("kept-imports", (storage) => {
      const { sql, rowsRead } = counting(storage);
      const log = new AccountLog(sql, { days: 30, megabytes: 9_000 });
      log.store.append(logEntry({ atMs: NOW - DAY_MS, messageId: "new" }));
      const piece = (id: string, daysAgo: (n: number) => number): LogEntry[] =>
        Array.from({ length: 500 }, (_none, n) =>
          logEntry({
            messageId: `${id}-${n}`,
            stanzaId: undefined,
            atMs: NOW - daysAgo(n) * DAY_MS,
            peer: `p${n % 5}@example.org`,
          }),
        );
      // The later import comes before the earlier one, and is of younger messages; in both is something old.
      for (let n = 0; n < 8; n += 1)
        log.imports.write(
          "first",
          8_000,
          piece(`a${n}`, () => (n < 7 ? 60 : 10)),
        );
      for (let n = 0; n < 8; n += 1)
        log.imports.write(
          "second",
          8_000,
          piece(`b${n}`, (m) => (n === 3 && m % 2 === 0 ? 40 : 20)),
        );
      const left: number[] = [];
      for (let more = true; more;) {
        const before = rowsRead();
        more = log.keepUp(NOW);
        left.push(count(sql, "log"));
        expect(rowsRead() - before).toBeLessThan(15_000);
        expect(left.length).toBeLessThan(30);
      }
      const steps = left.map((now, index) => (left[index - 1] ?? 8_001) - now);
      expect(Math.max(...steps)).toBeLessThanOrEqual(1_024);
      expect(left.at(-1)).toBe(1 + 500 + 8 * 500 - 250);
      const old = "SELECT count(*) AS n FROM log WHERE at_ms < ?";
      expect(sql.exec(old, NOW - 30 * DAY_MS).one()).toEqual({ n: 0 });
      // Their lists and batches have gone with them.
      expect(count(sql, "log_time")).toBe(1 + 8);
      expect(count(sql, "log_peer")).toBe(9 * 5);
      expect(log.store.ofPeer("p1@example.org", Number.MIN_SAFE_INTEGER, 10_000)).toHaveLength(
        100 + 8 * 100 - 50,
      );
      // Days later more is old, in both.
      for (let step = 0; step < 30; step += 1) log.keepUp(NOW + 15 * DAY_MS);
      expect(count(sql, "log")).toBe(1 + 500);
      for (let step = 0; step < 30; step += 1) log.keepUp(NOW + 40 * DAY_MS);
      expect([count(sql, "log"), count(sql, "log_peer"), count(sql, "log_doc")]).toEqual([0, 0, 0]);
    });
  });

  it("LOG-9 where nothing is old, hardly a row is read", async () => {
    await withSql("kept-nothing", (storage) => {
      const { sql, rowsRead } = counting(storage);
      const log = new AccountLog(sql, { days: 30, megabytes: 9_000 });
      for (let n = 0; n < 10_300; n += 1) log.store.append(logEntry({ atMs: NOW }));
      while (log.keepUp(NOW));
      const before = rowsRead();
      for (let step = 0; step < 10; step += 1) log.keepUp(NOW + step * 30_000);
      // What is not indexed yet is counted.
      expect(rowsRead() - before).toBeLessThan(10 * 512);
    });
  });

  it("LOG-9 DELETE-1 regression: nor after the newest was deleted, with a conversation", async () => {
    await withSql("kept-numbers-deleted", (sql) => {
      const log = new AccountLog(sql, FOREVER);
      log.store.append(logEntry());
      for (let n = 0; n < 4; n += 1) log.store.append(logEntry({ peer: "room@muc.example.org", room: true }));
      log.delete("room@muc.example.org");
      for (let step = 0; step < 10; step += 1) log.keepUp(NOW);
      expect(count(sql, "log")).toBe(1);
      expect(new AccountLog(sql, FOREVER).store.append(logEntry())).toBe(6);
    });
  });

  it("LOG-9 a number is never given twice, although everything is gone and the object was reset", async () => {
    await withSql("kept-numbers", (sql) => {
      const log = new AccountLog(sql, { days: 1, megabytes: 9_000 });
      for (let n = 0; n < 5; n += 1) log.store.append(logEntry());
      log.keepUp(NOW);
      expect(count(sql, "log")).toBe(0);
      const revived = new AccountLog(sql, FOREVER).store;
      expect(revived.append(logEntry())).toBe(6);
      expect(revived.page(0, { count: 1, length: 1, exceptFrom: "" })).toMatchObject({ through: 6 });
    });
  });
});
