// `npm start`: the whole thing on one machine. A private Prosody with three accounts, the Worker in `wrangler dev`, and
// the address to open. Everything on loopback, everything kept in .dev/. Ctrl-C ends both.

import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureDevSettings, writeEnvFile } from "./dev-settings.ts";
import type { DevSettings } from "./dev-settings.ts";
import { exited, stopProcess } from "./processes.ts";
import { ensurePrograms, findProgram, OPENSSL, PROSODY } from "./programs.ts";
import { startProsody } from "./prosody.ts";
import type { Prosody } from "./prosody.ts";
import { startWranglerDev } from "./wrangler-dev.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const DEV = join(PROJECT, ".dev");
const DEFAULT_PORT = 8787;
const PARENT_CHECK_MS = 1000;
const ACCOUNTS = ["alice", "bob", "carol"];

const say = (line: string): void => console.log(line);

let prosody: Prosody | undefined;
let worker: ChildProcess | undefined;
let ending = false;

/** Ends everything that was started and then ourselves. */
async function end(exitCode: number): Promise<void> {
  if (ending) {
    return;
  }
  ending = true;
  await Promise.allSettled([worker === undefined ? undefined : stopProcess(worker), prosody?.stop()]);
  process.exit(exitCode);
}

/** Ends orderly on Ctrl-C and its like, and when the npm that started us is gone without having told us. */
function endWhenAsked(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (!ending) {
        say("\nEnding the Worker and Prosody.");
        // Ending it this way is the normal way: no error for npm to report.
        void end(0);
      }
    });
  }
  const starter = startedBy();
  if (process.env["npm_lifecycle_event"] !== undefined && starter !== undefined) {
    setInterval(() => {
      if (startedBy() !== starter) {
        void end(0);
      }
    }, PARENT_CHECK_MS).unref();
  }
}

/** Our parent's parent, which is npm (the parent is the shell that npm runs scripts with); undefined where not known. */
function startedBy(): string | undefined {
  try {
    return /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${process.ppid}/status`, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}

/** The port to listen on, or undefined after having said what is wrong with PORT. */
function choosePort(): number | undefined {
  const text = process.env["PORT"] ?? `${DEFAULT_PORT}`;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    say(`PORT is "${text}", which is not a port number (1 to 65535).`);
    return undefined;
  }
  return port;
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Starts Prosody with its accounts; false, after having said why, when that cannot be. */
async function bringUpProsody(settings: DevSettings): Promise<boolean> {
  ensurePrograms([PROSODY, OPENSSL], say);
  if (findProgram(PROSODY) === undefined || findProgram(OPENSSL) === undefined) {
    say("Going on without Prosody: you can log in with a real account elsewhere.");
    return false;
  }
  try {
    prosody = await startProsody({ directory: join(DEV, "prosody"), mutualContacts: ACCOUNTS });
    for (const account of ACCOUNTS) {
      await prosody.register(account, settings.password);
    }
    return true;
  } catch (error) {
    say(String(error instanceof Error ? error.message : error));
    say("Going on without Prosody: you can log in with a real account elsewhere.");
    return false;
  }
}

async function bringUpWorker(port: number, settings: DevSettings): Promise<void> {
  const envFile = join(DEV, "worker.vars");
  writeEnvFile(envFile, {
    // Any account, since only this machine can reach the page.
    ALLOWED_ACCOUNTS: "*",
    UPSTREAM_HOSTS: prosody?.upstreamHosts ?? "{}",
    CREDENTIALS_KEY: settings.credentialsKey,
  });
  const ownVars = join(PROJECT, ".dev.vars");
  const envFiles = existsSync(ownVars) ? [envFile, ownVars] : [envFile];
  if (envFiles.length > 1) {
    say("Using your .dev.vars: what it sets wins over the defaults for trying things out.");
  }
  const options = { port, persistTo: join(DEV, "state"), envFiles, caPath: prosody?.caPath };
  await startWranglerDev(options, (child) => (worker = child));
}

function sayWhatToTry(port: number, settings: DevSettings): void {
  const url = `http://localhost:${port}/`;
  say("");
  say(`xmpproxy is running: ${url}`);
  say("");
  if (prosody === undefined) {
    say("  Log in with an XMPP account of yours, in two tabs: both show the whole conversation.");
  } else {
    say(`  Accounts:  ${ACCOUNTS.map((account) => `${account}@localhost`).join("  ")}`);
    say(`  Password:  ${settings.password}`);
    say(`  Rooms at:  ${prosody.rooms}`);
    say("");
    say("  1. Open the address in two tabs and log in as alice@localhost in both.");
    say("  2. Open it in a private window and log in as bob@localhost.");
    say("  3. Let bob write to alice: both tabs show it. Answer in one tab: the other shows it too,");
    say("     and Prosody has seen one single session of alice all along.");
    say(`     (Prosody itself: localhost:${prosody.ports.c2s}, log in .dev/prosody/prosody.log)`);
  }
  say("");
  say("  Ctrl-C ends everything. Accounts and messages are kept in .dev/; delete it to start afresh.");
  say("");
}

async function main(): Promise<void> {
  const port = choosePort();
  if (port === undefined) {
    return await end(1);
  }
  if (!(await isFree(port))) {
    say(
      `Port ${port} is in use, perhaps by another \`npm start\`. Choose another: PORT=${port + 1} npm start`,
    );
    return await end(1);
  }
  endWhenAsked();
  const settings = ensureDevSettings(DEV);
  if (await bringUpProsody(settings)) {
    say(`Prosody is up (PID ${prosody?.pid}). Building the page and starting the Worker ...`);
  }
  await bringUpWorker(port, settings);
  if (ending) {
    return;
  }
  sayWhatToTry(port, settings);
  if (worker !== undefined) {
    await exited(worker);
    if (!ending) {
      say("The Worker has ended by itself.");
      await end(1);
    }
  }
}

main().catch(async (error: unknown) => {
  if (!ending) {
    say(error instanceof Error ? error.message : String(error));
    await end(1);
  }
});
