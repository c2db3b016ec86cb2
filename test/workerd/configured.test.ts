// CFG-4: accounts of ACCOUNTS need no client. The one in vitest.config.ts is configured@late.example.

import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { encodeBase64Text } from "../../xmpp/sasl/base64.ts";
import { Client } from "./support/client.ts";
import { sessions, setOpen } from "./support/servers.ts";

const ACCOUNT = "configured@late.example";
const visit = async (): Promise<Response> => await exports.default.fetch("http://localhost/health");

describe("CFG-4 accounts of ACCOUNTS", () => {
  it("CFG-4 are online before any client has logged in, also when their server was away at first", async () => {
    await visit();
    await setOpen("late", true);
    // As the cron trigger does, or whoever looks at the health.
    await visit();
    await expect.poll(async () => (await sessions("late", ACCOUNT)).length, { timeout: 4_000 }).toBe(1);
    await visit();
    expect(await sessions("late", ACCOUNT)).toHaveLength(1);
    // CFG-4: what the proxy logged in with is what clients are checked against.
    const client = await Client.connect(ACCOUNT);
    expect(await client.open()).toContain("<mechanism>SCRAM-SHA-256</mechanism>");
  });

  it("FORGET-1 CFG-4 one that is forgotten comes online anew, which is said", async () => {
    const headers = { Authorization: `Basic ${encodeBase64Text(`${ACCOUNT}:pencil`)}` };
    const url = `http://localhost/accounts/${ACCOUNT}`;
    const { length } = await sessions("late", ACCOUNT);
    const answer = await exports.default.fetch(new Request(url, { method: "DELETE", headers }));
    expect(await answer.json()).toEqual({
      forgotten: ACCOUNT,
      note: expect.stringContaining("(ACCOUNTS) still name this account"),
    });
    await visit();
    await expect.poll(async () => (await sessions("late", ACCOUNT)).length).toBe(length + 1);
    const [before, after] = (await sessions("late", ACCOUNT)).map(({ jid }) => jid).slice(-2);
    expect(after).not.toBe(before);
  });
});
