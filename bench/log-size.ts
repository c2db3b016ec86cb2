// `node bench/log-size.ts`: what a log of 1,000,000 messages costs: to be filled, indexed, read, searched, exported and deleted,
// in workerd, with the code of an account (bench/floor/log). CPU time is that of workerd's threads; fastest, median and slowest of
// nine requests, beside the rows that the platform counts as read, which do not depend on the machine. `MESSAGES=100000` for a smaller log.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "../test/support/bundle-worker.ts";
import { startWorker } from "../test/support/worker.ts";
import { cpuMicros } from "./support/process-costs.ts";
import { table } from "./support/table.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const BUNDLE = join(PROJECT, ".wrangler/bench/log-size");
const MESSAGES = Number(process.env["MESSAGES"] ?? "1000000");
const CHUNK = 10_000;
const REQUESTS = 9;
const YEAR_MS = 365 * 86_400_000;

interface Measured {
  readonly text: string;
  readonly cpuMs: number;
  readonly wallMs: number;
}

interface Answer {
  readonly answer: unknown;
  readonly rowsRead: number;
}

const rows: string[][] = [];

function spread(values: readonly number[], digits = 2): string {
  const sorted = values.toSorted((a, b) => a - b);
  return [0, (sorted.length - 1) / 2, sorted.length - 1]
    .map((at) => (sorted[Math.floor(at)] ?? 0).toFixed(digits))
    .join(" / ");
}

function note(
  what: string,
  cpu: readonly number[],
  wall: readonly number[],
  rowsRead: string,
  answer = "",
): void {
  const row = [what, rowsRead, spread(cpu), spread(wall), answer.slice(0, 40)];
  rows.push(row);
  process.stderr.write(`${row.join("  ")}\n`);
}

mkdirSync(BUNDLE, { recursive: true });
bundleWorker(join(PROJECT, "bench/floor/log"), BUNDLE);
const worker = await startWorker({ bundle: BUNDLE });

async function measure(path: string, object = "log"): Promise<Measured> {
  const [cpu, began] = [cpuMicros(worker.pid), performance.now()];
  const response = await fetch(`${worker.url}/${object}${path}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 200)}`);
  return { text, cpuMs: (cpuMicros(worker.pid) - cpu) / 1_000, wallMs: performance.now() - began };
}

function read({ text }: Measured): Answer {
  return JSON.parse(text);
}

async function facts(what: string): Promise<void> {
  process.stderr.write(`${what}: ${JSON.stringify(read(await measure("/facts")).answer)}\n`);
}

/** Asked `times` times in each of nine requests, so that the request itself hardly counts; one before them does not count. */
async function several(what: string, path: string, times: number, object = "log"): Promise<void> {
  await measure(path, object);
  const measured: Measured[] = [];
  for (let request = 0; request < REQUESTS; request += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time, or they measure each other
    measured.push(await measure(`${path}${path.includes("?") ? "&" : "?"}times=${times}`, object));
  }
  const cpu = measured.map(({ cpuMs }) => cpuMs / times);
  const wall = measured.map(({ wallMs }) => wallMs / times);
  const [first] = measured;
  if (!first) return;
  const { rowsRead, answer } = read(first);
  note(what, cpu, wall, String(rowsRead), JSON.stringify(answer));
}

/** Steps until there is nothing more to do, or `most`; each in a request of its own. */
async function keepUp(what: string, nowMs: number, most = Infinity): Promise<void> {
  const cpu: number[] = [];
  const wall: number[] = [];
  let rowsRead = 0;
  for (let more = true; more && cpu.length < most;) {
    // oxlint-disable-next-line no-await-in-loop -- one step after the other
    const step = await measure(`/keep-up?now=${nowMs}`);
    more = read(step).answer === true;
    rowsRead = Math.max(rowsRead, read(step).rowsRead);
    cpu.push(step.cpuMs);
    wall.push(step.wallMs);
  }
  note(what, cpu, wall, `${rowsRead} at most`, `${cpu.length} steps`);
}

