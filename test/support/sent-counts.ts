// What clients were sent and have acknowledged (XEP-0198), for the policy alone.

import type { Ports } from "../../bouncer/ports.ts";

export class SentCounts {
  /** Clients without Stream Management. */
  readonly unmanaged = new Set<string>();
  readonly ports: Pick<Ports["clients"], "askForAck" | "hasAcknowledged" | "mark"> = {
    askForAck: (client) => !this.unmanaged.has(client),
    mark: (client) => (this.unmanaged.has(client) ? undefined : this.#mark(client)),
    hasAcknowledged: (client, mark) => (this.#acknowledged.get(client) ?? 0) >= mark,
  };
  /** By client: how many stanzas it was sent, how many of them it has acknowledged, and the last one's place in the log. */
  readonly #sent = new Map<string, number>();
  readonly #acknowledged = new Map<string, number>();
  readonly #sentTo = new Map<string, number>();

  add(client: string, logSeq: number | undefined): void {
    this.#sent.set(client, this.#mark(client) + 1);
    if (logSeq !== undefined) this.#sentTo.set(client, logSeq);
  }

  /** It acknowledges all that it was sent: its place in the log, if anything of it is new. */
  acknowledge(client: string): { logSeq: number | undefined } | undefined {
    if (this.ports.hasAcknowledged(client, this.#mark(client))) return undefined;
    this.#acknowledged.set(client, this.#mark(client));
    return { logSeq: this.#sentTo.get(client) };
  }

  /** Which acknowledgements there were is not stored: in a new process clients say it again. */
  restart(): void {
    this.#acknowledged.clear();
  }

  #mark(client: string): number {
    return this.#sent.get(client) ?? 0;
  }
}
