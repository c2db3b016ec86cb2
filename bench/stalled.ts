// `node bench/stalled.ts`: what a client that reads nothing any more costs the object in memory while messages for it come in, with
// Stream Management (SM-7: what it has not acknowledged waits in SQLite) and without (SM-10: on the platform's side of its socket),
// beside one that reads. Each row has a workerd of its own. The heap is the isolate's after a collection; resident is the whole of
// workerd, with sockets and SQLite's pages, at its highest.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../scripts/processes.ts";
import { bundleWorker } from "../test/support/bundle-worker.ts";
import { fanOut } from "./fan-out.ts";
import { residentBytes } from "./support/process-costs.ts";
import { Inspector } from "./support/inspector.ts";
import { startOurs } from "./support/our-subject.ts";
import { table } from "./support/table.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const BUNDLE = join(PROJECT, ".wrangler/bench/ours");
/** Of some 220 bytes each. With half as many ahead to warm up, this is as much as may wait for a client (SM-6), and not more. */
const MESSAGES = 12_000;

mkdirSync(BUNDLE, { recursive: true });
bundleWorker(PROJECT, BUNDLE);
const rows: string[][] = [];
for (const managed of [true, false])
  for (const stalled of [0, 1, 10]) rows.push(await measure(managed, stalled));
const head = [
  "Stream Management",
  "clients that read nothing",
  "heap MiB",
  "resident MiB, before",
  "at its highest",
];
process.stdout.write(`${table(head, rows)}\n`);
process.exit(0);

async function measure(managed: boolean, count: number): Promise<string[]> {
  const inspectorPort = await freePort();
  const subject = await startOurs(BUNDLE, { managed, inspectorPort });
  const reader = await subject.attach(0);
  const sleepers = [];
  for (let index = 1; index <= count; index += 1) {
    const sleeper = await subject.attach(index);
    sleeper.stall();
    sleepers.push(sleeper);
  }
  const before = residentBytes(subject.pid);
  let highest = before;
  const sampling = setInterval(() => (highest = Math.max(highest, residentBytes(subject.pid))), 20);
  await fanOut(subject, [reader], MESSAGES, managed);
  clearInterval(sampling);
  const inspector = await Inspector.connect(inspectorPort, "xmpproxy");
  const heap = await inspector.heapBytes();
  inspector.close();
  for (const client of [reader, ...sleepers]) client.drop();
  await subject.stop();
  return [managed ? "yes" : "no", String(count), ...[heap, before, highest].map(mebibytes)];
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
