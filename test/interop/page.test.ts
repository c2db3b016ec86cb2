// The main job as a person sees it: the chat page in Chromium, through the bundled Worker, with a real Prosody behind.
// The tests of the first group follow one another: one evening of alice, in two browsers, with bob elsewhere.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { newChatPage, newTab } from "../support/chat-page.ts";
import type { ChatPage } from "../support/chat-page.ts";
import { comeOnline } from "../support/outside-person.ts";
import type { OutsidePerson } from "../support/outside-person.ts";
import { ALICE, BOB, PASSWORD, startTestProsody } from "../support/prosody.ts";
import type { TestProsody } from "../support/prosody.ts";
import { missingChromium, missingProsody } from "../support/requirements.ts";
import { startWorker } from "../support/worker.ts";
import type { TestWorker } from "../support/worker.ts";

describe.skipIf(missingProsody || missingChromium)("the chat page", () => {
  let prosody: TestProsody;
  let browser: Browser;

  beforeAll(async () => {
    prosody = await startTestProsody({ mutualContacts: ["alice", "bob", "carol"] });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await prosody?.stop();
  });

  describe("with alice in two browsers and bob elsewhere", () => {
    let worker: TestWorker;
    let first: ChatPage;
    let second: ChatPage;
    let bob: OutsidePerson;

    beforeAll(async () => {
      const vars = { UPSTREAM_HOSTS: prosody.server.upstreamHosts };
      worker = await startWorker({ caPath: prosody.server.caPath, vars });
      bob = await comeOnline(prosody.server.webSocketUrl, BOB, PASSWORD);
      first = await newChatPage(browser, worker.url);
      second = await newChatPage(browser, worker.url);
      await first.logIn(ALICE, PASSWORD);
      await second.logIn(ALICE, PASSWORD);
      // LOGIN-2: whoever comes later has no need of PLAIN, nor is it sent.
      expect(first.mechanisms()).toEqual(["PLAIN", "SCRAM-SHA-512"]);
      expect(second.mechanisms()).toEqual(["SCRAM-SHA-512"]);
    });
    afterAll(async () => {
      bob?.leave();
      await worker?.stop();
    });

    it("[ID-1] has one session with the server for both", async () => {
      expect(await prosody.server.boundResources("alice")).toHaveLength(1);
    });

    it("[MSG-1] shows what bob says in both", async () => {
      bob.say(ALICE, "Good evening, alice");
      for (const page of [first, second]) {
        await page.openConversation("bob");
        expect((await page.see("Good evening, alice")).from).toContain(BOB);
      }
    });

    it("[MSG-5] shows what one sends as sent in the other, and bob hears it once", async () => {
      await first.send("Good evening, bob");
      await bob.hear("Good evening, bob");
      expect((await second.see("Good evening, bob")).from).toContain(ALICE);
      await second.send("I am in my other window now");
      await bob.hear("I am in my other window now");
      expect((await first.see("I am in my other window now")).from).toContain(ALICE);
      // The second message has come all the way after the first: a duplicate of the first would be here by now.
      expect(bob.heard.map((message) => message.body)).toEqual([
        "Good evening, bob",
        "I am in my other window now",
      ]);
    });

    it("shows the same conversation in both", async () => {
      const texts = ["Good evening, alice", "Good evening, bob", "I am in my other window now"];
      for (const [name, page] of Object.entries({ first, second })) {
        expect((await page.conversation()).map((message) => message.text)).toEqual(texts);
        await page.screenshot(`conversation-${name}`);
      }
    });

    it("[LOGIN-2] comes back after a reload without asking for the password", async () => {
      await second.open();
      await second.waitForChat();
      expect(second.mechanisms()).toEqual(["SCRAM-SHA-512"]);
      bob.say(ALICE, "Still there?");
      if ((await second.page.locator("textarea.chat-textarea").count()) === 0) {
        await second.openConversation("bob");
      }
      await second.see("Still there?");
      await first.see("Still there?");
    });

    it("[LOGIN-2] nor the one with which the account has logged in for the first time ever", async () => {
      await first.open();
      await first.waitForChat();
      expect(first.mechanisms()).toEqual(["SCRAM-SHA-512"]);
      bob.say(ALICE, "And you?");
      if ((await first.page.locator("textarea.chat-textarea").count()) === 0) {
        await first.openConversation("bob");
      }
      await first.see("And you?");
    });

    it("[ID-2] has a name of its own in each tab, the same after a reload", async () => {
      const devices = async (): Promise<string[]> => {
        const authorization = `Basic ${Buffer.from(`${ALICE}:${PASSWORD}`).toString("base64")}`;
        const url = `${worker.url}/accounts/${encodeURIComponent(ALICE)}/status`;
        const response = await fetch(url, { headers: { authorization } });
        const { clients }: { clients: { device: string; state: string }[] } = await response.json();
        const connected = clients.filter(({ state }) => state === "connected");
        return connected.map(({ device }) => device).toSorted();
      };
      const names = await devices();
      expect(names).toEqual([expect.stringMatching(/^page-/), expect.stringMatching(/^page-/)]);
      expect(new Set(names).size).toBe(2);
      await second.open();
      await second.waitForChat();
      await expect.poll(devices).toEqual(names);
      // Beside it in the same browser.
      const beside = await newTab(second.page.context(), worker.url);
      await beside.open();
      await beside.waitForChat();
      await expect.poll(async () => new Set(await devices()).size).toBe(3);
      await beside.page.close();
      await second.openConversation("bob");
    });

    it("leaves the one working when the other is closed", async () => {
      await first.page.close();
      bob.say(ALICE, "One window less");
      await second.see("One window less");
      await second.send("No matter");
      await bob.hear("No matter");
      expect(await prosody.server.boundResources("alice")).toHaveLength(1);
    });

    it("[UP-7] goes on after the server has dropped the connection", async () => {
      await prosody.server.dropConnections("alice");
      await second.send("Said while the line was down");
      await bob.hear("Said while the line was down");
      bob.say(ALICE, "It came through");
      await second.see("It came through");
    });

    it("asks nothing of anybody but its own origin", () => {
      for (const page of [first, second]) {
        expect(page.outsideRequests).toEqual([]);
        expect(page.complaints).toEqual([]);
      }
    });
  });

  describe("when somebody cannot be let in", () => {
    it("[CFG-2] says that the deployment serves nobody yet", async () => {
      const worker = await startWorker({ vars: { ALLOWED_ACCOUNTS: "" } });
      try {
        const page = await newChatPage(browser, worker.url);
        await page.open();
        expect(await page.notice()).toContain("lets nobody in yet");
        expect(await page.page.isDisabled("#submit")).toBe(true);
        await page.screenshot("nobody");
      } finally {
        await worker.stop();
      }
    });

    it("[CFG-2] [LOGIN-6] says that an account is not served, or that a password is wrong", async () => {
      const vars = { ALLOWED_ACCOUNTS: ALICE, UPSTREAM_HOSTS: prosody.server.upstreamHosts };
      const worker = await startWorker({ caPath: prosody.server.caPath, vars });
      try {
        const page = await newChatPage(browser, worker.url);
        await page.open();
        await page.submitLogin(BOB, PASSWORD);
        expect(await page.notice()).toContain(`${BOB} is not among the accounts`);
        await page.submitLogin(ALICE, "not alice's password");
        await page.page.locator("#notice", { hasText: "password is wrong" }).waitFor();
        // LOGIN-7: it was one guess.
        expect(page.received(/^<failure/)).toBe(1);
        // The address stays, so that only the password is to be typed again.
        expect(await page.page.inputValue("#jid")).toBe(ALICE);
        await page.submitLogin(ALICE, PASSWORD);
        await page.waitForChat();
        const another = await newTab(page.page.context(), worker.url);
        await another.open();
        expect(another.outsideRequests).toEqual([]);
      } finally {
        await worker.stop();
      }
    });
  });

  it("is served with a strict policy, and nothing but the page at other paths", async () => {
    const worker = await startWorker();
    try {
      const page = await fetch(worker.url);
      expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self'/);
      expect(page.headers.get("x-content-type-options")).toBe("nosniff");
      expect(page.headers.get("referrer-policy")).toBe("no-referrer");
      expect(await page.text()).not.toMatch(/<script(?![^>]*\bsrc=)/);
      expect((await fetch(`${worker.url}/no/such/page`)).status).toBe(404);
    } finally {
      await worker.stop();
    }
  });
});
