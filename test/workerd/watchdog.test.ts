// ALIVE: the registry of accounts that should be online, and the rounds that look after them. An alarm that is stuck is one
// that was deleted: the platform runs one that is due, in tests too.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { AccountObject } from "../../durable/account-object.ts";
import type { Env } from "../../durable/env.ts";
import { REGISTRY_NAME, RegistryObject } from "../../durable/watchdog/registry-object.ts";
import { Client } from "./support/client.ts";
import { drop, sessions, setPassword } from "./support/servers.ts";

const registry = env.REGISTRY.getByName(REGISTRY_NAME);

async function registered(): Promise<string[]> {
  return await runInDurableObject(registry, (_instance, { storage: { sql } }) =>
    sql
      .exec<{ bare_jid: string }>("SELECT bare_jid FROM account")
      .toArray()
      .map(({ bare_jid: bareJid }) => bareJid),
  );
}

async function alarmOf(account: string): Promise<number | null> {
  return await runInDurableObject(
    env.ACCOUNT.getByName(account),
    async (_instance, { storage }) => await storage.getAlarm(),
  );
}

async function deleteAlarm(account: string): Promise<void> {
  await runInDurableObject(
    env.ACCOUNT.getByName(account),
    async (_instance, { storage }) => await storage.deleteAlarm(),
  );
}

/** Accounts' objects that do nothing but note that they were woken. */
function notingIn(note: (bareJid: string) => unknown): {
  getByName(): { wake(bareJid: string): Promise<boolean> };
} {
  const wake = async (bareJid: string): Promise<boolean> => {
    note(bareJid);
    return true;
  };
  return { getByName: () => ({ wake }) };
}

/** What a registry of its own wakes, alarm by alarm, under other settings and with accounts that only note that they were. */
async function round(
  name: string,
  settings: Partial<Env>,
  accounts: readonly string[],
  onLoopback = false,
): Promise<string[][]> {
  return await runInDurableObject(env.REGISTRY.getByName(name), async (_instance, state) => {
    const pages: string[][] = [];
    const noting = notingIn((bareJid) => pages.at(-1)?.push(bareJid));
    const under = { ...env, ACCOUNTS: "", ...settings, ACCOUNT: noting };
    for (const account of accounts) new RegistryObject(state, under).add(account, onLoopback);
    await new RegistryObject(state, under).round();
    while ((await state.storage.getAlarm()) !== null) {
      await state.storage.deleteAlarm();
      pages.push([]);
      // Another process each time: where the round stands is stored.
      await new RegistryObject(state, under).alarm();
    }
    return pages;
  });
}

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_unused, index) => `${String(index).padStart(3, "0")}@good.example`);

describe("ALIVE-1 who is registered", () => {
  it("ALIVE-1 an account from its first login on, until its server refuses what is stored", async () => {
    const account = "kept@good.example";
    const stranger = await Client.connect(account);
    await stranger.login("no such password");
    expect(await registered()).not.toContain(account);

    await Client.online(account);
    await expect.poll(registered).toContain(account);

    await setPassword("kept", "changed");
    await drop(account);
    await expect.poll(registered, { timeout: 8_000 }).not.toContain(account);

    await setPassword("kept", "pencil");
    await Client.online(account);
    await expect.poll(registered).toContain(account);
  });
});

describe("ALIVE-2 an account whose alarm is stuck", () => {
  it("ALIVE-2 is woken by the next round, its alarm armed again", async () => {
    const account = "stuck@good.example";
    await Client.online(account);
    await expect.poll(registered).toContain(account);
    await deleteAlarm(account);
    expect(await alarmOf(account)).toBeNull();
    await registry.round();
    await expect.poll(async () => await alarmOf(account)).toBeGreaterThan(Date.now());
    expect(await sessions("good", account)).toHaveLength(1);
  });

  it("ALIVE-2 one that is well is left alone", async () => {
    const account = "well@good.example";
    await Client.online(account);
    const before = await alarmOf(account);
    expect(await env.ACCOUNT.getByName(account).wake(account)).toBe(false);
    expect(await alarmOf(account)).toBe(before);
    await deleteAlarm(account);
    expect(await env.ACCOUNT.getByName(account).wake(account)).toBe(true);
    const history = await runInDurableObject(
      env.ACCOUNT.getByName(account),
      (_instance, { storage: { sql } }) =>
        sql.exec<{ value: string }>("SELECT value FROM setting WHERE name = 'history'").one().value,
    );
    expect(history.match(/"rescued"/g)).toHaveLength(1);
  });
});

