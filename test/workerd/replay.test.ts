// SM-1, SM-6, SM-7: what a client gets that comes back after much has been queued for it.

import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { Client } from "./support/client.ts";
import { ManagedClient } from "./support/managed-client.ts";
import { say, sessions as upstreamSessions } from "./support/servers.ts";
import { endsWith } from "./support/stream-end.ts";

function messages(account: string, from: number, to: number, text = "Hello"): string {
  const lines: string[] = [];
  for (let id = from; id <= to; id += 1) {
    lines.push(
      `<message from="bob@good.example/a" to="${account}" id="${id}"><body>${text}</body></message>`,
    );
  }
  return lines.join("");
}

/** How many stanzas wait for clients, by the object's tables. */
async function queued(account: string): Promise<number> {
  return await runInDurableObject(
    env.ACCOUNT.getByName(account),
    (_instance, { storage }) =>
      storage.sql.exec<{ count: number }>("SELECT count(*) AS count FROM client_queue").one().count,
  );
}

async function sessions(account: string): Promise<number> {
  return await runInDurableObject(
    env.ACCOUNT.getByName(account),
    (_instance, { storage }) =>
      storage.sql.exec<{ count: number }>("SELECT count(*) AS count FROM client_session").one().count,
  );
}

const ids = (count: number): string[] => Array.from({ length: count }, (_none, index) => String(index + 1));

it(
  "SM-1 SM-7 10,000 stanzas come once and in order, live ones behind them, over a reset in the middle",
  { timeout: 120_000 },
  async () => {
    const account = "replay@good.example";
    const phone = await ManagedClient.online(account, "phone");
    phone.client.drop();
    await say(account, messages(account, 1, 10_000));
    await expect.poll(async () => await queued(account), { timeout: 60_000 }).toBe(10_000);

    expect(await phone.comesBack()).toContain("<resumed ");
    await phone.handles(3_000);
    await say(account, messages(account, 10_001, 10_050));
    await phone.handles(4_321);
    await abortAllDurableObjects();
    await phone.client.until(/^closed/);

    expect(await phone.comesBack()).toContain("<resumed ");
    await phone.handles(10_050);
    expect(phone.handled).toEqual(ids(10_050));
    await expect.poll(async () => (await upstreamSessions("good", account)).length).toBe(2);
    // Live again, without having to be asked for.
    await say(account, messages(account, 10_051, 10_051));
    await phone.handles(10_051);
    phone.answer();
    await expect.poll(async () => await queued(account)).toBeLessThan(100);
  },
);

it("SM-7 a client that does not acknowledge is sent no more than the window, and the rest when it does", async () => {
  const account = "window@good.example";
  const phone = await ManagedClient.online(account, "phone");
  const other = await Client.online(account, { resource: "other" });
  await say(account, messages(account, 1, 2_000));
  await phone.handles(900, { answers: false });
  // The others have everything at once.
  for (const id of ids(2_000)) expect(await other.next()).toContain(` id="${id}"`);
  expect(phone.client.unread).toBe(0);
  phone.answer();
  await phone.handles(2_000);
  expect(phone.handled).toEqual(ids(2_000));
});

it("SM-7 a stanza larger than the window goes, too", async () => {
  const account = "large@good.example";
  const phone = await ManagedClient.online(account, "phone");
  phone.client.drop();
  await say(account, messages(account, 1, 3, "x".repeat(700_000)));
  await expect.poll(async () => await queued(account)).toBe(3);
  expect(await phone.comesBack()).toContain("<resumed ");
  await phone.handles(3);
  expect(phone.handled).toEqual(["1", "2", "3"]);
});

it(
  "SM-4 SM-6 too many stanzas end the session: failed, and the client binds anew",
  { timeout: 120_000 },
  async () => {
    const account = "overflow@good.example";
    const phone = await ManagedClient.online(account, "phone");
    phone.client.drop();
    await say(account, messages(account, 1, 20_001));
    await expect.poll(async () => await sessions(account), { timeout: 60_000 }).toBe(0);
    expect(await queued(account)).toBe(0);
    expect(await phone.comesBack()).toContain("<item-not-found ");
    phone.client.send(
      `<iq xmlns="jabber:client" type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`,
    );
    expect(await phone.client.next()).toContain(`<jid>${account}/`);
  },
);

it(
  "SM-6 LOG-6 too many bytes end the session, and nobody else's; the log has them all",
  { timeout: 120_000 },
  async () => {
    const account = "overfull@good.example";
    const phone = await ManagedClient.online(account, "phone");
    const other = await ManagedClient.online(account, "other");
    phone.client.drop();
    // Two million bytes of UTF-8 each time, in half as many characters.
    for (let id = 1; id <= 17; id += 1) {
      await say(
        account,
        messages(account, id, id, "é".repeat(500_000)) + messages(account, -id, -id, "é".repeat(500_000)),
      );
      await other.handles(2 * id);
      other.answer();
    }
    await expect.poll(async () => await sessions(account)).toBe(1);
    expect(await phone.comesBack()).toContain("<item-not-found ");
    // Nothing is lost: the log brings its device up to date.
    await phone.beginsAnew("phone");
    await phone.handles(34);
    expect(phone.handled).toEqual(
      Array.from({ length: 17 }, (_none, index) => [`${index + 1}`, `-${index + 1}`]).flat(),
    );
  },
);

it("SM-6 a client that is there and acknowledges nothing is told that too much waits for it, and nobody else", async () => {
  const account = "swamped@good.example";
  const phone = await ManagedClient.online(account, "phone");
  const other = await ManagedClient.online(account, "other");
  for (let id = 1; id <= 17; id += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await say(
      account,
      messages(account, id, id, "x".repeat(1_000_000)) + messages(account, -id, -id, "x".repeat(1_000_000)),
    );
    // oxlint-disable-next-line no-await-in-loop -- likewise
    await other.handles(2 * id);
    other.answer();
  }
  const frames = (await phone.client.rest()).filter((frame) => !/^<(message|r )/.test(frame));
  const words = "Too much is waiting for this client; log in again.";
  expect(frames).toEqual(endsWith("policy-violation", words, 1008));
  expect(await sessions(account)).toBe(1);
  // It had some of it and has acknowledged nothing: the log has all of it.
  phone.handled.length = 0;
  expect(await phone.comesBack()).toContain("<item-not-found ");
  await phone.beginsAnew("phone");
  await phone.handles(34);
  const all = Array.from({ length: 17 }, (_none, index) => [`${index + 1}`, `-${index + 1}`]).flat();
  expect(phone.handled).toEqual(all);
  other.client.drop();
}, 60_000);
