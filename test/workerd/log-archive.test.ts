// MAM-3, MAM-4: pages of the log as an archive, read from its tables: the same as the plain model says, whichever way they are
// looked for, and never at the cost of looking through all of it.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogEntry, LogSelection } from "../../bouncer/log/log-store.ts";
import { AccountLog } from "../../durable/storage/account-log.ts";
import { LogPeers } from "../../durable/storage/log-peers.ts";
import { LogArchive } from "../../durable/storage/log-archive.ts";
import { MemoryLog } from "../support/memory-log.ts";

/** Pinned; fast-check prints it with the failing example. */
const SEED = 20_261_122;
const FOREVER = { days: undefined, megabytes: 9_000 };
/** Three batches and a rest that is not listed. */
const MESSAGES = 3 * 1_024 + 500;

const PEERS = ["bob@example.org", "carol@example.org", "rare@example.org", "room@muc.example.org"] as const;

const ALL: LogSelection["filter"] = {
  peer: undefined,
  fullJid: undefined,
  rooms: true,
  only: undefined,
  fromMs: -Infinity,
  toMs: Infinity,
  after: -Infinity,
  before: Infinity,
};
/** The first fifty. */
const PAGE = { after: -Infinity, before: Infinity, latest: false, skip: 0, count: 50, length: 1e6 };

async function withTables(name: string, test: (sql: SqlStorage) => void): Promise<void> {
  await runInDurableObject(env.ACCOUNT.getByName(`archive-${name}@good.example`), (_instance, { storage }) =>
    test(storage.sql),
  );
}

/** Message `n`: said one second after the one before, but some came late; some peers are rarer than others. */
function entry(n: number): LogEntry {
  const peer = n % 701 === 5 ? PEERS[2] : (PEERS[[0, 1, 3][(n * 7) % 3] ?? 0] ?? PEERS[0]);
  const sent = n % 5 === 0;
  const resource = `${peer}/${n % 2 === 0 ? "a" : "b"}`;
  return {
    atMs: (n % 97 === 0 ? n - 90 : n) * 1_000,
    sent,
    device: undefined,
    peer,
    // A room's private messages are no groupchat.
    room: peer === PEERS[3] && n % 11 !== 0,
    messageId: undefined,
    stanzaId: undefined,
    frame: `<message ${sent ? "to" : "from"}="${resource}"><body>${"x".repeat(n % 50)}</body></message>`,
  };
}

const numbers = fc.oneof(
  { weight: 2, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: MESSAGES + 2 }) },
);
const orInfinite = (value: number | undefined, infinite: number): number => value ?? infinite;

const selections = fc
  .record({
    peer: fc.constantFrom(undefined, ...PEERS),
    resource: fc.constantFrom(undefined, undefined, "a", "b"),
    rooms: fc.boolean(),
    from: numbers,
    to: numbers,
    afterId: numbers,
    beforeId: numbers,
    only: fc.option(fc.array(fc.integer({ min: 1, max: MESSAGES }), { maxLength: 5 }), {
      freq: 8,
      nil: undefined,
    }),
    after: numbers,
    before: numbers,
    latest: fc.boolean(),
    skip: fc.constantFrom(0, 0, 0, 3),
    count: fc.constantFrom(0, 1, 7, 50),
    length: fc.constantFrom(0, 400, 1_000_000),
  })
  .map((drawn): LogSelection => {
    const { peer, resource, rooms, only, latest, count, length } = drawn;
    const fullJid = peer !== undefined && resource !== undefined ? `${peer}/${resource}` : undefined;
    return {
      filter: {
        peer,
        fullJid,
        rooms,
        only,
        fromMs: drawn.from === undefined ? -Infinity : drawn.from * 1_000,
        toMs: drawn.to === undefined ? Infinity : drawn.to * 1_000,
        after: orInfinite(drawn.afterId, -Infinity),
        before: orInfinite(drawn.beforeId, Infinity),
      },
      after: orInfinite(drawn.after, -Infinity),
      before: orInfinite(drawn.before, Infinity),
      latest,
      skip: fullJid === undefined ? drawn.skip : 0,
      count,
      length,
    };
  });

