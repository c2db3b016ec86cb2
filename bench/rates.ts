// Which subjects the two rates (fan-out.ts) are measured of, with how many clients, and the table of them.

import { type Rate, fanOut, outbound } from "./fan-out.ts";
import type { CountingClient } from "./support/counting-client.ts";
import { startFloor } from "./support/floor-subject.ts";
import { startOurs } from "./support/our-subject.ts";
import { median, type Section } from "./support/section.ts";
import { startEjabberdSubject, startProsodySubject } from "./support/server-subject.ts";
import type { Subject } from "./support/subject.ts";

type Direction = "fan-out" | "outbound";

interface Bundles {
  readonly ours: string;
  readonly floor: string;
}

interface Candidate {
  readonly start: () => Promise<Subject>;
  readonly managed: boolean;
  /** Its archive is on: not among the targets, and ejabberd's in Mnesia takes milliseconds a message. */
  readonly slow?: boolean;
  /** It makes no difference in the other direction. */
  readonly only?: Direction;
}

function candidates({ ours, floor }: Bundles): readonly Candidate[] {
  return [
    { start: async () => await startFloor(floor), managed: false },
    { start: async () => await startFloor(floor, 65_536), managed: false, only: "fan-out" },
    { start: async () => await startOurs(ours, { managed: false }), managed: false },
    { start: async () => await startOurs(ours, { managed: true }), managed: true },
    { start: async () => await startProsodySubject(false), managed: false },
    { start: async () => await startEjabberdSubject(false), managed: false },
    { start: async () => await startProsodySubject(true), managed: false, slow: true },
    { start: async () => await startEjabberdSubject(true), managed: false, slow: true },
  ];
}

export async function measureRates(bundles: Bundles, direction: Direction, quick: boolean): Promise<Section> {
  const rates: Rate[] = [];
  for (const clientCount of quick ? [1, 5] : [1, 5, 20, 100]) {
    // From a client each message is a turn of its own, which takes the platform itself more than all the rest.
    const effort = (quick ? 10_000 : 40_000) / (direction === "outbound" ? 4 : 1);
    const usual = Math.ceil(effort / (clientCount + 4));
    for (const candidate of candidates(bundles)) {
      const slow = candidate.slow === true;
      if (slow && (quick || direction === "outbound")) continue;
      if (candidate.only !== undefined && candidate.only !== direction) continue;
      rates.push(await measure(candidate, direction, clientCount, slow ? 200 : usual, quick || slow ? 1 : 3));
    }
  }
  const floors = new Map(
    rates
      .filter(({ subject }) => subject === "floor")
      .map(({ clients, cpuMicrosPerDelivery }) => [clients, cpuMicrosPerDelivery]),
  );
  return {
    title: direction === "fan-out" ? "Fan-out: messages from upstream" : "Outbound: messages from a client",
    note:
      direction === "fan-out"
        ? "CPU microseconds of the subject's process per client and message. The floor is a Durable Object that inserts each" +
          " message into SQLite and sends it to every socket, without XML (bench/floor); the second one reads as much at once as" +
          " the proxy, and so has fewer transactions."
        : "CPU microseconds of the subject's process per message and receiver: the server, and each of the siblings, who get" +
          " copies.",
    head: ["clients", "subject", "CPU us/delivery", "x floor", "deliveries/s", "client load"],
    rows: rates.map(({ clients, subject, cpuMicrosPerDelivery, deliveriesPerSecond, clientLoad }) => [
      String(clients),
      subject,
      cpuMicrosPerDelivery.toFixed(1),
      (cpuMicrosPerDelivery / (floors.get(clients) ?? 1)).toFixed(2),
      deliveriesPerSecond.toFixed(0),
      clientLoad.toFixed(2),
    ]),
    data: rates,
  };
}

/** The run whose CPU time is the median one. */
async function measure(
  { start, managed }: Candidate,
  direction: Direction,
  clientCount: number,
  messages: number,
  rounds: number,
): Promise<Rate> {
  const subject = await start();
  const clients: CountingClient[] = [];
  const once = direction === "fan-out" ? fanOut : outbound;
  try {
    for (let index = 0; index < clientCount; index += 1) clients.push(await subject.attach(index));
    const runs: Rate[] = [];
    for (let round = 0; round < rounds; round += 1) {
      runs.push(await once(subject, clients, Math.ceil(messages / rounds), managed));
    }
    const middle = median(runs.map(({ cpuMicrosPerDelivery }) => cpuMicrosPerDelivery));
    const found = runs.find(({ cpuMicrosPerDelivery }) => cpuMicrosPerDelivery === middle);
    if (!found) throw new Error("no run");
    return found;
  } finally {
    for (const client of clients) client.drop();
    await subject.stop();
  }
}
