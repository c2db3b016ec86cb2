// What an object's memory may lose at any instruction and what must come back (DOWN-1, DOWN-3, UP-7, UP-11).

import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { AccountObject } from "../../durable/account-object.ts";
import { Outbound } from "../../durable/storage/outbound.ts";
import { Client } from "./support/client.ts";
import { drop, sessions, setOpen, stanzasOf } from "./support/servers.ts";

const message = (text: string): string =>
  `<message xmlns="jabber:client" to="bob@example.org" type="chat"><body>${text}</body></message>`;

async function queued(account: string): Promise<number> {
  const stub = env.ACCOUNT.getByName(account);
  return await runInDurableObject(stub, (_instance, { storage }) => new Outbound(storage.sql).length);
}

async function bodies(account: string): Promise<(string | undefined)[]> {
  const stanzas = await stanzasOf(account);
  return stanzas
    .filter((stanza) => stanza.startsWith("<message"))
    .map((stanza) => /<body>(.*)<\/body>/.exec(stanza)?.[1]);
}

describe("DOWN-3 what clients send while there is no session", () => {
  it("DOWN-1 DOWN-3 is kept in order over a reset, and sent when there is a session again", async () => {
    const account = "queue@comes-and-goes.example";
    await setOpen("comes-and-goes", true);
    const client = await Client.online(account);
    await setOpen("comes-and-goes", false);
    await expect
      .poll(async () => (await sessions("comes-and-goes", account)).every(({ ended }) => ended))
      .toBe(true);
    for (const text of ["one", "two", "three"]) client.send(message(text));
    await expect.poll(async () => await queued(account)).toBe(3);

    await abortAllDurableObjects();
    expect(await client.rest()).toEqual(["closed 1006"]);
    expect(await queued(account)).toBe(3);

    // Nobody has to come for it: the alarm does.
    await setOpen("comes-and-goes", true);
    await runDurableObjectAlarm(env.ACCOUNT.getByName(account));
    await expect.poll(async () => await bodies(account)).toEqual(["one", "two", "three"]);
    await expect.poll(async () => await queued(account)).toBe(0);
  });

  it("DOWN-1 a client can log in and bind to the last full JID meanwhile", async () => {
    const account = "returns@comes-and-goes.example";
    await setOpen("comes-and-goes", true);
    await Client.online(account, { resource: "one" });
    const [session] = await sessions("comes-and-goes", account);
    await setOpen("comes-and-goes", false);
    await expect
      .poll(async () => (await sessions("comes-and-goes", account)).every(({ ended }) => ended))
      .toBe(true);
    const client = await Client.connect(account);
    expect(await client.login("pencil")).toContain("<success");
    expect(await client.bind("two")).toContain(`<jid>${session?.jid}</jid>`);
  });

  it("ID-1 UP-11 after a reset the same resource is asked for", async () => {
    const account = "again@good.example";
    await Client.online(account);
    await abortAllDurableObjects();
    await Client.online(account);
    await expect.poll(async () => (await sessions("good", account)).length).toBe(2);
    const jids = (await sessions("good", account)).map(({ jid }) => jid);
    expect(new Set(jids).size).toBe(1);
  });
});

describe("hibernation", () => {
  it("a stream that is being negotiated begins anew, with a reason", async () => {
    const account = "half@good.example";
    const client = await Client.connect(account);
    await client.open();
    // The runner evicts no object that has a timer: a second instance wakes on the same storage and sockets instead.
    await runInDurableObject(env.ACCOUNT.getByName(account), async (_instance, state) => {
      const [socket] = state.getWebSockets();
      if (!socket) throw new Error("the platform has not kept the socket");
      await new AccountObject(state, env).webSocketMessage(
        socket,
        `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">AGhhbGYAcGVuY2ls</auth>`,
      );
    });
    const frames = await client.rest();
    expect(frames[0]).toContain("<reset ");
    expect(frames.at(-1)).toBe("closed 1000");
  });
});

describe("UP-7 a lost session", () => {
  it("UP-7 is tried again by itself", async () => {
    const account = "retries@good.example";
    await Client.online(account);
    await drop(account);
    await expect.poll(async () => (await sessions("good", account)).length, { timeout: 5_000 }).toBe(2);
    expect((await sessions("good", account)).map(({ ended }) => ended)).toEqual([true, false]);
  });
});
