// `node bench/idle-clients.ts`: what an idle attached client costs: memory and CPU time of workerd with 0, 1, 100 and 500 clients
// attached to one account, behind a real Prosody. Each count has a workerd of its own; the clients have Stream Management,
// carbons and presence, and answer what they are asked. `--quick` waits less and is for looking, not for quoting; COUNTS=0,100
// measures only these.

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "../test/support/bundle-worker.ts";
import { PASSWORD, startTestProsody } from "../test/support/prosody.ts";
import { startWorker } from "../test/support/worker.ts";
import { CountingClient } from "./support/counting-client.ts";
import { cpuMicros } from "./support/cpu-time.ts";
import { bindClient } from "./support/login.ts";
import { table } from "./support/table.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const BUNDLE = join(PROJECT, ".wrangler/bench/idle");
const COUNTS = (process.env["COUNTS"] ?? "0,1,100,500").split(",").map(Number);
const PAGE_BYTES = 4_096;

const quick = process.argv.includes("--quick");
/** What logging in has left behind is collected by then, or never. */
const SETTLE_MS = quick ? 3_000 : 30_000;
/** Longer than the heartbeat of 30 s and the five minutes after which a quiet client is asked. */
const IDLE_MS = quick ? 5_000 : 330_000;

interface Idle {
  readonly clients: number;
  readonly residentBytes: number;
  /** CPU time in microseconds per second. */
  readonly cpuPerSecond: number;
}

/** proc(5): statm counts pages; the second number is what is in memory. */
function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => void setTimeout(resolve, ms));
}

async function measure(count: number): Promise<Idle> {
  const { server, stop } = await startTestProsody({ logLevel: "error" });
  const worker = await startWorker({
    bundle: BUNDLE,
    caPath: server.caPath,
    vars: { UPSTREAM_HOSTS: server.upstreamHosts },
  });
  const clients: CountingClient[] = [];
  const jid = `alice@${server.host}`;
  const attach = async (resource: string): Promise<CountingClient> => {
    const client = await CountingClient.connect(worker.wsUrl(jid));
    await bindClient(client, { jid, password: PASSWORD, resource, managed: true });
    client.count("<message", true);
    return client;
  };
  try {
    // The account is online in any case; with no client attached that is what is measured.
    const first = await attach("first");
    if (count === 0) first.drop();
    else clients.push(first);
    while (clients.length < count) clients.push(await attach(`c${clients.length}`));
    await pause(SETTLE_MS);
    const [beganAt, cpu] = [performance.now(), cpuMicros(worker.pid)];
    await pause(IDLE_MS);
    const seconds = (performance.now() - beganAt) / 1_000;
    const used = cpuMicros(worker.pid) - cpu;
    return { clients: count, residentBytes: residentBytes(worker.pid), cpuPerSecond: used / seconds };
  } finally {
    for (const client of clients) client.drop();
    await worker.stop();
    await stop();
  }
}

mkdirSync(BUNDLE, { recursive: true });
bundleWorker(PROJECT, BUNDLE);
const results: Idle[] = [];
for (const count of COUNTS) results.push(await measure(count));
const [none] = results;
process.stdout.write(
  table(
    ["clients", "resident MiB", "KiB a client", "CPU us/s", "CPU us/s a client"],
    results.map(({ clients, residentBytes: bytes, cpuPerSecond }) => [
      String(clients),
      (bytes / 2 ** 20).toFixed(1),
      clients === 0 ? "" : ((bytes - (none?.residentBytes ?? 0)) / 1_024 / clients).toFixed(1),
      cpuPerSecond.toFixed(0),
      clients === 0 ? "" : ((cpuPerSecond - (none?.cpuPerSecond ?? 0)) / clients).toFixed(1),
    ]),
  ),
);
process.exit(0);
