// COST-1: what a message, and a heartbeat, costs in statements and rows: counts that are the same on every machine.
// docs/cost.md makes dollars of them. Whatever adds a row or a statement to each message has to say so here.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Client } from "./support/client.ts";
import { say, stanzasOf } from "./support/servers.ts";

const MESSAGES = 20;

interface Cost {
  statements: number;
  rowsWritten: number;
  rowsRead: number;
}

/** Counts what an account's object asks of SQLite. Begins before the object is first used. */
class Meter {
  #done: { query: string; cursor: SqlStorageCursor<Record<string, SqlStorageValue>> }[] = [];

  static async of(account: string): Promise<Meter> {
    const meter = new Meter();
    await runInDurableObject(env.ACCOUNT.getByName(account), (_instance, { storage: { sql } }) => {
      const exec = sql.exec.bind(sql);
      // On the very object that the account's object has.
      Object.defineProperty(sql, "exec", {
        value: (query: string, ...bindings: SqlStorageValue[]) => {
          const cursor = exec(query, ...bindings);
          meter.#done.push({ query, cursor });
          return cursor;
        },
      });
    });
    return meter;
  }

  /** How many stanzas were queued for the server. */
  get queued(): number {
    return this.#rowsWritten(/INTO outbound/);
  }

  /** How many it has acknowledged: they are deleted then. */
  get acknowledged(): number {
    return this.#rowsWritten(/FROM outbound/);
  }

  /** How often it was written down how many stanzas of the server's were handled. */
  get counted(): number {
    return this.#rowsWritten(/INTO upstream\b/);
  }

  reset(): void {
    this.#done = [];
  }

  /** Since the last `reset`, shared among this many. */
  per(events: number): Cost {
    const rowsRead = this.#done.reduce((sum, { cursor }) => sum + cursor.rowsRead, 0);
    return {
      statements: this.#done.length / events,
      rowsWritten: this.#rowsWritten(/./) / events,
      rowsRead: rowsRead / events,
    };
  }

  #rowsWritten(pattern: RegExp): number {
    const matching = this.#done.filter(({ query }) => pattern.test(query));
    return matching.reduce((sum, { cursor }) => sum + cursor.rowsWritten, 0);
  }
}

async function attach(account: string, resource: string, managed: boolean): Promise<Client> {
  const client = await Client.online(account, { resource });
  if (managed) {
    client.send('<enable xmlns="urn:xmpp:sm:3" resume="true"/>');
    await client.until(/^<enabled/);
  }
  client.send(`<iq xmlns="jabber:client" type="set" id="c"><enable xmlns="urn:xmpp:carbons:2"/></iq>`);
  await client.until(/ id="c"/);
  client.send(`<presence xmlns="jabber:client"/>`);
  client.send(`<iq xmlns="jabber:client" type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`);
  await client.until(/ id="p"/);
  return client;
}

function message(attributes: string): string {
  return `<message xmlns="jabber:client" type="chat" ${attributes}><body>On time.</body></message>`;
}

/** As many clients, on a server that acknowledges, and a message or two to warm up. */
async function attached(
  name: string,
  { clients: count, managed }: { clients: number; managed: boolean },
): Promise<{ account: string; meter: Meter; clients: Client[] }> {
  const account = `budget-${name}-${count}-${managed}@acknowledges.example`;
  const meter = await Meter.of(account);
  const clients: Client[] = [];
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (let n = 0; n < count; n += 1) clients.push(await attach(account, `c${n}`, managed));
  return { account, meter, clients };
}