describe("MAM-3 MAM-4 pages of the archive", () => {
  it(`MAM-3 MAM-4 are what the model says, counted or not (seed ${SEED})`, async () => {
    await withTables("model", (sql) => {
      const log = new AccountLog(sql, FOREVER);
      const model = new MemoryLog();
      for (let n = 1; n <= MESSAGES; n += 1) {
        log.store.append(entry(n));
        model.append(entry(n));
      }
      log.keepUp(0);
      const inBatches = new LogArchive(sql, { few: -Infinity, maxBlocks: 1_000 });
      const check = fc.property(selections, (selection) => {
        const wanted = model.select(selection);
        expect(log.store.select(selection)).toEqual(wanted);
        if (selection.skip > 0 || selection.filter.only) return;
        expect(inBatches.select(selection)).toEqual({ ...wanted, total: undefined });
      });
      fc.assert(check, { seed: SEED, numRuns: 1_500 });
    });
  });

  it("MAM-4 what would have to be looked through is bounded, and said to be too much", async () => {
    await withTables("bounded", (sql) => {
      const log = new AccountLog(sql, FOREVER);
      for (let n = 1; n <= MESSAGES; n += 1) log.store.append(entry(n));
      log.keepUp(0);
      const hasty = new LogArchive(sql, { few: -Infinity, maxBlocks: 1 });
      const selection = { ...PAGE, filter: ALL };
      expect(hasty.select(selection)).toMatchObject({ rest: "some" });
      const nobody = { ...ALL, peer: PEERS[0], fullJid: `${PEERS[0]}/nobody` };
      expect(hasty.select({ ...selection, filter: nobody })).toEqual({
        messages: [],
        rest: "unknown",
        total: undefined,
      });
    });
  });

  it("MAM-4 a short time in a long log is counted, and what lies before the number 1 is found", async () => {
    await withTables("counted", (sql) => {
      const log = new AccountLog(sql, FOREVER);
      for (let n = 1; n <= MESSAGES; n += 1) log.store.append(entry(n));
      sql.exec("UPDATE log SET seq = seq - 3000 WHERE seq <= 3000");
      const peers = new LogPeers(sql);
      for (let after = -3_000; after < 0; after += 1_000) peers.listImported(after, after + 1_000);
      log.keepUp(0);
      const filter = { ...ALL, fromMs: 3_100_000, toMs: 3_200_000 };
      const archive = new LogArchive(sql, { few: 400, maxBlocks: 100 });
      expect(archive.select({ ...PAGE, filter }).total).toBeUndefined();
      const early = archive.select({ ...PAGE, filter: ALL, count: 2 });
      expect(early.messages.map((message) => message.seq)).toEqual([-2_999, -2_998]);
      const late = archive.select({ ...PAGE, filter: ALL, before: 2, latest: true, count: 2 });
      expect(late.messages.map((message) => message.seq)).toEqual([-1, 0]);
    });
    await withTables("counted-too", (sql) => {
      const log = new AccountLog(sql, FOREVER);
      for (let n = 1; n <= MESSAGES; n += 1) log.store.append(entry(n));
      log.keepUp(0);
      const archive = new LogArchive(sql, { few: 1_100, maxBlocks: 100 });
      const filter = { ...ALL, fromMs: 1_500_000, toMs: 1_600_000 };
      expect(archive.select({ ...PAGE, filter }).total).toEqual({ count: 101, index: 0 });
      expect(archive.select({ ...PAGE, filter: ALL }).total).toBeUndefined();
    });
  });

  it("MAM-3 DELETE-1 what is deleted is in no archive any more, from the first moment", async () => {
    await withTables("deleted", (sql) => {
      const log = new AccountLog(sql, FOREVER);
      for (let n = 1; n <= 100; n += 1) log.store.append(entry(n));
      const { messages } = log.store.select({ ...PAGE, filter: { ...ALL, peer: PEERS[0] } });
      log.delete(PEERS[0]);
      const left = log.store.select({ ...PAGE, filter: ALL });
      expect(messages.length).toBeGreaterThan(0);
      expect(left.total?.count).toBe(100 - messages.length);
      expect(left.messages.filter(({ peer }) => peer === PEERS[0])).toEqual([]);
      expect(log.store.has(messages[0]?.seq ?? 0)).toBe(false);
      log.delete(undefined);
      expect(log.store.select({ ...PAGE, filter: ALL })).toEqual({
        messages: [],
        rest: "none",
        total: { count: 0, index: 0 },
      });
    });
  });

  it("MAM-12 the ids that a room has given, for whoever fills the log from its archive", async () => {
    await withTables("room-ids", (sql) => {
      const log = new AccountLog(sql, FOREVER).store;
      const model = new MemoryLog();
      const [tea, cake] = ["tea@muc.example.org", "cake@muc.example.org"];
      for (const [peer, stanzaId, room] of [
        [tea, "t1", true],
        [cake, "c1", true],
        [tea, undefined, true],
        // Said in private through the room: the account's server has archived it.
        [tea, "own", false],
        [tea, "t2", true],
      ] as const) {
        for (const store of [log, model]) store.append({ ...entry(1), peer, stanzaId, room });
      }
      for (const store of [log, model]) {
        expect(store.archivedSince(0, 10, tea)).toEqual(["t2", "t1"]);
        expect(store.archivedSince(0, 1, tea)).toEqual(["t2"]);
        expect(store.archivedSince(1, 10, tea)).toEqual(["t2"]);
        expect(store.archivedSince(0, 10, cake)).toEqual(["c1"]);
        expect(store.archivedSince(0, 10)).toEqual(["own"]);
      }
    });
  });

  it("MAM-8 where the log stands, for whoever fills it from the server's archive", async () => {
    await withTables("newest", (sql) => {
      const log = new AccountLog(sql, FOREVER).store;
      expect(log.newest()).toEqual({ atMs: undefined, stanzaId: undefined });
      const add = (atMs: number, stanzaId: string | undefined, room = false) =>
        log.append({ ...entry(1), atMs, stanzaId, room });
      add(1_000, "a");
      add(5_000, "b");
      add(3_000, "late");
      add(6_000, undefined);
      add(7_000, "room's", true);
      expect(log.newest()).toEqual({ atMs: 6_000, stanzaId: "b" });
      expect(log.archivedSince(1, 10)).toEqual(["late", "b"]);
      expect(log.archivedSince(0, 2)).toEqual(["late", "b"]);
      expect(log.archivedSince(0, 10, "room@muc.example.org")).toEqual([]);
      expect([1, 5, 6].map((seq) => log.has(seq))).toEqual([true, true, false]);
    });
  });
});
