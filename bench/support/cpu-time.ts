// A process's own CPU time, as Linux counts it. Throughput on a shared machine is noise; what a process has
// itself consumed is not, or less so.

import { readdirSync, readFileSync } from "node:fs";

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
