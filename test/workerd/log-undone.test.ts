// SEARCH-5: what was corrected, retracted or deleted is not found, on whatever page, and leaves the index.

import { describe, expect, it } from "vitest";
import { AccountLog } from "../../durable/storage/account-log.ts";
import { counting } from "./support/counting.ts";
import { entry, FOREVER, query, ROOM, settle, withLog } from "./support/filled-log.ts";

const correction = (id: string): string => `<replace xmlns="urn:xmpp:message-correct:0" id="${id}"/>`;

const wrongOnes = (log: AccountLog, words = "wrong"): string[] => {
  const found: string[] = [];
  for (let before: number | undefined = Infinity; before !== undefined;) {
    const { hits, next } = log.search.search(query(words, { before, count: 50 }));
    found.push(...hits.map(({ excerpt }) => excerpt));
    before = next;
  }
  return found;
};
const filler = (log: AccountLog, count: number, over = {}): void => {
  for (let n = 0; n < count; n += 1) log.store.append(entry("wrong but kept", { id: `f${n}`, ...over }));
};

describe("SEARCH-5 what is not found any more", () => {
  it.each([
    ["in the same batch", 0, true],
    ["batches later", 600, true],
    ["not indexed yet", 0, false],
    ["of one that is indexed, not indexed itself", 512, false],
  ])("SEARCH-5 a corrected message: %s", async (name, between, indexed) => {
    await withLog(`corrected-${name}`, (log) => {
      log.store.append(entry("wrong words", { id: "first" }));
      log.store.append(entry("other words", { id: "second" }));
      for (let n = 0; n < between; n += 1) log.store.append(entry("filler", { id: `f${n}` }));
      if (!indexed) settle(log);
      if (!indexed && between > 0) log.keepUp(0);
      log.store.append(entry("right words", { id: "third", inner: correction("first") }));
      const after = indexed ? 600 : 0;
      for (let n = 0; n < after; n += 1) log.store.append(entry("filler", { id: `g${n}` }));
      settle(log);
      const bodies = (words: string): string[] =>
        log.search.search(query(words)).hits.map(({ excerpt }) => excerpt);
      expect(bodies("words")).toEqual(["right words", "other words"]);
      expect(bodies("wrong")).toEqual([]);
    });
  });

  it.each([
    ["on the next page, not indexed", 600, 70],
    ["on the next page, itself indexed", 600, 600],
    ["3,000 messages of the conversation later", 3_000, 600],
    ["3,000 messages later, not indexed", 3_000, 70],
  ])(
    "SEARCH-5 regression: over pages and any distance: a corrected message, %s",
    { timeout: 60_000 },
    async (name, between, after) => {
      await withLog(`far-${name}`, (log, sql) => {
        log.store.append(entry("wrong words", { id: "first" }));
        filler(log, between);
        log.store.append(entry("right words", { id: "second", inner: correction("first") }));
        for (let n = 0; n < after; n += 1) log.store.append(entry("wrong again", { id: `g${n}` }));
        settle(log);
        expect(wrongOnes(log).filter((text) => text.includes("wrong words"))).toEqual([]);
        expect(wrongOnes(log)).toHaveLength(between + after);
        // The same when the index is made anew.
        sql.exec("UPDATE log_indexed SET version = 0");
        const anew = new AccountLog(sql, FOREVER);
        expect(wrongOnes(anew)).toHaveLength(between + after);
        settle(anew);
        expect(wrongOnes(anew)).toHaveLength(between + after);
      });
    },
  );

  it("SEARCH-5 a bound: words leave the index where the message is among the 2,000 before in its conversation", async () => {
    await withLog("bound", (log, sql) => {
      const inIndex = (word: string): number =>
        sql.exec<{ n: number }>("SELECT count(*) AS n FROM log_text WHERE log_text MATCH ?", word).one().n;
      log.store.append(entry("tooearly", { id: "a" }));
      for (let n = 0; n < 600; n += 1) log.store.append(entry("filler", { id: `e${n}` }));
      log.store.append(entry("justnear", { id: "b" }));
      for (let n = 0; n < 1_998; n += 1) log.store.append(entry("filler", { id: `f${n}` }));
      log.store.append(entry("better", { id: "c", inner: correction("b") }));
      log.store.append(entry("better", { id: "d", inner: correction("a") }));
      filler(log, 600, { peer: ROOM });
      settle(log);
      expect([inIndex("tooearly"), inIndex("justnear")]).toEqual([1, 0]);
      expect([wrongOnes(log, "tooearly"), wrongOnes(log, "justnear")]).toEqual([[], []]);
    });
  });

  it.each([0, 600])("SEARCH-5 a message corrected twice, %i apart: only the last is found", async (apart) => {
    await withLog(`twice-${apart}`, (log) => {
      const bodies = ["wrong one", "wrong two", "wrong three"];
      for (const [n, body] of bodies.entries()) {
        log.store.append(entry(body, { id: `id${n}`, inner: n === 0 ? "" : correction("id0") }));
        for (let m = 0; m < apart; m += 1) log.store.append(entry("filler", { id: `x${n}-${m}` }));
        if (apart > 0) expect(wrongOnes(log)).toEqual([body]);
        settle(log);
      }
      expect(wrongOnes(log)).toEqual(["wrong three"]);
    });
  });

  it("SEARCH-5 an id that is used again is not what an old correction has meant", async () => {
    await withLog("again", (log) => {
      log.store.append(entry("wrong one", { id: "m1" }));
      log.store.append(entry("right one", { id: "m2", inner: correction("m1") }));
      for (let m = 0; m < 600; m += 1) log.store.append(entry("filler", { id: `x${m}` }));
      settle(log);
      log.store.append(entry("wrong but another", { id: "m1" }));
      expect(wrongOnes(log)).toEqual(["wrong but another"]);
      for (let m = 0; m < 600; m += 1) log.store.append(entry("filler", { id: `y${m}` }));
      settle(log);
      expect(wrongOnes(log)).toEqual(["wrong but another"]);
    });
  });

  it("SEARCH-5 what a room has retracted is not found in its correction either", async () => {
    await withLog("moderated", (log) => {
      const inRoom = { room: true, peer: ROOM };
      log.store.append(entry("wrong one", { ...inRoom, id: "m1", stanzaId: "s1" }));
      log.store.append(entry("wrong two", { ...inRoom, id: "m2", stanzaId: "s2", inner: correction("m1") }));
      const retract = `<retract xmlns="urn:xmpp:message-retract:1" id="s1"/>`;
      const frame = `<message xmlns="jabber:client" from="${ROOM}" type="groupchat">${retract}</message>`;
      log.store.append({ ...entry("", { ...inRoom, id: "m3", stanzaId: "s3" }), frame });
      for (let m = 0; m < 600; m += 1) log.store.append(entry("filler", { id: `x${m}` }));
      settle(log);
      expect(wrongOnes(log)).toEqual([]);
    });
  });

  it("SEARCH-1 SEARCH-5 a correction costs two rows more when it is indexed, and they go with it", async () => {
    await withLog("undone", (_log, storage) => {
      const { sql, rowsWritten } = counting(storage);
      const log = new AccountLog(sql, { days: 1, megabytes: 9_000 });
      for (let n = 0; n < 512; n += 1) {
        log.store.append(entry("words", { id: `m${n}`, inner: n === 300 ? correction("m1") : "" }));
      }
      const before = rowsWritten();
      log.keepUp(0);
      // Eight documents of two rows each, merging, how far the index is, and the correction.
      expect(rowsWritten() - before).toBe(8 * 2 + 1 + 1 + 2);
      while (log.keepUp(2 * 86_400_000));
      expect(storage.exec("SELECT count(*) AS n FROM log_undone").one()).toEqual({ n: 0 });
    });
  });

  it("SEARCH-5 what retention deletes is neither found nor in the index", async () => {
    await withLog("retention", (_log, sql) => {
      const log = new AccountLog(sql, { days: 1, megabytes: 9_000 });
      for (let n = 0; n < 1_024; n += 1) log.store.append(entry("secret", { atMs: 0 }));
      settle(log);
      for (let step = 0; step < 3; step += 1) log.keepUp(2 * 86_400_000);
      expect(log.search.search(query("secret")).hits).toEqual([]);
      expect(sql.exec("SELECT count(*) AS n FROM log_doc").one()).toEqual({ n: 0 });
      expect(sql.exec("SELECT count(*) AS n FROM log_text_docsize").one()).toEqual({ n: 0 });
    });
  });
});
