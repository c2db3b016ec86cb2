// IMPORT: where imported messages come to lie, and that it is done in pieces, repeatedly, and with every reader of the log.

import { describe, expect, it } from "vitest";
import { AccountLog } from "../../durable/storage/account-log.ts";
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
