/**
 * CSI, upstream (XEP-0352): the account is active while any of its clients is there and active, and says so to the server.
 * What inactive clients get is held-back.ts's.
 */
import type { Part, PartContext } from "./part.ts";

export class ClientStates implements Part {
  readonly #context: Pick<PartContext, "clients" | "ports">;
  #said: boolean | undefined;

  constructor(context: Pick<PartContext, "clients" | "ports">) {
    this.#context = context;
  }

  readonly clientState = (): void => this.#say();
  readonly attached = (): void => this.#say();
  readonly suspended = (): void => this.#say();
  readonly resumed = (): void => this.#say();
  readonly detached = (): void => this.#say();
  readonly revived = (): void => this.#say();
  readonly upstreamBound = (): void => this.#say();
  readonly upstreamResumed = (): void => this.#say();

  #say(): void {
    const { clients, ports } = this.#context;
    const there = clients.idsWhere(({ active, suspendedAtMs }) => active && suspendedAtMs === undefined);
    const active = there.length > 0;
    if (active === this.#said) return;
    this.#said = active;
    ports.upstream.setClientState(active);
  }
}
