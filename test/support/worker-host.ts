// The child process in which one Worker under test runs: Miniflare and its workerd. A process of its own because the
// trusted certificates come from the environment (NODE_EXTRA_CA_CERTS), and so that it can be killed like a machine.
// Started by worker.ts, which sends one `HostRequest` and gets one `HostReply`. Ends when its parent does.

import childProcess from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { syncBuiltinESMExports } from "node:module";

export interface HostRequest {
  /** Directory of the bundle. */
  readonly bundle: string;
  readonly vars: Readonly<Record<string, string>>;
  readonly persistTo: string;
  readonly port: number;
  readonly inspectorPort: number | undefined;
}

export type HostReply =
  | { readonly kind: "ready"; readonly url: string; readonly workerdPid: number | undefined }
  | { readonly kind: "failed"; readonly message: string };

let workerd: ChildProcess | undefined;

/** Remembers the workerd that Miniflare starts: it tells nobody its process id. */
function watchSpawn(): void {
  const { spawn } = childProcess;
  const watched = (...args: Parameters<typeof spawn>): ChildProcess => {
    const child = spawn(...args);
    if (args[0].includes("workerd")) {
      workerd = child;
      // Miniflare would start another one; a Worker under test that died stays dead until the test starts it again.
      child.once("exit", () => process.exit(1));
    }
    return child;
  };
  Object.assign(childProcess, { spawn: watched });
  syncBuiltinESMExports();
}

async function serve(request: HostRequest): Promise<HostReply> {
  watchSpawn();
  // Loaded only now, after the watch is set.
  const { Miniflare, convertV4MiniflareOptions } = await import("miniflare");
  const { readWorkerBundle } = await import("./worker-bundle.ts");
  const worker = convertV4MiniflareOptions({ ...readWorkerBundle(request.bundle, request.vars), cf: false });
  const miniflare = new Miniflare({
    ...worker,
    host: "127.0.0.1",
    port: request.port,
    resourcePersistencePath: request.persistTo,
    logRequests: false,
    ...(request.inspectorPort !== undefined && { inspectorPort: request.inspectorPort }),
  });
  process.once("SIGTERM", () => void miniflare.dispose().then(() => process.exit(0)));
  const url = await miniflare.ready;
  return { kind: "ready", url: url.href, workerdPid: workerd?.pid };
}

process.once("disconnect", () => {
  workerd?.kill("SIGKILL");
  process.exit(0);
});
process.once("message", (request: HostRequest) => {
  serve(request)
    .catch((error: unknown): HostReply => ({ kind: "failed", message: String(error) }))
    .then((reply) => process.send?.(reply))
    .catch(() => process.exit(1));
});
