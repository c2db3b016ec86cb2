// SM-1, SM-6: what clients have yet to acknowledge, over restarts of the object. A restart is a second ClientQueue on the
// same tables: nothing of the first one's memory is used.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { ClientQueue } from "../../durable/storage/client-queue.ts";

const BOTH = new Set(["fast", "slow"]);

/** Runs with the tables of an object that nobody else uses. */
async function withTables(name: string, test: (sql: SqlStorage) => void): Promise<void> {
  await runInDurableObject(env.ACCOUNT.getByName(`queue-${name}@good.example`), (_instance, { storage }) =>
    test(storage.sql),
  );
}

function rows(sql: SqlStorage): number {
  return sql.exec<{ count: number }>("SELECT count(*) AS count FROM client_queue").one().count;
}

function filled(sql: SqlStorage, count: number): ClientQueue {
  const queue = new ClientQueue(sql, new Set());
  for (const id of BOTH) queue.open(id);
  for (let number = 1; number <= count; number += 1) queue.add(`<m n="${number}"/>`, [...BOTH]);
  return queue;
}

describe("SM-11 when a message came", () => {
  it("SM-11 is said to a client that gets it a second later, and to nobody sooner", async () => {
    await withTables("stamps", (sql) => {
      const queue = new ClientQueue(sql, new Set());
      queue.open("slow");
      sql.exec(
        "INSERT INTO log (seq, at_ms, sent, room, peer, stanza) VALUES (7, 1000, 0, 0, 'bob@good.example', '')",
      );
      queue.add("<message><body>x</body></message>", ["slow"], 7);
      queue.add("<presence></presence>", ["slow"]);
      const page = (nowMs: number): string[] => queue.page("slow", 0, 1_000, nowMs).stanzas;
      expect(page(1_999)).toEqual(["<message><body>x</body></message>", "<presence></presence>"]);
      expect(page(2_000)).toEqual([
        '<message><body>x</body><delay xmlns="urn:xmpp:delay" stamp="1970-01-01T00:00:01.000Z"/></message>',
        "<presence></presence>",
      ]);
    });
  });
});

