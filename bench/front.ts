// `node bench/front.ts`: what a message takes more where the client uses the endpoint for every account (EDGE-4), so that the
// Worker carries each frame, than at the account's own. CPU time is workerd's, with both the Worker and the object in it.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "../test/support/bundle-worker.ts";
import { fanOut, outbound } from "./fan-out.ts";
import { startOurs } from "./support/our-subject.ts";
import { median } from "./support/section.ts";
import { table } from "./support/table.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const BUNDLE = join(PROJECT, ".wrangler/bench/ours");
const ROUNDS = 5;
const INWARD = 5_000;
const OUTWARD = 1_000;

interface Cost {
  readonly inward: number[];
  readonly outward: number[];
}

mkdirSync(BUNDLE, { recursive: true });
bundleWorker(PROJECT, BUNDLE);
const endpoints = ["own", "for every account"] as const;
const costs = new Map<string, Cost>(endpoints.map((endpoint) => [endpoint, { inward: [], outward: [] }]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const endpoint of endpoints) {
    const subject = await startOurs(BUNDLE, { managed: false });
    const client = await subject.attach(0, { front: endpoint !== "own" });
    const cost = costs.get(endpoint);
    cost?.inward.push((await fanOut(subject, [client], INWARD, false)).cpuMicrosPerDelivery);
    cost?.outward.push((await outbound(subject, [client], OUTWARD, false)).cpuMicrosPerDelivery);
    client.drop();
    await subject.stop();
  }
}
const rows = [...costs].map(([endpoint, { inward, outward }]) => [
  endpoint,
  median(inward).toFixed(1),
  Math.min(...inward).toFixed(1),
  median(outward).toFixed(1),
  Math.min(...outward).toFixed(1),
]);
const head = ["endpoint", "from upstream, CPU us", "at best", "from the client, CPU us", "at best"];
process.stdout.write(`${table(head, rows)}\n`);
process.exit(0);
