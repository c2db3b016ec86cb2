/**
 * What is counted of those who come for accounts that are not served (CFG-2), since no object is made that could: of this isolate, in
 * memory. Another isolate counts for itself.
 */
import { DecoyGuesses } from "../durable/clients/decoy-guesses.ts";
import { hasRoomForUnbound } from "../durable/clients/unbound-limits.ts";

/** Wrong guesses, over all connections and HTTP. */
export const decoyGuesses = new DecoyGuesses();

interface Unbound {
  account: string;
  address: string | undefined;
}

const unbound = new Set<Unbound>();

/**
 * Counts a connection until the returned function is called. `hasRoom`: may it log in, or are there too many for the account
 * or the address (WS-13)?
 */
export function enterAsStranger(stranger: Unbound): { hasRoom: boolean; leave: () => void } {
  const same = [...unbound].filter(({ account }) => account === stranger.account);
  const ofAddress = same.filter(({ address }) => address === stranger.address).length;
  const hasRoom = hasRoomForUnbound({
    ofAccount: same.length,
    ofAddress: stranger.address === undefined ? undefined : ofAddress,
    isKnown: () => false,
  });
  const entry = { ...stranger };
  unbound.add(entry);
  return { hasRoom, leave: () => unbound.delete(entry) };
}
