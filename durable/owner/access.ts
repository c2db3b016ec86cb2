/**
 * Who may see an account's state over HTTP: whoever has its password (Basic, RFC 7617), checked as a client's login is.
 * A wrong password and an account that is not served get the same answer.
 */
import { base64 } from "@scure/base";
import { parseJid } from "../../xmpp/jid.ts";
import type { DecoyGuards } from "../clients/decoy-guards.ts";
import type { PasswordVerdict } from "../clients/login-guard.ts";
import { ownerError } from "./response.ts";

/** Longer credentials nobody has: they are not worth the work of checking them. */
const MAX_HEADER_LENGTH = 4_096;

/** The refusal, or undefined when it is the owner. `check` is asked only about the account's own name. */
export async function refuseOthers(
  request: Request,
  bareJid: string,
  check: (password: string) => Promise<PasswordVerdict>,
): Promise<Response | undefined> {
  const given = readBasic(request.headers.get("Authorization"));
  if (!given) return unauthorized();
  if (!isName(given.user, bareJid)) return unauthorized();
  const verdict = await check(given.password);
  if (verdict.ok) return undefined;
  if (verdict.condition !== "temporary-auth-failure") return unauthorized();
  const text = verdict.text ?? "The account's server cannot be asked about the password now.";
  return ownerError(503, text, { "Retry-After": "60" });
}

/** OWNER-2, OWNER-8: for an account that is not served, or not here: as where it is and the password is wrong. */
export async function refuseStranger(
  request: Request,
  bareJid: string,
  { guards, address }: { guards: DecoyGuards; address: string | undefined },
): Promise<Response> {
  const guard = guards.of(bareJid);
  const from = guard.keyOf(address);
  const check = (password: string): Promise<PasswordVerdict> => guard.check(password, from);
  return (await refuseOthers(request, bareJid, check)) ?? unauthorized();
}

export function unauthorized(): Response {
  return ownerError(
    401,
    "The address or the password is wrong, or this deployment does not serve the account, or nobody has logged in to it here yet.",
    {
      "WWW-Authenticate": 'Basic realm="xmpproxy", charset="UTF-8"',
    },
  );
}

/** RFC 7617 section 2: the first colon ends the name; a password may hold further ones. */
function readBasic(header: string | null): { user: string; password: string } | undefined {
  if (header === null || header.length > MAX_HEADER_LENGTH) return undefined;
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(base64.decode(encoded));
    const colon = text.indexOf(":");
    if (colon < 1) return undefined;
    return { user: text.slice(0, colon), password: text.slice(colon + 1) };
  } catch {
    return undefined;
  }
}

/** The bare JID or its localpart, in any of the ways to write them. */
function isName(user: string, bareJid: string): boolean {
  const domain = bareJid.slice(bareJid.indexOf("@") + 1);
  const jid = parseJid(user.includes("@") ? user : `${user}@${domain}`);
  return jid !== undefined && jid.resource === "" && `${jid.local}@${jid.domain}` === bareJid;
}
