// SM-8, SM-9, SM-10, SM-14: clients that do not answer. A second runtime on the same storage and sockets stands for the object after
// hibernation, and for the passing of time: its ticks are told when they are.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { AccountRuntime } from "../../durable/account-runtime.ts";
import { readConfig } from "../../durable/config.ts";
import { Lease } from "../../durable/storage/lease.ts";
import { Settings } from "../../durable/storage/settings.ts";
import { Registration } from "../../durable/watchdog/registration.ts";
import { parseJid } from "../../xmpp/jid.ts";
import { Client } from "./support/client.ts";
import { ManagedClient } from "./support/managed-client.ts";
import { say } from "./support/servers.ts";
import { endsWith } from "./support/stream-end.ts";

const SM = "urn:xmpp:sm:3";
const UNHEARD = endsWith(
  "connection-timeout",
  "Nothing has been heard of this client for too long; log in again.",
);
/** The client's `<close/>` is read by the instance that has gone to sleep here, which believes the stream to stand. */
const UNHEARD_AFTER_SLEEP = UNHEARD.toSpliced(2, 0, `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />`);

afterEach(() => {
  vi.useRealTimers();
});

function messages(account: string, from: number, to: number, body = "Hello"): string {
  const lines: string[] = [];
  for (let id = from; id <= to; id += 1) {
    lines.push(
      `<message from="bob@good.example/a" to="${account}" id="${id}"><body>${body}</body></message>`,
    );
  }
  return lines.join("");
}

const forget = (): Promise<void> => Promise.reject(new Error("Nobody asks for it"));

/** The object wakes on the sockets that the platform has kept, and this is done. */
async function afterSleep(
  account: string,
  act: (runtime: AccountRuntime, socketOf: (device: string) => WebSocket, sql: SqlStorage) => void,
): Promise<void> {
  await runInDurableObject(env.ACCOUNT.getByName(account), async (_instance, state) => {
    const jid = parseJid(account);
    const result = readConfig(env);
    if (!jid || !result.ok) throw new Error("no account, or no settings");
    const sockets = state.getWebSockets();
    const registry = env.REGISTRY.getByName("a registry");
    const storage = new Lease(state.storage);
    const registration = new Registration(new Settings(storage.sql), registry, account, true);
    const ground = { storage, config: result.config, jid, registration, forget };
    const runtime = await AccountRuntime.load(ground, sockets);
    const socketOf = (device: string): WebSocket => {
      const socket = sockets.find((ws) => ws.deserializeAttachment()?.record?.device === device);
      return socket ?? expect.fail(`the platform has not kept the socket of ${device}`);
    };
    act(runtime, socketOf, state.storage.sql);
  });
}

it("SM-8 a client that does not answer loses its socket and not its session; the others notice nothing", async () => {
  const account = "stalled@good.example";
  const phone = await ManagedClient.online(account, "phone");
  const other = await ManagedClient.online(account, "other");
  await say(account, messages(account, 1, 3));
  await phone.handles(3);
  await other.handles(3);
  await afterSleep(account, (runtime, socketOf) => {
    const nowMs = Date.now();
    runtime.clients.tick(nowMs);
    runtime.onFrame(socketOf("other"), `<a xmlns="${SM}" h="3"/>`);
    runtime.clients.tick(nowMs + 60_000);
    runtime.clients.tick(nowMs + 60_001);
  });
  // Nothing that would end the session, also for a client that reads it later.
  const rest = await phone.client.rest();
  expect(rest.filter((frame) => !frame.startsWith("<r "))).toEqual(["closed 3008"]);
  expect(rest.length).toBeGreaterThan(1);

  await say(account, messages(account, 4, 5));
  expect(await phone.comesBack()).toContain("<resumed ");
  await phone.handles(5);
  expect(phone.handled).toEqual(["1", "2", "3", "4", "5"]);
  await other.handles(5);
});

it("SM-9 after hibernation a silent client is asked, and its answer is understood", async () => {
  const account = "asked@good.example";
  const phone = await ManagedClient.online(account, "phone");
  await afterSleep(account, (runtime, socketOf) => {
    runtime.clients.tick(Date.now() + 301_000);
    runtime.onFrame(socketOf("phone"), `<a xmlns="${SM}" h="0"/>`);
    runtime.clients.tick(Date.now() + 290_000);
    runtime.onFrame(socketOf("phone"), `<r xmlns="${SM}"/>`);
  });
  expect(await phone.client.next()).toBe(`<r xmlns="${SM}"/>`);
  expect(await phone.client.next()).toBe(`<a xmlns="${SM}" h="0"/>`);
});

it("SM-5 SM-7 after hibernation in the middle of a replay it goes on where it was", async () => {
  const account = "midway@good.example";
  const phone = await ManagedClient.online(account, "phone");
  await say(account, messages(account, 1, 2_000));
  await phone.handles(900, { answers: false });
  await afterSleep(account, (runtime, socketOf) => {
    runtime.onFrame(socketOf("phone"), `<a xmlns="${SM}" h="800"/>`);
    runtime.onFrame(socketOf("phone"), `<a xmlns="${SM}" h="900"/>`);
    // SM-5: as many as the window takes, and not one more.
    runtime.onFrame(socketOf("phone"), `<a xmlns="${SM}" h="1801"/>`);
  });
  await phone.handles(1_800, { answers: false });
  const { handled } = phone;
  expect(handled).toEqual(Array.from({ length: 1_800 }, (_none, index) => String(index + 1)));
  const rest = (await phone.client.rest()).join();
  expect(rest).toContain("<undefined-condition ");
  expect(rest).toContain(`<handled-count-too-high xmlns="${SM}" h="1801" send-count="1800"/>`);
});

