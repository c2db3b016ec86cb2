// FORGET: an account is forgotten altogether, from the owner's word to the emptiness of its object.

import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { ACCOUNT_HEADER, AccountObject, LOOPBACK_HEADER } from "../../durable/account-object.ts";
import { REGISTRY_NAME } from "../../durable/watchdog/registry-object.ts";
import { encodeBase64Text } from "../../xmpp/sasl/base64.ts";
import { Client } from "./support/client.ts";
import { say, sessions, setOpen } from "./support/servers.ts";

const NOT_AUTHORIZED = /^<stream:error.*<not-authorized .*This account was forgotten here/;

function request(account: string, path: string, init: RequestInit = {}): Request {
  const Authorization = `Basic ${encodeBase64Text(`${account}:pencil`)}`;
  const url = `http://localhost/accounts/${encodeURIComponent(account)}${path}`;
  return new Request(url, { ...init, headers: { Authorization } });
}

async function ask(account: string, path: string, init: RequestInit = {}): Promise<Response> {
  return await exports.default.fetch(request(account, path, init));
}

async function forget(account: string): Promise<Response> {
  return await ask(account, "", { method: "DELETE" });
}

async function registered(account: string): Promise<boolean> {
  const registry = env.REGISTRY.getByName(REGISTRY_NAME);
  return await runInDurableObject(
    registry,
    (_instance, { storage: { sql } }) =>
      sql.exec("SELECT 1 FROM account WHERE bare_jid = ?", account).toArray().length > 0,
  );
}

interface Left {
  tables: string[];
  alarm: number | null;
}

/** What is stored in an account's object. */
async function leftOf(account: string): Promise<Left> {
  return await runInDurableObject(env.ACCOUNT.getByName(account), async (_instance, { storage }) => ({
    tables: storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master")
      .toArray()
      .map(({ name }) => name),
    alarm: await storage.getAlarm(),
  }));
}

/** Which rows there are in the tables of an object that was made anew. */
async function rowsOf(account: string): Promise<Record<string, number>> {
  return await runInDurableObject(env.ACCOUNT.getByName(account), (_instance, { storage: { sql } }) => {
    const tables = sql.exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'log_text%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    );
    const counts = tables
      .toArray()
      .map(
        ({ name }) => [name, sql.exec<{ n: number }>(`SELECT count(*) AS n FROM "${name}"`).one().n] as const,
      );
    return Object.fromEntries(counts.filter(([name, count]) => count > 0 && name !== "migration"));
  });
}

/** Two clients, a conversation, and somebody who is just about to log in. */
async function settle(account: string): Promise<{ phone: Client; laptop: Client; third: Client }> {
  const phone = await Client.online(account, { resource: "phone" });
  phone.send('<enable xmlns="urn:xmpp:sm:3" resume="true"/>');
  await phone.until(/^<enabled/);
  const laptop = await Client.online(account, { resource: "laptop" });
  await say(
    account,
    `<message from="bob@example.org/a" type="chat" id="1"><body>Meet me at nine</body></message>`,
  );
  await phone.until(/Meet me/);
  const third = await Client.connect(account);
  await third.open();
  await expect.poll(async () => await registered(account)).toBe(true);
  return { phone, laptop, third };
}

