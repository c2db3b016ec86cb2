// Long-lived child processes and the waiting that goes with them: start, wait for readiness, end without orphans.
// Knows nothing of Prosody or of the Worker.

import { spawn } from "node:child_process";
import type { ChildProcess, StdioOptions } from "node:child_process";
import { randomInt } from "node:crypto";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { findCommand } from "./programs.ts";

const POLL_INTERVAL_MS = 25;

// Below the range from which systems take the local ports of outgoing connections (RFC 6056 section 3.2; Linux from 32768):
// a port from that range may be taken again before its server has started.
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const PORT_TRIES = 50;

/** A TCP port on loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < PORT_TRIES; attempt += 1) {
    const port = FIRST_PORT + randomInt(PORTS);
    if (await canListen(port)) {
      return port;
    }
  }
  throw new Error(`no free port among ${PORT_TRIES}`);
}

async function canListen(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => void server.close(() => resolve(true)));
  });
}

/** Whether something accepts TCP connections on this loopback port. */
export async function isListening(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/**
 * Asks `probe` again and again until it answers something other than undefined or false.
 * @param what names the thing awaited, for the error text
 * @throws when `timeoutMs` have passed, or what `probe` throws
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) {
      return answer;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}`);
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

/**
 * Spawns a program that must not outlive us. It leads a process group of its own, so that Ctrl-C in a terminal reaches
 * only us and we end things in order; and where setpriv is there (every Debian), the kernel ends it should we be killed.
 */
export function spawnService(
  program: string,
  args: readonly string[],
  options: { readonly stdio: StdioOptions; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string },
): ChildProcess {
  const setpriv = findCommand("setpriv");
  const [file, ...rest] =
    setpriv === undefined ? [program, ...args] : [setpriv, "--pdeathsig", "TERM", program, ...args];
  return spawn(file, rest, { ...options, detached: true });
}

/** Whether this child has ended, by itself or by a signal. */
export function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Resolves when the child has ended (at once if it already has). */
export async function exited(child: ChildProcess): Promise<void> {
  if (!hasExited(child)) {
    await new Promise((resolve) => child.once("exit", resolve));
  }
}

/**
 * Signals the child's whole process group when it leads one (spawned `detached`), else the child alone.
 * A group that is gone already is no error.
 */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) {
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}

/** Ends a child and its process group: SIGTERM, and SIGKILL for whatever is left after `graceMs`. */
export async function stopProcess(child: ChildProcess, graceMs = 3000): Promise<void> {
  signalGroup(child, "SIGTERM");
  const ended = exited(child);
  await Promise.race([ended, sleep(graceMs, undefined, { ref: false })]);
  signalGroup(child, "SIGKILL");
  await ended;
}
