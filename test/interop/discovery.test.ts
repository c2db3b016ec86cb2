// Finding the account's server: a real Prosody behind SRV records that a resolver of our own tells, by direct TLS,
// STARTTLS, WebSocket and, on loopback, in plain text. What must not be believed is refused in words that help.
//
// The accounts are of example.test, whose certificate nobody has: the server's is for localhost. So it matters by whose
// word localhost is connected to.

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../scripts/processes.ts";
import { type DohServer, startDohServer, type Zone } from "../support/doh-server.ts";
import { PASSWORD, startTestProsody, type TestProsody } from "../support/prosody.ts";
import { type Account, element, openTo, plainAuth, RawClient, RawSession } from "../support/raw-client.ts";
import { missingProsody } from "../support/requirements.ts";
import { startWorker, type TestWorker } from "../support/worker.ts";

const DOMAIN = "example.test";
const DIRECT = `_xmpps-client._tcp.${DOMAIN} SRV`;
const STARTTLS = `_xmpp-client._tcp.${DOMAIN} SRV`;

/** What is asked to find out whether a target is the domain itself. */
const ADDRESSES = [`${DOMAIN} A`, `${DOMAIN} AAAA`, "localhost A", "localhost AAAA"];

/** Logs in through the Worker and asks the server something. */
async function talk({ url, account }: { url: string; account: Account }): Promise<RawSession> {
  const session = await RawSession.login(url, account, "desk");
  const ping = `<iq type="get" to="${DOMAIN}" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`;
  expect((await session.request(ping)).attrs.type).toBe("result");
  return session;
}

/** What a client that wants to log in is told. */
async function refusal({ url, account }: { url: string; account: Account }): Promise<string> {
  const client = await RawClient.connect(url);
  await client.exchange(openTo(DOMAIN), 2);
  const [answer = ""] = await client.exchange(plainAuth(account.jid.split("@")[0] ?? "", PASSWORD));
  client.drop();
  const failure = element(answer);
  expect(failure.getChildElements()[0]?.getName()).toBe("temporary-auth-failure");
  return failure.getChildText("text") ?? "";
}

/** Who has said this to the session. */
const hears = async (session: RawSession, body: string): Promise<string | undefined> =>
  (await session.stanza("message", (message) => message.getChildText("body") === body)).attrs.from;

const signed = (...data: string[]) => ({ data, authenticated: true });
const upstreamHosts = (url: string) => ({ UPSTREAM_HOSTS: JSON.stringify({ [DOMAIN]: url }) });

