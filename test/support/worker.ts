// Starts the Worker under test: the bundle that deploys, in workerd, with its own variables, trusted CA and state.
// Why Miniflare in a child process and not `wrangler dev`: it is up in half a second instead of two, has no second
// workerd (wrangler's reloading proxy) between client and Worker, and its workerd can be killed and started again on
// the same state. Why not bare workerd: the static assets need Cloudflare's asset Worker, which Miniflare brings.

import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exited, freePort, hasExited, stopProcess } from "../../scripts/processes.ts";
import { BUNDLE } from "./worker-bundle.ts";
import type { HostReply, HostRequest } from "./worker-host.ts";

const HOST = fileURLToPath(new URL("./worker-host.ts", import.meta.url));

export interface WorkerOptions {
  /**
   * Variables and secrets; ALLOWED_ACCOUNTS is "*", CREDENTIALS_KEY a fixed one, and new devices are told nothing of the
   * past, unless given.
   */
  readonly vars?: Readonly<Record<string, string>>;
  /** PEM file that workerd trusts beside the public authorities. */
  readonly caPath?: string | undefined;
  /** Directory of the Durable Objects' storage; a temporary one, removed at the end, unless given. */
  readonly persistTo?: string;
  /** A free one unless given; `restart` keeps it. */
  readonly port?: number;
  /** Directory of its bundle; that of the interop tests unless given. */
  readonly bundle?: string;
  /** Where workerd's inspector listens; nowhere unless given. */
  readonly inspectorPort?: number;
}

// 32 bytes, base64: any will do, it only has to stay the same across restarts.
const TEST_CREDENTIALS_KEY = Buffer.alloc(32, 7).toString("base64");

function isHostReply(message: unknown): message is HostReply {
  return typeof message === "object" && message !== null && "kind" in message;
}

/** A Worker that runs in workerd, reachable on loopback. */
export class TestWorker {
  /** Origin, without a slash at the end: `http://localhost:49152`. */
  readonly url: string;
  readonly #request: HostRequest;
  readonly #caPath: string | undefined;
  readonly #temporary: string;
  #child: ChildProcess | undefined;
  #workerdPid: number | undefined;
  #output = "";

  constructor(request: HostRequest, caPath: string | undefined, temporary: string) {
    this.url = `http://localhost:${request.port}`;
    this.#request = request;
    this.#caPath = caPath;
    this.#temporary = temporary;
  }

  /** The WebSocket endpoint of an account, or the one without an account in its path. */
  wsUrl(bareJid?: string): string {
    const path = bareJid === undefined ? "" : `/${encodeURIComponent(bareJid)}`;
    return `${this.url.replace(/^http/, "ws")}/xmpp-websocket${path}`;
  }

  /** Process id of workerd itself. */
  get pid(): number {
    if (this.#workerdPid === undefined) {
      throw new Error("the Worker is not running");
    }
    return this.#workerdPid;
  }

  async start(): Promise<void> {
    const trusted = this.#caPath === undefined ? {} : { NODE_EXTRA_CA_CERTS: this.#caPath };
    const child = fork(HOST, [], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...process.env, ...trusted, TMPDIR: this.#temporary },
      execArgv: ["--no-warnings"],
    });
    this.#child = child;
    const keep = (chunk: Buffer): void => void (this.#output += chunk.toString());
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.send(this.#request);
    const reply = await new Promise<HostReply>((resolve) => {
      child.once("message", (message) => {
        if (isHostReply(message)) {
          resolve(message);
        }
      });
      child.once("exit", () => resolve({ kind: "failed", message: "the process ended" }));
    });
    if (reply.kind === "failed") {
      await this.kill();
      throw new Error(`the Worker did not start: ${reply.message}\n${this.#output}`);
    }
    this.#workerdPid = reply.workerdPid;
  }

  /** Kills workerd as a power cut would: no handler runs. The state stays. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || hasExited(child)) {
      return;
    }
    if (this.#workerdPid !== undefined) {
      process.kill(this.#workerdPid, "SIGKILL");
    }
    child.kill("SIGKILL");
    await exited(child);
    this.#workerdPid = undefined;
  }

  /** Starts it again after `kill()`, on the same port and state. */
  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** Ends it and removes its temporary state. */
  async stop(): Promise<void> {
    if (this.#child !== undefined && !hasExited(this.#child)) {
      await stopProcess(this.#child);
    }
    this.#workerdPid = undefined;
    await rm(this.#temporary, { recursive: true, force: true });
  }

  /** The directory of the Durable Objects' storage. */
  get statePath(): string {
    return this.#request.persistTo;
  }

  /** Everything that the Worker and its runtime have printed so far. */
  logs(): string {
    return this.#output;
  }
}

/** Starts the Worker that globalSetup has bundled. About half a second. */
export async function startWorker(options: WorkerOptions = {}): Promise<TestWorker> {
  const temporary = await mkdtemp(join(tmpdir(), "xmpproxy-worker-"));
  const request: HostRequest = {
    bundle: options.bundle ?? BUNDLE,
    vars: {
      ALLOWED_ACCOUNTS: "*",
      CREDENTIALS_KEY: TEST_CREDENTIALS_KEY,
      REPLAY_NEW_DEVICE: "none",
      ...options.vars,
    },
    persistTo: options.persistTo ?? join(temporary, "state"),
    port: options.port ?? (await freePort()),
    inspectorPort: options.inspectorPort,
  };
  const worker = new TestWorker(request, options.caPath, temporary);
  await worker.start();
  return worker;
}
