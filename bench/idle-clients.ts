// `node bench/idle-clients.ts`: what an idle attached client costs: memory and CPU time of workerd with 0, 1, 100 and 500 clients
// attached to one account, behind a real Prosody. Each count has a workerd of its own; the clients have carbons and
// presence, Stream Management or not, are at the account's own endpoint or at the one for every account, and answer what they are
// asked. SUBJECTS=unmanaged,front measures only these. `--quick` waits less and is for looking, not for quoting; COUNTS=0,100
// measures only these. The floor is a Durable Object that only
// holds WebSockets (bench/floor).

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "../test/support/bundle-worker.ts";
import { PASSWORD, startTestProsody } from "../test/support/prosody.ts";
import { startWorker } from "../test/support/worker.ts";
import { CountingClient } from "./support/counting-client.ts";
import { cpuMicros, residentBytes } from "./support/process-costs.ts";
import { startFloor } from "./support/floor-subject.ts";
import { bindClient } from "./support/login.ts";
import { table } from "./support/table.ts";

const SUBJECTS = (process.env["SUBJECTS"] ?? "xmpproxy,unmanaged,front,floor").split(",");
const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const OURS = join(PROJECT, ".wrangler/bench/idle");
const FLOOR = join(PROJECT, ".wrangler/bench/idle-floor");
const COUNTS = (process.env["COUNTS"] ?? "0,1,100,500").split(",").map(Number);

const quick = process.argv.includes("--quick");
/** What logging in has left behind is collected by then, or never. */
const SETTLE_MS = quick ? 3_000 : 10_000;
/** Two heartbeats. (After five quiet minutes a client is asked for an acknowledgement: one short frame each way.) */
const IDLE_MS = quick ? 5_000 : 60_000;

interface Idle {
  readonly subject: string;
  readonly clients: number;
  readonly residentBytes: number;
  /** CPU time in microseconds per second. */
  readonly cpuPerSecond: number;
}

interface Attached {
  readonly name: string;
  readonly pid: number;
  attach(index: number): Promise<CountingClient>;
  stop(): Promise<void>;
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => void setTimeout(resolve, ms));
}

/** `front`: at the endpoint for every account. */
async function startOurs(name: string, { managed = true, front = false } = {}): Promise<Attached> {
  const { server, stop } = await startTestProsody({ logLevel: "error" });
  const vars = { UPSTREAM_HOSTS: server.upstreamHosts };
  const worker = await startWorker({ bundle: OURS, caPath: server.caPath, vars });
  const jid = `alice@${server.host}`;
  return {
    name,
    pid: worker.pid,
    attach: async (index) => {
      const client = await CountingClient.connect(worker.wsUrl(front ? undefined : jid));
      await bindClient(client, { jid, password: PASSWORD, resource: `c${index}`, managed });
      client.count("<message", true);
      return client;
    },
    stop: async () => {
      await worker.stop();
      await stop();
    },
  };
}

async function measure(start: () => Promise<Attached>, count: number): Promise<Idle> {
  const subject = await start();
  const clients: CountingClient[] = [];
  try {
    // With no client attached the account is online all the same: somebody has been there.
    const first = await subject.attach(0);
    if (count === 0) first.drop();
    else clients.push(first);
    while (clients.length < count) clients.push(await subject.attach(clients.length));
    await pause(SETTLE_MS);
    const [beganAt, cpu] = [performance.now(), cpuMicros(subject.pid)];
    await pause(IDLE_MS);
    const seconds = (performance.now() - beganAt) / 1_000;
    const used = cpuMicros(subject.pid) - cpu;
    return {
      subject: subject.name,
      clients: count,
      residentBytes: residentBytes(subject.pid),
      cpuPerSecond: used / seconds,
    };
  } finally {
    for (const client of clients) client.drop();
    await subject.stop();
  }
}

/** Against what the same subject needs without clients, where that was measured. */
function perClient({ clients }: Idle, own: number, none: number | undefined, digits: number): string {
  return clients === 0 || none === undefined ? "" : ((own - none) / clients).toFixed(digits);
}

mkdirSync(OURS, { recursive: true });
mkdirSync(FLOOR, { recursive: true });
bundleWorker(PROJECT, OURS);
bundleWorker(join(PROJECT, "bench/floor"), FLOOR);
const results: Idle[] = [];
const subjects: Readonly<Record<string, () => Promise<Attached>>> = {
  xmpproxy: () => startOurs("xmpproxy"),
  unmanaged: () => startOurs("without Stream Management", { managed: false }),
  front: () => startOurs("at the endpoint for every account", { front: true }),
  floor: () => startFloor(FLOOR),
};
for (const name of SUBJECTS) {
  const start = subjects[name];
  if (!start) throw new Error(`SUBJECTS are ${Object.keys(subjects).join(", ")}`);
  for (const count of COUNTS) results.push(await measure(start, count));
}
process.stdout.write(
  table(
    ["subject", "clients", "resident MiB", "KiB a client", "CPU us/s", "CPU us/s a client"],
    results.map((idle) => {
      const none = results.find(({ subject, clients }) => subject === idle.subject && clients === 0);
      return [
        idle.subject,
        String(idle.clients),
        (idle.residentBytes / 2 ** 20).toFixed(1),
        perClient(idle, idle.residentBytes / 1_024, none && none.residentBytes / 1_024, 0),
        idle.cpuPerSecond.toFixed(0),
        perClient(idle, idle.cpuPerSecond, none?.cpuPerSecond, 1),
      ];
    }),
  ),
);
process.exit(0);
