// What most interop files begin with: a server (Prosody unless it is about others), a Worker that uses it, and accounts on
// it. One per file; a test that must not meet another's traffic registers accounts of its own.

import type { Prosody } from "../../scripts/prosody.ts";
import { startTestEjabberd } from "../support/ejabberd.ts";
import type { Ejabberd } from "../support/ejabberd-server.ts";
import { PASSWORD, startTestProsody } from "../support/prosody.ts";
import { type Account, RawSession } from "../support/raw-client.ts";
import { missingEjabberd, missingProsody } from "../support/requirements.ts";
import { startWorker, type TestWorker } from "../support/worker.ts";

/** What every server can be asked and told in the same way. */
export type Server = Prosody | Ejabberd;

export class Stage<S extends Server = Prosody> {
  readonly server: S;
  readonly worker: TestWorker;
  readonly stop: () => Promise<void>;

  constructor(server: S, worker: TestWorker, stop: () => Promise<void>) {
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

  /** A client of the account without the proxy, on the server's own WebSocket. */
  async attachDirectly(account: Account, device: string): Promise<RawSession> {
    return await RawSession.login(this.server.webSocketUrl, account, device);
  }
}

/** For describeEach(): the same on each server. */
export const PLACES = [
  { name: "Prosody", isMissing: missingProsody, start: startStage },
  { name: "ejabberd", isMissing: missingEjabberd, start: startEjabberdStage },
] as const;

/** Puts a Worker before a server that runs; ends the server if that cannot be. */
async function stageOn<S extends Server>(
  { server, stop: stopServer }: { readonly server: S; readonly stop: () => Promise<void> },
  vars: Readonly<Record<string, string>>,
  persistTo?: string,
): Promise<Stage<S>> {
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

/**
 * Starts everything. `vars` are the Worker's, beside those that lead it to the server; `persistTo` is a directory for
 * its storage, where a test wants to look into it.
 */
export async function startStage(
  options: Parameters<typeof startTestProsody>[0] = {},
  vars: Readonly<Record<string, string>> = {},
  persistTo?: string,
): Promise<Stage> {
  return await stageOn(await startTestProsody(options), vars, persistTo);
}

/** The same with an ejabberd. */
export async function startEjabberdStage(
  options: Parameters<typeof startTestEjabberd>[0] = {},
  vars: Readonly<Record<string, string>> = {},
): Promise<Stage<Ejabberd>> {
  return await stageOn(await startTestEjabberd(options), vars);
}
