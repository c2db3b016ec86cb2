/**
 * One round of trying to reach a server: hands out the candidates one after the other, and keeps what was tried or
 * refused and why, for the owner. Connects to nothing.
 */
import type { Elsewhere } from "../../xmpp/initiating/state.ts";
import { formatEndpoint, isSameEndpoint } from "./endpoint.ts";
import {
  type Candidate,
  findCandidates,
  type FindOptions,
  findWebSocket,
  type Refused,
} from "./find-candidates.ts";
import { followTo, type OtherHost, refuse } from "./other-host.ts";
import { followToUri } from "./other-uri.ts";

export interface RouteOptions extends FindOptions {
  /** To be tried ahead of all others, if it may be trusted. */
  prefer?: OtherHost | undefined;
}

/** So many hosts may send us on to the next one, in one round. */
const MAX_REDIRECTS = 3;

export class Route {
  readonly #options: RouteOptions;
  readonly #log: Refused[] = [];
  /** All that this round has found; what is left of it. */
  #found: Candidate[] = [];
  #left: Candidate[] | undefined;
  #thenHostMeta = false;
  #current: Candidate | undefined;
  #redirects = 0;

  constructor(options: RouteOptions) {
    this.#options = options;
  }

  /**
   * The next place to try; undefined when there is none left. The first call asks DNS; host-meta is asked when all that
   * DNS names has failed (XEP-0156). One call at a time. Never rejects.
   */
  async next(): Promise<Candidate | undefined> {
    const { prefer } = this.#options;
    if (!this.#left) {
      this.#take(await findCandidates(this.#options));
      // Where the name of a WebSocket comes from; it stays behind what DNS names.
      if (prefer?.kind === "uri" && this.#thenHostMeta) this.#take(await findWebSocket(this.#options));
      if (prefer) await this.#follow(prefer);
    } else if (this.#left.length === 0 && this.#thenHostMeta) this.#take(await findWebSocket(this.#options));
    this.#current = this.#left?.shift();
    return this.#current;
  }

  /** The server that was given last sends us elsewhere, which comes next if it may. */
  async redirected(elsewhere: Elsewhere): Promise<void> {
    const from = this.#current ? formatEndpoint(this.#current) : this.#options.domain;
    const why = `${from} sends us there`;
    this.#redirects += 1;
    if (this.#redirects <= MAX_REDIRECTS) return this.#follow({ ...elsewhere, why });
    this.#log.push(refuse({ ...elsewhere, why }, "there were too many others before it"));
  }

  /** The candidate that was given last did not work, for this reason in words. */
  failed(reason: string): void {
    if (this.#current) this.#log.push({ what: formatEndpoint(this.#current), why: reason });
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

  async #follow(other: OtherHost): Promise<void> {
    const { domain, config, resolver } = this.#options;
    const named = config.upstreamHosts.has(domain);
    const known = { domain, named, candidates: this.#found, resolver };
    const next = await (other.kind === "uri" ? followToUri(other, known) : followTo(other, known));
    if ("what" in next) return void this.#log.push(next);
    if (this.#current && isSameEndpoint(this.#current, next)) {
      return void this.#log.push({ what: formatEndpoint(next), why: `${other.why}, which is where we were` });
    }
    const others = (this.#left ?? []).filter((candidate) => !isSameEndpoint(candidate, next));
    this.#left = [next, ...others];
  }

  #take(found: { candidates: Candidate[]; refused: Refused[]; thenHostMeta: boolean }): void {
    this.#found.push(...found.candidates);
    this.#left = [...(this.#left ?? []), ...found.candidates];
    this.#thenHostMeta = found.thenHostMeta;
    this.#log.push(...found.refused);
  }
}
