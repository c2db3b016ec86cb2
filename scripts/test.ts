// `npm test`: everything that CI runs. Makes sure that the servers and a browser are there, runs `npm run check` and all
// tests, and ends with one plain line of totals. `npm test -- unit` (or workerd, interop, check, or vitest's own
// arguments) runs only a part.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Totals } from "../test/support/totals-reporter.ts";
import { CHROMIUM, EJABBERD, ensurePrograms, ERLANG, OPENSSL, PROSODY, PROSODY_MODULES } from "./programs.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const VITEST_PROJECTS = new Set(["unit", "workerd", "interop"]);

const say = (line: string): void => console.log(line);

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): boolean {
  const options = { cwd: PROJECT, stdio: "inherit", env: { ...process.env, ...env } } as const;
  return spawnSync(command, args, options).status === 0;
}

/** Installs what the interop tests need; false when something is missing although CI is set. */
function providePrograms(): boolean {
  const missing = ensurePrograms([PROSODY, PROSODY_MODULES, EJABBERD, ERLANG, OPENSSL, CHROMIUM], say);
  if (missing.length === 0) {
    return true;
  }
  const titles = missing.map((program) => program.title).join(", ");
  const stars = "*".repeat(78);
  if (process.env["CI"] !== undefined && process.env["CI"] !== "") {
    say(`${stars}\nMISSING: ${titles}. With CI set this is an error.\n${stars}`);
    return false;
  }
  say(`${stars}\nSKIPPING every test that needs: ${titles}\n${stars}`);
  return true;
}

/** Runs vitest and reads what its totals reporter left. */
function runVitest(args: readonly string[]): Totals {
  const directory = mkdtempSync(join(tmpdir(), "xmpproxy-totals-"));
  const path = join(directory, "totals.json");
  const succeeded = run("vitest", ["run", ...args], {
    XMPPROXY_TOTALS: path,
    WRANGLER_SEND_METRICS: "false",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
  });
  let totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  try {
    totals = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    // vitest has not come to its end; it has said why, and `succeeded` is false.
  }
  rmSync(directory, { recursive: true, force: true });
  // Something that no test counts (a setup, no test found) has failed too.
  return succeeded || totals.failed > 0 ? totals : { ...totals, failed: 1 };
}

function main(args: readonly string[]): number {
  const everything = args.length === 0;
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  const count = (more: Totals): void => {
    totals.passed += more.passed;
    totals.failed += more.failed;
    totals.skipped += more.skipped;
  };
  const projects = args.filter((arg) => VITEST_PROJECTS.has(arg));
  const others = args.filter((arg) => !VITEST_PROJECTS.has(arg) && arg !== "check");
  const onlyCheck = args.includes("check") && projects.length + others.length === 0;
  const needsPrograms =
    everything || projects.includes("interop") || (others.length > 0 && projects.length === 0);
  if (needsPrograms && !onlyCheck && !providePrograms()) {
    count({ passed: 0, failed: 1, skipped: 0 });
  }
  if (everything || args.includes("check")) {
    // The whole check counts as one test.
    const passed = run("npm", ["run", "check"]);
    count({ passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 });
    say(passed ? "npm run check: passed" : "npm run check: FAILED, see above");
  }
  if (!onlyCheck) {
    const selection = projects.flatMap((project) => ["--project", project]);
    count(runVitest([...selection, ...others]));
  }
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : "";
  say(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
  return totals.failed === 0 ? 0 : 1;
}

process.exit(main(process.argv.slice(2)));
