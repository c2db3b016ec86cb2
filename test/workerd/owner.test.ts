// OWNER: the owner's interface over HTTP, as the edge and the account's object answer it.

import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { OwnerStatus } from "../../bouncer/owner-status.ts";
import { AccountObject } from "../../durable/account-object.ts";
import { encodeBase64Text } from "../../xmpp/sasl/base64.ts";
import worker from "../../worker/index.ts";
import { Client } from "./support/client.ts";
import { drop, say, sessions, setPassword } from "./support/servers.ts";

interface Asking {
  password?: string;
  method?: string;
  headers?: Record<string, string>;
  origin?: string;
}

function request(
  account: string,
  path: string,
  { password = "pencil", method = "GET", headers = {}, origin = "http://localhost" }: Asking = {},
): Request {
  const Authorization = `Basic ${encodeBase64Text(`${account}:${password}`)}`;
  return new Request(`${origin}/accounts/${encodeURIComponent(account)}/${path}`, {
    method,
    headers: { Authorization, ...headers },
  });
}

async function ask(account: string, path: string, asking?: Asking): Promise<Response> {
  return await exports.default.fetch(request(account, path, asking));
}

async function statusOf(account: string, password = "pencil"): Promise<OwnerStatus> {
  const response = await ask(account, "status", { password });
  expect(response.status).toBe(200);
  return await response.json();
}

describe("OWNER-3 GET status", () => {
  it("OWNER-3 tells of the session and of the clients", async () => {
    const account = "curious@good.example";
    const phone = await Client.online(account, { resource: "phone" });
    await Client.online(account, { resource: "laptop" });
    phone.send(`<presence xmlns="jabber:client"><show>dnd</show></presence>`);
    const shows = async (): Promise<unknown> =>
      Object.fromEntries((await statusOf(account)).clients.map(({ device, presence }) => [device, presence]));
    await expect.poll(shows).toEqual({ phone: "dnd", laptop: "unavailable" });
    // What was sent is only counted out once the server has confirmed it.
    await expect.poll(async () => (await statusOf(account)).waitingForServer).toBe(0);
    const status = await statusOf(account);
    const [session] = await sessions("good", account);
    expect(status).toMatchObject({
      account,
      address: session?.jid,
      phase: "online",
      streamManagement: false,
      session: "new",
      server: { protection: "unencrypted" },
      tried: [],
      restarts: 0,
      waitingForServer: 0,
      history: [{ what: "bound" }],
      holes: [],
    });
    expect(status.clients).toHaveLength(2);
    for (const client of status.clients) expect(client).toMatchObject({ state: "connected", waiting: 0 });
    expect(Date.parse(status.since)).toBeLessThanOrEqual(Date.now());
  });

  it("OWNER-6 says what went wrong, also after the process began anew", async () => {
    const account = "unlucky@good.example";
    await Client.online(account);
    const { since } = await statusOf(account);
    await drop(account);
    await expect
      .poll(async () => (await statusOf(account)).history.map(({ what }) => what), { timeout: 8_000 })
      .toEqual(["bound", "lost", "bound"]);
    const after = await statusOf(account);
    expect(after.lastError?.text).not.toBe("");
    expect(Date.parse(after.since)).toBeGreaterThan(Date.parse(since));

    const again = await runInDurableObject(env.ACCOUNT.getByName(account), async (_instance, state) => {
      const object = new AccountObject(state, env);
      const headers = { "xmpproxy-account": account, "xmpproxy-loopback": "1" };
      const answer = await object.fetch(request(account, "status", { headers }));
      const status: OwnerStatus = await answer.json();
      return status;
    });
    expect(again.restarts).toBe(after.restarts + 1);
    expect(again.history.slice(0, 3).map(({ what }) => what)).toEqual(["bound", "lost", "bound"]);
    expect(again.lastError?.text).toBe(after.lastError?.text);
  });

  it("OWNER-1 a new password brings an account back that needed a login", async () => {
    const account = "forgetful@good.example";
    await Client.online(account);
    await setPassword("forgetful", "pen");
    await drop(account);
    await expect.poll(async () => (await ask(account, "status")).status, { timeout: 8_000 }).toBe(401);
    const status = await statusOf(account, "pen");
    expect(status.history.map(({ what }) => what)).toContain("refused");
    await expect.poll(async () => (await statusOf(account, "pen")).phase).toBe("online");
  });
});