describe("FORGET-1 all of an account", () => {
  it("FORGET-1 FORGET-2 FORGET-3 goes at once: storage, alarm, registry, sessions; the next login is a first one", async () => {
    const account = "leaves@acknowledges.example";
    const { phone, laptop, third } = await settle(account);
    const answer = await forget(account);
    expect([answer.status, await answer.json()]).toEqual([200, { forgotten: account }]);
    expect(await leftOf(account)).toEqual({ tables: [], alarm: null });
    expect(await registered(account)).toBe(false);
    for (const client of [phone, laptop, third]) {
      const frames = await client.rest();
      const error = frames.findIndex((frame) => NOT_AUTHORIZED.test(frame));
      expect(frames.slice(error + 1)).toEqual([
        '<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />',
        expect.stringMatching(/^closed 1\d\d\d$/),
      ]);
    }
    const [session] = await sessions("acknowledges", account);
    expect(session?.received).toMatch(
      /<a xmlns="urn:xmpp:sm:3" h="\d+"\/><presence type="unavailable"\/><\/stream:stream>$/,
    );
    await expect
      .poll(async () => (await sessions("acknowledges", account)).every(({ ended }) => ended))
      .toBe(true);

    const anew = await Client.connect(account);
    const features = await anew.open();
    expect(features).toContain("<mechanism>PLAIN</mechanism>");
    expect(features).not.toContain("SCRAM");
    expect(await anew.plain("pencil")).toMatch(/^<success/);
    const bound = await anew.bind("phone");
    expect(bound).not.toContain(session?.jid);
    expect(await (await ask(account, "/search?q=nine")).json()).toEqual({ hits: [], encrypted: 0 });
    const { history, restarts }: { history: unknown[]; restarts: number } = await (
      await ask(account, "/status")
    ).json();
    expect([history.length, restarts]).toEqual([1, 0]);
  });

  it("FORGET-1 nothing of what was under way is written after it: an import, a login", async () => {
    const account = "busy@good.example";
    await Client.online(account);
    const lines = Array.from({ length: 3_000 }, (_none, n) =>
      JSON.stringify({
        at: new Date(Date.now() - 60_000 + n).toISOString(),
        direction: "received",
        with: "bob@example.org",
        stanza: `<message xmlns="jabber:client" from="bob@example.org/a" id="${n}"><body>hi</body></message>`,
      }),
    );
    const head = JSON.stringify({ type: "xmpproxy log", version: 1, account, exported: "x", most: 3_000 });
    const imported = ask(account, "/log", { method: "POST", body: [head, ...lines].join("\n") });
    const late = await Client.connect(account);
    await late.open();
    late.send(
      `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${encodeBase64Text("\0busy\0wrong")}</auth>`,
    );
    expect((await forget(account)).status).toBe(200);
    const answer = await imported;
    expect([answer.status, await answer.json()]).toEqual([
      410,
      { error: "The account was forgotten meanwhile." },
    ]);
    expect((await late.rest()).filter((frame) => NOT_AUTHORIZED.test(frame))).toHaveLength(1);
    expect(await leftOf(account)).toEqual({ tables: [], alarm: null });
    // Whoever comes finds nothing of it.
    await Client.online(account);
    expect(await rowsOf(account)).not.toHaveProperty("log");
  });

  it("FORGET-1 twice at once is once", async () => {
    const account = "twice@good.example";
    await Client.online(account);
    const answers = await Promise.all([forget(account), forget(account)]);
    expect(answers.map(({ status }) => status)).toContain(200);
    expect(await leftOf(account)).toEqual({ tables: [], alarm: null });
  });
});

describe("FORGET-1 who asks for it, and how", () => {
  it("FORGET-1 nobody but the owner, and nothing else than all of it", async () => {
    const account = "stays@good.example";
    const client = await Client.online(account);
    const stranger = { Authorization: `Basic ${encodeBase64Text(`${account}:guess`)}` };
    const url = `http://localhost/accounts/${account}`;
    const answers = [
      await exports.default.fetch(new Request(url, { method: "DELETE", headers: stranger })),
      await ask(account, "?with=bob@example.org", { method: "DELETE" }),
      await ask(account, ""),
      await exports.default.fetch(
        new Request(request(account, "", { method: "DELETE" }), {
          headers: { ...Object.fromEntries(request(account, "").headers), "Sec-Fetch-Site": "cross-site" },
        }),
      ),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 400, 405, 403]);
    expect(await registered(account)).toBe(true);
    expect(client.unread).toBe(0);
    expect((await ask(account, "/status")).status).toBe(200);
  });

  it("FORGET-1 also while there is no session", async () => {
    const account = "away@comes-and-goes.example";
    await setOpen("comes-and-goes", true);
    const client = await Client.online(account);
    await setOpen("comes-and-goes", false);
    await expect
      .poll(async () => (await sessions("comes-and-goes", account)).every(({ ended }) => ended))
      .toBe(true);
    expect((await forget(account)).status).toBe(200);
    expect((await client.rest()).some((frame) => NOT_AUTHORIZED.test(frame))).toBe(true);
    expect(await leftOf(account)).toEqual({ tables: [], alarm: null });
    await setOpen("comes-and-goes", true);
    expect(await sessions("comes-and-goes", account)).toHaveLength(1);
  });

  it("FORGET-4 a client's command is answered before its stream ends", async () => {
    const account = "commands@good.example";
    const client = await Client.online(account);
    const { address }: { address: string } = await (await ask(account, "/status")).json();
    const command = (attrs: string, inner: string): void =>
      client.send(
        `<iq xmlns="jabber:client" type="set" id="c" to="${address}"><command xmlns="http://jabber.org/protocol/commands" node="forget-account" ${attrs}>${inner}</command></iq>`,
      );
    command("", "");
    const sessionid = /sessionid="([^"]+)"/.exec(await client.until(/id="c"/))?.[1] ?? "";
    command(
      `sessionid="${sessionid}" action="complete"`,
      `<x xmlns="jabber:x:data" type="submit"><field var="account"><value>${account}</value></field></x>`,
    );
    const frames = await client.rest();
    expect(frames[0]).toContain(`<note type="info">Forgotten: ${account}.</note>`);
    expect(frames[1]).toMatch(NOT_AUTHORIZED);
    await expect.poll(async () => await leftOf(account)).toEqual({ tables: [], alarm: null });
  });
});

