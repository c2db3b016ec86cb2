// What the deployment's settings do, seen from outside: who may connect, who is online before anybody has logged in, and
// mistakes named in words.

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import { loginXmppClient } from "../support/clients/xmpp-js.ts";
import { ALICE, BOB, CAROL, PASSWORD, startTestProsody, type TestProsody } from "../support/prosody.ts";
import { openTo, RawClient, RawSession } from "../support/raw-client.ts";
import { missingProsody } from "../support/requirements.ts";
import { startWorker, type TestWorker } from "../support/worker.ts";

const EARLY = "early@localhost";

/** How the stream ends for a client that only opens it. */
async function refusal(url: string): Promise<{ condition: string; text: string }> {
  const client = await RawClient.connect(url);
  const [open] = await client.exchange(openTo("localhost"));
  expect(open).toMatch(/^<open /);
  const { condition, text, closedStream } = await client.ending();
  expect(closedStream).toBe(true);
  return { condition, text };
}

async function health(worker: TestWorker): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${worker.url}/health`);
  return { status: response.status, body: await response.json() };
}

describe.skipIf(missingProsody)("settings", () => {
  let prosody: TestProsody;
  const workers: TestWorker[] = [];

  beforeAll(async () => {
    prosody = await startTestProsody({ mutualContacts: ["early", "bob"] });
    await prosody.server.register("early", PASSWORD);
  });

  afterEach(async () => {
    await Promise.all(workers.splice(0).map(async (worker) => await worker.stop()));
  });

  afterAll(async () => await prosody?.stop());

  async function deploy(vars: Record<string, string>): Promise<TestWorker> {
    const { server } = prosody;
    const worker = await startWorker({
      vars: { UPSTREAM_HOSTS: server.upstreamHosts, ...vars },
      caPath: server.caPath,
    });
    workers.push(worker);
    return worker;
  }

  it("CFG-1, CFG-2: without ALLOWED_ACCOUNTS it serves nobody, and says what to do", async () => {
    const worker = await deploy({ ALLOWED_ACCOUNTS: "" });
    const { condition, text } = await refusal(worker.wsUrl(ALICE));
    expect(condition).toBe("not-authorized");
    expect(text).toContain("serves nobody yet");
    expect(text).toContain("ALLOWED_ACCOUNTS");
    expect(await health(worker)).toEqual({ status: 200, body: { status: "ok", accounts: "none" } });
  });

  it("CFG-1, CFG-2: serves the accounts and domains that are named, and no other", async () => {
    const worker = await deploy({ ALLOWED_ACCOUNTS: `${ALICE}, *@example.org` });
    const { condition, text } = await refusal(worker.wsUrl(BOB));
    expect(condition).toBe("not-authorized");
    expect(text).toContain(`${BOB} is not among the accounts`);
    for (const allowed of [ALICE, "ALICE@LocalHost", "anybody@example.org"]) {
      const client = await RawClient.connect(worker.wsUrl(allowed));
      const [, features] = await client.exchange(openTo(allowed.split("@")[1] ?? ""), 2);
      expect(features).toContain("<mechanism>PLAIN</mechanism>");
      client.drop();
    }
  });

  it("CFG-5: without a JID it serves the one account that is named", async () => {
    const worker = await deploy({ ALLOWED_ACCOUNTS: ALICE });
    for (const url of [worker.wsUrl(), `${worker.wsUrl()}?jid=${encodeURIComponent(ALICE)}`]) {
      const session = await RawSession.login(url, { jid: ALICE, password: PASSWORD }, "desk");
      expect(session.fullJid).toMatch(/^alice@localhost\/./);
      session.client.drop();
    }
  });

  it("EDGE-4: without a JID it serves each of several accounts, as the client says who it is", async () => {
    const worker = await deploy({ ALLOWED_ACCOUNTS: `${ALICE},${BOB}` });
    for (const jid of [BOB, ALICE]) {
      const session = await RawSession.login(worker.wsUrl(), { jid, password: PASSWORD }, "desk");
      expect(session.fullJid.startsWith(`${jid}/`)).toBe(true);
      session.client.drop();
    }
  });

  it("CFG-5: with what is no JID it asks which account", async () => {
    const domain = await deploy({ ALLOWED_ACCOUNTS: "*@localhost" });
    const full = encodeURIComponent(`${ALICE}/desk`);
    const urls = [`${domain.wsUrl()}?jid=localhost`, `${domain.wsUrl()}?jid=${full}`];
    for (const url of urls) {
      await expect(RawClient.connect(url)).rejects.toThrow("no WebSocket");
    }
  });

  it("CFG-3: names each mistake, and no secret", async () => {
    const worker = await deploy({
      ALLOWED_ACCOUNTS: "alice",
      UPSTREAM_HOSTS: '{"localhost":"http://localhost"}',
      ACCOUNTS: `{"alice":"${PASSWORD}"}`,
      CREDENTIALS_KEY: "too short a key",
    });
    const { status, body } = await health(worker);
    expect(status).toBe(500);
    const { condition, text } = await refusal(worker.wsUrl(ALICE));
    expect(condition).toBe("internal-server-error");
    for (const words of [JSON.stringify(body), text]) {
      for (const name of ["ALLOWED_ACCOUNTS", "UPSTREAM_HOSTS", "ACCOUNTS", "CREDENTIALS_KEY"]) {
        expect(words).toContain(name);
      }
      expect(words).not.toContain(PASSWORD);
      expect(words).not.toContain("too short a key");
    }
  });

  it("CFG-4: an account with a password in ACCOUNTS is online before any client is", async () => {
    const bob = await RawSession.login(prosody.server.webSocketUrl, { jid: BOB, password: PASSWORD }, "sofa");
    bob.send("<presence/>");
    const worker = await deploy({ ALLOWED_ACCOUNTS: "", ACCOUNTS: JSON.stringify({ [EARLY]: PASSWORD }) });
    expect(await health(worker)).toEqual({ status: 200, body: { status: "ok", accounts: "some" } });
    const seen = await bob.stanza("presence", ({ attrs }) => attrs.from?.startsWith(`${EARLY}/`) ?? false);
    expect(seen.attrs.type).toBeUndefined();
    expect(seen.getChildText("show")).toBe("away");

    // And a client that knows only SCRAM can be its first.
    const client = await RawClient.connect(worker.wsUrl());
    const [, features] = await client.exchange(openTo("localhost"), 2);
    expect(features).toContain("<mechanism>SCRAM-SHA-1</mechanism>");
    client.drop();
    const early = await loginXmppClient({
      url: worker.wsUrl(),
      jid: EARLY,
      password: PASSWORD,
      device: "desk",
    });
    expect(early.journal.mechanism).toBe("SCRAM-SHA-1");
    expect(early.fullJid).toBe(seen.attrs.from);
    await early.close();
    bob.client.drop();
  });

  it("CFG-4: a wrong password in ACCOUNTS keeps nobody out", async () => {
    const worker = await deploy({ ACCOUNTS: JSON.stringify({ [CAROL]: "not her password" }) });
    await health(worker);
    const session = await RawSession.login(worker.wsUrl(CAROL), { jid: CAROL, password: PASSWORD }, "desk");
    await waitFor("carol to be online", async () => {
      const bound = await prosody.server.boundResources("carol");
      return bound.includes(session.fullJid);
    });
    session.client.drop();
  });
});
