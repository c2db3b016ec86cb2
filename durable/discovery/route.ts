/**
 * One round of trying to reach a server: hands out the candidates one after the other, and keeps what was tried or
 * refused and why, for the owner. Connects to nothing.
 */
import { formatEndpoint } from "./endpoint.ts";
import {
  type Candidate,
  findCandidates,
  type FindOptions,
  findWebSocket,
  type Refused,
} from "./find-candidates.ts";

export class Route {
  readonly #options: FindOptions;
  readonly #log: Refused[] = [];
  #left: Candidate[] | undefined;
  #thenHostMeta = false;
  #current: Candidate | undefined;

  constructor(options: FindOptions) {
    this.#options = options;
  }

  /**
   * The next place to try; undefined when there is none left. The first call asks DNS; host-meta is asked when all that
   * DNS names has failed (XEP-0156). One call at a time. Never rejects.
   */
  async next(): Promise<Candidate | undefined> {
    if (!this.#left) this.#take(await findCandidates(this.#options));
    else if (this.#left.length === 0 && this.#thenHostMeta) this.#take(await findWebSocket(this.#options));
    this.#current = this.#left?.shift();
    return this.#current;
  }

  /** The candidate that was given last did not work, for this reason in words. */
  failed(reason: string): void {
    if (this.#current) this.#log.push({ what: formatEndpoint(this.#current), why: reason });
    this.#current = undefined;
  }

  /** What was refused or has failed so far, in this order. */
  get log(): readonly Refused[] {
    return this.#log;
  }

  /** All of it as one text for the owner. */
  explain(): string {
    const { domain } = this.#options;
    if (this.#log.length === 0) return `No server of ${domain} has been looked for.`;
    return [
      `No server of ${domain} could be used.`,
      ...this.#log.map(({ what, why }) => `${what}: ${why}`),
    ].join("\n");
  }

  #take(found: { candidates: Candidate[]; refused: Refused[]; thenHostMeta: boolean }): void {
    this.#left = found.candidates;
    this.#thenHostMeta = found.thenHostMeta;
    this.#log.push(...found.refused);
  }
}
