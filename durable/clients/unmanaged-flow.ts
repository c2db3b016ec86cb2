/**
 * What is on its way to one client without Stream Management. Nothing tells what it has read but what it says itself: after
 * much without a word it is asked with a ping (XEP-0199), which every entity has to answer somehow (RFC 6120 section
 * 8.2.3), and after far too much it is given up.
 */
import { NS } from "../../xmpp/namespaces.ts";

/** In UTF-8 bytes, since the client was last heard of (with which everything here begins anew). */
const PING_AFTER = 256 * 1024;
/** A client that was sent more than this has so long to answer: what comes at once takes its time on its way. */
const MAX_UNANSWERED = 4 * 1024 * 1024;
const ANSWER_TIMEOUT_MS = 10_000;
/** Whatever the time. An account can have some 10 MiB to tell at once: ten thousand contacts, fifty rooms of two hundred. */
const MAX_UNHEARD = 16 * 1024 * 1024;
/** Of all clients of an account together: an object has 128 MB for everything. */
const MAX_OF_ALL = 48 * 1024 * 1024;
/** The platform is asked each time that so much more was sent. */
const LOOK_AFTER = 64 * 1024;

/** How much of what was sent has not left the object, in bytes; undefined where the platform does not say. */
type Buffered = () => number | undefined;

export class UnmanagedFlow {
  #unheard = 0;
  #lookAt = LOOK_AFTER;
  #askedAtMs: number | undefined;

  /** So much was sent. Says what is to be done now. */
  sent(bytes: number, buffered: Buffered, nowMs: number): "ping" | "end" | undefined {
    this.#unheard += bytes;
    if (this.#unheard < this.#lookAt) return undefined;
    this.#lookAt = this.#unheard + LOOK_AFTER;
    if (this.waiting(buffered) > MAX_UNHEARD || this.isOverdue(buffered, nowMs)) return "end";
    if (this.#unheard < PING_AFTER || this.#askedAtMs !== undefined) return undefined;
    this.#askedAtMs = nowMs;
    return "ping";
  }

  /** What may be waiting for the client, in bytes. */
  waiting(buffered: Buffered): number {
    return buffered() ?? this.#unheard;
  }

  /** Is it so much that others have to be looked at, too? */
  get isMuch(): boolean {
    return this.#unheard > MAX_UNANSWERED;
  }

  /** Has an answer been owed for too long, with too much on its way? */
  isOverdue(buffered: Buffered, nowMs: number): boolean {
    if (this.#askedAtMs === undefined || nowMs - this.#askedAtMs <= ANSWER_TIMEOUT_MS) return false;
    return this.waiting(buffered) > MAX_UNANSWERED;
  }
}

/** Whose turn it is to go when too much waits for all clients together: the one with most. By client, in bytes. */
export function tooMuchForAll(waiting: ReadonlyMap<string, number>): string | undefined {
  let [total, most] = [0, 0];
  let client: string | undefined;
  for (const [id, bytes] of waiting) {
    total += bytes;
    if (bytes > most) [most, client] = [bytes, id];
  }
  return total > MAX_OF_ALL ? client : undefined;
}

/** Asked in the name of the client's own server. */
export function pingOf(id: string, fullJid: string): string {
  const from = fullJid.slice(fullJid.indexOf("@") + 1).replace(/\/.*$/s, "");
  return `<iq xmlns="${NS.client}" type="get" id="${id}" from="${from}"><ping xmlns="${NS.ping}"/></iq>`;
}
