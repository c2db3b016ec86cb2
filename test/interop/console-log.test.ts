// The console's search, export and deletion as a person uses them: in Chromium, with a real Prosody behind.

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { missingChromium, missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

const SCREENSHOTS = fileURLToPath(new URL("../../.wrangler/screenshots", import.meta.url));

async function takePicture(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `console-log-${name}.png`), fullPage: true });
}

async function savedBy(page: Page, button: string): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button }).click(),
  ]);
  return readFileSync(await download.path(), "utf8");
}

describe.skipIf(missingProsody || missingChromium)("the console and the log", () => {
  let stage: Stage;
  let browser: Browser;
  let page: Page;
  let bob: string;

  beforeAll(async () => {
    stage = await startStage();
    browser = await launchBrowser();
    const alice = await stage.account("alice");
    bob = (await stage.account("bob")).jid;
    const phone = await stage.attach(alice, "phone");
    for (const text of ["Dinner at nine on Friday?", "Nine is late: 東京 time", "<b>not bold</b> at nine"]) {
      phone.send(`<message to="${bob}" type="chat"><body>${text.replaceAll("<", "&lt;")}</body></message>`);
    }
    phone.send(
      `<message to="${bob}" type="chat"><body>?</body><encryption xmlns="urn:xmpp:eme:0" namespace="x"/></message>`,
    );
    const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
    page = await context.newPage();
    await page.goto(`${stage.worker.url}/console`);
    await page.fill("#jid", alice.jid);
    await page.fill("#password", alice.password);
    await page.click("#submit");
    await page.waitForSelector("body[data-view=console]");
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.stop();
  });

  const search = async (words: string): Promise<string> => {
    await page.getByLabel("Words").fill(words);
    await page.keyboard.press("Enter");
    const section = page.getByRole("region", { name: "Search", exact: true });
    await section.getByRole("status").getByText("found").waitFor();
    return (await section.innerText()).replaceAll(/\s+/g, " ");
  };

  it("[SEARCH-7] finds words in what was said, by keyboard, and says what it cannot see into", async () => {
    const found = await search("nine");
    expect(found).toContain("3 messages found. Search cannot see into 1 encrypted message");
    expect(found).toMatch(/you to bob@.*<b>not bold<\/b> at nine.*Nine is late.*Dinner at nine on Friday\?/);
    await takePicture(page, "search");
    await page.getByLabel("Words").fill("京");
    await page.keyboard.press("Enter");
    await page.getByText("1 message found").waitFor();
  });

  it("[EXPORT-5] saves conversations to read, and with all there is", async () => {
    expect(await savedBy(page, "Save to read")).toMatch(/Z me to bob@[^\n]*: Dinner at nine on Friday\?\n/);
    const lines = (await savedBy(page, "Save all there is")).trimEnd().split("\n");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ type: "xmpproxy log", most: 4 });
    expect(lines).toHaveLength(5);
  });

  it("[DELETE-5] deletes only what was typed", async () => {
    const section = page.getByRole("region", { name: "Conversations", exact: true });
    const button = section.getByRole("button", { name: "Delete for good" });
    await section.getByLabel("With").fill(bob);
    expect(await button.isDisabled()).toBe(true);
    await section.getByLabel("To delete, type").fill(bob);
    await takePicture(page, "delete");
    await button.click();
    await section.getByText(`Deleted: ${bob}.`).waitFor();
    await page.getByLabel("Words").fill("nine");
    await page.keyboard.press("Enter");
    await page.getByText("Nothing was found.").waitFor();
    await page.setViewportSize({ width: 360, height: 740 });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.getByLabel("Since").scrollIntoViewIfNeeded();
    await takePicture(page, "phone-dark");
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
  });
});
