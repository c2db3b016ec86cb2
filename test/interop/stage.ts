// What most interop files begin with: a Prosody, a Worker that uses it, and accounts on it. One per file; a test that
// must not meet another's traffic registers accounts of its own.

import { PASSWORD, startTestProsody } from "../support/prosody.ts";
import type { Prosody } from "../../scripts/prosody.ts";
import { type Account, RawSession } from "../support/raw-client.ts";
import { startWorker, type TestWorker } from "../support/worker.ts";

export class Stage {
  readonly server: Prosody;
  readonly worker: TestWorker;
  readonly stop: () => Promise<void>;

  constructor(server: Prosody, worker: TestWorker, stop: () => Promise<void>) {
    this.server = server;
    this.worker = worker;
    this.stop = stop;
  }

  /** Registers an account with the usual password. */
  async account(localpart: string): Promise<Account> {
    await this.server.register(localpart, PASSWORD);
    return { jid: `${localpart}@${this.server.host}`, password: PASSWORD };
  }

  /** One more client of the account, through the proxy. */
  async attach(account: Account, device: string): Promise<RawSession> {
    return await RawSession.login(this.worker.wsUrl(account.jid), account, device);
  }

  /** A client of the account without the proxy, on Prosody's own WebSocket. */
  async attachDirectly(account: Account, device: string): Promise<RawSession> {
    return await RawSession.login(this.server.webSocketUrl, account, device);
  }
}

/**
 * Starts everything. `vars` are the Worker's, beside those that lead it to the server; `persistTo` is a directory for
 * its storage, where a test wants to look into it.
 */
export async function startStage(
  options: Parameters<typeof startTestProsody>[0] = {},
  vars: Readonly<Record<string, string>> = {},
  persistTo?: string,
): Promise<Stage> {
  const { server, stop: stopServer } = await startTestProsody(options);
  try {
    const worker = await startWorker({
      vars: { UPSTREAM_HOSTS: server.upstreamHosts, ALLOWED_ACCOUNTS: `*@${server.host}`, ...vars },
      caPath: server.caPath,
      ...(persistTo === undefined ? {} : { persistTo }),
    });
    return new Stage(server, worker, async () => {
      await worker.stop();
      await stopServer();
    });
  } catch (error) {
    await stopServer();
    throw error;
  }
}
