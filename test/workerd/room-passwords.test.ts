// MUC-15: passwords of rooms in storage: sealed, in order, gone at once, and over the death of the object.

import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { RoomPasswords } from "../../durable/credentials/room-passwords.ts";
import { seal } from "../../durable/credentials/sealed-box.ts";
import { Lease } from "../../durable/storage/lease.ts";
import { Outbound } from "../../durable/storage/outbound.ts";
import { Client } from "./support/client.ts";
import { say, sessions, setOpen, stanzasOf } from "./support/servers.ts";

const SECRET = "a secret of the deployment, long enough";
const ALICE = "alice@example.org";
const ROOM = "tea@muc.example.org";
const MUC = "http://jabber.org/protocol/muc";

async function withStorage(
  name: string,
  use: (sql: SqlStorage, storage: DurableObjectStorage) => Promise<void>,
): Promise<void> {
  const stub = env.ACCOUNT.getByName(`passwords-${name}@storage.example`);
  await runInDurableObject(stub, async (_instance, { storage }) => await use(storage.sql, storage));
}

async function loaded(sql: SqlStorage, secret = SECRET, account = ALICE): Promise<RoomPasswords> {
  const passwords = new RoomPasswords(sql, secret, account);
  await passwords.load();
  return passwords;
}

/** Everything in a table, as text. */
function contentOf(sql: SqlStorage, table: string): string {
  return sql
    .exec(`SELECT * FROM ${table}`)
    .toArray()
    .flatMap((row) => Object.values(row))
    .map((value) => (value instanceof ArrayBuffer ? new TextDecoder().decode(value) : String(value)))
    .join(" ");
}

describe("MUC-15 passwords of rooms are stored sealed", () => {
  it("MUC-15 what was set is there when it is loaded again, and cannot be read in the table", async () => {
    await withStorage("kept", async (sql) => {
      const passwords = await loaded(sql);
      passwords.set(ROOM, "sesame");
      passwords.set("cake@muc.example.org", "pä55wörd 🍰");
      expect(passwords.get(ROOM)).toBe("sesame");
      await passwords.saved();
      expect(contentOf(sql, "room_password")).not.toContain("sesame");
      const again = await loaded(sql);
      expect([again.get(ROOM), again.get("cake@muc.example.org")]).toEqual(["sesame", "pä55wörd 🍰"]);
      expect((await loaded(sql, `${SECRET}.`)).get(ROOM)).toBeUndefined();
      expect((await loaded(sql, SECRET, "bob@example.org")).get(ROOM)).toBeUndefined();
    });
  });

  it("MUC-15 set, changed and deleted while it is being sealed: what holds in the end is stored, and nothing else ever", async () => {
    await withStorage("order", async (sql) => {
      const passwords = await loaded(sql);
      for (const password of ["one", "two", "three"]) passwords.set(ROOM, password);
      passwords.set("left@muc.example.org", "gone");
      passwords.delete("left@muc.example.org");
      await passwords.saved();
      const again = await loaded(sql);
      expect([again.get(ROOM), again.get("left@muc.example.org")]).toEqual(["three", undefined]);
      expect(sql.exec("SELECT 1 FROM room_password").toArray()).toHaveLength(1);
    });
  });

  it("MUC-15 what is replaced or deleted is out of the table in the same turn, whenever the process dies", async () => {
    await withStorage("at-once", async (sql) => {
      const passwords = await loaded(sql);
      passwords.set(ROOM, "old");
      await passwords.saved();
      passwords.set(ROOM, "new");
      expect(sql.exec("SELECT 1 FROM room_password").toArray()).toEqual([]);
      await passwords.saved();
      expect((await loaded(sql)).get(ROOM)).toBe("new");
      passwords.delete(ROOM);
      expect(sql.exec("SELECT 1 FROM room_password").toArray()).toEqual([]);
      await passwords.saved();
      expect(sql.exec("SELECT 1 FROM room_password").toArray()).toEqual([]);
    });
  });

  it("MUC-15 what is set in the turn in which the last was stored is stored as well", async () => {
    await withStorage("again", async (sql) => {
      const passwords = await loaded(sql);
      passwords.set(ROOM, "one");
      await passwords.saved();
      passwords.set("cake@muc.example.org", "two");
      await passwords.saved();
      expect((await loaded(sql)).get("cake@muc.example.org")).toBe("two");
    });
  });

  it("MUC-15 a box in the row of another room, and what makes no sense, is nothing", async () => {
    await withStorage("moved", async (sql) => {
      const passwords = await loaded(sql);
      passwords.set(ROOM, "sesame");
      await passwords.saved();
      sql.exec("UPDATE room_password SET jid = 'cake@muc.example.org'");
      const nonsense = await seal(SECRET, ALICE, '{"credentials":{}}');
      sql.exec("INSERT INTO room_password (jid, sealed) VALUES (?, ?)", ROOM, nonsense);
      const again = await loaded(sql);
      expect([again.get(ROOM), again.get("cake@muc.example.org")]).toEqual([undefined, undefined]);
    });
  });

  it("FORGET-1 MUC-15 an account that is forgotten while one is being sealed: it is not stored", async () => {
    await withStorage("forgotten", async (_sql, storage) => {
      const lease = new Lease(storage);
      const passwords = await loaded(lease.sql);
      passwords.set(ROOM, "sesame");
      lease.end();
      await storage.deleteAll();
      await passwords.saved();
      const { sql } = new Lease(storage);
      expect(sql.exec("SELECT 1 FROM room_password").toArray()).toEqual([]);
    });
  });
});

