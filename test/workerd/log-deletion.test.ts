// DELETE: what is deleted from the log is not shown from the first moment, and then gone.

import { describe, expect, it } from "vitest";
import { AccountLog } from "../../durable/storage/account-log.ts";
import { BOB, entry, FOREVER, query, ROOM, searchAll, settle, withLog } from "./support/filled-log.ts";

describe("DELETE-1 deletion of a conversation", () => {
  it("DELETE-1 is not shown from the first moment, goes in steps over resets, and leaves the rest", async () => {
    await withLog("conversation", (log, sql) => {
      for (let n = 0; n < 12_000; n += 1)
        log.store.append(entry(n % 2 === 0 ? "secret" : "plain", { peer: n % 2 === 0 ? BOB : ROOM }));
      for (let step = 0; step < 8; step += 1) log.keepUp(0);
      log.delete(BOB);
      expect(log.store.ofPeer(BOB, 0, 10)).toEqual([]);
      expect(log.store.page(0, { count: 1, length: 1, exceptFrom: "" })).toMatchObject({
        messages: [{ peer: ROOM }],
      });
      expect(searchAll(log.search, query("secret"))).toEqual([]);
      log.store.append(entry("after all", { peer: BOB }));
      let steps = 0;
      for (let current = log; current.keepUp(0) && steps < 100; steps += 1) {
        current = new AccountLog(sql, FOREVER);
        expect(current.store.ofPeer(BOB, 0, 10).map(({ seq }) => seq)).toEqual([12_001]);
        expect(searchAll(current.search, query("secret"))).toEqual([]);
      }
      expect(steps).toBeGreaterThan(2);
      expect(sql.exec("SELECT peer, count(*) AS n FROM log GROUP BY peer").toArray()).toEqual([
        { peer: BOB, n: 1 },
        { peer: ROOM, n: 6_000 },
      ]);
      // What stays names nobody: numbers are not given again (LOG-9).
      expect(sql.exec("SELECT peer FROM log_deletion").toArray()).toEqual([{ peer: "" }]);
      expect(sql.exec("SELECT count(*) AS n FROM log_doc WHERE peer = ?", BOB).one()).toEqual({ n: 0 });
      expect(sql.exec("SELECT count(*) AS n FROM log_peer WHERE peer = ?", BOB).one()).toEqual({ n: 0 });
      // Not even its words are left in the index's pages.
      const pages = sql.exec<{ block: ArrayBuffer }>("SELECT block FROM log_text_data").toArray();
      const text = pages.map(({ block }) => new TextDecoder("latin1").decode(block)).join("");
      expect(text).toContain("plain");
      expect(text).not.toContain("secret");
      expect(searchAll(new AccountLog(sql, FOREVER).search, query("plain"))).toHaveLength(6_000);
    });
  });

  it("DELETE-2 of everything: at once, and no number is given again", async () => {
    await withLog("everything", (log, sql) => {
      for (let n = 0; n < 2_000; n += 1) log.store.append(entry("secret"));
      settle(log);
      log.delete(undefined);
      expect(log.store.page(0, { count: 1, length: 1, exceptFrom: "" })).toEqual({
        messages: [],
        through: 2_000,
      });
      expect(log.search.search(query("secret"))).toEqual({ hits: [], next: undefined, sealed: 0 });
      for (const table of ["log", "log_peer", "log_time", "log_doc", "log_text_docsize"]) {
        expect(sql.exec(`SELECT count(*) AS n FROM ${table}`).one(), table).toEqual({ n: 0 });
      }
      const revived = new AccountLog(sql, FOREVER);
      expect(revived.store.append(entry("new"))).toBe(2_001);
      expect(revived.search.search(query("new")).hits).toHaveLength(1);
    });
  });
});

describe("DELETE-6 what the server's archive is asked for", () => {
  it.each([undefined, BOB])(
    "DELETE-6 only what came after the newest that there was (deleted: %s)",
    async (peer) => {
      await withLog(`mark-${peer}`, (log, sql) => {
        log.store.append(entry("a", { peer: "carol@example.org", atMs: 1, stanzaId: "s1" }));
        log.store.append(entry("b", { atMs: 5, stanzaId: "s5" }));
        log.delete(peer);
        settle(log);
        expect(new AccountLog(sql, FOREVER).store.newest()).toEqual({ atMs: 5, stanzaId: "s5" });
        log.store.append(entry("c", { atMs: 6, stanzaId: "s6" }));
        expect(log.store.newest()).toEqual({ atMs: 6, stanzaId: "s6" });
      });
    },
  );
});
