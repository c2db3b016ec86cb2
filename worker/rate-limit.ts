/**
 * Limits how often one network address may begin a connection, before any object is involved. The platform counts, in each
 * of its locations; what was guessed wrong is counted in the account's object.
 */
import { ADDRESS_HEADER } from "../durable/account-object.ts";
import type { Env } from "../durable/env.ts";

/** Whose request it is, as the platform saw it; undefined outside of it. A client cannot set this header there. */
export function addressOf(request: Request): string | undefined {
  const address = request.headers.get("CF-Connecting-IP") ?? undefined;
  // A household or a server has a whole /64 (RFC 6177): its addresses count as one.
  return address?.includes(":") === true ? prefix64(address) : address;
}

/** Hands the address on to an object; whatever the client put there is gone. */
export function setAddress(headers: Headers, request: Request): void {
  const address = addressOf(request);
  if (address === undefined) headers.delete(ADDRESS_HEADER);
  else headers.set(ADDRESS_HEADER, address);
}

/** May this request go on? Without the binding, or outside of the platform, every one may. */
export async function isWithinRate(env: Env, request: Request): Promise<boolean> {
  const address = addressOf(request);
  if (!env.CONNECTIONS || address === undefined) return true;
  const { success } = await env.CONNECTIONS.limit({ key: address });
  return success;
}

/** The first four groups of an IPv6 address, in full. */
function prefix64(address: string): string {
  const [head = "", tail] = address.split("::", 2);
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: missing }, () => "0"), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
