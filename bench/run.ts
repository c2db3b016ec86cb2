// `npm run bench`: measures, prints a table and writes bench/results.json. `-- --quick` takes under a minute and is for
// looking, not for quoting. Ratios within one run are what to quote: the machine is never quiet.

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "../test/support/bundle-worker.ts";
import { type FanOut, fanOut } from "./fan-out.ts";
import type { CountingClient } from "./support/counting-client.ts";
import { startFloor } from "./support/floor-subject.ts";
import { startOurs } from "./support/our-subject.ts";
import { startEjabberdSubject, startProsodySubject } from "./support/server-subject.ts";
import type { Subject } from "./support/subject.ts";
import { table } from "./support/table.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const BUNDLES = join(PROJECT, ".wrangler/bench");
const RESULTS = join(PROJECT, ".wrangler/bench/results.json");

const quick = process.argv.includes("--quick");
const ours = join(BUNDLES, "ours");
const floor = join(BUNDLES, "floor");

interface Candidate {
  readonly start: () => Promise<Subject>;
  readonly managed: boolean;
}

const CANDIDATES: readonly Candidate[] = [
  { start: async () => await startFloor(floor), managed: false },
  { start: async () => await startOurs(ours, { managed: false }), managed: false },
  { start: async () => await startOurs(ours, { managed: true }), managed: true },
  { start: async () => await startProsodySubject(false), managed: false },
  { start: async () => await startEjabberdSubject(false), managed: false },
];
/** Not among the targets, and ejabberd's archive in Mnesia takes milliseconds a message. */
const WITH_ARCHIVE: readonly Candidate[] = [
  { start: async () => await startProsodySubject(true), managed: false },
  { start: async () => await startEjabberdSubject(true), managed: false },
];

async function measureFanOut(
  { start, managed }: Candidate,
  clientCount: number,
  messages: number,
): Promise<FanOut> {
  const subject = await start();
  const clients: CountingClient[] = [];
  try {
    // oxlint-disable-next-line no-await-in-loop -- a hundred logins at once would be another measurement
    for (let index = 0; index < clientCount; index += 1) clients.push(await subject.attach(index));
    return await fanOut(subject, clients, messages, managed);
  } finally {
    for (const client of clients) client.drop();
    await subject.stop();
  }
}

async function main(): Promise<void> {
  mkdirSync(BUNDLES, { recursive: true });
  bundleWorker(PROJECT, ours);
  bundleWorker(join(PROJECT, "bench/floor"), floor);
  const fanOuts: FanOut[] = [];
  for (const clientCount of quick ? [1, 5] : [1, 5, 20, 100]) {
    const messages = Math.ceil((quick ? 10_000 : 60_000) / (clientCount + 4));
    for (const candidate of CANDIDATES) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time, or they measure each other
      fanOuts.push(await measureFanOut(candidate, clientCount, messages));
    }
    for (const candidate of quick ? [] : WITH_ARCHIVE) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time, or they measure each other
      fanOuts.push(await measureFanOut(candidate, clientCount, 500));
    }
  }
  const floors = new Map(
    fanOuts
      .filter(({ subject }) => subject === "floor")
      .map(({ clients, cpuMicrosPerDelivery }) => [clients, cpuMicrosPerDelivery]),
  );
  process.stdout.write(
    table(
      ["clients", "subject", "CPU us/delivery", "x floor", "deliveries/s", "client load"],
      fanOuts.map(({ clients, subject, cpuMicrosPerDelivery, deliveriesPerSecond, clientLoad }) => [
        String(clients),
        subject,
        cpuMicrosPerDelivery.toFixed(1),
        (cpuMicrosPerDelivery / (floors.get(clients) ?? 1)).toFixed(2),
        deliveriesPerSecond.toFixed(0),
        clientLoad.toFixed(2),
      ]),
    ),
  );
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, kernel: release(), node: process.version };
  writeFileSync(RESULTS, `${JSON.stringify({ machine, fanOuts }, null, 2)}\n`);
}

await main();
process.exit(0);
