// What somebody without the password, or with bad intentions, must not be able to do to an account. Each of these was
// possible once.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { fitsRow } from "../../durable/storage/row-size.ts";
import { Client } from "./support/client.ts";
import { drop, say, sessions, stanzasOf } from "./support/servers.ts";

async function mechanisms(account: string): Promise<string> {
  return await (await Client.connect(account)).open();
}

describe("strangers", () => {
  it("LOGIN-8 regression: a wrong password during an outage does not take the place of what is stored", async () => {
    const account = "strangers-guess@good.example";
    const owner = await Client.online(account);
    await drop(account);
    const stranger = await Client.connect(account);
    expect(await stranger.login("guess")).toContain("<not-authorized/>");
    expect(await mechanisms(account)).toContain("SCRAM-SHA-256");
    // The session comes back by itself, and the owner was not ended.
    await expect.poll(async () => (await sessions("good", account)).length, { timeout: 5_000 }).toBe(2);
    owner.send(`<iq xmlns="jabber:client" type="get" id="still"><query xmlns="jabber:iq:roster"/></iq>`);
    await expect.poll(async () => (await stanzasOf(account)).join("")).toContain("jabber:iq:roster");
  });

  it("XML-11 regression: a message nested deeper than a client may send does not end the session", async () => {
    const account = "deep@good.example";
    const client = await Client.online(account);
    const deep = `${"<x>".repeat(200)}${"</x>".repeat(200)}`;
    const padded = `<y xmlns=" urn:example "/>`;
    await say(account, `<message from="evil@example.org" id="deep">${deep}${padded}</message>`);
    await say(account, `<message from="bob@example.org" id="after"/>`);
    expect(await client.until(/id="after"/)).toContain("bob@example.org");
    expect((await sessions("good", account)).map(({ ended }) => ended)).toEqual([false]);
  });

  it("XML-0 regression: an element that is no stanza is neither counted nor given to clients", async () => {
    const account = "vendor@good.example";
    const client = await Client.online(account);
    await say(account, `<notice xmlns="urn:example:vendor"/><message id="next"/>`);
    const frame = await client.until(/id="next"|notice/);
    expect(frame).toContain('id="next"');
  });

  it("WS-13 regression: only so many connections may be logging in at once", async () => {
    const account = "crowded@good.example";
    const open: Client[] = [];
    for (let count = 0; count < 100; count += 1) open.push(await Client.connect(account));
    const late = await Client.connect(account);
    expect((await late.rest()).join("")).toContain("<resource-constraint ");
    expect(await open[0]?.open()).toContain("<mechanisms");
    for (const client of open) client.drop();
  });

  it("SM-1 regression: a socket that was closed does not come back to life with the object", async () => {
    const account = "buried@good.example";
    const client = await Client.online(account, { resource: "same" });
    await Client.online(account, { resource: "same" });
    expect((await client.rest()).join("")).toContain("<conflict ");
    const alive = await runInDurableObject(env.ACCOUNT.getByName(account), (_instance, state) =>
      state.getWebSockets().filter((ws) => ws.deserializeAttachment() !== null),
    );
    expect(alive).toHaveLength(1);
  });

  it("what is counted against the size of a row are bytes, not characters", () => {
    expect(fitsRow("x".repeat(1_900_000))).toBe(true);
    expect(fitsRow("é".repeat(1_000_000))).toBe(false);
    expect(fitsRow("€".repeat(600_000))).toBe(true);
  });
});
