/**
 * SM-14: is a client without Stream Management still there? Its peer may be gone without a word, and the platform tells
 * only of sockets that are closed. A pure decision over what its socket remembers across hibernation; every frame of the
 * client counts as an answer, whatever it says.
 */

export interface Silence {
  /** When anything was heard of the client last, in milliseconds since the epoch. */
  heardAtMs: number;
  /** Since when a ping is open. */
  askedAtMs?: number;
}

/** The same as for clients with Stream Management (SM-8, SM-9). */
const QUIET_MS = 5 * 60_000;
const ANSWER_TIMEOUT_MS = 60_000;
/** Who is heard of often is remembered this often: after hibernation it is asked so much earlier at most. */
const WORTH_REMEMBERING_MS = 60_000;

/** What is to be done about a client now. */
export function dueAfter({ heardAtMs, askedAtMs }: Silence, nowMs: number): "ping" | "end" | undefined {
  if (askedAtMs !== undefined) return nowMs - askedAtMs > ANSWER_TIMEOUT_MS ? "end" : undefined;
  return nowMs - heardAtMs > QUIET_MS ? "ping" : undefined;
}

/** Is what is remembered so old that hibernation now would make a difference? */
export function isWorthRemembering({ heardAtMs, askedAtMs }: Silence, nowMs: number): boolean {
  return askedAtMs !== undefined || nowMs - heardAtMs > WORTH_REMEMBERING_MS;
}
