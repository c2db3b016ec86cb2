// The console's search, export, deletion and import as a person uses them: in Chromium, with a real Prosody behind.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import type { Account } from "../support/raw-client.ts";
import { missingChromium, missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

const SCREENSHOTS = fileURLToPath(new URL("../../.wrangler/screenshots", import.meta.url));

async function takePicture(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `console-log-${name}.png`), fullPage: true });
}

const PHONE = { width: 360, height: 740 };
/** A file of so many long messages takes two parts to be sent. */
const LONG_MESSAGES = 60;
const LONG_TEXT = "long ".repeat(40_000);

async function overflowOf(page: Page): Promise<number> {
  return await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
}

/** An export as another deployment would have made it, with lines in it that are none. */
function longExport(account: string, from: string, notLines: readonly number[]): string {
  const head = { type: "xmpproxy log", version: 1, account, exported: "long", most: LONG_MESSAGES };
  const lines = Array.from({ length: LONG_MESSAGES }, (_none, n) =>
    JSON.stringify({
      at: new Date(Date.now() - 60_000 + n).toISOString(),
      direction: "received",
      with: from,
      stanza: `<message xmlns="jabber:client" from="${from}/phone" type="chat" id="long-${n}"><body>${LONG_TEXT}${n}</body></message>`,
    }),
  );
  // Line 1 is the head.
  for (const line of notLines) lines[line - 2] = "not a line";
  return `${[JSON.stringify(head), ...lines].join("\n")}\n`;
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
  let alice: Account;
  let bob: string;
  /** Files of the tests. */
  let directory: string;

  beforeAll(async () => {
    stage = await startStage();
    browser = await launchBrowser();
    directory = mkdtempSync(join(tmpdir(), "xmpproxy-console-"));
    alice = await stage.account("alice");
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
    rmSync(directory, { recursive: true, force: true });
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
    writeFileSync(join(directory, "saved.jsonl"), `${lines.join("\n")}\n`);
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
  });

  it("[IMPORT-4] takes what was saved, and says how much of it was new", async () => {
    const section = page.getByRole("region", { name: "Import conversations", exact: true });
    const button = section.getByRole("button", { name: "Import" });
    expect(await button.isDisabled()).toBe(true);
    await section.getByLabel("File").setInputFiles(join(directory, "saved.jsonl"));
    // The deletion before may still be under way: then it is said so, and that it can be repeated.
    const outcome = async (): Promise<string> => {
      await button.click();
      await section.getByText(/^(Finished|Not finished)/).waitFor();
      return (await section.innerText()).replaceAll(/\s+/g, " ");
    };
    await expect
      .poll(outcome, { timeout: 20_000, interval: 500 })
      .toContain("Finished. 4 messages taken, 0 already here, 0 lines refused.");
    await page.getByLabel("Words").fill("nine");
    await page.keyboard.press("Enter");
    await page.getByText("3 messages found.").waitFor();
    expect(await outcome()).toContain("Finished. 0 messages taken, 4 already here, 0 lines refused.");
  });

  it("[IMPORT-4] a long file goes in parts; a failure in the middle can be repeated; refused lines have the file's numbers", async () => {
    const section = page.getByRole("region", { name: "Import conversations", exact: true });
    writeFileSync(join(directory, "long.jsonl"), longExport(alice.jid, "carol@example.org", [3, 61]));
    await section.getByLabel("File").setInputFiles(join(directory, "long.jsonl"));
    let posts = 0;
    await page.route("**/log", async (route) => {
      if (route.request().method() === "POST") posts += 1;
      if (posts !== 2) return await route.continue();
      expect(
        await section.getByLabel("Progress").evaluate((bar: HTMLProgressElement) => bar.position),
      ).toBeCloseTo(8 / 12, 1);
      expect(await section.getByRole("button", { name: "Stop" }).isVisible()).toBe(true);
      await takePicture(page, "import-under-way");
      await route.abort();
    });
    await section.getByRole("button", { name: "Import" }).click();
    await section.getByText("Not finished: The proxy does not answer at the moment.").waitFor();
    const broken = (await section.innerText()).replaceAll(/\s+/g, " ");
    expect(broken).toContain("nothing is taken twice: to go on, choose the same file and import it again.");
    const taken = Number(/(\d+) messages taken, 0 already here, 1 line refused/.exec(broken)?.[1]);
    expect(taken).toBeGreaterThan(30);
    await section.getByRole("button", { name: "Import" }).click();
    await section.getByText("Finished.").waitFor();
    const said = (await section.innerText()).replaceAll(/\s+/g, " ");
    expect(said).toContain(`Finished. ${58 - taken} messages taken, ${taken} already here, 2 lines refused.`);
    expect(said).toContain(
      "Line 3 This is not a line of an export. Line 61 This is not a line of an export.",
    );
    expect(posts).toBe(4);
    await page.unroute("**/log");
    await takePicture(page, "import");
  });

  it("[SEARCH-7] [IMPORT-4] [DELETE-5] fits a phone, light and dark", async () => {
    await page.setViewportSize(PHONE);
    await takePicture(page, "phone");
    expect(await overflowOf(page)).toBe(0);
    await page.emulateMedia({ colorScheme: "dark" });
    await takePicture(page, "phone-dark");
  });

  it("[IMPORT-4] what is not an export, or another account's, is refused in words", async () => {
    const section = page.getByRole("region", { name: "Import conversations", exact: true });
    const files = {
      "This is not a file that was saved with all there is.": "no line at all",
      "The first line is not that of an export (format=jsonl).": "hello\nworld\n",
      "This is the log of another account.": longExport("eve@example.org", "carol@example.org", []),
    };
    for (const [words, content] of Object.entries(files)) {
      writeFileSync(join(directory, "wrong.jsonl"), content);
      await section.getByLabel("File").setInputFiles(join(directory, "wrong.jsonl"));
      await section.getByRole("button", { name: "Import" }).click();
      await section.getByText(words).waitFor();
      expect(await section.innerText()).not.toContain("choose the same file");
    }
  });
});
