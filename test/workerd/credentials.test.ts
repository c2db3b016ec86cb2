// What is stored of credentials: the sealed box, and the vault that is kept in it (LOGIN-2, LOGIN-4, LOGIN-8).

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { seal, unseal } from "../../durable/credentials/sealed-box.ts";
import { Vault } from "../../durable/credentials/vault.ts";
import type { Credentials } from "../../xmpp/initiating/state.ts";

const SECRET = "a secret of the deployment, long enough";
const ALICE = "alice@example.org";

describe("the sealed box", () => {
  it.each(["", "pencil", "pä55wörd €😀", "x".repeat(100_000)])("opens again", async (text) => {
    expect(await unseal(SECRET, ALICE, await seal(SECRET, ALICE, text))).toBe(text);
  });

  it("is another one each time, and does not show what is in it", async () => {
    const boxes = [await seal(SECRET, ALICE, "pencil"), await seal(SECRET, ALICE, "pencil")];
    expect(boxes[0]).not.toEqual(boxes[1]);
    expect(new TextDecoder().decode(boxes[0])).not.toContain("pencil");
  });

  it("does not open with another key, or for another account", async () => {
    const box = await seal(SECRET, ALICE, "pencil");
    expect(await unseal(`${SECRET}.`, ALICE, box)).toBeUndefined();
    expect(await unseal(SECRET, "bob@example.org", box)).toBeUndefined();
    expect(await unseal(SECRET, "", box)).toBeUndefined();
  });

  it("does not open when any byte of it was changed, or is missing", async () => {
    const box = await seal(SECRET, ALICE, "pencil");
    for (let index = 0; index < box.length; index += 1) {
      const changed = box.map((byte, at) => (at === index ? byte ^ 1 : byte));
      expect(await unseal(SECRET, ALICE, changed), `byte ${index}`).toBeUndefined();
    }
    for (const length of [0, 1, 12, box.length - 1]) {
      expect(await unseal(SECRET, ALICE, box.subarray(0, length)), `${length} bytes`).toBeUndefined();
    }
  });
});

/** Runs in an object of its own, with the tables that the product has made. */
async function withStorage<T>(name: string, use: (sql: SqlStorage) => Promise<T>): Promise<T> {
  const stub = env.ACCOUNT.getByName(`${name}@storage.example`);
  return await runInDurableObject(stub, async (_instance, { storage }) => await use(storage.sql));
}

const password: Credentials = { type: "password", password: "pencil" };
const keys: Credentials = {
  type: "scram",
  parameters: { hash: "SHA-1", salt: "QSXCR+Q6sek8bf92", iterations: 4096 },
  keys: { clientKey: "4jTEe/bDZpbdbYUrmaqiuiZVVyg=", serverKey: "D+CSWLOshSulAsxiupA+qs2/fTE=" },
};

async function loaded(sql: SqlStorage, secret = SECRET, account = ALICE): Promise<Vault> {
  const vault = new Vault(sql, secret, account, () => undefined);
  await vault.load();
  return vault;
}

describe("the vault", () => {
  it("LOGIN-1 is empty in the beginning", async () => {
    await withStorage("empty", async (sql) => {
      const vault = await loaded(sql);
      expect(vault.needsLogin).toBe(true);
      expect(vault.credentials()).toBeUndefined();
      expect(vault.strongestSeen()).toBeUndefined();
      expect(vault.verifierFor("SHA-256")).toBeUndefined();
      expect(await vault.matches("pencil")).toBe(false);
    });
  });

  it.each([
    ["the password", password],
    ["keys in its place", keys],
  ])("LOGIN-2 LOGIN-4 keeps %s over the death of the process", async (name, credentials) => {
    await withStorage(name, async (sql) => {
      await new Vault(sql, SECRET, ALICE, () => undefined).accept(
        "pencil",
        credentials,
        "SCRAM-SHA-1",
        undefined,
      );
      const vault = await loaded(sql);
      expect(vault.needsLogin).toBe(false);
      expect(vault.credentials()).toEqual(credentials);
      expect(vault.strongestSeen()).toBe("SCRAM-SHA-1");
      expect(await vault.matches("pencil")).toBe(true);
      expect(await vault.matches("Pencil")).toBe(false);
      for (const hash of ["SHA-512", "SHA-256", "SHA-1"] as const) {
        expect(vault.verifierFor(hash)).toMatchObject({ hash, iterations: 10_000 });
      }
      const salts = (["SHA-512", "SHA-256", "SHA-1"] as const).map((hash) => vault.verifierFor(hash)?.salt);
      expect(new Set(salts).size).toBe(3);
    });
  });

  it("LOGIN-4 nothing of it stands in the table in plain", async () => {
    await withStorage("plain", async (sql) => {
      await new Vault(sql, SECRET, ALICE, () => undefined).accept("pencil", password, "PLAIN", undefined);
      const [row] = sql.exec<{ sealed: ArrayBuffer }>("SELECT sealed FROM credential");
      const text = new TextDecoder("latin1").decode(row?.sealed);
      for (const word of ["pencil", "password", "PLAIN", "SHA-256"]) expect(text).not.toContain(word);
    });
  });

  it.each([
    ["CREDENTIALS_KEY", `${SECRET}.`, ALICE],
    ["account", SECRET, "bob@example.org"],
  ])(
    "LOGIN-4 under another %s it does not open, and the account has to log in anew",
    async (name, secret, account) => {
      await withStorage(`other ${name}`, async (sql) => {
        await new Vault(sql, SECRET, ALICE, () => undefined).accept("pencil", password, "PLAIN", undefined);
        const vault = await loaded(sql, secret, account);
        expect(vault.needsLogin).toBe(true);
        expect(vault.credentials()).toBeUndefined();
        await vault.accept("pen", password, "PLAIN", undefined);
        expect((await loaded(sql, secret, account)).needsLogin).toBe(false);
      });
    },
  );

  it("LOGIN-8 what the server refused is offered to nobody, until somebody logs in", async () => {
    await withStorage("refused", async (sql) => {
      await new Vault(sql, SECRET, ALICE, () => undefined).accept("pencil", keys, "SCRAM-SHA-1", undefined);
      await (await loaded(sql)).refuse();
      const vault = await loaded(sql);
      expect(vault.needsLogin).toBe(true);
      expect(vault.credentials()).toBeUndefined();
      expect(vault.verifierFor("SHA-256")).toBeUndefined();
      expect(await vault.matches("pencil")).toBe(false);
      // UP-4: a downgrade is one also after a refusal.
      expect(vault.strongestSeen()).toBe("SCRAM-SHA-1");
      await vault.accept("pen", password, "SCRAM-SHA-256", undefined);
      expect(await (await loaded(sql)).matches("pen")).toBe(true);
      expect(await vault.matches("pencil")).toBe(false);
    });
  });

  it.each(["not JSON", `{"credentials":{"type":"password"}}`])(
    "what is sealed but makes no sense is nothing: %s",
    async (text) => {
      await withStorage(`nonsense ${text}`, async (sql) => {
        sql.exec("INSERT INTO credential (id, sealed) VALUES (1, ?)", await seal(SECRET, ALICE, text));
        expect((await loaded(sql)).needsLogin).toBe(true);
      });
    },
  );
});