describe("COST-1 a message", () => {
  it.each([
    // The log, and how many the server was told of.
    { clients: 1, managed: false, cost: { statements: 2, rowsWritten: 2, rowsRead: 2 } },
    { clients: 5, managed: false, cost: { statements: 2, rowsWritten: 2, rowsRead: 2 } },
    // And one row of the queue, for all.
    { clients: 1, managed: true, cost: { statements: 3, rowsWritten: 3, rowsRead: 3 } },
    { clients: 5, managed: true, cost: { statements: 3, rowsWritten: 3, rowsRead: 3 } },
  ])("COST-1 from upstream, alone in its chunk, to $clients clients, managed: $managed", async (row) => {
    const { account, meter, clients } = await attached("in", row);
    const arrives = async (id: number): Promise<void> => {
      await say(account, message(`from="bob@good.example/phone" to="${account}" id="m${id}"`));
      // oxlint-disable-next-line no-await-in-loop -- what has come to all has come
      for (const client of clients) await client.until(new RegExp(` id="m${id}"`));
    };
    for (let id = 0; id < 2; id += 1) await arrives(id);
    meter.reset();
    for (let id = 2; id < MESSAGES + 2; id += 1) await arrives(id);
    expect(meter.per(MESSAGES)).toEqual(row.cost);
  });

  it.each([
    // Queued, read to be sent, logged, deleted when the server has it, and how far that is.
    { clients: 1, managed: false, cost: { statements: 5, rowsWritten: 4, rowsRead: 5 } },
    { clients: 5, managed: false, cost: { statements: 5, rowsWritten: 4, rowsRead: 5 } },
    // And one row of the queue for all siblings, and how many of its sender's stanzas were handled.
    { clients: 5, managed: true, cost: { statements: 7, rowsWritten: 6, rowsRead: 6 } },
  ])("COST-1 from one of $clients clients, managed: $managed", async (row) => {
    const { meter, clients } = await attached("out", row);
    const [sender, ...siblings] = clients;
    const leaves = async (id: number, queued: number): Promise<void> => {
      sender?.send(message(`to="bob@good.example" id="o${id}"`));
      // oxlint-disable-next-line no-await-in-loop -- what has come to all has come
      for (const sibling of siblings) await sibling.until(new RegExp(` id="o${id}"`));
      await expect.poll(() => meter.acknowledged).toBe(queued);
    };
    await leaves(0, meter.queued + 1);
    meter.reset();
    for (let id = 1; id <= MESSAGES; id += 1) await leaves(id, id);
    expect(meter.per(MESSAGES)).toEqual(row.cost);
  });
});

/** All frames up to the one that this matches. */
async function framesUntil(client: Client, pattern: RegExp): Promise<string[]> {
  const frames: string[] = [];
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  do frames.push(await client.next());
  while (!pattern.test(frames.at(-1) ?? ""));
  return frames;
}

describe("COST-2 what is sent", () => {
  it.each([
    { clients: 5, managed: false, asked: 0 },
    // SM-7: asked for an acknowledgement after every fifth stanza.
    { clients: 5, managed: true, asked: MESSAGES / 5 },
  ])("COST-2 one frame to each client for each message, managed: $managed", async (row) => {
    const { account, clients } = await attached("sends", row);
    const [sender, ...siblings] = clients;
    const messages = Array.from({ length: MESSAGES }, (_, id) =>
      message(`from="bob@good.example/phone" to="${account}" id="s${id}"`),
    );
    await say(account, messages.join(""));
    const last = new RegExp(` id="s${MESSAGES - 1}"`);
    for (const client of clients) {
      // oxlint-disable-next-line no-await-in-loop -- what has come to all has come
      const frames = await framesUntil(client, last);
      expect(frames.filter((frame) => frame.startsWith("<message"))).toHaveLength(MESSAGES);
      const others = frames.filter((frame) => !frame.startsWith("<message"));
      expect(others.every((frame) => frame.startsWith("<r "))).toBe(true);
      expect(others.length).toBeLessThanOrEqual(row.asked);
    }
    for (let id = 0; id < MESSAGES; id += 1) sender?.send(message(`to="bob@good.example" id="t${id}"`));
    for (const sibling of siblings) {
      // oxlint-disable-next-line no-await-in-loop -- what has come to all has come
      const frames = await framesUntil(sibling, new RegExp(` id="t${MESSAGES - 1}"`));
      expect(frames.filter((frame) => frame.startsWith("<message"))).toHaveLength(MESSAGES);
    }
    expect(sender?.unread ?? 0).toBeLessThanOrEqual(row.asked);
  });
});

