// Where the bundle of the Worker under test lies and what wrangler.toml says of it, in Miniflare's terms. Made once per
// run by interop-setup.ts; read by every worker-host.ts, which for speed must not load wrangler.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { V4WorkerOptions } from "miniflare";

export const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
export const BUNDLE = join(PROJECT, ".wrangler/test-bundle");
export const BUNDLE_OPTIONS = join(BUNDLE, "miniflare-options.json");

/** The bundled Worker with these variables and secrets added to those of wrangler.toml. */
export function readWorkerBundle(vars: Readonly<Record<string, string>>): V4WorkerOptions {
  const options: V4WorkerOptions = JSON.parse(readFileSync(BUNDLE_OPTIONS, "utf8"));
  return { ...options, bindings: { ...options.bindings, ...vars } };
}
