// Counts what vitest ran and leaves the numbers in the file that XMPPROXY_TOTALS names, for scripts/test.ts to print:
// CI reads one plain line, not vitest's own summary.

import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

function count(modules: readonly TestModule[], totals: Totals): void {
  for (const module of modules) {
    // A file that could not be loaded, or a hook that failed: no single test shows it.
    if (!module.ok() && ![...module.children.allTests("failed")].length) {
      totals.failed += 1;
    }
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      totals[state === "pending" ? "skipped" : state] += 1;
    }
  }
}

export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const totals: Totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    count(modules, totals);
    const path = process.env["XMPPROXY_TOTALS"];
    if (path !== undefined) {
      writeFileSync(path, JSON.stringify(totals));
    }
  }
}
