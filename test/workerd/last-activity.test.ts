// IQ-15 through the whole object: since when nobody is there is known after a reset too.

import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { TextTable } from "../../durable/storage/text-table.ts";
import { Client } from "./support/client.ts";
import { say, sessions, stanzasOf } from "./support/servers.ts";

const HOUR_MS = 3_600_000;

it("IQ-15 what the last client that went did last survives a reset", async () => {
  const account = "idle@good.example";
  const client = await Client.online(account);
  client.send(`<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`);
  await client.until(/^closed/);

  await abortAllDurableObjects();
  // As if all of that had been an hour ago.
  await runInDurableObject(env.ACCOUNT.getByName(account), (_instance, { storage }) => {
    const store = new TextTable(storage.sql, "last-activity");
    const rows = store.entries();
    expect(rows).toHaveLength(1);
    for (const { key, value, atMs } of rows) store.set(key, value, atMs - HOUR_MS);
  });
  await abortAllDurableObjects();
  await runDurableObjectAlarm(env.ACCOUNT.getByName(account));
  await expect.poll(async () => (await sessions("good", account)).at(-1)?.ended).toBe(false);
  const query = `<query xmlns="jabber:iq:last"/>`;
  await say(
    account,
    `<iq xmlns="jabber:client" type="get" from="bob@good.example/a" id="last">${query}</iq>`,
  );
  const answer = async (): Promise<string | undefined> =>
    (await stanzasOf(account)).find((stanza) => stanza.includes(`id="last"`));
  await expect.poll(answer).toMatch(/ seconds="36\d\d"/);
});
