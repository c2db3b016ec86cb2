// The Worker of `npm start`: `wrangler dev` on loopback, quiet until it answers, without anything that would ask the
// network (telemetry, update check, the placeholder for request.cf).

import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { hasExited, spawnService, waitFor } from "./processes.ts";
import { findCommand } from "./programs.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const START_TIMEOUT_MS = 60_000;

export interface WranglerDevOptions {
  readonly port: number;
  /** Durable Objects' storage. */
  readonly persistTo: string;
  /** Later files win. */
  readonly envFiles: readonly string[];
  /** PEM file that workerd is to trust, or undefined. */
  readonly caPath: string | undefined;
}

/** What is worth showing of wrangler's output: warnings and what the Worker prints, but not a line for every request. */
function worthShowing(output: string): string {
  return output
    .split("\n")
    .filter((line) => !line.startsWith("[wrangler:info]"))
    .join("\n");
}

async function isHealthy(port: number): Promise<boolean> {
  return await fetch(`http://127.0.0.1:${port}/health`).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );
}

/**
 * Starts `wrangler dev` and waits until the Worker answers GET /health; from then on its output goes to ours.
 * @param onSpawn is given the process at once, so that a signal during the start can end it
 * @throws with what wrangler printed when it ends or does not answer
 */
export async function startWranglerDev(
  options: WranglerDevOptions,
  onSpawn: (child: ChildProcess) => void,
): Promise<void> {
  const wrangler = findCommand("wrangler");
  if (wrangler === undefined) {
    throw new Error("wrangler is not on the PATH: start with `npm start`, after `npm ci`");
  }
  const args = ["dev", "--ip", "127.0.0.1", "--port", `${options.port}`, "--inspector-port", "0"];
  args.push("--persist-to", options.persistTo, "--show-interactive-dev-session=false", "--local");
  args.push(...options.envFiles.flatMap((file) => ["--env-file", file]));
  const child = spawnService(wrangler, args, {
    cwd: PROJECT,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      ...(options.caPath === undefined ? {} : { NODE_EXTRA_CA_CERTS: options.caPath }),
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_SEND_ERROR_REPORTS: "false",
      WRANGLER_HIDE_BANNER: "true",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      // A deploy's credentials are of no use here.
      CLOUDFLARE_API_TOKEN: undefined,
    },
  });
  onSpawn(child);
  let output = "";
  let started = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      if (started) {
        process.stdout.write(worthShowing(chunk.toString()));
      } else {
        output += chunk.toString();
      }
    });
  }
  try {
    await waitFor(
      "the Worker to answer GET /health",
      async () => {
        if (hasExited(child)) {
          throw new Error("wrangler dev has ended");
        }
        return await isHealthy(options.port);
      },
      START_TIMEOUT_MS,
    );
  } catch (error) {
    throw new Error(`The Worker did not start. What wrangler printed:\n${output}`, { cause: error });
  }
  started = true;
}
