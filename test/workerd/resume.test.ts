// SM-4, SM-12: a resumption that cannot be granted, and what a client can do then.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { Client } from "./support/client.ts";

const SM = "urn:xmpp:sm:3";
const FAILED = `<failed xmlns="${SM}"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></failed>`;

it("SM-4 an unknown session: failed, and the client binds on the same stream", async () => {
  const account = "forgotten@good.example";
  await Client.online(account);
  const client = await Client.connect(account);
  expect(await client.login("pencil")).toContain("<success");
  client.send(`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="good.example" version="1.0"/>`);
  await client.until(/<stream:features/);
  client.send(`<resume xmlns="${SM}" previd="never-given" h="0"/>`);
  expect(await client.next()).toBe(FAILED);
  const bind = `<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>phone</resource></bind>`;
  client.send(`<iq xmlns="jabber:client" type="set" id="b">${bind}</iq>`);
  expect(await client.next()).toContain("<jid>forgotten@good.example/");
});

it("SM-4 a count that does not fit: failed", async () => {
  const account = "miscounted@good.example";
  const first = await Client.online(account, { resource: "phone" });
  first.send(`<enable xmlns="${SM}" resume="true"/>`);
  const [, previd = ""] = /id="([^"]+)"/.exec(await first.until(/<enabled/)) ?? [];
  const client = await Client.connect(account);
  await client.login("pencil");
  client.send(`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="good.example" version="1.0"/>`);
  await client.until(/<stream:features/);
  client.send(`<resume xmlns="${SM}" previd="${previd}" h="999"/>`);
  expect(await client.next()).toBe(FAILED);
});

it("SM-12 a client that did not want to resume is gone with its socket", async () => {
  const account = "passing@good.example";
  const client = await Client.online(account, { resource: "phone" });
  client.send(`<enable xmlns="${SM}"/>`);
  expect(await client.until(/<enabled/)).toBe(`<enabled xmlns="${SM}"/>`);
  const sessions = async (): Promise<number> =>
    await runInDurableObject(
      env.ACCOUNT.getByName(account),
      (_instance, { storage }) =>
        storage.sql.exec<{ count: number }>("SELECT count(*) AS count FROM client_session").one().count,
    );
  expect(await sessions()).toBe(1);
  client.drop();
  await expect.poll(sessions).toBe(0);
});