describe("OWNER-8 asking makes no account", () => {
  it("OWNER-8 one that has not logged in looks like one that is not served, and nothing is stored of it", async () => {
    const account = "never@good.example";
    const answer = await ask(account, "/status");
    expect([answer.status, await answer.json()]).toEqual([
      401,
      { error: expect.stringContaining("nobody has logged in to it here yet") },
    ]);
    expect((await forget(account)).status).toBe(401);
    expect(await sessions("good", account)).toEqual([]);
    expect(await rowsOf(account)).toEqual({});
  });

  it("OWNER-8 one that was forgotten is not brought back by a page that goes on asking", async () => {
    const account = "asked@good.example";
    await Client.online(account);
    await forget(account);
    expect((await ask(account, "/status")).status).toBe(401);
    expect(await leftOf(account)).toEqual({ tables: [], alarm: null });
  });
});

/** The owner asks the object itself, which dies in the middle as `prepare` has it. */
async function forgetAndDie(
  account: string,
  prepare: (instance: AccountObject, state: DurableObjectState) => void,
): Promise<void> {
  await abortAllDurableObjects();
  await runInDurableObject(env.ACCOUNT.getByName(account), async (instance, state) => {
    prepare(instance, state);
    const headers = new Headers(request(account, "").headers);
    headers.set(ACCOUNT_HEADER, account);
    headers.set(LOOPBACK_HEADER, "1");
    await instance.fetch(new Request(`http://localhost/accounts/${account}`, { method: "DELETE", headers }));
  }).catch(() => undefined);
  await abortAllDurableObjects();
}

const never = (): Promise<never> => new Promise(() => undefined);

describe("FORGET-1 a death in the middle", () => {
  it("FORGET-1 before the deletion is carried out: the account is all there, and comes back", async () => {
    const account = "survives@good.example";
    await Client.online(account);
    await expect.poll(async () => await registered(account)).toBe(true);
    const before = await rowsOf(account);
    await forgetAndDie(account, (_instance, state) => {
      state.storage.deleteAll = () => {
        state.abort("it dies here");
        return never();
      };
    });
    expect(Object.keys(await rowsOf(account))).toEqual(expect.arrayContaining(Object.keys(before)));
    expect((await sessions("good", account)).at(-1)?.received).not.toContain("</stream:stream>");
    const { length } = await sessions("good", account);
    await env.ACCOUNT.getByName(account).wake(account);
    await expect.poll(async () => (await sessions("good", account)).length).toBe(length + 1);
    expect(await (await Client.connect(account)).open()).toContain("SCRAM-SHA-256");
  });

  it("FORGET-1 FORGET-3 after it: the account stays gone, and the watchdog lets go of it", async () => {
    const account = "stays-gone@good.example";
    await Client.online(account);
    await expect.poll(async () => await registered(account)).toBe(true);
    await forgetAndDie(account, (instance, state) => {
      const registry = { add: never, remove: never };
      Object.defineProperty(instance, "env", {
        value: { ...env, REGISTRY: { getByName: () => registry } },
      });
      const deleteAll = state.storage.deleteAll.bind(state.storage);
      state.storage.deleteAll = async () => {
        await deleteAll();
        state.abort("it dies here");
      };
    });
    expect(await registered(account)).toBe(true);
    expect(await rowsOf(account)).toEqual({});
    const { length } = await sessions("good", account);
    await env.REGISTRY.getByName(REGISTRY_NAME).round();
    await expect.poll(async () => await registered(account)).toBe(false);
    expect(await rowsOf(account)).toEqual({});
    expect((await leftOf(account)).alarm).toBeNull();
    expect(await sessions("good", account)).toHaveLength(length);
  });
});
