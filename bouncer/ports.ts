/**
 * What the policy needs from outside, and nothing wider: the policy itself has no clock, no randomness and no I/O.
 * Every call returns at once; what is sent is on its way, or queued, when the call returns.
 */
import type { Element } from "@xmpp/xml";

/** Names one attached client for as long as it is attached. */
export type ClientId = string;

export interface Ports {
  upstream: {
    /** Sends one stanza to the account's server, now or once there is a session again. Order is kept. */
    send(stanza: Element): void;
  };
  clients: {
    /** Sends the same frame to each of these clients. Serialized once by the caller. */
    send(clients: readonly ClientId[], frame: string): void;
    /** Ends a client's stream because its device is attached anew. */
    replace(client: ClientId): void;
  };
  clock: {
    /** Milliseconds since the epoch. */
    nowMs(): number;
    /** An XEP-0082 UTC timestamp. */
    stamp(atMs: number): string;
  };
  ids: {
    /** A new unguessable id, unique over restarts. */
    next(): string;
  };
}
