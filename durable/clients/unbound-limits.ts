/** WS-13: how long a connection may be on the way from the upgrade to its bound resource, and how many at once. */

export const BIND_TIME_MS = 60_000;

/** What a connection is told whose time is over (RFC 6120 section 4.9.3.4). */
export const LATE = {
  type: "shutdown",
  condition: "connection-timeout",
  text: "The stream was not negotiated in time.",
} as const;

/** Of one account. */
const MAX_UNBOUND = 100;
/** Of one account and one network address. */
const MAX_UNBOUND_OF_ADDRESS = 20;

/** What a connection that is too many is told (RFC 6120 section 4.9.3.17). */
export const TOO_MANY_UNBOUND = {
  type: "shutdown",
  condition: "resource-constraint",
  text: "Too many connections are logging in to this account.",
} as const;

interface Unbound {
  ofAccount: number;
  /** Undefined where no address is known: then all are one. */
  ofAddress: number | undefined;
  /** Has somebody logged in from there lately? Strangers cannot take the room of those. */
  isKnown: () => boolean;
}

/** May one more connection log in beside these? */
export function hasRoomForUnbound({ ofAccount, ofAddress, isKnown }: Unbound): boolean {
  if (ofAddress !== undefined && ofAddress >= MAX_UNBOUND_OF_ADDRESS) return false;
  return ofAccount < MAX_UNBOUND || (ofAddress !== undefined && isKnown());
}
