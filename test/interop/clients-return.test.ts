// RSASL2 and RFAST with a client that speaks all of it (@xmpp/client), and the older way with those that do not (stanza,
// strophe.js in a browser): they sign in, are reloaded, lose the network, and miss nothing.

import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type AgentConfig, createClient } from "stanza";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import { FastClient, type Memory } from "../support/clients/fast-client.ts";
import { StropheBrowser } from "../support/clients/strophe.ts";
import type { Account } from "../support/raw-client.ts";
import { missingChromium, missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

const DAY_MS = 24 * 3600 * 1000;

function newMemory(): Memory {
  return { userAgent: randomUUID(), token: undefined };
}

describe.skipIf(missingProsody)("clients that come back", () => {
  let stage: Stage;
  let state: string;
  let bob: Account;

  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), "xmpproxy-return-"));
    stage = await startStage({}, {}, state);
    bob = await stage.account("bob-returns");
  });
  afterAll(async () => {
    await stage?.stop();
    await rm(state, { recursive: true, force: true });
  });

  const url = (account: Account): string => stage.worker.wsUrl(account.jid);

  /** Makes every token in the Worker's storage a day and a second older, while the Worker is down. */
  async function aDayPasses(): Promise<void> {
    await stage.worker.kill();
    const files = await readdir(state, { recursive: true });
    let aged = 0;
    for (const file of files.filter((name) => name.endsWith(".sqlite"))) {
      const database = new DatabaseSync(join(state, file));
      const known = database.prepare("SELECT name FROM sqlite_master WHERE name = 'client_token'").all();
      if (known.length > 0) {
        aged += Number(
          database.prepare("UPDATE client_token SET expires_ms = expires_ms - ?").run(DAY_MS + 1_000).changes,
        );
      }
      database.close();
    }
    expect(aged).toBeGreaterThan(0);
    await stage.worker.start();
  }

  describe("@xmpp/client", () => {
    it("RSASL2-4 ID-1 RFAST-1 RFAST-2: signs in with the password once, and by token ever after", async () => {
      const account = await stage.account("fast-client");
      const memory = newMemory();
      const first = await FastClient.open(url(account), account, memory);
      expect(first.mechanisms).toEqual(["PLAIN"]);
      expect(first.successes[0]).toMatch(/<bound xmlns="urn:xmpp:bind:0"><enabled /);
      expect(memory.token?.mechanism).toBe("HT-SHA-256-NONE");
      first.leave();
      for (let reload = 0; reload < 2; reload += 1) {
        const page = await FastClient.open(url(account), account, memory);
        expect(page.mechanisms).toEqual(["HT-SHA-256-NONE"]);
        expect(page.fullJid).toBe(first.fullJid);
        page.leave();
      }
    });

    it("RFAST-3 RFAST-2: an older token is replaced, the new one works, and the old one leads back to the password", async () => {
      const account = await stage.account("rotating-client");
      const memory = newMemory();
      (await FastClient.open(url(account), account, memory)).leave();
      const old = { ...memory };
      (await FastClient.open(url(account), account, memory)).leave();
      expect(memory.token).toEqual(old.token);
      await aDayPasses();
      (await FastClient.open(url(account), account, memory)).leave();
      expect(memory.token?.token).not.toBe(old.token?.token);
      const page = await FastClient.open(url(account), account, memory);
      expect(page.mechanisms).toEqual(["HT-SHA-256-NONE"]);
      page.leave();
      // With what it remembered before: refused, and in with the password on the same stream, with another token.
      const forgetful = await FastClient.open(url(account), account, old);
      expect(forgetful.mechanisms).toEqual(["HT-SHA-256-NONE", "SCRAM-SHA-1"]);
      expect(old.token?.token).not.toBe(memory.token?.token);
      forgetful.leave();
    });

    it("RSASL2-6 SM-1: loses the network, resumes along with its login, and has missed nothing", async () => {
      const account = await stage.account("resuming-client");
      const page = await FastClient.open(url(account), account, newMemory());
      const outside = await stage.attachDirectly(bob, "outside");
      for (let round = 1; round <= 3; round += 1) {
        const back = page.dropNetwork();
        for (const text of ["a", "b"]) {
          outside.send(`<message to="${account.jid}" type="chat"><body>${round}${text}</body></message>`);
        }
        await back;
        await waitFor("what was missed", () => page.bodies.includes(`${round}b`));
      }
      expect(page.bodies).toEqual(["1a", "1b", "2a", "2b", "3a", "3b"]);
      expect(page.resumptions).toBe(3);
      expect(page.successes.slice(1).every((success) => /<resumed (?!.*<bound)/.test(success))).toBe(true);
      // Nothing had to be said again.
      expect(page.presences).toBe(1);
      page.leave();
      outside.client.drop();
    });

    it("RSASL2-6 SM-1: the object is reset underneath it", async () => {
      const account = await stage.account("reset-client");
      const page = await FastClient.open(url(account), account, newMemory());
      await stage.worker.restart();
      await waitFor("the client to resume", () => page.resumptions > 0);
      const outside = await stage.attachDirectly(bob, "outside");
      outside.send(`<message to="${account.jid}" type="chat"><body>after</body></message>`);
      await waitFor("a message", () => page.bodies.includes("after"));
      expect(page.presences).toBe(1);
      page.leave();
      outside.client.drop();
    });
  });

  it("LOGIN-2 SM-1: stanza signs in with RFC 6120's SASL, loses the network and resumes; after a reload its keys are enough", async () => {
    const account = await stage.account("stanza-returns");
    const agent = createClient({
      ...account,
      resource: "page",
      transports: { websocket: url(account), bosh: false },
      autoReconnect: false,
      allowResumption: true,
    });
    const bodies: string[] = [];
    const mechanisms: string[] = [];
    agent.on("message", ({ body = "" }) => void bodies.push(body));
    const note = (frame: string): void => {
      const [, mechanism] = /<auth [^>]*mechanism="([^"]+)"/.exec(frame) ?? [];
      if (mechanism !== undefined) mechanisms.push(mechanism);
    };
    agent.on("raw:outgoing", note);
    let kept: AgentConfig["credentials"];
    agent.on("credentials:update", (credentials) => (kept = credentials));
    const started = new Promise<void>((resolve) => void agent.once("session:started", () => resolve()));
    agent.connect();
    await started;
    agent.sendPresence();
    // So much has been handled when it goes.
    await agent.ping();
    const gone = new Promise<void>((resolve) => void agent.once("disconnected", () => resolve()));
    // Nothing in its interface loses the network.
    agent.transport?.disconnect(false);
    await gone;
    const outside = await stage.attachDirectly(bob, "outside");
    outside.send(`<message to="${account.jid}" type="chat"><body>missed</body></message>`);
    const resumed = new Promise<void>(
      (resolve) => void agent.once("stream:management:resumed", () => resolve()),
    );
    agent.connect();
    await resumed;
    await waitFor("what was missed", () => bodies.length > 0);
    expect(bodies).toEqual(["missed"]);
    expect(mechanisms).toEqual(["PLAIN", "SCRAM-SHA-256"]);
    agent.disconnect();

    // The page is loaded anew: it has kept the keys of SCRAM, and not the password.
    const { password: _password, ...keys } = kept ?? {};
    expect(Object.keys(keys)).toContain("clientKey");
    const reloaded = createClient({
      jid: account.jid,
      resource: "page",
      credentials: keys,
      transports: { websocket: url(account), bosh: false },
      autoReconnect: false,
    });
    reloaded.on("raw:outgoing", note);
    const isIn = new Promise<void>((resolve) => void reloaded.once("session:started", () => resolve()));
    reloaded.connect();
    await isIn;
    expect(mechanisms).toEqual(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256"]);
    reloaded.disconnect();
    outside.client.drop();
  });

  it.skipIf(missingChromium)(
    "LOGIN-2 SASL-16: strophe.js signs in again after a reload, and once it has keys without the password",
    async () => {
      const account = await stage.account("strophe-returns");
      const browser = await StropheBrowser.launch(stage.worker.url);
      try {
        const options = { ...account, url: url(account) };
        const first = await browser.login({ ...options, device: "page" });
        const second = await browser.login({ ...options, device: "page" });
        expect([first.journal.mechanism, second.journal.mechanism]).toEqual(["PLAIN", "SCRAM-SHA-512"]);
        expect(second.fullJid).toBe(first.fullJid);
        const keys = await second.keys();
        await second.close();
        const third = await browser.login({ ...options, password: "", keys, device: "page" });
        expect([third.fullJid, third.journal.mechanism]).toEqual([first.fullJid, "SCRAM-SHA-512"]);
        await third.close();
        // The keys are what has opened the door.
        const wrong = { ...keys, ck: Buffer.alloc(64).toString("base64") };
        const refused = browser.login({ ...options, password: "", keys: wrong, device: "page" });
        await expect(refused).rejects.toThrow("<not-authorized/>");
      } finally {
        await browser.close();
      }
    },
  );
});