describe.skipIf(missingProsody)("finding a server", () => {
  let prosody: TestProsody;
  let doh: DohServer;
  let httpsPort: number;
  let deadPort: number;
  let accounts = 0;
  const workers: TestWorker[] = [];

  beforeAll(async () => {
    httpsPort = await freePort();
    deadPort = await freePort();
    const https = `https_ports = { ${httpsPort} }\nhttps_interfaces = { "127.0.0.1" }`;
    prosody = await startTestProsody({ extraGlobal: `${https}\nVirtualHost "${DOMAIN}"` });
    doh = await startDohServer();
  });

  afterAll(async () => {
    await doh?.stop();
    await prosody?.stop();
  });

  afterEach(async () => {
    for (const worker of workers.splice(0)) {
      await worker.stop();
    }
  });

  /** A Worker that knows only what it is told here, and an account that nobody has used yet. */
  async function stage(
    zone: Zone,
    vars: Readonly<Record<string, string>> = {},
    { server } = prosody,
  ): Promise<{ worker: TestWorker; account: Account; url: string }> {
    doh.zone = zone;
    doh.asked.length = 0;
    const worker = await startWorker({
      vars: { UPSTREAM_HOSTS: "{}", DOH_URL: doh.url, ...vars },
      caPath: server.caPath,
    });
    workers.push(worker);
    accounts += 1;
    const account = { jid: `user${accounts}@${DOMAIN}`, password: PASSWORD };
    await server.shell(`user:create(${JSON.stringify(account.jid)}, ${JSON.stringify(PASSWORD)})`);
    return { worker, account, url: worker.wsUrl(account.jid) };
  }

  /** How many connections the server has seen so far. */
  const connections = (): number => prosody.server.log().split("Client connected").length - 1;

  it.each([
    ["direct TLS", (): Zone => ({ [DIRECT]: signed(`0 0 ${prosody.server.ports.c2sDirectTls} localhost.`) })],
    ["STARTTLS", (): Zone => ({ [STARTTLS]: signed(`0 0 ${prosody.server.ports.c2s} localhost.`) })],
  ])("FIND-2 FIND-5: %s to the target of a signed SRV record", async (_what, zone) => {
    const { client } = await talk(await stage(zone()));
    client.drop();
    expect(new Set(doh.asked)).toEqual(new Set([DIRECT, STARTTLS, ...ADDRESSES]));
  });

  it("FIND-2 FIND-9: the second when nobody answers at the first, in the order of priorities", async () => {
    const { c2s, c2sDirectTls } = prosody.server.ports;
    const before = connections();
    const { client } = await talk(
      await stage({
        [DIRECT]: signed(`5 0 ${c2sDirectTls} localhost.`, `0 0 ${deadPort} localhost.`),
        [STARTTLS]: signed(`9 0 ${c2s} localhost.`),
      }),
    );
    client.drop();
    expect(connections()).toBe(before + 1);
  });

  it("FIND-5 FIND-7: the same record without a signature is refused, and the words allow it", async () => {
    const { c2sDirectTls } = prosody.server.ports;
    const before = connections();
    const text = await refusal(await stage({ [DIRECT]: { data: [`0 0 ${c2sDirectTls} localhost.`] } }));
    expect(connections()).toBe(before);
    expect(text).toContain(`xmpps://localhost:${c2sDirectTls}: only DNS without DNSSEC says`);
    const setting = /set UPSTREAM_HOSTS = (\{.*\})/.exec(text)?.[1] ?? "";

    const { client } = await talk(await stage({}, { UPSTREAM_HOSTS: setting }));
    expect(doh.asked).toEqual([]);
    client.drop();
  });

  it("FIND-4 UP-3: a domain that shares its target's address is connected to by its own name", async () => {
    const { c2sDirectTls } = prosody.server.ports;
    const text = await refusal(
      await stage({
        [DIRECT]: { data: [`0 0 ${c2sDirectTls} localhost.`] },
        [`${DOMAIN} A`]: { data: ["127.0.0.1"] },
        "localhost A": { data: ["127.0.0.1"] },
      }),
    );
    // That name leads nowhere on the machine that runs this test.
    expect(text).toContain(`xmpps://${DOMAIN}:${c2sDirectTls}: ${DOMAIN}:${c2sDirectTls} cannot be reached`);
    expect(text).not.toContain("UPSTREAM_HOSTS");
  });

  it("UP-3: a signed record does not help a server that cannot prove the name", async () => {
    const { c2s, c2sDirectTls } = prosody.server.ports;
    const text = await refusal(
      await stage({
        [DIRECT]: signed(`0 0 ${c2sDirectTls} 127.0.0.1.`),
        [STARTTLS]: signed(`1 0 ${c2s} 127.0.0.1.`),
      }),
    );
    expect(text).toContain(`xmpps://127.0.0.1:${c2sDirectTls}: `);
    expect(text).toContain(`xmpp://127.0.0.1:${c2s}: TLS with 127.0.0.1 failed`);
  });

  it("FIND-3 FIND-6: a domain without such a service is told from one that cannot be reached", async () => {
    const none = { data: ["0 0 0 ."] };
    const text = await refusal(await stage({ [DIRECT]: none, [STARTTLS]: none }));
    expect(text).toContain('its SRV records say "." (no such service)');
    expect(text).toContain(`host-meta of ${DOMAIN}: https://${DOMAIN}/.well-known/host-meta.json cannot be`);
  });

  it("FIND-8: without an answer from DNS it is the domain itself, and the owner learns what was tried", async () => {
    const text = await refusal(await stage({ [DIRECT]: { status: 2 }, [STARTTLS]: { status: 2 } }));
    expect(text.split("\n")).toEqual([
      `No server of ${DOMAIN} could be used.`,
      `SRV ${DIRECT.slice(0, -4)}: the resolver ${new URL(doh.url).host} answered SERVFAIL`,
      `SRV ${STARTTLS.slice(0, -4)}: the resolver ${new URL(doh.url).host} answered SERVFAIL`,
      expect.stringContaining(`xmpp://${DOMAIN}:5222: ${DOMAIN}:5222 cannot be reached`),
      expect.stringContaining(`host-meta of ${DOMAIN}: `),
    ]);
  });

  it("LINK-4: a WebSocket upstream carries a conversation, and is resumed", async () => {
    const world = await stage({}, upstreamHosts(`wss://localhost:${httpsPort}/xmpp-websocket`));
    const desk = await talk(world);
    const friend = await RawSession.login(
      prosody.server.webSocketUrl,
      { jid: "bob@localhost", password: PASSWORD },
      "desk",
    );
    desk.send(`<message to="${friend.fullJid}" type="chat"><body>one &lt;2&gt;</body></message>`);
    expect(await hears(friend, "one <2>")).toBe(desk.fullJid);
    friend.send(`<message to="${desk.fullJid}" type="chat"><body>two</body></message>`);
    expect(await hears(desk, "two")).toBe(friend.fullJid);

    await prosody.server.dropConnections(world.account.jid.split("@")[0] ?? "");
    friend.send(`<message to="${desk.fullJid}" type="chat"><body>three</body></message>`);
    expect(await hears(desk, "three")).toBe(friend.fullJid);
    desk.send(`<message to="${friend.fullJid}" type="chat"><body>four</body></message>`);
    expect(await hears(friend, "four")).toBe(desk.fullJid);
    expect(prosody.server.log().includes("mod_smacks session resumed")).toBe(true);
    for (const { client } of [desk, friend]) {
      client.drop();
    }
  });

  it.each([
    [
      "another name in its certificate",
      (): string => `wss://127.0.0.1:${httpsPort}/xmpp-websocket`,
      "its certificate",
    ],
    ["no WebSocket at that path", (): string => `wss://localhost:${httpsPort}/nothing`, "answered 404"],
    ["nobody there", (): string => `wss://localhost:${deadPort}/xmpp-websocket`, "cannot be reached"],
  ])("LINK-4 UP-3: a WebSocket server with %s is not used", async (_what, url, words) => {
    const text = await refusal(await stage({}, upstreamHosts(url())));
    expect(text).toContain(url());
    expect(text).toContain(words);
  });

  it("CFG-6: plain text is for loopback, by an explicit setting, and never carries a password", async () => {
    const open = await startTestProsody({ starttls: false, extraGlobal: `VirtualHost "${DOMAIN}"` });
    try {
      const { c2s, http } = open.server.ports;
      for (const url of [`xmpp+plain://127.0.0.1:${c2s}`, `ws://127.0.0.1:${http}/xmpp-websocket`]) {
        const allowed = { ...upstreamHosts(url), ALLOW_PLAINTEXT_LOOPBACK: "true" };
        const { client } = await talk(await stage({}, allowed, open));
        client.drop();
      }
      const log = open.server.log();
      expect([log.includes("mechanism='SCRAM-SHA-1'"), log.includes("mechanism='PLAIN'")]).toEqual([
        true,
        false,
      ]);
    } finally {
      await open.stop();
    }
  });
});
