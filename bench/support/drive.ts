// Puts a load on a subject and measures the CPU time that this takes it. Never more is under way than a window allows, so
// that nothing overflows and nobody waits for the load client; and what stalls says where.

import { cpuMicros } from "./process-costs.ts";

export interface Load {
  readonly name: string;
  /** Whose CPU time counts. */
  readonly pid: number;
  /** Sends this many messages, together. */
  send(messages: number): void;
  /** How many messages have had all of their effects, since the beginning of all. */
  done(): number;
  /** Calls this whenever `done` may have grown. */
  listen(listener: (() => void) | undefined): void;
}

interface Driven {
  readonly cpuMicros: number;
  readonly elapsedMs: number;
  /** The load client's own CPU time as a share of the elapsed time: near 1 it is what limits the rate. */
  readonly clientLoad: number;
}

/** Messages that are written together, as they come out of a server that has several to say. */
const BURST = 20;
/** Bursts that may be under way: enough that nobody waits for the load client, too few to overflow anything. */
const WINDOW = 10;
const STALLED_MS = 20_000;

/**
 * `messages` are counted, after half as many to warm up: compilers that learn while they run have seen then what there is to see.
 */
export async function drive(load: Load, messages: number): Promise<Driven> {
  await pour(load, Math.ceil(messages / 2));
  const beganAt = performance.now();
  const [cpu, own] = [cpuMicros(load.pid), process.cpuUsage()];
  await pour(load, messages);
  const micros = cpuMicros(load.pid) - cpu;
  const elapsedMs = performance.now() - beganAt;
  const { user, system } = process.cpuUsage(own);
  return { cpuMicros: micros, elapsedMs, clientLoad: (user + system) / 1_000 / elapsedMs };
}

async function pour(load: Load, messages: number): Promise<void> {
  const base = load.done();
  let sent = 0;
  await new Promise<void>((resolve, reject) => {
    let stall: ReturnType<typeof setTimeout>;
    const go = (): void => {
      clearTimeout(stall);
      const done = load.done() - base;
      stall = setTimeout(
        () => reject(new Error(`${load.name} stalled at ${load.done() - base} of ${sent} sent`)),
        STALLED_MS,
      );
      while (sent < messages && sent - done < BURST * WINDOW) {
        const burst = Math.min(BURST, messages - sent);
        sent += burst;
        load.send(burst);
      }
      if (done < messages) return;
      clearTimeout(stall);
      load.listen(undefined);
      resolve();
    };
    load.listen(go);
    go();
  });
}
