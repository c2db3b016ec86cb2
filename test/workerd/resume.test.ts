// SM-4, SM-12, SM-13: a resumption that cannot be granted, and what a client can do then.

import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { AccountObject } from "../../durable/account-object.ts";
import { Client } from "./support/client.ts";
import { ManagedClient } from "./support/managed-client.ts";
import { say, stanzasOf } from "./support/servers.ts";
import { endsWith } from "./support/stream-end.ts";

const SM = "urn:xmpp:sm:3";
/** SM-15: the session is over, and none of its client's stanzas were handled. */
const KNOWN = `<failed xmlns="${SM}" h="0"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></failed>`;
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
  expect(await client.next()).toBe(KNOWN);
});

it.each([
  ["a day unless they say", {}, 86_400],
  ["two hours if they say so", { RESUME_HOURS: "2" }, 7_200],
])("SM-1 CFG-3 for how long a client can come back the settings say: %s", async (name, settings, seconds) => {
  const account = `hours-${name.length}@good.example`;
  const client = await Client.online(account, { resource: "phone" });
  await runInDurableObject(env.ACCOUNT.getByName(account), async (_instance, state) => {
    // As after an eviction, with these settings.
    const woken = new AccountObject(state, { ...env, ...settings });
    const [socket] = state.getWebSockets();
    if (!socket) throw new Error("the platform has not kept the socket");
    await woken.webSocketMessage(socket, `<enable xmlns="${SM}" resume="true"/>`);
  });
  expect(await client.until(/^<enabled/)).toContain(` max="${seconds}"`);
});

it("SM-13 a client that wants to be able to come back for a minute can, and after it cannot, whatever was reset", async () => {
  const account = "brief@good.example";
  const first = await Client.online(account, { resource: "phone" });
  first.send(`<enable xmlns="${SM}" resume="true" max="60"/>`);
  const enabled = await first.until(/<enabled/);
  expect(enabled).toContain(`resume="true" max="60"/>`);
  const [, previd = ""] = /id="([^"]+)"/.exec(enabled) ?? [];
  const comesBack = async (): Promise<[Client, string]> => {
    const client = await Client.connect(account);
    await client.login("pencil");
    await client.open();
    client.send(`<resume xmlns="${SM}" previd="${previd}" h="0"/>`);
    return [client, await client.next()];
  };
  await abortAllDurableObjects();
  const [second, resumed] = await comesBack();
  expect(resumed).toContain("<resumed ");
  second.drop();
  const agoMs = async (): Promise<number> =>
    await runInDurableObject(env.ACCOUNT.getByName(account), (_instance, { storage }) => {
      storage.sql.exec("UPDATE client_session SET detached_at_ms = detached_at_ms - 61000");
      return storage.sql.exec<{ n: number }>("SELECT count(detached_at_ms) AS n FROM client_session").one().n;
    });
  await expect.poll(agoMs).toBe(1);
  await abortAllDurableObjects();
  expect((await comesBack())[1]).toBe(KNOWN);
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

it("SM-1 a change of network: it resumes while its old socket still stands, which is told so and can do no more", async () => {
  const account = "roams@good.example";
  const phone = await ManagedClient.online(account, "phone");
  phone.client.send(`<presence xmlns="jabber:client"/>`);
  const old = phone.client;
  await say(account, `<message from="bob@good.example/a" to="${account}" id="m1"><body>1</body></message>`);
  await phone.handles(1);
  expect(await phone.comesBack()).toContain("<resumed ");
  // What is still said on the old one comes too late: its client says it again on the new one.
  old.send(`<message xmlns="jabber:client" to="bob@good.example" id="late"><body>too late</body></message>`);
  phone.client.send(
    `<message xmlns="jabber:client" to="bob@good.example" id="now"><body>now</body></message>`,
  );
  await say(account, `<message from="bob@good.example/a" to="${account}" id="m2"><body>2</body></message>`);
  await phone.handles(2);
  expect(phone.handled).toEqual(["m1", "m2"]);
  const rest = (await old.rest()).filter((frame) => !frame.startsWith("<r "));
  expect(rest).toEqual(endsWith("conflict", "The stream was resumed elsewhere."));
  await expect.poll(async () => (await stanzasOf(account)).join("")).toContain('id="now"');
  const sent = (await stanzasOf(account)).join("");
  expect(sent).not.toContain("too late");
  expect(sent).not.toContain('type="unavailable"');
  phone.client.drop();
});
