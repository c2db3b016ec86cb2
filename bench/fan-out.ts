// Fan-out: what one delivery of a message from upstream costs a subject in CPU time, with N clients attached.

import { cpuMicros } from "./support/cpu-time.ts";
import type { CountingClient } from "./support/counting-client.ts";
import { MESSAGE_PREFIX, type Subject } from "./support/subject.ts";

export interface FanOut {
  readonly subject: string;
  readonly clients: number;
  /** CPU time per delivery, in microseconds. */
  readonly cpuMicrosPerDelivery: number;
  readonly deliveriesPerSecond: number;
  /** The load client's own CPU time as a share of the elapsed time: near 1 it is what limits the deliveries per second. */
  readonly clientLoad: number;
}

/** Messages that are written together, as they come out of a server that has several to say. */
const BURST = 20;
/** Bursts that may be under way: enough that nobody waits for the load client, too few to overflow anything. */
const WINDOW = 10;

/** `messages` are counted, after a tenth as many to warm up. */
export async function fanOut(
  subject: Subject,
  clients: readonly CountingClient[],
  messages: number,
  managed: boolean,
): Promise<FanOut> {
  for (const client of clients) client.count(MESSAGE_PREFIX, managed);
  await pour(subject, clients, messages / 10);
  const beganAt = performance.now();
  const [cpu, own] = [cpuMicros(subject.pid), process.cpuUsage()];
  await pour(subject, clients, messages);
  const micros = cpuMicros(subject.pid) - cpu;
  const elapsedMs = performance.now() - beganAt;
  const { user, system } = process.cpuUsage(own);
  const deliveries = messages * clients.length;
  return {
    subject: subject.name,
    clients: clients.length,
    cpuMicrosPerDelivery: micros / deliveries,
    deliveriesPerSecond: deliveries / (elapsedMs / 1_000),
    clientLoad: (user + system) / 1_000 / elapsedMs,
  };
}

/** Writes bursts, never more ahead of the slowest client than the window, until every client has had every message. */
async function pour(subject: Subject, clients: readonly CountingClient[], messages: number): Promise<void> {
  const base = clients.map(({ counted }) => counted);
  const slowest = (): number =>
    Math.min(...clients.map(({ counted }, index) => counted - (base[index] ?? 0)));
  let sent = 0;
  await new Promise<void>((resolve, reject) => {
    let stall: ReturnType<typeof setTimeout>;
    const go = (): void => {
      clearTimeout(stall);
      stall = setTimeout(
        () => reject(new Error(`${subject.name} stalled at ${slowest()} of ${messages}`)),
        20_000,
      );
      const done = slowest();
      while (sent < messages && sent - done < BURST * WINDOW) {
        const burst = Math.min(BURST, messages - sent);
        subject.pour(burst);
        sent += burst;
      }
      if (done < messages) return;
      clearTimeout(stall);
      for (const client of clients) client.onCount = undefined;
      resolve();
    };
    for (const client of clients) client.onCount = go;
    go();
  });
}
