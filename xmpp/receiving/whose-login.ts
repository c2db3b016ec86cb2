/**
 * Whose login a client's first SASL message is: read before anybody who could check it is known. Says nothing about
 * whether the message is right; who checks it reads it again.
 */
import { utf8 } from "@scure/base";
import { type Jid, normalizeLocalpart, parseJid } from "../jid.ts";
import { decodeBase64, decodeBase64Text } from "../sasl/base64.ts";
import { HASHED_TOKEN } from "../sasl/hashed-token.ts";
import { parsePlain } from "../sasl/plain.ts";
import { hashOfMechanism } from "../sasl/scram-keys.ts";
import { unescapeSaslname } from "../sasl/scram-message.ts";

/**
 * The account that the message names, at `domain` unless it says otherwise itself (clients send a localpart or a bare JID);
 * undefined when it names none.
 * @param message base64
 */
export function whoseLogin(mechanism: string, message: string, domain: string): Jid | undefined {
  const username = usernameIn(mechanism, message);
  if (username === undefined) return undefined;
  const jid = username.includes("@") ? parseJid(username) : undefined;
  if (jid) return jid.domain === domain && jid.resource === "" ? jid : undefined;
  const local = normalizeLocalpart(username);
  return local === undefined || local === "" ? undefined : { local, domain, resource: "" };
}

function usernameIn(mechanism: string, message: string): string | undefined {
  if (mechanism === "PLAIN") return parsePlain(decodeBase64Text(message) ?? "")?.authcid;
  if (mechanism === HASHED_TOKEN) return tokenOwner(message);
  if (!hashOfMechanism(mechanism)) return undefined;
  // RFC 5802 section 7: behind the gs2 header, before the nonce.
  const saslname = /^[ny],(?:a=[^,]*)?,n=([^,]*),/u.exec(decodeBase64Text(message) ?? "")?.[1];
  return saslname === undefined ? undefined : unescapeSaslname(saslname);
}

/** The HMAC behind the NUL is no text. */
function tokenOwner(message: string): string | undefined {
  const bytes = decodeBase64(message);
  const end = bytes?.indexOf(0) ?? -1;
  if (!bytes || end <= 0) return undefined;
  try {
    return utf8.encode(bytes.subarray(0, end));
  } catch {
    return undefined;
  }
}
