// Clients' streams that outlive the object's memory. The test runner evicts no object that has a timer, as this one has
// while it waits to connect again; so a second instance wakes on the same storage and sockets, as after an eviction. Its
// server stays closed until the end, so that the first instance has no part in it.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { AccountObject } from "../../durable/account-object.ts";
import { Client } from "./support/client.ts";
import { sessions, setOpen, stanzasOf } from "./support/servers.ts";

const ACCOUNT = "somebody@sleeps.example";
const stub = env.ACCOUNT.getByName(ACCOUNT);

let woken: AccountObject | undefined;

/** The client with this resource sends a frame, and the object wakes. */
async function wakesWith(resource: string, frame: string): Promise<void> {
  await runInDurableObject(stub, async (_instance, state) => {
    woken = new AccountObject(state, env);
    const socket = state
      .getWebSockets()
      .find((ws) => ws.deserializeAttachment()?.record?.device === resource);
    if (!socket) throw new Error("the platform has not kept the socket");
    await woken.webSocketMessage(socket, frame);
  });
}

async function presences(): Promise<string[]> {
  const all = await sessions("sleeps", ACCOUNT);
  return all.flatMap(({ stanzas }) => stanzas).filter((stanza) => stanza.startsWith("<presence"));
}

describe("hibernation", () => {
  it("a bound stream goes on: its carbons, its presence, and what it sends", async () => {
    await setOpen("sleeps", true);
    const one = await Client.online(ACCOUNT, { resource: "one" });
    const two = await Client.online(ACCOUNT, { resource: "two" });
    two.send(`<iq xmlns="jabber:client" type="set" id="c"><enable xmlns="urn:xmpp:carbons:2"/></iq>`);
    await two.until(/id="c"/);
    one.send(`<presence xmlns="jabber:client"><show>dnd</show></presence>`);
    await expect.poll(async () => (await stanzasOf(ACCOUNT)).at(-1)).toContain("<show>dnd</show>");
    const before = await presences();
    await setOpen("sleeps", false);
    await expect.poll(async () => (await sessions("sleeps", ACCOUNT)).every(({ ended }) => ended)).toBe(true);

    await wakesWith(
      "one",
      `<message xmlns="jabber:client" to="bob@example.org"><body>after sleep</body></message>`,
    );
    expect(await two.until(/<message.*<sent/)).toContain("after sleep");

    await setOpen("sleeps", true);
    await runInDurableObject(stub, async () => await woken?.alarm());
    // Both instances connect, each with the presence that it believes in.
    await expect.poll(async () => (await presences()).length, { timeout: 4_000 }).toBe(before.length + 2);
    for (const presence of (await presences()).slice(before.length)) {
      expect(presence).toContain("<show>dnd</show>");
    }
  });
});