describe("COST-4 a request", () => {
  it.each([{ managed: false }, { managed: true }])(
    "COST-4 and its answer: remembered, queued, read to be sent; and together that it was answered and is acknowledged, managed: $managed",
    async ({ managed }) => {
      const { account, meter, clients } = await attached("request", { clients: 1, managed });
      const [client] = clients;
      const asks = async (id: number): Promise<void> => {
        const before = meter.queued;
        client?.send(
          `<iq xmlns="jabber:client" type="get" id="q${id}" to="bob@good.example/a"><query xmlns="jabber:iq:version"/></iq>`,
        );
        const asked = async (): Promise<string[]> =>
          (await stanzasOf(account)).filter((stanza) => stanza.includes("jabber:iq:version"));
        await expect.poll(async () => (await asked()).length).toBe(id + 1);
        const [, ours = ""] = / id="([^"]+)"/.exec((await asked()).at(-1) ?? "") ?? [];
        await say(account, `<iq from="bob@good.example/a" to="${account}/any" type="result" id="${ours}"/>`);
        await client?.until(new RegExp(` id="q${id}"`));
        await expect.poll(() => meter.acknowledged).toBe(before + 1);
      };
      await asks(0);
      meter.reset();
      for (let id = 1; id <= MESSAGES; id += 1) await asks(id);
      const { statements, rowsWritten } = meter.per(MESSAGES);
      // One more where a machine is so slow that what was put off is written between the two.
      expect(rowsWritten).toBeLessThanOrEqual(managed ? 9 : 6);
      expect(statements).toBeLessThanOrEqual(managed ? 10 : 7);
    },
  );
});

describe("COST-1 a contact's presence", () => {
  it.each([{ managed: false }, { managed: true }])(
    "COST-1 to 5 clients, managed: $managed",
    async ({ managed }) => {
      const { account, meter, clients } = await attached("presence", { clients: 5, managed });
      const comes = async (id: number): Promise<void> => {
        await say(
          account,
          `<presence from="bob@good.example/phone" to="${account}" id="p${id}"><show>away</show></presence>`,
        );
        // oxlint-disable-next-line no-await-in-loop -- what has come to all has come
        for (const client of clients) await client.until(new RegExp(` id="p${id}"`));
      };
      for (let id = 100; id < 102; id += 1) await comes(id);
      meter.reset();
      for (let id = 102; id < MESSAGES + 102; id += 1) await comes(id);
      // Its row, and how many of the server's stanzas were handled; managed: one row of the queue, for all.
      expect(meter.per(MESSAGES)).toEqual(
        managed
          ? { statements: 3, rowsWritten: 3, rowsRead: 2 }
          : { statements: 2, rowsWritten: 2, rowsRead: 1 },
      );
    },
  );
});

describe("COST-3 messages that come together", () => {
  it("COST-3 from upstream, 200 in 26 kB: hardly more than a row each, since what is read at once is one turn", async () => {
    const { account, meter, clients } = await attached("burst", { clients: 1, managed: false });
    const burst = Array.from({ length: 200 }, (_, id) =>
      message(`from="bob@good.example/phone" to="${account}" id="m${id}"`),
    );
    expect(burst.join("").length).toBeGreaterThan(26_000);
    meter.reset();
    await say(account, burst.join(""));
    await clients[0]?.until(/ id="m199"/);
    // Once a chunk; chunks of 4 KiB would make seven.
    expect(meter.counted).toBeGreaterThan(0);
    expect(meter.counted).toBeLessThan(5);
  });
});

describe("COST-1 a heartbeat", () => {
  it("COST-1 writes nothing but the next alarm", async () => {
    const { account, meter } = await attached("idle", { clients: 1, managed: true });
    const stub = env.ACCOUNT.getByName(account);
    await runInDurableObject(stub, async (instance) => await instance.alarm());
    meter.reset();
    for (let n = 0; n < 5; n += 1) await runInDurableObject(stub, async (instance) => await instance.alarm());
    expect(meter.per(5).rowsWritten).toBe(0);
    expect(meter.per(5).statements).toBeLessThanOrEqual(4);
    expect(meter.per(5).rowsRead).toBeLessThanOrEqual(5);
    expect(
      await runInDurableObject(stub, async (_instance, { storage }) => await storage.getAlarm()),
    ).not.toBeNull();
  });
});
