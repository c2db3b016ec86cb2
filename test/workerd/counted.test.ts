// What a client's stream answers by itself counts for Stream Management like any stanza, and what it says of its state is
// remembered.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { Client } from "./support/client.ts";

const SM = "urn:xmpp:sm:3";
const ASK = `<r xmlns="${SM}"/>`;

async function managed(account: string): Promise<{ client: Client; previd: string }> {
  const client = await Client.online(account, { resource: "phone" });
  client.send(`<enable xmlns="${SM}" resume="true"/>`);
  const [, previd = ""] = /id="([^"]+)"/.exec(await client.until(/<enabled/)) ?? [];
  return { client, previd };
}

/** What the account's object has stored of its clients with Stream Management. */
async function stored(account: string): Promise<unknown[]> {
  return await runInDurableObject(env.ACCOUNT.getByName(account), (_instance, state) =>
    state.storage.sql.exec("SELECT device, active, handled FROM client_session").toArray(),
  );
}

it("WS-11 WS-14 SM-3 a session request and a second bind right after <enable/> count on both sides", async () => {
  const { client, previd } = await managed("counted@good.example");
  client.send(
    `<iq xmlns="jabber:client" type="set" id="s"><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/></iq>`,
  );
  expect(await client.next()).toBe(`<iq xmlns="jabber:client" id="s" type="result"/>`);
  client.send(
    `<iq xmlns="jabber:client" type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`,
  );
  expect(await client.next()).toContain("<not-allowed ");
  client.send(ASK);
  expect(await client.next()).toBe(`<a xmlns="${SM}" h="2"/>`);
  client.drop();

  const again = await Client.connect("counted@good.example");
  await again.login("pencil");
  await again.open();
  again.send(`<resume xmlns="${SM}" previd="${previd}" h="1"/>`);
  expect(await again.next()).toBe(`<resumed xmlns="${SM}" previd="${previd}" h="2"/>`);
  // The session's answer was handled, the error was not.
  expect(await again.next()).toContain("<not-allowed ");
});

it("CSI-1 what a client says of its state is stored, and is active again when it resumes", async () => {
  const account = "absent@good.example";
  const { client, previd } = await managed(account);
  client.send(`<inactive xmlns="urn:xmpp:csi:0"/>`);
  client.send(ASK);
  await client.until(/^<a /);
  expect(await stored(account)).toEqual([{ device: "phone", active: 0, handled: 0 }]);
  client.drop();

  const again = await Client.connect(account);
  await again.login("pencil");
  await again.open();
  again.send(`<resume xmlns="${SM}" previd="${previd}" h="0"/>`);
  await again.until(/<resumed/);
  expect(await stored(account)).toEqual([{ device: "phone", active: 1, handled: 0 }]);
});
