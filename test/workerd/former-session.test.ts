// SM-15: a client that asks in vain to resume is told how far it got, and is the device that it was, although it names none.

import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Client } from "./support/client.ts";
import { say, stanzasOf } from "./support/servers.ts";

const SM = "urn:xmpp:sm:3";
const CARBONS = `<iq xmlns="jabber:client" type="set" id="c"><enable xmlns="urn:xmpp:carbons:2"/></iq>`;
const CLOSE = `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`;
const BIND = `<iq xmlns="jabber:client" type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`;
const UNKNOWN = `<item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></failed>`;

/** Logs in and comes to where it may resume or bind. */
async function comes(account: string): Promise<Client> {
  const client = await Client.connect(account);
  expect(await client.login("pencil")).toContain("<success");
  await client.open();
  return client;
}

/** Binds without naming a device. Returns the id of its session. */
async function binds(client: Client): Promise<string> {
  client.send(BIND);
  await client.until(/ id="b"/);
  client.send(CARBONS);
  await client.until(/ id="c"/);
  client.send(`<enable xmlns="${SM}" resume="true"/>`);
  const [, previd = ""] = / id="([^"]+)"/.exec(await client.until(/<enabled/)) ?? [];
  client.send(`<presence xmlns="jabber:client"/>`);
  return previd;
}

/** After a reset it takes a moment until there is a session to tell it on. Over when it is logged. */
async function told(account: string, body: string): Promise<void> {
  const message = `<message from="bob@example.org/a" type="chat" id="${body}"><body>${body}</body></message>`;
  const isTold = (): Promise<boolean> =>
    say(account, message).then(
      () => true,
      () => false,
    );
  await expect.poll(isTold, { timeout: 4_000 }).toBe(true);
  const logged = `SELECT count(*) AS n FROM log WHERE message_id = '${body}'`;
  await expect.poll(async () => await sql(account, logged)).toEqual([{ n: 1 }]);
}

/** The bodies of what comes up to this one. */
async function hears(client: Client, last: string): Promise<string[]> {
  const bodies: string[] = [];
  while (bodies.at(-1) !== last) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const [, body] = /<body>([^<]*)<\/body>/.exec(await client.until(/<body>/)) ?? [];
    if (body !== undefined) bodies.push(body);
  }
  return bodies;
}

async function sql(account: string, query: string): Promise<Record<string, SqlStorageValue>[]> {
  return await runInDurableObject(env.ACCOUNT.getByName(account), (_instance, { storage }) =>
    storage.sql.exec(query).toArray(),
  );
}

/** A session in which `had` was handled and acknowledged, and two stanzas were sent; its socket is gone. */
async function begins(account: string): Promise<string> {
  const client = await comes(account);
  const previd = await binds(client);
  await told(account, "had");
  await hears(client, "had");
  client.send(`<message xmlns="jabber:client" to="bob@example.org" type="chat"><body>mine</body></message>`);
  await expect.poll(async () => (await stanzasOf(account)).join("")).toContain("mine");
  const handled = Number((await sql(account, "SELECT handled FROM client_session"))[0]?.["handled"]);
  expect(handled).toBe(2);
  client.send(`<a xmlns="${SM}" h="1"/>`);
  client.send(`<r xmlns="${SM}"/>`);
  await client.until(/^<a /);
  client.drop();
  return previd;
}

/** The day is over before the client is back. */
async function isTooLate(account: string): Promise<void> {
  const isGone = async (): Promise<unknown> =>
    (await sql(account, "SELECT count(detached_at_ms) AS n FROM client_session"))[0];
  await expect.poll(isGone).toEqual({ n: 1 });
  await sql(account, "UPDATE client_session SET detached_at_ms = detached_at_ms - 90000000");
  await abortAllDurableObjects();
  await wakes(account);
}

async function wakes(account: string): Promise<void> {
  await runInDurableObject(env.ACCOUNT.getByName(account), async (instance) => await instance.alarm());
}

/** Asks in vain, binds and is handed what it missed. */
async function comesBack(account: string, previd: string): Promise<Client> {
  const client = await comes(account);
  client.send(`<resume xmlns="${SM}" previd="${previd}" h="1"/>`);
  expect(await client.next()).toBe(`<failed xmlns="${SM}" h="2">${UNKNOWN}`);
  return client;
}

