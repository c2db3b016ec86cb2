// The tables: migrations, and the queue of what is on its way to the server (DOWN-3).

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Outbound } from "../../durable/storage/outbound.ts";
import { migrate } from "../../durable/storage/schema.ts";
import { Settings } from "../../durable/storage/settings.ts";
import { TextTable } from "../../durable/storage/text-table.ts";

async function withStorage<T>(name: string, use: (storage: DurableObjectStorage) => T): Promise<T> {
  const stub = env.ACCOUNT.getByName(`${name}@storage.example`);
  return await runInDurableObject(stub, (_instance, { storage }) => use(storage));
}

function tables(storage: DurableObjectStorage): unknown[] {
  return storage.sql
    .exec("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\' ORDER BY name")
    .toArray();
}

describe("migrations", () => {
  it("run twice change nothing, and lose nothing", async () => {
    await withStorage("twice", (storage) => {
      new Settings(storage.sql).set("resource", "xmpproxy-x");
      const before = tables(storage);
      expect(before.length).toBeGreaterThan(5);
      migrate(storage);
      migrate(storage);
      expect(tables(storage)).toEqual(before);
      expect(new Settings(storage.sql).get("resource")).toBe("xmpproxy-x");
    });
  });

  it("one that was begun is not left half done", async () => {
    await withStorage("half", (storage) => {
      const { sql } = storage;
      const before = tables(storage);
      for (const { name } of sql
        .exec<{ name: string }>(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
        )
        .toArray()) {
        // The full-text index takes its own tables with it.
        sql.exec(`DROP TABLE IF EXISTS ${name}`);
      }
      // A table of the first migration is there already: the rest of it must not be either.
      sql.exec("CREATE TABLE outbound (x)");
      expect(() => migrate(storage)).toThrow();
      expect(tables(storage)).toHaveLength(1);
      sql.exec("DROP TABLE outbound");
      migrate(storage);
      expect(tables(storage)).toEqual(before);
    });
  });
});

describe("settings", () => {
  it("are what was set last, and unknown until then", async () => {
    await withStorage("settings", ({ sql }) => {
      const settings = new Settings(sql);
      expect(settings.get("full-jid")).toBeUndefined();
      settings.set("full-jid", "a@b/c");
      settings.set("full-jid", "a@b/d");
      expect(new Settings(sql).get("full-jid")).toBe("a@b/d");
    });
  });
});

describe("DOWN-3 the queue to the server", () => {
  it("DOWN-3 keeps the order, and its numbers over the death of the process", async () => {
    await withStorage("order", ({ sql }) => {
      const queue = new Outbound(sql);
      for (const stanza of ["<a/>", "<b/>", "<c/>"]) expect(queue.add(stanza, 1_000)).toBe(true);
      queue.dropOldest(1);
      const revived = new Outbound(sql);
      expect(revived.length).toBe(2);
      expect(revived.add("<d/>", 2_000)).toBe(true);
      expect(revived.slice(0, 10)).toEqual([
        { atMs: 1_000, stanza: "<b/>", sender: null },
        { atMs: 1_000, stanza: "<c/>", sender: null },
        { atMs: 2_000, stanza: "<d/>", sender: null },
      ]);
      expect(revived.slice(1, 1)).toEqual([{ atMs: 1_000, stanza: "<c/>", sender: null }]);
      expect(revived.slice(3, 1)).toEqual([]);
      revived.dropOldest(0);
      expect(revived.length).toBe(3);
      revived.dropOldest(3);
      expect([revived.length, new Outbound(sql).length, revived.slice(0, 10)]).toEqual([0, 0, []]);
      expect(revived.add("<e/>", 3_000)).toBe(true);
      expect(new Outbound(sql).slice(0, 10)).toEqual([{ atMs: 3_000, stanza: "<e/>", sender: null }]);
    });
  });

  it("DOWN-3 refuses when it is full, and takes again when there is room", async () => {
    await withStorage("full", ({ sql }) => {
      const queue = new Outbound(sql);
      for (let count = 0; count < 10_000; count += 1) queue.add("<a/>", 0);
      expect(queue.length).toBe(10_000);
      expect(queue.add("<b/>", 0)).toBe(false);
      expect(new Outbound(sql).add("<b/>", 0)).toBe(false);
      queue.dropOldest(1);
      expect(queue.add("<b/>", 0)).toBe(true);
      expect(queue.slice(9_999, 1)).toEqual([{ atMs: 0, stanza: "<b/>", sender: null }]);
    });
  });

  it.each([
    ["ASCII", "x".repeat(1_900_000), true],
    ["ASCII, one too many", "x".repeat(1_900_001), false],
  ])("refuses what no row may hold in production: %s", async (name, stanza, expected) => {
    await withStorage(`long ${name}`, ({ sql }) => {
      expect(new Outbound(sql).add(stanza, 0)).toBe(expected);
    });
  });
});

describe("the policy's texts", () => {
  it("CAPS-3 outlive the process, each topic for itself, oldest first", async () => {
    await withStorage("texts", ({ sql }) => {
      const store = new TextTable(sql, "capabilities");
      store.set("b#2", "urn:xmpp:ping", 2_000);
      store.set("a#1", "", 3_000);
      store.set("gone", "x", 1_000);
      store.delete("gone");
      store.set("a#1", "urn:xmpp:time\nurn:xmpp:ping", 1_000);
      sql.exec("INSERT INTO policy_text (topic, key, at_ms, value) VALUES ('another', 'a#1', 1, 'x')");
      expect(new TextTable(sql, "capabilities").entries()).toEqual([
        { key: "a#1", value: "urn:xmpp:time\nurn:xmpp:ping", atMs: 1_000 },
        { key: "b#2", value: "urn:xmpp:ping", atMs: 2_000 },
      ]);
    });
  });
});
