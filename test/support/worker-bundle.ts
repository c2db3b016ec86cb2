// Where the bundle of a Worker lies and what its wrangler.toml says, in Miniflare's terms. Made by bundle-worker.ts; read
// by every worker-host.ts, which for speed must not load wrangler.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { V4WorkerOptions } from "miniflare";

export const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
/** Of the interop tests. */
export const BUNDLE = join(PROJECT, ".wrangler/test-bundle");

export function optionsOf(bundle: string): string {
  return join(bundle, "miniflare-options.json");
}

/** The bundled Worker with these variables and secrets added to those of wrangler.toml. */
export function readWorkerBundle(bundle: string, vars: Readonly<Record<string, string>>): V4WorkerOptions {
  const options: V4WorkerOptions = JSON.parse(readFileSync(optionsOf(bundle), "utf8"));
  return { ...options, bindings: { ...options.bindings, ...vars } };
}