try {
  const filled: Measured[] = [];
  for (let from = 0; from < MESSAGES; from += CHUNK) {
    // oxlint-disable-next-line no-await-in-loop -- in order
    filled.push(await measure(`/fill?from=${from}&times=${CHUNK}`));
  }
  const each = (of: "cpuMs" | "wallMs"): number[] => filled.map((chunk) => chunk[of] / CHUNK);
  note("append a message", each("cpuMs"), each("wallMs"), "0");
  await facts("filled");
  await keepUp("list and index 1,024 messages: a step", 0);
  await facts("indexed");

  await several("attach, 100 behind: the page", "/page?behind=100", 100);
  await several("attach, 10,000 behind: a page of 100", "/page?behind=10000", 100);
  await several("attach, has missed all: a page of 100", `/page?behind=${MESSAGES}`, 100);
  await several("attach, a new device: where to begin", "/begin-of", 100);
  await measure("/fill?from=0&times=20000&rooms=1", "rooms");
  await several("attach, nothing but rooms: a turn of looking", "/page?behind=20000", 20, "rooms");
  await several("attach, nothing but rooms: a new device", "/begin-of", 20, "rooms");
  await several("the latest 100 of a room", "/peer?peer=room1@muc.example.org", 50);
  await several("the latest 100 of a contact", "/peer?peer=contact1@example.org", 50);

  const middle = `after=${MESSAGES / 2}`;
  const contact = "with=contact1@example.org";
  const day = MESSAGES === 0 ? 0 : (YEAR_MS * MESSAGES) / 1_000_000;
  const span = (days: number): string => `start=${day / 2}&end=${day / 2 + days * 86_400_000}`;
  const pages = [
    ["the first", ""],
    ["the last", "latest=1"],
    ["in the middle, after an id", middle],
    ["in the middle, before an id", `latest=1&before=${MESSAGES / 2}`],
    ["with rooms, the last", "rooms=1&latest=1"],
    ["with a contact, the first", contact],
    ["with a contact, the last", `${contact}&latest=1`],
    ["with a contact, in the middle", `${contact}&${middle}`],
    ["with a resource that is not there", `${contact}&full=contact1@example.org/nothing`],
    ["with nobody who ever wrote", "with=nobody@example.org&latest=1"],
    ["a day, counted", span(1)],
    ["a month", span(30)],
    ["a day with a contact, counted", `${contact}&${span(1)}`],
    ["a month with a contact, the last", `${contact}&latest=1&${span(30)}`],
    ["a time of which there is nothing", "start=-2000&end=-1000"],
  ] as const;
  for (const [what, parameters] of pages) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time, or they measure each other
    await several(`archive, 50: ${what}`, `/select?${parameters}`, 20);
  }

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
  const megabytes = Buffer.byteLength(exported.text) / 1_000_000;
  note(
    `export, a megabyte of ${megabytes.toFixed(0)}`,
    [exported.cpuMs / megabytes],
    [exported.wallMs / megabytes],
    "",
  );
  // A tenth of the log is too old.
  await keepUp("retention: a step", 365 * 86_400_000 + day / 10, 120);
  await facts("a tenth is gone");
  await measure("/delete?peer=contact1@example.org");
  await keepUp("delete a contact's messages: a step", 0);
  await measure("/delete?peer=room1@muc.example.org");
  await keepUp("delete a room's messages: a step", 0);
  await facts("two conversations deleted");
  const all = await measure("/delete");
  note("delete everything", [all.cpuMs], [all.wallMs], "");
  await facts("everything deleted");
  process.stdout.write(
    table(["what", "rows read", "CPU ms: fastest / median / slowest", "wall ms: the same", "answer"], rows),
  );
} finally {
  await worker.stop();
}
process.exit(0);
