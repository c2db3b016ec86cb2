// IMPORT: where imported messages come to lie, and that it is done in pieces, repeatedly, and with every reader of the log.

import { describe, expect, it } from "vitest";
import { AccountLog } from "../../durable/storage/account-log.ts";
import { KnownMessages } from "../../durable/storage/log-known.ts";
import { counting } from "./support/counting.ts";
import { BOB, entry, FOREVER, query, ROOM, searchAll, settle, withLog } from "./support/filled-log.ts";

const DEVICE = { count: 10, length: 10_000, exceptFrom: "" };
const everything = {
  peer: undefined,
  fullJid: undefined,
  rooms: true,
  fromMs: -Infinity,
  toMs: Infinity,
  after: -Infinity,
  before: Infinity,
  only: undefined,
};

const one = (id: string): ReturnType<typeof entry> => entry("x", { id, atMs: 1 });

/** What the readers of the log see when three times 400 messages were imported below one. */
function check(each: AccountLog): void {
  expect(each.store.page(0, DEVICE).messages.map(({ seq }) => seq)).toEqual([1]);
  expect(each.store.head()).toBe(1);
  expect(each.store.ofPeer(BOB, 0, 10)).toHaveLength(1);
  expect(each.store.ofPeer(BOB, Number.MIN_SAFE_INTEGER, 1_000)).toHaveLength(601);
  expect(searchAll(each.search, query("old 2"))).toHaveLength(400);
  const page = {
    filter: { ...everything, peer: BOB },
    after: -Infinity,
    before: Infinity,
    latest: true,
    skip: 0,
    count: 5,
    length: 1e6,
  };
  expect(each.store.select(page).messages.map(({ seq }) => seq)).toEqual([-107, -105, -103, -101, 1]);
}

describe("IMPORT-3 before everything", () => {
  it("IMPORT-3 no device is handed it, and everybody else sees it in its place", async () => {
    await withLog("import", (log, sql) => {
      log.store.append(entry("new", { id: "n1", atMs: 10_000_000 }));
      const pieces = [0, 1, 2].map((piece) =>
        Array.from({ length: 400 }, (_none, n) =>
          entry(`old ${piece}`, {
            id: `o${piece}-${n}`,
            atMs: piece * 1_000 + n,
            peer: n % 2 === 0 ? BOB : ROOM,
            room: n % 2 === 1,
          }),
        ),
      );
      for (const piece of pieces.slice(0, 2)) log.imports.write("source", 1_300, piece);
      // Broken off; a new process begins again.
      const revived = new AccountLog(sql, FOREVER);
      for (const piece of pieces) revived.imports.write("source", 1_300, piece);
      expect(
        revived.imports.write("source", 1_300, pieces[0] ?? []).every((each) => each === "duplicate"),
      ).toBe(true);
      expect(
        sql.exec("SELECT count(*) AS n, min(seq) AS first, max(seq) AS last FROM log WHERE seq < 1").one(),
      ).toEqual({
        n: 1_200,
        first: -1_299,
        last: -100,
      });
      check(revived);
      settle(revived);
      check(revived);
      check(new AccountLog(sql, FOREVER));
      for (let n = 0; n < 2_000; n += 1)
        revived.store.append(entry("later", { id: `l${n}`, atMs: 20_000_000 }));
      settle(revived);
      expect(new AccountLog(sql, FOREVER).store.ofPeer(ROOM, Number.MIN_SAFE_INTEGER, 1_000)).toHaveLength(
        600,
      );
    });
  });

  it("IMPORT-1 more than the first line says is refused; another export lies before the first", async () => {
    await withLog("import-two", (log, sql) => {
      expect(log.imports.write("a", 1, [one("1"), one("2")])).toEqual([
        "imported",
        { reason: expect.any(String) },
      ]);
      expect(log.imports.write("b", 5, [one("3"), one("1")])).toEqual(["imported", "duplicate"]);
      expect(sql.exec("SELECT seq, message_id FROM log ORDER BY seq").toArray()).toEqual([
        { seq: -5, message_id: "3" },
        { seq: 0, message_id: "1" },
      ]);
    });
  });

  it("IMPORT-1 costs a row a message, and what lists and index take", async () => {
    await withLog("import-rows", (_log, sql) => {
      const counted = counting(sql);
      const log = new AccountLog(counted.sql, FOREVER);
      const before = counted.rowsWritten();
      for (let piece = 0; piece < 4; piece += 1) {
        const messages = Array.from({ length: 500 }, (_none, n) =>
          entry("word", { id: `i${piece}-${n}`, atMs: piece * 500 + n }),
        );
        log.imports.write("rows", 2_000, messages);
      }
      settle(log);
      const perMessage = (counted.rowsWritten() - before) / 2_000;
      expect(perMessage).toBeGreaterThan(1);
      expect(perMessage).toBeLessThan(1.1);
    });
  });

  it("IMPORT-1 one at a time, and not while something is being deleted", async () => {
    await withLog("import-busy", (log) => {
      expect([log.imports.begin(), log.imports.begin()]).toEqual([true, false]);
      log.imports.end();
      log.store.append(entry("x"));
      log.delete(BOB);
      expect(log.imports.begin()).toBe(false);
      settle(log);
      expect(log.imports.begin()).toBe(true);
    });
  });
});

