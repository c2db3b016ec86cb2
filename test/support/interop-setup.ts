// Runs once before the interop tests and makes the Worker as it deploys: `wrangler deploy --dry-run` bundles it, and what
// wrangler.toml says is translated for Miniflare by wrangler itself, so that the tests run what production gets, assets
// included.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { V4WorkerOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { BUNDLE, BUNDLE_OPTIONS, PROJECT } from "./worker-bundle.ts";

/** Bundles the Worker (and builds the page, as wrangler.toml's [build] asks). About two seconds. */
export function setup(): void {
  execFileSync("wrangler", ["deploy", "--dry-run", "--outdir", BUNDLE], {
    cwd: PROJECT,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" },
  });
  const config = unstable_readConfig({ config: join(PROJECT, "wrangler.toml") });
  const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
  // The bundle has its modules resolved already.
  delete workerOptions.modulesRules;
  const options: V4WorkerOptions = {
    ...workerOptions,
    name: config.name ?? "xmpproxy",
    // Only what wrangler.toml says: a developer's own .dev.vars must not change what the tests see.
    bindings: { ...config.vars },
    modules: true,
    modulesRoot: BUNDLE,
    scriptPath: join(BUNDLE, "index.js"),
  };
  writeFileSync(BUNDLE_OPTIONS, JSON.stringify(options));
}
