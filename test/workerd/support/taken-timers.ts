// Timers that a test runs itself, when it likes: of the clock only those are taken away, and what else the runtime waits for goes on.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";

export type Run = () => void;

/** Takes timers with this delay, until vi.restoreAllMocks(). They are in the array as they are started. */
export function takeTimers(takenMs: number): Run[] {
  const taken: Run[] = [];
  const { setTimeout: original } = globalThis;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((run: Run, delayMs?: number) => {
    if (delayMs !== takenMs) return original(run, delayMs);
    taken.push(run);
    return original(() => undefined, 0);
  }) as typeof setTimeout);
  return taken;
}

/** Within the object, as the runtime has it: its sockets are of no other context. */
export const inObject =
  (account: string) =>
  async (run: Run): Promise<void> =>
    await runInDurableObject(env.ACCOUNT.getByName(account), () => run());

/** Where the Worker itself has the sockets. */
export const here = async (run: Run): Promise<void> => run();
