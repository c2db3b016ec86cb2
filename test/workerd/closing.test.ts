// WS-16: where the proxy ends a stream, the WebSocket stays until the client has answered `<close/>`, or has had its time for that; at
// each place where a stream may be ended.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AccountObject } from "../../durable/account-object.ts";
import { CLOSING_MS } from "../../xmpp/receiving/closing.ts";
import { Client } from "./support/client.ts";
import { connect, open } from "./support/deployment.ts";
import { stanzasOf } from "./support/servers.ts";
import { opensAndEndsWith } from "./support/stream-end.ts";
import { here, inObject, type Run, takeTimers } from "./support/taken-timers.ts";

const ELSEWHERE = "https://chat.example.org";
const ACCOUNTS = "gerda@good.example,hanna@good.example";
const CLOSE = `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`;
const OWN = "closing@good.example";
const BOUND = "closing-bound@good.example";

/** `begin` comes to where the stream's next frame, if it is for another domain, ends it. */
const places: readonly [string, number, () => Promise<Client>, (run: Run) => Promise<void>][] = [
  ["the account's own endpoint", 1000, () => Client.connect(OWN), inObject(OWN)],
  ["a bound client", 1008, () => Client.online(BOUND), inObject(BOUND)],
  ["the endpoint for every account", 1000, () => connect(ACCOUNTS), here],
  [
    "an account that is not served",
    1000,
    () => connect(ACCOUNTS, { path: "/closing-nobody@good.example", origin: ELSEWHERE }),
    here,
  ],
  ["a proxy that serves nobody", 1008, () => connect("", { path: "/closing@good.example" }), here],
];

describe.each(places)("WS-16 a stream that we end, at %s", (_name, code, begin, within) => {
  /** What was started with the time for `<close/>`. */
  let overdue: Run[] = [];
  let client: Client;

  beforeEach(async () => {
    overdue = takeTimers(CLOSING_MS);
    client = await begin();
    client.answersClose = false;
    client.send(open("elsewhere.example"));
    await client.until(/^<stream:error/);
    expect(await client.next()).toMatch(/^<close /);
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("WS-16 is closed once the client says so, and nothing else is taken meanwhile", async () => {
    client.send(`<message xmlns="jabber:client" to="bob@example.org" id="too-late"/>`);
    client.send("<");
    client.send(open("good.example"));
    client.send(CLOSE);
    expect(await client.rest()).toEqual([`closed ${code}`]);
  });

  it("WS-16 is closed when the client had its time, which is waited for once", async () => {
    client.send(`<message xmlns="jabber:client" to="bob@example.org" id="too-late"/>`);
    expect(overdue).toHaveLength(1);
    expect(client.unread).toBe(0);
    await within(() => overdue.forEach((run) => run()));
    expect(await client.rest()).toEqual([`closed ${code}`]);
  });

  it("WS-16 may be closed by the client without a word", async () => {
    client.drop();
    expect(await client.rest()).toEqual(["closed 1001"]);
  });
});

describe("WS-16 a bound client that we end", () => {
  it("WS-16 has none of its stanzas sent after that", async () => {
    expect((await stanzasOf(BOUND)).filter((stanza) => stanza.includes("too-late"))).toEqual([]);
  });
});

describe("WS-16 an object that dies while it waits for <close/>", () => {
  it("WS-16 closes the WebSocket when it wakes", async () => {
    const account = "closing-dies@good.example";
    const client = await Client.connect(account);
    client.answersClose = false;
    client.send(open("elsewhere.example"));
    await client.until(/^<close /);
    await runInDurableObject(env.ACCOUNT.getByName(account), async (_instance, state) => {
      // As after an eviction: the storage and the sockets are the same, the memory is not.
      const woken = new AccountObject(state, env);
      const [socket] = state.getWebSockets();
      if (!socket) throw new Error("the platform has not kept the socket");
      await woken.webSocketMessage(socket, `<presence xmlns="jabber:client"/>`);
    });
    expect(await client.rest()).toEqual(["closed 1000"]);
  });
});

describe("WS-13 connections that are closing", () => {
  it("WS-13 WS-16 count until they are closed, and one that is too many is not waited for", async () => {
    const account = "crowded-close@good.example";
    const crowd = await Promise.all(
      Array.from({ length: 20 }, () => connect(account, { path: `/${account}`, address: "192.0.2.7" })),
    );
    for (const client of crowd) {
      client.answersClose = false;
      client.send(open("elsewhere.example"));
      // oxlint-disable-next-line no-await-in-loop -- each by itself
      await client.until(/^<close /);
    }
    const late = await connect(account, { path: `/${account}`, address: "192.0.2.7" });
    late.answersClose = false;
    const words = "Too many connections are logging in to this account.";
    expect(await late.rest()).toEqual(opensAndEndsWith("resource-constraint", words));
    for (const client of crowd) client.send(CLOSE);
    for (const client of crowd) {
      // oxlint-disable-next-line no-await-in-loop -- each by itself
      await client.rest();
    }
    const next = await connect(account, { path: `/${account}`, address: "192.0.2.7" });
    next.send(open("good.example"));
    expect(await next.until(/^<stream:/)).toMatch(/^<stream:features/);
    next.drop();
  });
});
