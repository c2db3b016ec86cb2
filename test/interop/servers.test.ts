// The account's server as it should and should not be: TLS in both forms, weak and strong SASL, wrong certificates. What
// cannot be trusted is told to the client in words, and learns nothing of the account.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freePort, waitFor } from "../../scripts/processes.ts";
import { PASSWORD, startTestProsody, type TestProsody } from "../support/prosody.ts";
import { element, openTo, plainAuth, RawClient } from "../support/raw-client.ts";
import { missingProsody } from "../support/requirements.ts";
import { startWorker } from "../support/worker.ts";
import { type Stage, startStage } from "./stage.ts";

/** A login with PLAIN as alice: what SASL answers. */
async function tryLogin(wsUrl: string): Promise<{ outcome: string; condition: string; text: string }> {
  const client = await RawClient.connect(wsUrl);
  await client.exchange(openTo("localhost"), 2);
  const [answer = ""] = await client.exchange(plainAuth("alice", PASSWORD));
  client.drop();
  const verdict = element(answer);
  const condition = verdict.getChildElements()[0]?.getName() ?? "";
  return { outcome: verdict.getName(), condition, text: verdict.getChildText("text") ?? "" };
}

/** How often alice has logged in there so far. */
function logins({ server }: Pick<TestProsody, "server">): number {
  return server.log().split("Authenticated as alice@localhost").length - 1;
}

describe.skipIf(missingProsody)("a server", () => {
  let authorityDirectory: string;
  const cleanup: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    authorityDirectory = await mkdtemp(join(tmpdir(), "xmpproxy-authority-"));
  });

  afterAll(async () => await rm(authorityDirectory, { recursive: true, force: true }));

  afterEach(async () => {
    for (const stop of cleanup.splice(0).toReversed()) {
      await stop();
    }
  });

  async function serve(options: Parameters<typeof startTestProsody>[0]): Promise<TestProsody> {
    const prosody = await startTestProsody({ authorityDirectory, ...options });
    cleanup.push(prosody.stop);
    return prosody;
  }

  async function stageWith(options: Parameters<typeof startStage>[0]): Promise<Stage> {
    const stage = await startStage({ authorityDirectory, ...options });
    cleanup.push(stage.stop);
    return stage;
  }

  const WITHOUT_SCRAM = { disabledMechanisms: ["SCRAM-SHA-1", "SCRAM-SHA-256"] };

  it.each([
    ["SCRAM-SHA-1", { passwordHash: "SHA-1" }],
    ["SCRAM-SHA-256", { passwordHash: "SHA-256" }],
    ["PLAIN", WITHOUT_SCRAM],
  ] as const)(
    "LOGIN-2, LOGIN-4: with %s at best lets us in again with what is stored",
    async (_best, behaviour) => {
      const stage = await stageWith(behaviour);
      const desk = await stage.attach(await stage.account("alice"), "desk");
      expect(logins(stage)).toBe(1);
      await stage.server.dropConnections("alice");
      await waitFor("the next login", () => logins(stage) === 2);
      const ping = '<iq type="get" to="localhost" id="p"><ping xmlns="urn:xmpp:ping"/></iq>';
      expect((await desk.request(ping)).attrs.type).toBe("result");

      // Whatever the server has, clients are offered SCRAM.
      const client = await RawClient.connect(stage.worker.wsUrl("alice@localhost"));
      const [, features = ""] = await client.exchange(openTo("localhost"), 2);
      const mechanisms = element(features).getChild("mechanisms")?.getChildren("mechanism") ?? [];
      expect(mechanisms.map((mechanism) => mechanism.getText())).toEqual([
        "SCRAM-SHA-512",
        "SCRAM-SHA-256",
        "SCRAM-SHA-1",
        "PLAIN",
      ]);
      client.drop();
      desk.client.drop();
    },
  );

  it("UP-4: that had SCRAM and now has PLAIN only does not get the password", async () => {
    const stage = await stageWith({});
    const desk = await stage.attach(await stage.account("alice"), "desk");
    await stage.server.stop();
    const weaker = await serve({ ...WITHOUT_SCRAM, ports: stage.server.ports });
    expect(await desk.client.ending()).toMatchObject({ condition: "not-authorized" });

    const { outcome, condition, text } = await tryLogin(stage.worker.wsUrl("alice@localhost"));
    expect([outcome, condition]).toEqual(["failure", "temporary-auth-failure"]);
    expect(text).toContain("downgrade");
    expect(logins(weaker)).toBe(0);
  });

  it("UP-3: with direct TLS lets us in", async () => {
    const { server } = await serve({});
    const vars = { UPSTREAM_HOSTS: server.upstreamHostsDirectTls };
    const worker = await startWorker({ vars, caPath: server.caPath });
    cleanup.push(async () => await worker.stop());
    expect((await tryLogin(worker.wsUrl("alice@localhost"))).outcome).toBe("success");
  });

  it.each([
    ["UP-3", "a certificate for another name", { certificate: "wrong-name" }, "starttls", "certificate"],
    [
      "UP-3",
      "an unknown certificate authority",
      { certificate: "unknown-authority" },
      "starttls",
      "certificate",
    ],
    ["UP-3", "direct TLS for another name", { certificate: "wrong-name" }, "direct", "certificate"],
    ["UP-1", "no STARTTLS", { starttls: false }, "starttls", "does not offer STARTTLS"],
  ] as const)("%s, LOGIN-6: with %s is not told who logs in", async (_rule, _name, options, tls, words) => {
    const { server } = await serve(options);
    const before = server.log().length;
    const hosts = tls === "direct" ? server.upstreamHostsDirectTls : server.upstreamHosts;
    const worker = await startWorker({ vars: { UPSTREAM_HOSTS: hosts }, caPath: server.caPath });
    cleanup.push(async () => await worker.stop());
    const { outcome, condition, text } = await tryLogin(worker.wsUrl("alice@localhost"));
    expect([outcome, condition]).toEqual(["failure", "temporary-auth-failure"]);
    expect(text).toContain(words);
    const log = server.log().slice(before);
    expect(log).toContain("New connection");
    expect(log).not.toContain("alice");
  });

  it("LOGIN-6: that is not there is told so", async () => {
    const port = await freePort();
    const vars = { UPSTREAM_HOSTS: JSON.stringify({ localhost: `xmpp://localhost:${port}` }) };
    const worker = await startWorker({ vars });
    cleanup.push(async () => await worker.stop());
    const { outcome, condition, text } = await tryLogin(worker.wsUrl("alice@localhost"));
    expect([outcome, condition]).toEqual(["failure", "temporary-auth-failure"]);
    expect(text).toContain(`localhost:${port} cannot be reached`);
  });
});
