// A process's own CPU time and memory, as Linux counts them. Throughput on a shared machine is noise; what a process has
// itself consumed is not, or less so.

import { readdirSync, readFileSync } from "node:fs";

const PAGE_BYTES = 4_096;

/** CPU time that all threads of a process have used, in microseconds. A thread that ended meanwhile is not counted. */
export function cpuMicros(pid: number): number {
  let nanos = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    // proc(5): time on the CPU in nanoseconds, time waiting, timeslices.
    const [onCpu = "0"] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
    nanos += Number(onCpu);
  }
  return nanos / 1_000;
}

/** proc(5): statm counts pages; the second number is what is in memory. */
export function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;
}
