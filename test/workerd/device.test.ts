// ID-2: which clients are one device.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Client } from "./support/client.ts";

/** The names of the account's devices, as they are remembered. */
async function devices(account: string): Promise<unknown[]> {
  return await runInDurableObject(env.ACCOUNT.getByName(account), (_instance, { storage }) =>
    storage.sql
      .exec("SELECT name FROM device ORDER BY name")
      .toArray()
      .map(({ name }) => name),
  );
}

/** An answer comes: the stream stands. */
async function stands(client: Client): Promise<void> {
  client.send(`<iq xmlns="jabber:client" type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`);
  await client.until(/ id="p"/);
}

describe("ID-2 a device", () => {
  it("ID-2 is what the address calls it, whatever resource is asked for; the same again takes its place", async () => {
    const account = "named-device@good.example";
    const first = await Client.online(account, { resource: "a", query: "?device=laptop-1" });
    const other = await Client.online(account, { resource: "a", query: "?device=laptop-2" });
    const again = await Client.online(account, { resource: "b", query: "?device=laptop-1" });
    expect((await first.rest()).join("")).toContain("<conflict ");
    for (const client of [other, again]) await stands(client);
    expect(await devices(account)).toEqual(["laptop-1", "laptop-2"]);
  });

  it("ID-2 is not named by what is no name", async () => {
    const account = "unnamed-device@good.example";
    await Client.online(account, { resource: "a", query: `?device=${encodeURIComponent("a b")}` });
    await Client.online(account, { resource: "b", query: `?device=${"x".repeat(129)}` });
    expect(await devices(account)).toEqual(["a", "b"]);
  });

  it("ID-2 regression: clients that ask for the account's own resource, which each was told, do not end one another", async () => {
    const account = "adopted-resource@good.example";
    const first = await Client.connect(account);
    await first.login("pencil");
    const [, resource = ""] = /<jid>[^/]*\/([^<]*)<\/jid>/.exec(await first.bind("a")) ?? [];
    expect(resource).toMatch(/^xmpproxy-/);
    const second = await Client.online(account, { resource });
    const third = await Client.online(account, { resource });
    for (const client of [first, second, third]) await stands(client);
    expect(await devices(account)).toEqual([
      "a",
      expect.stringMatching(/^connection:/),
      expect.stringMatching(/^connection:/),
    ]);
  });
});
