// Runs once before the interop tests and makes the Worker that they run.

import { bundleWorker } from "./bundle-worker.ts";
import { BUNDLE, PROJECT } from "./worker-bundle.ts";

export function setup(): void {
  bundleWorker(PROJECT, BUNDLE);
}
