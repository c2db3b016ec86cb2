// `node bench/refusal.ts`: how long it takes until a wrong password is refused, which the account's server is asked about, by how far
// away that server is: what is played for accounts that are not served (decoy-turns.ts) is to take as long. A real Prosody, behind a
// network that takes this long for each round trip; every guess is made by a client of its own.

import { mkdirSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "../test/support/bundle-worker.ts";
import { listenOnLoopback } from "../test/support/loopback-server.ts";
import { startTestProsody } from "../test/support/prosody.ts";
import { startWorker } from "../test/support/worker.ts";
import { CountingClient } from "./support/counting-client.ts";
import { median } from "./support/section.ts";
import { table } from "./support/table.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const BUNDLE = join(PROJECT, ".wrangler/bench/ours");
const ROUND_TRIPS_MS = [0, 10, 20, 40, 80, 120];
/** One less than the guesses after which an address is not looked at any more (LOGIN-7). */
const GUESSES = 9;

mkdirSync(BUNDLE, { recursive: true });
bundleWorker(PROJECT, BUNDLE);
const { server, stop } = await startTestProsody({ logLevel: "error" });
const [[domain, url] = ["", ""]] = Object.entries<string>(JSON.parse(server.upstreamHosts));
const rows: string[][] = [];
for (const roundTripMs of ROUND_TRIPS_MS) {
  const port = await farAway(Number(new URL(url).port), roundTripMs / 2);
  const far = url.replace(/:\d+$/, `:${port}`);
  const vars = { UPSTREAM_HOSTS: JSON.stringify({ [domain]: far }) };
  const worker = await startWorker({ bundle: BUNDLE, caPath: server.caPath, vars });
  const times: number[] = [];
  while (times.length < GUESSES) times.push(await refusal(worker.wsUrl(`alice@${domain}`)));
  await worker.stop();
  rows.push([
    String(roundTripMs),
    ...[Math.min(...times), median(times), Math.max(...times)].map((ms) => ms.toFixed(0)),
  ]);
}
await stop();
process.stdout.write(
  `${url.split(":")[0]}\n${table(["round trip, ms", "at least, ms", "median", "at most"], rows)}\n`,
);
process.exit(0);

async function refusal(endpoint: string): Promise<number> {
  const client = await CountingClient.connect(endpoint);
  client.send(`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="${domain}" version="1.0"/>`);
  await client.next((text) => text.includes("<mechanism"), "the mechanisms");
  const wrong = Buffer.from("\0alice\0a guess").toString("base64");
  const beganAt = performance.now();
  client.send(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${wrong}</auth>`);
  await client.next((text) => text.startsWith("<failure"), "a refusal");
  const ms = performance.now() - beganAt;
  client.drop();
  return ms;
}

/** Leads to a port of this machine; whatever goes through takes so long in each direction, a connection's beginning too. */
async function farAway(target: number, delayMs: number): Promise<number> {
  const relay = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    // Here a connection stands at once: its handshake's round trip is made up for before the first thing that is said.
    const standsAt = performance.now() + 2 * delayMs;
    const later = (act: () => void): void =>
      void setTimeout(act, delayMs + Math.max(0, standsAt - performance.now()));
    const carry = (from: Socket, to: Socket): void => {
      from.on("data", (chunk) => later(() => to.write(chunk)));
      from.on("close", () => later(() => to.destroy()));
      from.on("error", () => undefined);
    };
    carry(near, far);
    carry(far, near);
  });
  return await listenOnLoopback(relay);
}