describe("IMPORT-1 what is there already", () => {
  const DAY_MS = 86_400_000;

  it("IMPORT-1 the same message, by the archive's id, by its own with what it says, or by itself", async () => {
    await withLog("import-known", (log, sql) => {
      const archived = entry("archived", { id: "a", stanzaId: "s1" });
      const own = entry("own", { id: "b" });
      const nameless = entry("nameless", { id: "c", messageId: undefined });
      for (const message of [archived, own, nameless]) log.store.append(message);
      const isKnown = (message: typeof own): boolean => new KnownMessages(sql, [message]).has(message);
      // As another who got it would have logged it.
      const known = [
        archived,
        entry("other words", { id: "z", stanzaId: "s1", atMs: 500_000 }),
        own,
        entry("own", { id: "b", stanzaId: "s2", inner: "<x xmlns='y'/>", atMs: 500_000 }),
        nameless,
      ];
      expect(known.map(isKnown)).toEqual(known.map(() => true));
      const others = [
        entry("archived", { id: "y", stanzaId: "s3" }),
        entry("archived", { id: "y", stanzaId: "s1", peer: ROOM }),
        entry("other words", { id: "b" }),
        entry("own", { id: "b", sent: true }),
        entry("own", { id: "b", peer: ROOM }),
        entry("own", { id: "b", atMs: 2 * DAY_MS }),
        entry("nameless", { id: "d", messageId: undefined }),
        entry("nameless", { id: "c", messageId: undefined, atMs: 1_001 }),
      ];
      expect(others.map(isKnown)).toEqual(others.map(() => false));
      expect(
        log.imports.write(
          "twice in a piece",
          9,
          [others[2], others[2]].flatMap((each) => each ?? []),
        ),
      ).toEqual(["imported", "duplicate"]);
    });
  });

  it("IMPORT-1 what lies between two messages of different ages is not looked at", async () => {
    await withLog("import-ages", (log, sql) => {
      for (let n = 0; n < 5_000; n += 1) log.store.append(entry("x", { id: `${n}`, atMs: n * 60_000 }));
      settle(log);
      const counted = counting(sql);
      const ages = [entry("x", { id: "0", atMs: 0 }), entry("x", { id: "4999", atMs: 4_999 * 60_000 })];
      const known = new KnownMessages(counted.sql, ages);
      expect(ages.map((message) => known.has(message))).toEqual([true, true]);
      // A batch of the list at each end, and what is in none.
      expect(counted.rowsRead()).toBeLessThan(3_000);
    });
  });
});
