/**
 * UP-15: where the server itself would have us connect next: where it has sent us, or where it wants sessions resumed. Whether
 * that may be trusted is for durable/discovery to say.
 */
import type { Elsewhere } from "../../xmpp/initiating/state.ts";
import type { OtherHost } from "../discovery/other-host.ts";

/** So many redirections in a row are followed; then the usual way leads somewhere else, or nowhere. */
const MAX_REDIRECTS = 3;
/** A session that lasted this long was no mere stop on the way. */
const STAYED_MS = 60_000;

export class NextHost {
  #redirectedTo: Elsewhere | undefined;
  #redirects = 0;
  #arrivedAtMs: number | undefined;

  /** There is a session. */
  established(nowMs: number): void {
    this.#arrivedAtMs = nowMs;
  }

  /** It has ended; `elsewhere` where it has said to go on. */
  ended(nowMs: number, elsewhere: Elsewhere | undefined): void {
    if (this.#arrivedAtMs !== undefined && nowMs - this.#arrivedAtMs > STAYED_MS) this.#redirects = 0;
    this.#arrivedAtMs = undefined;
    this.#redirectedTo = undefined;
    if (!elsewhere || this.#redirects >= MAX_REDIRECTS) return;
    this.#redirects += 1;
    this.#redirectedTo = elsewhere;
  }

  /** For the next attempt only; `location` is where the session may be resumed best. */
  take(location: string | undefined): OtherHost | undefined {
    const redirectedTo = this.#redirectedTo;
    this.#redirectedTo = undefined;
    if (redirectedTo) return { ...redirectedTo, why: "the server has sent us there" };
    if (location === undefined || location === "") return undefined;
    return { kind: "host", text: location, why: "the server wants the session resumed there" };
  }
}
