// `node bench/log-size.ts`: what a log of 1,000,000 messages costs: to be filled, indexed, read, searched, exported and deleted,
// in workerd, with the code of an account (bench/floor/log). CPU time is that of workerd's threads; each figure is the mean of
// several times in one request, so that the request itself hardly counts. `MESSAGES=100000` for a smaller log.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "../test/support/bundle-worker.ts";
import { startWorker } from "../test/support/worker.ts";
import { cpuMicros } from "./support/cpu-time.ts";
import { table } from "./support/table.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const BUNDLE = join(PROJECT, ".wrangler/bench/log-size");
const MESSAGES = Number(process.env["MESSAGES"] ?? "1000000");
const CHUNK = 10_000;

interface Facts {
  readonly bytes: number;
  readonly messages: number;
  readonly documents: number;
  readonly stanzaBytes: number;
  readonly changes: number;
}

interface Measured {
  readonly answer: string;
  readonly cpuMs: number;
  readonly wallMs: number;
}

const rows: string[][] = [];

function note(what: string, { cpuMs, wallMs, answer }: Measured, times = 1): void {
  const row = [what, (cpuMs / times).toFixed(2), (wallMs / times).toFixed(2), answer.slice(0, 40)];
  rows.push(row);
  process.stderr.write(`${row.join("  ")}\n`);
}

function noteSize(what: string, found: Facts): void {
  process.stderr.write(`${what}: ${JSON.stringify(found)}\n`);
}

mkdirSync(BUNDLE, { recursive: true });
bundleWorker(join(PROJECT, "bench/floor/log"), BUNDLE);
const worker = await startWorker({ bundle: BUNDLE });

async function measure(path: string): Promise<Measured> {
  const [cpu, began] = [cpuMicros(worker.pid), performance.now()];
  const response = await fetch(`${worker.url}/log${path}`);
  const answer = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${answer.slice(0, 200)}`);
  return { answer, cpuMs: (cpuMicros(worker.pid) - cpu) / 1_000, wallMs: performance.now() - began };
}

async function facts(what: string): Promise<Facts> {
  const found: Facts = JSON.parse((await measure("/facts")).answer);
  noteSize(what, found);
  return found;
}

async function several(what: string, path: string, times: number): Promise<void> {
  // The first one loads the pages, and the compiler learns.
  await measure(path);
  note(what, await measure(`${path}${path.includes("?") ? "&" : "?"}times=${times}`), times);
}

/** Steps until there is nothing more to do; each in a request of its own. */
async function keepUp(what: string): Promise<void> {
  let steps = 0;
  let cpuMs = 0;
  let wallMs = 0;
  let longest = 0;
  for (let more = true; more; steps += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one step after the other
    const step = await measure("/keep-up");
    more = step.answer === "true";
    cpuMs += step.cpuMs;
    wallMs += step.wallMs;
    longest = Math.max(longest, step.cpuMs);
  }
  note(
    `${what}: a step`,
    { cpuMs, wallMs, answer: `${steps} steps, ${longest.toFixed(0)} ms at most` },
    steps,
  );
}

try {
  let cpuMs = 0;
  let wallMs = 0;
  for (let from = 0; from < MESSAGES; from += CHUNK) {
    // oxlint-disable-next-line no-await-in-loop -- in order
    const filled = await measure(`/fill?from=${from}&times=${CHUNK}`);
    cpuMs += filled.cpuMs;
    wallMs += filled.wallMs;
  }
  note("append a message", { cpuMs, wallMs, answer: "" }, MESSAGES);
  await facts("filled");
  await keepUp("list and index 1,024 messages");
  await facts("indexed");
  for (const behind of [100, 10_000, MESSAGES]) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time, or they measure each other
    await several(`page of 100 for a device ${behind} behind`, `/page?behind=${behind}`, 100);
  }
  await several("latest 100 of a room", "/peer?peer=room1@muc.example.org", 100);
  await several("latest 100 of a contact", "/peer?peer=contact1@example.org", 100);
  const searches = [
    ["a word that three messages have", "needle", ""],
    ["a word that most have", "w1", ""],
    ["the same, of one contact", "w1", "contact1@example.org"],
    ["two words that many have", "w2 w3", ""],
    ["a rather rare word", "w20011", ""],
    ["a phrase of common words", '"w1 w2 w3"', ""],
    ["the beginning of a word", "w4999*", ""],
    ["two rare words, never together", "w30001 w30002", ""],
    ["nothing", "nowhere", ""],
  ] as const;
  for (const [what, words, peer] of searches) {
    const limit = peer === "" ? "" : `&peer=${encodeURIComponent(peer)}`;
    // oxlint-disable-next-line no-await-in-loop -- one at a time, or they measure each other
    await several(`search: ${what}`, `/search?words=${encodeURIComponent(words)}${limit}`, 10);
  }
  const exported = await measure("/export");
  const megabytes = Buffer.byteLength(exported.answer) / 1_000_000;
  note(`export all, ${megabytes.toFixed(0)} MB`, { ...exported, answer: "" });
  note("export a megabyte", { ...exported, answer: "" }, megabytes);
  await measure("/delete?peer=contact1@example.org");
  await keepUp("delete a contact's messages");
  await measure("/delete?peer=room1@muc.example.org");
  await keepUp("delete a room's messages");
  await facts("two conversations deleted");
  note("delete everything", await measure("/delete"));
  await facts("everything deleted");
  process.stdout.write(table(["what", "CPU ms", "wall ms", "answer"], rows));
} finally {
  await worker.stop();
}
process.exit(0);