describe("MUC-15 a join on its way to the server", () => {
  const join = `<presence to="${ROOM}/al"><x xmlns="${MUC}"><password>sesame</password><history maxstanzas="50"/></x></presence>`;

  it("MUC-15 is stored without its password, and whole while the process lives", async () => {
    await withStorage("outbound", async (sql) => {
      const outbound = new Outbound(sql);
      outbound.add(join, 1);
      outbound.add("<message><body>&lt;password>no&lt;/password></body></message>", 2);
      expect(outbound.slice(0, 1)[0]?.stanza).toBe(join);
      expect(contentOf(sql, "outbound")).not.toContain("sesame");
      // Taken out and put back, under another number.
      outbound.putBack(outbound.takeAll());
      expect(outbound.slice(0, 1)[0]?.stanza).toBe(join);
      expect(new Outbound(sql).slice(0, 2).map(({ stanza }) => stanza)).toEqual([
        join.replace(">sesame</password>", "/>"),
        "<message><body>&lt;password>no&lt;/password></body></message>",
      ]);
      outbound.dropOldest(1);
      outbound.add("<presence/>", 3);
      expect(outbound.slice(0, 2).map(({ stanza }) => stanza)).not.toContain(join);
      await Promise.resolve();
    });
  });
});

/** Where in what the newest session was sent a join says this password; -1: nowhere. */
async function joinedWith(account: string, password: string): Promise<number> {
  const stanzas = await stanzasOf(account);
  return stanzas.findIndex(
    (stanza) => stanza.includes(`<password>${password}</password>`) && stanza.includes(`to="${ROOM}/al"`),
  );
}

describe("MUC-15 the object dies", () => {
  it("MUC-15 and the session with it: the room is entered with its password, for the client that is still in it", async () => {
    const account = "rooms@comes-and-goes.example";
    await setOpen("comes-and-goes", true);
    const client = await Client.online(account);
    client.send('<enable xmlns="urn:xmpp:sm:3" resume="true"/>');
    await client.until(/^<enabled/);
    client.send(
      `<presence xmlns="jabber:client" to="${ROOM}/al"><x xmlns="${MUC}"><password>sesame</password></x></presence>`,
    );
    await expect.poll(async () => await joinedWith(account, "sesame")).toBeGreaterThan(-1);
    const jid = (await sessions("comes-and-goes", account)).at(-1)?.jid ?? "";
    await say(
      account,
      `<presence from="${ROOM}/al" to="${jid}"><x xmlns="${MUC}#user"><item affiliation="none" role="participant"/><status code="110"/></x></presence>`,
    );
    await client.until(/code="110"/);
    const stub = env.ACCOUNT.getByName(account);
    await expect
      .poll(
        async () =>
          await runInDurableObject(
            stub,
            (_instance, { storage }) => storage.sql.exec("SELECT 1 FROM room_password").toArray().length,
          ),
      )
      .toBe(1);
    await runInDurableObject(stub, (_instance, { storage: { sql } }) => {
      const tables = sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
        .toArray()
        .map(({ name }) => name)
        .filter((name) => !name.startsWith("_cf"));
      expect(tables).toContain("outbound");
      for (const table of tables) expect(contentOf(sql, table), table).not.toContain("sesame");
    });

    const { length } = await sessions("comes-and-goes", account);
    await abortAllDurableObjects();
    await env.ACCOUNT.getByName(account).wake(account);
    await expect.poll(async () => (await sessions("comes-and-goes", account)).length).toBe(length + 1);
    await expect.poll(async () => await joinedWith(account, "sesame")).toBeGreaterThan(-1);
  });
});