describe("ALIVE-3 a round", () => {
  it("ALIVE-3 goes through many accounts, few at a time, each once", async () => {
    const pages = await round("many", { ALLOWED_ACCOUNTS: "*@good.example" }, numbered(100));
    expect(pages.map((page) => page.length)).toEqual([40, 40, 20]);
    expect(pages.flat()).toEqual(numbered(100));
  });

  it("ALIVE-3 ends where a page is full and nothing follows", async () => {
    const pages = await round("full", { ALLOWED_ACCOUNTS: "*@good.example" }, numbered(40));
    expect(pages.flat()).toEqual(numbered(40));
    expect(pages.length).toBeLessThanOrEqual(2);
  });

  it("CFG-4 includes the accounts of ACCOUNTS, once", async () => {
    const ACCOUNTS = JSON.stringify({ "001@good.example": "x", "zoe@good.example": "x", "a@a.example": "x" });
    const pages = await round("named", { ALLOWED_ACCOUNTS: "*@good.example", ACCOUNTS }, numbered(3));
    expect(pages).toEqual([[...numbered(3), "a@a.example", "zoe@good.example"]]);
  });

  it("ALIVE-3 goes on where its alarm was lost, and begins anew when it was over", async () => {
    const woken = await runInDurableObject(env.REGISTRY.getByName("lost"), async (_instance, state) => {
      const seen: string[] = [];
      const noting = notingIn((bareJid) => seen.push(bareJid));
      const under = { ...env, ACCOUNTS: "", ALLOWED_ACCOUNTS: "*@good.example", ACCOUNT: noting };
      const object = new RegistryObject(state, under);
      for (const account of numbered(50)) object.add(account, false);
      await object.round();
      await object.alarm();
      await state.storage.deleteAlarm();
      const first = seen.splice(0);
      await object.round();
      await state.storage.deleteAlarm();
      await object.alarm();
      const second = seen.splice(0);
      await object.round();
      await state.storage.deleteAlarm();
      await object.alarm();
      return [first, second, seen.slice(0, 1)];
    });
    expect(woken).toEqual([numbered(50).slice(0, 40), numbered(50).slice(40), numbered(1)]);
  });
});

describe("ALIVE-4 an account that the settings do not allow any more", () => {
  it("ALIVE-4 is not woken", async () => {
    const accounts = ["one@good.example", "two@bad.example"];
    expect(await round("fewer", { ALLOWED_ACCOUNTS: "*@good.example" }, accounts)).toEqual([
      ["one@good.example"],
    ]);
    expect(await round("nobody", { ALLOWED_ACCOUNTS: "" }, accounts)).toEqual([[]]);
  });

  it("ALIVE-4 * counts for those that were let in on loopback", async () => {
    const accounts = ["one@good.example"];
    expect(await round("anybody", { ALLOWED_ACCOUNTS: "*" }, accounts)).toEqual([[]]);
    expect(await round("anybody-here", { ALLOWED_ACCOUNTS: "*" }, accounts, true)).toEqual([accounts]);
  });

  it("ALIVE-4 goes offline when its process begins anew: no alarm, no clients", async () => {
    const account = "dropped@good.example";
    const client = await Client.online(account);
    await runInDurableObject(env.ACCOUNT.getByName(account), async (_instance, state) => {
      const object = new AccountObject(state, { ...env, ALLOWED_ACCOUNTS: "other@good.example" });
      await object.alarm();
      expect(await state.storage.getAlarm()).toBeNull();
      expect(await object.wake(account)).toBe(true);
      expect(await state.storage.getAlarm()).toBeNull();
    });
    expect(await client.until(/^closed/)).toBe("closed 1008");
  });
});
