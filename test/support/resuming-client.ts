// A web client that never gives up: one with Stream Management (managed-client.ts) that reconnects and resumes whenever its
// WebSocket is gone, and notices when resuming did not work.

import type { Element } from "@xmpp/xml";
import { Inbox } from "./clients/inbox.ts";
import { ManagedClient } from "./managed-client.ts";
import type { Account } from "./raw-client.ts";

const RETRY_MS = 100;

export class ResumingClient {
  /** Every stanza received, in order. */
  readonly stanzas: Inbox<Element>;
  /** How often the stream was taken up again. */
  resumptions = 0;
  /** Set when a stream could not be resumed: what a person would notice. */
  failure: string | undefined;
  readonly #client: ManagedClient;
  #stopped = false;

  private constructor(client: ManagedClient, stanzas: Inbox<Element>) {
    this.#client = client;
    this.stanzas = stanzas;
    void this.#watch();
  }

  /**
   * Logs in with PLAIN, binds the device and enables Stream Management.
   * @throws when any of that fails
   */
  static async login(url: string, account: Account, device: string): Promise<ResumingClient> {
    const stanzas = new Inbox<Element>(String);
    const client = await ManagedClient.login(url, account, device, (stanza) => stanzas.push(stanza));
    return new ResumingClient(client, stanzas);
  }

  /** Sends a stanza, now or after the next resumption. */
  send(stanza: string): void {
    this.#client.send(stanza);
  }

  /** Stops for good, without a word. */
  stop(): void {
    this.#stopped = true;
    void this.#client.breakOff();
  }

  async #watch(): Promise<void> {
    for (;;) {
      await this.#client.gone;
      if (this.#stopped || !(await this.#comeBack())) return;
    }
  }

  /** Is there anything to go on with? */
  async #comeBack(): Promise<boolean> {
    while (!this.#stopped) {
      try {
        if (await this.#client.resume()) {
          this.resumptions += 1;
          return true;
        }
        this.failure = this.#client.endedBy;
        return false;
      } catch {
        await new Promise((resolve) => void setTimeout(resolve, RETRY_MS));
      }
    }
    return false;
  }
}