describe("SM-15 a client that names no device", () => {
  it("SM-15 SM-4 LOG-6 is handed what it has missed when its day is over", async () => {
    const account = "too-late@good.example";
    const previd = await begins(account);
    await told(account, "missed 1");
    await isTooLate(account);
    await told(account, "missed 2");
    const client = await comesBack(account, previd);
    const next = await binds(client);
    await told(account, "now");
    // What it was told before, and what it sent itself, does not come again.
    expect(await hears(client, "now")).toEqual(["missed 1", "missed 2", "now"]);
    expect(await sql(account, "SELECT count(*) AS n FROM device")).toEqual([{ n: 1 }]);
    // And the time after that likewise, by its next session.
    client.drop();
    await isTooLate(account);
    await told(account, "missed 3");
    const again = await comes(account);
    again.send(`<resume xmlns="${SM}" previd="${next}" h="0"/>`);
    expect(await again.next()).toContain("<failed ");
    await binds(again);
    expect(await hears(again, "missed 3")).toContain("missed 3");
  });

  it("SM-15 SM-6 is handed what it has missed when too much was waiting", async () => {
    const account = "overflows@good.example";
    const previd = await begins(account);
    const big = "x".repeat(200_000);
    for (let index = 0; index < 170; index += 1) {
      const body = `<body>big ${index}</body>`;
      // oxlint-disable-next-line no-await-in-loop -- in this order
      await say(
        account,
        `<message from="bob@example.org/a" type="chat">${body}<x xmlns="urn:x">${big}</x></message>`,
      );
    }
    const sessions = async (): Promise<unknown> => await sql(account, "SELECT id FROM client_session");
    await expect.poll(sessions, { timeout: 8_000 }).toEqual([]);
    const client = await comesBack(account, previd);
    await binds(client);
    client.send(`<a xmlns="${SM}" h="0"/>`);
    expect((await hears(client, "big 0")).at(-1)).toBe("big 0");
  }, 20_000);

  it("SM-15 regression: one that is gone again before it has a new session is still the same, over a reset too", async () => {
    const account = "half-way@good.example";
    const previd = await begins(account);
    await isTooLate(account);
    await told(account, "missed 1");
    const half = await comesBack(account, previd);
    half.send(BIND);
    await half.until(/ id="b"/);
    half.drop();
    await told(account, "missed 2");
    const other = await comesBack(account, previd);
    other.send(BIND);
    await other.until(/ id="b"/);
    await abortAllDurableObjects();
    await wakes(account);
    const client = await comesBack(account, previd);
    await binds(client);
    await told(account, "now");
    expect(await hears(client, "now")).toEqual(["missed 1", "missed 2", "now"]);
  });

  it("SM-15 ID-2 regression: one whose attachment it has itself taken the place of is still the same", async () => {
    const account = "takes-place@good.example";
    const previd = await begins(account);
    const wrong = async (): Promise<Client> => {
      const client = await comes(account);
      // What it has handled it does not know any more.
      client.send(`<resume xmlns="${SM}" previd="${previd}" h="99"/>`);
      expect(await client.next()).toBe(`<failed xmlns="${SM}" h="2">${UNKNOWN}`);
      client.send(BIND);
      await client.until(/ id="b"/);
      return client;
    };
    (await wrong()).drop();
    await told(account, "missed");
    const client = await wrong();
    client.send(CARBONS);
    client.send(`<presence xmlns="jabber:client"/>`);
    expect(await hears(client, "missed")).toEqual(["missed"]);
  });

  it("SM-15 regression: one whose stream we have ended is the same", async () => {
    const account = "ended@good.example";
    const client = await comes(account);
    const previd = await binds(client);
    await told(account, "had");
    await hears(client, "had");
    client.send(`<a xmlns="${SM}" h="1"/>`);
    client.send("<");
    expect((await client.rest()).join("")).toContain("<not-well-formed ");
    await told(account, "missed");
    const again = await comes(account);
    again.send(`<resume xmlns="${SM}" previd="${previd}" h="1"/>`);
    expect(await again.next()).toBe(`<failed xmlns="${SM}" h="1">${UNKNOWN}`);
    await binds(again);
    expect(await hears(again, "missed")).toEqual(["missed"]);
  });

  it("SM-15 is another one when it has closed its stream", async () => {
    const account = "closes@good.example";
    const first = await comes(account);
    const previd = await binds(first);
    first.send(CLOSE);
    await first.rest();
    await told(account, "missed");
    const client = await comes(account);
    client.send(`<resume xmlns="${SM}" previd="${previd}" h="0"/>`);
    expect(await client.next()).toBe(`<failed xmlns="${SM}">${UNKNOWN}`);
    await binds(client);
    await told(account, "now");
    expect(await hears(client, "now")).toEqual(["now"]);
  });

  it("SM-15 whose session lives on elsewhere takes its place", async () => {
    const account = "miscounts@good.example";
    const first = await comes(account);
    const previd = await binds(first);
    const client = await comes(account);
    client.send(`<resume xmlns="${SM}" previd="${previd}" h="7"/>`);
    expect(await client.next()).toContain("<failed ");
    await binds(client);
    expect((await first.rest()).join("")).toContain("<conflict ");
    await told(account, "now");
    expect(await hears(client, "now")).toEqual(["now"]);
    expect(await sql(account, "SELECT count(*) AS n FROM device")).toEqual([{ n: 1 }]);
  });

  it("SM-15 that names one now is that one", async () => {
    const account = "names-itself@good.example";
    const previd = await begins(account);
    await isTooLate(account);
    const client = await comesBack(account, previd);
    client.send(BIND.replace("/></iq>", "><resource>laptop</resource></bind></iq>"));
    await client.until(/ id="b"/);
    expect(await sql(account, "SELECT name FROM device WHERE name = 'laptop'")).toHaveLength(1);
  });
});