describe("CMD-3 the same as a command", () => {
  it("CMD-3 a client asks at the account's own address", async () => {
    const account = "commander@good.example";
    const client = await Client.online(account, { resource: "phone" });
    const { address } = await statusOf(account);
    client.send(
      `<iq xmlns="jabber:client" type="set" id="c" to="${address ?? ""}">` +
        `<command xmlns="http://jabber.org/protocol/commands" node="status"/></iq>`,
    );
    const answer = await client.until(/id="c"/);
    expect(answer).toContain(`status="completed"`);
    expect(answer).toContain(`<field var="phase" label="State" type="text-single"><value>online</value>`);
    expect(answer).toMatch(/<value>phone: connected since [-0-9T:.Z]+, unavailable, 0 waiting<\/value>/);
  });
});

describe("OWNER-5 GET trace", () => {
  it("OWNER-5 has a decision a line, with devices by name and nothing that anybody has written", async () => {
    const account = "traced@good.example";
    const client = await Client.online(account, { resource: "phone" });
    await say(account, `<message from="bob@example.org" type="chat"><body>a secret</body></message>`);
    await client.until(/a secret/);
    const response = await ask(account, "trace");
    expect(response.headers.get("Content-Type")).toBe("application/jsonl");
    const text = new TextDecoder().decode(await response.arrayBuffer());
    expect(text).not.toContain("a secret");
    const lines: unknown[] = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toContainEqual(
      expect.objectContaining({ rule: "MSG-1", to: ["phone"], reason: expect.any(String) }),
    );
    expect(lines).toContainEqual(expect.objectContaining({ to: ["server"] }));
  });
});

describe("OWNER-1 OWNER-2 who is refused", () => {
  const account = "private@good.example";

  it("OWNER-2 a wrong password, nobody, and an account that is not served, all in the same way", async () => {
    await Client.online(account);
    const settings = { ...env, ALLOWED_ACCOUNTS: "other@good.example" };
    const answers = [
      await ask(account, "status", { password: "guess" }),
      await ask(account, "status", { headers: { Authorization: "" } }),
      await ask(account, "trace", { password: "guess" }),
      await worker.fetch(request(account, "status"), settings, createExecutionContext()),
      await worker.fetch(request("alice", "status"), settings, createExecutionContext()),
    ];
    const told = await Promise.all(
      answers.map(async (answer) => [answer.status, [...answer.headers], await answer.text()]),
    );
    expect(told[0]?.[0]).toBe(401);
    for (const other of told) expect(other).toEqual(told[0]);
  });

  it("OWNER-1 anybody over an unencrypted connection from elsewhere, password or not", async () => {
    const asked = request(account, "status", { origin: "http://chat.example.org" });
    const settings = { ...env, ALLOWED_ACCOUNTS: account };
    const answer = await worker.fetch(asked, settings, createExecutionContext());
    expect([answer.status, await answer.json()]).toEqual([
      403,
      { error: "This is only to be had over HTTPS." },
    ]);
  });

  it.each(["cross-site", "same-site"])("OWNER-4 a page of another site (%s)", async (site) => {
    const headers = { "Sec-Fetch-Site": site, Origin: "https://evil.example" };
    const answer = await ask(account, "status", { headers });
    expect(answer.status).toBe(403);
    expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  it("OWNER-4 nothing is cached, and answers are only what they are", async () => {
    const answer = await ask(account, "status", { headers: { "Sec-Fetch-Site": "same-origin" } });
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "cache-control": "no-store",
      "content-type": "application/json",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
    });
  });

  it.each([
    ["GET", "nothing", 404],
    ["GET", "status/", 404],
    ["GET", "toString", 404],
    ["POST", "status", 405],
    ["DELETE", "trace", 405],
    ["OPTIONS", "status", 405],
  ])("OWNER-3 %s %s: %i", async (method, path, status) => {
    expect((await ask(account, path, { method })).status).toBe(status);
  });
});