/** Everything that a client was sent but pings, which are counted. */
async function restBesidePings(client: Client): Promise<{ pings: number; rest: string[] }> {
  const all = await client.rest();
  const rest = all.filter((frame) => !frame.includes(`<ping xmlns="urn:xmpp:ping"/>`));
  return { pings: all.length - rest.length, rest };
}

it("SM-14 a client without Stream Management that is silent is asked once, and then ended, over hibernation", async () => {
  const account = "idle@good.example";
  const client = await Client.online(account, { resource: "idle" });
  const managed = await ManagedClient.online(account, "managed");
  const asked = Date.now() + 301_000;
  await afterSleep(account, (runtime) => {
    runtime.clients.tick(asked - 2_000);
    runtime.clients.tick(asked);
  });
  await afterSleep(account, (runtime) => runtime.clients.tick(asked + 30_000));
  await expect.poll(() => client.unread).toBe(1);
  await afterSleep(account, (runtime) => runtime.clients.tick(asked + 60_001));
  const { pings, rest } = await restBesidePings(client);
  expect(pings).toBe(1);
  expect(rest).toEqual(UNHEARD_AFTER_SLEEP);
  // The other one is asked in its own way.
  expect(await managed.client.next()).toBe(`<r xmlns="${SM}"/>`);
});

it.each([
  ["a result", (id: string) => `<iq xmlns="jabber:client" type="result" id="${id}" to="good.example"/>`],
  [
    "an error",
    (id: string) =>
      `<iq xmlns="jabber:client" type="error" id="${id}" to="good.example"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
  ],
  ["something else", () => `<presence xmlns="jabber:client"/>`],
  ["a keepalive", () => " "],
])("SM-14 %s is an answer, also to who has slept meanwhile", async (name, answer) => {
  const account = `answers-${name.replaceAll(" ", "-")}@good.example`;
  const client = await Client.online(account, { resource: "quiet" });
  const before = Date.now() + 301_000;
  await afterSleep(account, (runtime) => runtime.clients.tick(before));
  const ping = await client.next();
  expect(ping).toContain(`from="good.example"><ping xmlns="urn:xmpp:ping"/></iq>`);
  const id = / id="([^"]+)"/.exec(ping)?.[1] ?? expect.fail(ping);
  await afterSleep(account, (runtime, socketOf) => runtime.onFrame(socketOf("quiet"), answer(id)));
  const heard = Date.now();
  await afterSleep(account, (runtime) => {
    // Far later than a minute after the question, but not yet five after the answer.
    runtime.clients.tick(heard + 299_000);
    runtime.clients.tick(heard + 301_000);
  });
  expect(await client.until(/<ping /)).not.toContain(id);
  await afterSleep(account, (runtime) => runtime.clients.tick(heard + 301_000 + 60_001));
  expect(await client.rest()).toEqual(UNHEARD_AFTER_SLEEP);
});

it("SM-14 nothing is written for a client that is silent, nor for one that is asked or answers", async () => {
  const account = "unwritten@good.example";
  const client = await Client.online(account, { resource: "idle" });
  await afterSleep(account, (runtime, socketOf, sql) => {
    const changes = (): number => sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n;
    const before = changes();
    for (let seconds = 30; seconds <= 330; seconds += 30) runtime.clients.tick(Date.now() + seconds * 1_000);
    runtime.onFrame(socketOf("idle"), " ");
    expect(changes()).toBe(before);
  });
  expect(await client.next()).toContain("<ping ");
});

it("SM-10 a client without Stream Management is asked after much, and ended when it says nothing", async () => {
  const account = "speechless@good.example";
  const client = await Client.online(account);
  const other = await ManagedClient.online(account, "other");
  await say(account, messages(account, 1, 1, "x".repeat(300_000)));
  expect(await client.next()).toContain(` id="1"`);
  const ping = await client.next();
  expect(ping).toContain(`<ping xmlns="urn:xmpp:ping"/>`);
  const id = / id="([^"]+)"/.exec(ping)?.[1] ?? "";
  client.send(`<iq xmlns="jabber:client" type="result" id="${id}" to="good.example"/>`);
  client.send(`<iq xmlns="jabber:client" type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`);
  // The first answer was heard: everything begins anew.
  await say(account, messages(account, 2, 6, "x".repeat(900_000)));
  await other.handles(6);
  // All of it at once is no reason; that it goes on owing the answer is.
  await say(account, messages(account, 7, 7));
  await other.handles(7);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 11_000 });
  await say(account, messages(account, 8, 8, "x".repeat(70_000)));
  await other.handles(8);
  vi.useRealTimers();
  const rest = await client.rest();
  expect(rest.filter((frame) => frame.includes("<ping "))).toHaveLength(1);
  const last = rest.findIndex((frame) => frame.startsWith("<stream:error"));
  expect(rest.slice(last)).toEqual(UNHEARD);
  expect(rest.slice(0, last).join("")).toContain(` id="7"`);
});