describe("SM-1 what a client has not acknowledged", () => {
  it("SM-1 is there after a restart, in order, and one row however many clients", async () => {
    await withTables("order", (sql) => {
      filled(sql, 3);
      expect(rows(sql)).toBe(3);
      const revived = new ClientQueue(sql, BOTH);
      expect(revived.page("slow", 0, 1_000_000, 0).stanzas).toEqual([
        '<m n="1"/>',
        '<m n="2"/>',
        '<m n="3"/>',
      ]);
      expect(revived.acknowledge("slow", 2).ok).toBe(true);
      expect(revived.page("slow", 0, 1_000_000, 0).stanzas).toEqual(['<m n="3"/>']);
      expect(revived.page("fast", 0, 1_000_000, 0).stanzas).toHaveLength(3);
    });
  });

  it("SM-1 the count goes on over a restart although everything was acknowledged", async () => {
    await withTables("count", (sql) => {
      const queue = filled(sql, 4);
      for (const id of BOTH) expect(queue.acknowledge(id, 4).ok).toBe(true);
      const revived = new ClientQueue(sql, BOTH);
      revived.add('<m n="5"/>', ["fast"]);
      expect(revived.acknowledge("fast", 4).ok).toBe(true);
      expect(revived.page("fast", 0, 1_000_000, 0).stanzas).toEqual(['<m n="5"/>']);
    });
  });

  it("SM-1 regression: rows kept for a slow client do not shift the count of a fast one", async () => {
    await withTables("shift", (sql) => {
      const queue = filled(sql, 2);
      queue.acknowledge("fast", 2);
      for (let number = 3; number <= 6; number += 1) queue.add(`<m n="${number}"/>`, ["fast"]);
      queue.acknowledge("fast", 5);
      // Left: 1 and 2 for the slow one, 6 for the fast one; what the fast one has acknowledged in between is gone.
      const revived = new ClientQueue(sql, BOTH);
      expect(revived.acknowledge("fast", 5).ok).toBe(true);
      expect(revived.page("fast", 0, 1_000_000, 0).stanzas).toEqual(['<m n="6"/>']);
      expect(revived.page("slow", 0, 1_000_000, 0).stanzas).toEqual(['<m n="1"/>', '<m n="2"/>']);
    });
  });

  it("SM-5 more than was sent, or less than before, is refused", async () => {
    await withTables("refused", (sql) => {
      const queue = filled(sql, 3);
      expect(queue.acknowledge("slow", 4).ok).toBe(false);
      expect(queue.acknowledge("slow", 2).ok).toBe(true);
      expect(queue.acknowledge("slow", 1).ok).toBe(false);
    });
  });

  it("SM-6 rows of clients that are gone for good are dropped", async () => {
    await withTables("dropped", (sql) => {
      const queue = filled(sql, 3);
      queue.drop("fast");
      expect(rows(sql)).toBe(3);
      queue.drop("slow");
      expect(rows(sql)).toBe(0);
      filled(sql, 2);
      expect(new ClientQueue(sql, new Set()).length("fast")).toBe(0);
    });
  });

  it("SM-6 rows that were acknowledged are written over: one row written a stanza, and few are kept", async () => {
    await withTables("reuse", (sql) => {
      const queue = filled(sql, 1_000);
      for (const id of BOTH) queue.acknowledge(id, 1_000);
      const kept = rows(sql);
      expect(kept).toBeLessThan(100);
      for (let number = 1_001; number <= 3_000; number += 1) {
        queue.add(`<m n="${number}"/>`, [...BOTH]);
        for (const id of BOTH) expect(queue.acknowledge(id, number).ok).toBe(true);
      }
      expect(rows(sql)).toBeLessThanOrEqual(kept + 1);
      // What such a row says of those who acknowledged it counts no more, also after a restart.
      const revived = new ClientQueue(sql, BOTH);
      revived.add('<m n="3001"/>', ["slow"]);
      expect(revived.acknowledge("slow", 3_000).ok).toBe(true);
      expect(revived.page("slow", 0, 1_000, 0).stanzas).toEqual(['<m n="3001"/>']);
    });
  });

  it("SM-1 the log hears how far each client has acknowledged, also over a restart", async () => {
    await withTables("log", (sql) => {
      const queue = filled(sql, 1);
      queue.add('<m n="2"/>', [...BOTH], 7);
      queue.add('<m n="3"/>', ["slow"], 8);
      queue.add('<m n="4"/>', [...BOTH]);
      expect(queue.acknowledge("slow", 1)).toMatchObject({ ok: true, logSeq: undefined });
      const revived = new ClientQueue(sql, BOTH);
      expect(revived.acknowledge("slow", 4)).toMatchObject({ ok: true, logSeq: 8 });
      expect(revived.acknowledge("fast", 3)).toMatchObject({ ok: true, logSeq: 7 });
    });
  });

  it("SM-5 counts wrap from 2^32 - 1 to 0", async () => {
    await withTables("wrap", (sql) => {
      const last = 2 ** 32 - 2;
      const recipients = JSON.stringify([["slow", last]]);
      sql.exec("INSERT INTO client_queue (slot, stanza, recipients) VALUES (1, '<m/>', ?)", recipients);
      const queue = new ClientQueue(sql, BOTH);
      for (const number of [2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1]) queue.add(`<m n="${number}"/>`, ["slow"]);
      expect(queue.acknowledge("slow", 2).ok).toBe(false);
      expect(queue.acknowledge("slow", 2 ** 32 - 1).ok).toBe(true);
      expect(queue.length("slow")).toBe(2);
      const revived = new ClientQueue(sql, BOTH);
      expect(revived.acknowledge("slow", 0).ok).toBe(true);
      expect(revived.page("slow", 0, 1_000, 0).stanzas).toEqual([`<m n="${2 ** 32 + 1}"/>`]);
      expect(revived.acknowledge("slow", 2 ** 32 - 1).ok).toBe(false);
      expect(revived.acknowledge("slow", 1).ok).toBe(true);
    });
  });
});
