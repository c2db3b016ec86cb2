// Makes a Worker as it deploys: `wrangler deploy --dry-run` bundles it, and what its wrangler.toml says is translated for
// Miniflare by wrangler itself, so that what runs is what production gets, assets included.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { V4WorkerOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { optionsOf } from "./worker-bundle.ts";

/**
 * Bundles the Worker of the wrangler.toml in `project` into `bundle`, building the page if the file asks for it. About two
 * seconds.
 */
export function bundleWorker(project: string, bundle: string): void {
  execFileSync("wrangler", ["deploy", "--dry-run", "--outdir", bundle], {
    cwd: project,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" },
  });
  const config = unstable_readConfig({ config: join(project, "wrangler.toml") });
  const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
  // The bundle has its modules resolved already.
  delete workerOptions.modulesRules;
  const script =
    config.main === undefined ? "index.js" : config.main.replace(/^.*\//, "").replace(/\.ts$/, ".js");
  const options: V4WorkerOptions = {
    ...workerOptions,
    name: config.name ?? "xmpproxy",
    // Only what wrangler.toml says: a developer's own .dev.vars must not change what runs.
    bindings: { ...config.vars },
    modules: true,
    modulesRoot: bundle,
    scriptPath: join(bundle, script),
  };
  writeFileSync(optionsOf(bundle), JSON.stringify(options));
}
