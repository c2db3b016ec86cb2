/**
 * What is counted of those who come for accounts that are not served (CFG-2), or have yet to name one (EDGE-4), since there is no object
 * that could: of this isolate, in memory. Another isolate counts for itself.
 */
import { DecoyGuards } from "../durable/clients/decoy-guards.ts";
import { BIND_TIME_MS, hasRoomForUnbound } from "../durable/clients/unbound-limits.ts";
import { CLOSING_MS } from "../xmpp/receiving/closing.ts";

/** Who looks at passwords, over all connections and HTTP. */
export const decoyGuards = new DecoyGuards();

interface Unbound {
  account: string;
  address: string | undefined;
}

/** The oldest go first. */
const MAX_UNBOUND_KEPT = 10_000;

/** When each came that has not left, in that order; by account. */
const unbound = new Map<string, Set<Unbound & { sinceMs: number }>>();
let kept = 0;

/**
 * Counts a connection until it has left, or has had its time; one that there is no room for is not counted (WS-13). False when there
 * are too many for the account or the address.
 */
export function enterAsStranger({ account, address }: Unbound, nowMs: number): (() => void) | undefined {
  const same = unbound.get(account) ?? new Set();
  for (const entry of same)
    if (entry.sinceMs <= nowMs - (BIND_TIME_MS + CLOSING_MS)) forget(account, same, entry);
  const ofAddress = [...same].filter((entry) => entry.address === address).length;
  const hasRoom = hasRoomForUnbound({
    ofAccount: same.size,
    ofAddress: address === undefined ? undefined : ofAddress,
    isKnown: () => false,
  });
  if (!hasRoom) return undefined;
  const entry = { account, address, sinceMs: nowMs };
  same.add(entry);
  kept += 1;
  unbound.delete(account);
  unbound.set(account, same);
  for (const [oldest, entries] of unbound) {
    if (kept <= MAX_UNBOUND_KEPT) break;
    kept -= entries.size;
    unbound.delete(oldest);
  }
  return () => forget(account, same, entry);
}

/** The same for one that has yet to say which account it is for: only those of its address count. */
export function enterUnnamed(address: string | undefined, nowMs: number): (() => void) | undefined {
  return enterAsStranger({ account: `@${address ?? ""}`, address }, nowMs);
}

function forget(account: string, same: Set<Unbound>, entry: Unbound): void {
  if (!same.delete(entry) || unbound.get(account) !== same) return;
  kept -= 1;
  if (same.size === 0) unbound.delete(account);
}
