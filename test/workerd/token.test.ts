// The token in the vault (FAST, XEP-0484): how long it is good, its count, and what takes it away.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Vault } from "../../durable/credentials/vault.ts";
import type { Credentials } from "../../xmpp/initiating/state.ts";

const ALICE = "alice@example.org";
const password: Credentials = { type: "password", password: "pencil" };
const EXPIRES_MS = Date.parse("2020-03-12T14:36:15Z");
const BEFORE_MS = EXPIRES_MS - 1;
const token = { token: "WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm", expiry: "2020-03-12T14:36:15Z" };
const newer = { token: "R3VyIHpiZmcgbnl2aXIgdmYgZ3VyIGp2eXFyZmcu", expiry: "2020-03-31T14:36:15+02:00" };

interface Scene {
  vault: Vault;
  sql: SqlStorage;
  /** As after the death of the process. */
  reload: () => Promise<Vault>;
}

/** A vault that has accepted a password, and what came with it, in an object of its own. */
async function play(name: string, use: (scene: Scene) => Promise<void>, first = token): Promise<void> {
  const stub = env.ACCOUNT.getByName(`${name}@token.example`);
  await runInDurableObject(stub, async (_instance, { storage: { sql } }) => {
    const reload = async (): Promise<Vault> => {
      const vault = new Vault(sql, "a secret of the deployment, long enough", ALICE, () => undefined);
      await vault.load();
      return vault;
    };
    const vault = await reload();
    await vault.accept("pencil", password, "SCRAM-SHA-1", first);
    await use({ vault, sql, reload });
  });
}

describe("the vault's token", () => {
  it("FAST-2 counts each use, over the death of the process too, and before it is used", async () => {
    await play("count", async ({ vault, sql, reload }) => {
      expect(vault.token(BEFORE_MS)).toEqual({ token: token.token, count: 1 });
      const rows = sql.exec("SELECT value FROM setting WHERE name = 'token-count'").toArray();
      expect(rows).toEqual([{ value: "1" }]);
      expect(vault.token(BEFORE_MS)?.count).toBe(2);
      const revived = await reload();
      expect(revived.token(BEFORE_MS)).toEqual({ token: token.token, count: 3 });
      await revived.keepToken(newer);
      expect(revived.token(BEFORE_MS)).toEqual({ token: newer.token, count: 4 });
    });
  });

  it("FAST-1 is good until it expires", async () => {
    await play("expiry", async ({ vault }) => {
      expect(vault.token(EXPIRES_MS)).toBeUndefined();
      await vault.keepToken(newer);
      expect(vault.token(Date.parse("2020-03-31T12:36:14Z"))?.token).toBe(newer.token);
      expect(vault.token(Date.parse("2020-03-31T12:36:15Z"))).toBeUndefined();
    });
  });

  it.each(["", "soon", "2020-13-12T14:36:15Z"])("FAST-1 is not kept when it expires %j", async (expiry) => {
    await play(
      `broken ${expiry}`,
      async ({ vault }) => {
        expect(vault.token(0)).toBeUndefined();
        await vault.keepToken(token);
        await vault.keepToken({ ...newer, expiry });
        expect(vault.token(0)?.token).toBe(token.token);
      },
      { ...token, expiry },
    );
  });

  it("FAST-1 does not stand in the table in plain", async () => {
    await play("plain", async ({ sql }) => {
      const [row] = sql.exec<{ sealed: ArrayBuffer }>("SELECT sealed FROM credential");
      expect(new TextDecoder("latin1").decode(row?.sealed)).not.toContain(token.token);
    });
  });

  it.each<[string, (vault: Vault) => Promise<void>]>([
    ["FAST-3 the server refuses it", async (vault) => await vault.dropToken()],
    ["FAST-5 the server refuses the credentials", async (vault) => await vault.refuse()],
    [
      "FAST-5 another password is accepted",
      async (vault) => await vault.accept("pen", password, "SCRAM-SHA-1", undefined),
    ],
  ])("%s: it is gone, for good", async (name, happen) => {
    await play(name, async ({ vault, reload }) => {
      await happen(vault);
      expect(vault.token(0)).toBeUndefined();
      const revived = await reload();
      expect(revived.token(0)).toBeUndefined();
    });
  });

  it("FAST-3 only the token is gone", async () => {
    await play("rest", async ({ vault, reload }) => {
      await vault.dropToken();
      const revived = await reload();
      expect(revived.credentials()).toEqual(password);
      expect(await revived.matches("pencil")).toBe(true);
    });
  });

  it("what is written last is what was said last, however long each takes to seal", async () => {
    await play("order", async ({ vault, reload }) => {
      await Promise.all([
        vault.keepToken(newer),
        vault.dropToken(),
        vault.keepToken(token),
        vault.keepToken(newer),
      ]);
      expect((await reload()).token(0)?.token).toBe(newer.token);
    });
  });
});
