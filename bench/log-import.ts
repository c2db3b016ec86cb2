// `node bench/log-import.ts`: what it costs to import 200,000 exported messages, in workerd, with the code of an account
// (bench/floor/log): into an empty log, a second time, and into a log that has as many others of the same time. CPU time is that
// of workerd's threads, listing and indexing included. `MESSAGES=20000` for fewer.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "../test/support/bundle-worker.ts";
import { startWorker } from "../test/support/worker.ts";
import { cpuMicros } from "./support/process-costs.ts";
import { table } from "./support/table.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const BUNDLE = join(PROJECT, ".wrangler/bench/log-size");
const MESSAGES = Number(process.env["MESSAGES"] ?? "200000");
const CHUNK = 10_000;

mkdirSync(BUNDLE, { recursive: true });
bundleWorker(join(PROJECT, "bench/floor/log"), BUNDLE);
const worker = await startWorker({ bundle: BUNDLE });

async function ask(path: string, body?: string): Promise<string> {
  const response = await fetch(`${worker.url}${path}`, {
    ...(body !== undefined && { method: "POST", body }),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${answer.slice(0, 200)}`);
  return answer;
}

async function fill(object: string, series: string): Promise<void> {
  for (let from = 0; from < MESSAGES; from += CHUNK) {
    await ask(`/${object}/fill?series=${series}&from=${from}&times=${CHUNK}`);
  }
  await keepUp(object);
}

/** What lists and index have not got yet. */
async function keepUp(object: string): Promise<void> {
  while (JSON.parse(await ask(`/${object}/keep-up`)).answer === true);
}

interface Facts {
  /** Rows that SQLite has inserted, changed or deleted, those inside of the index included. */
  readonly changes: number;
  /** Rows that the platform says were written. */
  readonly rowsWritten: number;
}

async function facts(object: string): Promise<Facts> {
  return JSON.parse(await ask(`/${object}/facts`)).answer;
}

const rows: string[][] = [];

function each(total: number): string {
  return (total / MESSAGES).toFixed(2);
}

async function measure(what: string, object: string, file: string): Promise<void> {
  const before = await facts(object);
  const [cpu, began] = [cpuMicros(worker.pid), performance.now()];
  const answer: { imported: number; duplicates: number } = JSON.parse(await ask(`/${object}/import`, file));
  await keepUp(object);
  const cpuUs = cpuMicros(worker.pid) - cpu;
  const wallUs = (performance.now() - began) * 1_000;
  const after = await facts(object);
  rows.push([
    what,
    String(answer.imported),
    String(answer.duplicates),
    each(cpuUs),
    each(wallUs),
    each(after.rowsWritten - before.rowsWritten),
    each(after.changes - before.changes),
  ]);
}

try {
  await fill("old", "id");
  const file = await ask("/old/export");
  const megabytes = Buffer.byteLength(file) / 1_000_000;
  process.stdout.write(`${MESSAGES} messages, ${megabytes.toFixed(0)} MB\n`);
  await ask("/warm/import", file.slice(0, file.indexOf("\n", 4_000_000) + 1));
  await measure("into an empty log", "new", file);
  await measure("once more", "new", file);
  await fill("own", "own");
  await measure("into a log with as many others", "own", file);
  process.stdout.write(
    table(["what", "imported", "duplicates", "CPU us", "wall us", "rows written", "rows changed"], rows),
  );
} finally {
  await worker.stop();
}
process.exit(0);
