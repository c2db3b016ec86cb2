// Debian's Chromium under playwright-core, with everything switched off that would talk to the outside by itself.

import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";
import { CHROMIUM, findProgram } from "../../scripts/programs.ts";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Launches a browser. Each `browser.newContext()` is a person's separate browser: own storage, own cookies.
 * @throws when no Chromium is installed
 */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findProgram(CHROMIUM);
  if (executablePath === undefined) {
    throw new Error("Chromium is not installed");
  }
  return await chromium.launch({ executablePath, args: FLAGS });
}
