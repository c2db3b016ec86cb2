// `npm run bench`: measures, prints tables and writes them with all figures to .wrangler/bench/results.json and results.md.
// `-- --quick` takes under a minute and is for looking, not for quoting; `-- --only=latency,attach` measures only these;
// `-- --markdown` prints the tables as Markdown. Ratios within one run are what to quote: the machine is never quiet.

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "../test/support/bundle-worker.ts";
import { measureAttach } from "./attach.ts";
import { computeCost } from "./cost.ts";
import { measureGrowth } from "./growth.ts";
import { measureLatency } from "./latency.ts";
import { measureMemory } from "./memory.ts";
import { measureRates } from "./rates.ts";
import type { Section } from "./support/section.ts";
import { markdown, table } from "./support/table.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const BUNDLES = join(PROJECT, ".wrangler/bench");

const quick = process.argv.includes("--quick");
const asMarkdown = process.argv.includes("--markdown");
const only = process.argv
  .find((argument) => argument.startsWith("--only="))
  ?.slice("--only=".length)
  .split(",");
const ours = join(BUNDLES, "ours");
const floor = join(BUNDLES, "floor");

const SECTIONS: Readonly<Record<string, () => Promise<Section>>> = {
  "fan-out": async () => await measureRates({ ours, floor }, "fan-out", quick),
  outbound: async () => await measureRates({ ours, floor }, "outbound", quick),
  latency: async () => await measureLatency(ours, quick ? 200 : 2_000),
  attach: async () => await measureAttach(ours, quick ? 3 : 10),
  growth: async () => await measureGrowth(ours, { quick }),
  memory: async () => await measureMemory(ours, { quick }),
  cost: async () => await Promise.resolve(computeCost()),
};

async function main(): Promise<void> {
  mkdirSync(BUNDLES, { recursive: true });
  bundleWorker(PROJECT, ours);
  bundleWorker(join(PROJECT, "bench/floor"), floor);
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    kernel: release(),
    node: process.version,
  };
  const done: Record<string, Section> = {};
  const pages: string[] = [];
  for (const [name, measure] of Object.entries(SECTIONS)) {
    if (only && !only.includes(name)) continue;
    const beganAt = performance.now();
    const section = await measure();
    done[name] = section;
    pages.push(`## ${section.title}\n\n${section.note}\n\n${markdown(section.head, section.rows)}`);
    process.stdout.write(
      asMarkdown ? `${pages.at(-1)}\n` : `${section.title}\n${table(section.head, section.rows)}\n`,
    );
    // What is done is kept, whatever comes of the next.
    writeFileSync(join(BUNDLES, "results.json"), `${JSON.stringify({ machine, sections: done }, null, 2)}\n`);
    writeFileSync(join(BUNDLES, "results.md"), pages.join("\n"));
    process.stderr.write(`(${name}: ${((performance.now() - beganAt) / 1_000).toFixed(0)} s)\n`);
  }
}

await main();
process.exit(0);
