// The owner's console as a person uses it: in Chromium, through the bundled Worker, with a real Prosody behind.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { missingChromium, missingProsody } from "../support/requirements.ts";
import type { Account, RawSession } from "../support/raw-client.ts";
import { type Stage, startStage } from "./stage.ts";

const SCREENSHOTS = fileURLToPath(new URL("../../.wrangler/screenshots", import.meta.url));
const PHONE = { width: 360, height: 740 };

async function logIn(page: Page, jid: string, password: string): Promise<void> {
  await page.fill("#jid", jid);
  await page.fill("#password", password);
  await page.click("#submit");
}

/** What a section with this heading says, in one line. */
async function read(page: Page, heading: string): Promise<string> {
  const text = await page.getByRole("region", { name: heading, exact: true }).innerText();
  return text.replaceAll(/\s+/g, " ");
}

async function takePicture(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `console-${name}.png`), fullPage: true });
}

describe.skipIf(missingProsody || missingChromium)("the console", () => {
  let stage: Stage;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let alice: Account;
  let phone: RawSession;
  const requests: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    stage = await startStage();
    browser = await launchBrowser();
    alice = await stage.account("alice");
    phone = await stage.attach(alice, "phone");
    await stage.attach(alice, "laptop");
    phone.send(`<presence><show>dnd</show></presence>`);
    context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
    page = await context.newPage();
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      // A refused login is answered 401, which Chromium mentions.
      if (message.type() === "error" && !message.text().includes("401")) complaints.push(message.text());
    });
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.stop();
  });

  it("[OWNER-7] is linked from the login page, and by keyboard alone leads to the state", async () => {
    await page.goto(stage.worker.url);
    await page.getByRole("link", { name: "How is my account doing?" }).click();
    await page.waitForURL("**/console");
    await page.getByLabel("XMPP address").fill(alice.jid);
    await page.keyboard.press("Tab");
    await page.keyboard.type("not alice's password");
    await page.keyboard.press("Enter");
    expect(await page.locator("#notice:not([hidden])").innerText()).toContain("password is wrong");
    await takePicture(page, "refused");
    await page.keyboard.press("Control+a");
    await page.keyboard.type(alice.password);
    await page.keyboard.press("Enter");
    await page.waitForSelector("body[data-view=console]");
    const state = await read(page, "State");
    expect(state).toMatch(/^State Online since .*Server localhost, port \d+ Connection encrypted /);
    expect(state).toContain("survives interruptions");
  });

  it("[OWNER-7] shows the clients, what happened, and decisions when they are opened", async () => {
    await expect
      .poll(async () => await read(page, "Clients"), { timeout: 15_000 })
      .toContain("do not disturb");
    const clients = await read(page, "Clients");
    expect(clients).toContain("phone");
    expect(clients).toContain("laptop");
    expect(await read(page, "What happened")).toContain("A new session began");
    await page.getByText("Decisions").click();
    await page.getByText("a request, under an id of ours", { exact: false }).first().waitFor();
    await takePicture(page, "online");
  });

  it("[OWNER-7] renews itself: the server goes, and comes back", async () => {
    await stage.server.stop();
    await expect
      .poll(async () => await read(page, "State"), { timeout: 25_000 })
      .toMatch(/State (Offline|Connecting)/);
    expect(await read(page, "State")).toContain("Last error");
    await takePicture(page, "offline");
    await stage.server.start();
    await expect.poll(async () => await read(page, "State"), { timeout: 30_000 }).toMatch(/State Online/);
    expect(await read(page, "What happened")).toContain("The session was lost");
  });

  it("[OWNER-7] fits a phone, light and dark", async () => {
    await page.setViewportSize(PHONE);
    await takePicture(page, "phone");
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
    await page.emulateMedia({ colorScheme: "dark" });
    await takePicture(page, "phone-dark");
  });

  it("[OWNER-7] MAM-10 MAM-14 shows where the log has holes, and nothing while it has none", async () => {
    const section = page.getByRole("heading", { name: "Holes in the log" });
    expect(await section.isVisible()).toBe(false);
    const [from, to] = ["2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z"];
    const holes = [
      { from, to, reason: "Nobody keeps an archive." },
      { from, to, reason: "It was not told.", room: "tea@rooms.localhost" },
    ];
    await page.route("**/status", async (route) => {
      const response = await route.fetch();
      const status: unknown = await response.json();
      await route.fulfill({ response, json: Object.assign(Object(status), { holes }) });
    });
    await section.waitFor({ timeout: 15_000 });
    const words = await read(page, "Holes in the log");
    expect(words).toMatch(
      /tea@rooms\.localhost from .* to .* It was not told\. Everything but rooms from .* to .* Nobody/,
    );
    await page.unroute("**/status");
    await section.waitFor({ state: "hidden", timeout: 15_000 });
  });

  it("[OWNER-7] keeps the password to itself, and asks nobody else", async () => {
    const kept = await page.evaluate(() =>
      JSON.stringify([
        Object.entries(localStorage),
        Object.entries(sessionStorage),
        document.cookie,
        location.href,
      ]),
    );
    for (const text of [kept, ...requests]) {
      expect(text).not.toContain(alice.password);
      expect(text).not.toContain(btoa(`${alice.jid}:${alice.password}`));
    }
    expect(requests.filter((url) => !url.startsWith(stage.worker.url))).toEqual([]);
    expect(complaints).toEqual([]);
    await page.getByRole("button", { name: "Log out" }).click();
    expect(await page.inputValue("#password")).toBe("");
    expect(await page.inputValue("#jid")).toBe(alice.jid);
    await logIn(page, "bob@elsewhere.example", "x");
    expect(await page.locator("#notice:not([hidden])").innerText()).toContain("does not serve");
  });
});
