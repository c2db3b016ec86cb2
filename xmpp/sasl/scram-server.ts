// The server's side of SCRAM (RFC 5802, RFC 7677), towards the clients.
// Must not know: where verifiers come from, how messages travel. Messages are text, not base64. Every state is plain data:
// the caller may store it between two steps.

import { base64, utf8 } from "@scure/base";
import { bareOf, isSameJid, normalizeLocalpart } from "../jid.ts";
import type { Jid } from "../jid.ts";
import { decodeBase64, encodeBase64Text } from "./base64.ts";
import { DOWNGRADE_ATTRIBUTE } from "./downgrade-protection.ts";
import type { SaslFailed, SaslFailureCondition } from "./failure.ts";
import { hashBytes, hmacOf, isClientProof, saltBytes, serverSignature } from "./scram-keys.ts";
import type { ScramHash, ScramVerifier } from "./scram-keys.ts";
import {
  demandsExtension,
  isNonce,
  parseAttributes,
  unescapeSaslname,
  valuesInOrder,
} from "./scram-message.ts";

/** How far one attempt got: server-first-message is sent. */
export interface ScramServerState {
  readonly hash: ScramHash;
  /** What "c=" has to be: base64 of the client's own gs2-header. */
  readonly channelBinding: string;
  readonly nonce: string;
  /** client-first-message-bare and server-first-message, the beginning of the AuthMessage. */
  readonly exchanged: string;
  readonly storedKey: string;
  readonly serverKey: string;
  readonly authenticate: boolean;
}

function failed(condition: SaslFailureCondition): SaslFailed {
  return { type: "failed", condition };
}

/**
 * A verifier for an account that does not exist, the same at every attempt, so that the challenge does not tell (RFC 5802
 * has no words for it; the threat is account enumeration).
 * @param secret the deployment's, never sent anywhere
 * @param iterations as many as real verifiers have
 */
export function fakeVerifier(
  secret: string,
  username: string,
  hash: ScramHash,
  iterations: number,
): ScramVerifier {
  const derive = (purpose: string): Uint8Array =>
    hmacOf(hash, utf8.decode(secret), `${purpose}\0${username}`);
  return {
    hash,
    salt: base64.encode(derive("fake salt").slice(0, saltBytes)),
    iterations,
    storedKey: base64.encode(derive("fake StoredKey")),
    serverKey: base64.encode(derive("fake ServerKey")),
  };
}

/** The pieces of a client-first-message. */
interface ClientFirst {
  readonly gs2Header: string;
  readonly authzid: string | undefined;
  readonly bare: string;
  readonly username: string;
  readonly nonce: string;
}

function parseClientFirst(message: string): ClientFirst | undefined {
  // "n": the client cannot bind channels; "y": it can and thinks that we cannot, which is true. "p=" belongs to -PLUS
  // mechanisms only, which are never offered.
  const [, flag, authzidAttribute, bare] = /^([ny]),((?:a=[^,]+)?),(.*)$/su.exec(message) ?? [];
  if (flag === undefined || authzidAttribute === undefined || bare === undefined) return undefined;
  const authzid = authzidAttribute === "" ? undefined : unescapeSaslname(authzidAttribute.slice(2));
  if (authzidAttribute !== "" && authzid === undefined) return undefined;
  const attributes = parseAttributes(bare);
  if (attributes === undefined || demandsExtension(attributes)) return undefined;
  const [saslname = "", nonce = ""] = valuesInOrder(attributes, "nr") ?? [];
  const username = unescapeSaslname(saslname);
  if (username === undefined || !isNonce(nonce)) return undefined;
  return { gs2Header: `${flag},${authzidAttribute},`, authzid, bare, username, nonce };
}

/**
 * The client's first message.
 * @param options.account the account that this is about
 * @param options.verifier the account's for the mechanism's hash; undefined when it has none
 * @param options.fake a `fakeVerifier`, for any other name and where there is none: the exchange takes its course and ends
 *   in not-authorized
 * @param options.downgradeProtection what goes into XEP-0474's attribute, if anything
 * @param options.serverNonce fresh and random, printable, without a comma; otherwise it is a bug (RangeError)
 */
export function onClientFirst(
  message: string,
  options: {
    readonly account: Jid;
    readonly verifier: ScramVerifier | undefined;
    readonly fake: (username: string) => ScramVerifier;
    readonly serverNonce: string;
    readonly downgradeProtection?: string;
  },
): { type: "challenge"; message: string; state: ScramServerState } | SaslFailed {
  const { account, serverNonce, downgradeProtection } = options;
  if (!isNonce(serverNonce)) throw new RangeError("SCRAM needs a printable nonce");
  const first = parseClientFirst(message);
  if (first === undefined) return failed("malformed-request");
  // RFC 6120 6.3.8: the authorization identity is a bare JID.
  if (first.authzid !== undefined && !isSameJid(first.authzid, bareOf(account))) {
    return failed("invalid-authzid");
  }
  // The username is the localpart (RFC 6120 6.3.7), compared as RFC 7622 compares it.
  const username = normalizeLocalpart(first.username) ?? first.username;
  const authenticate = username === account.local && options.verifier !== undefined;
  const fake = options.fake(username);
  const verifier = (authenticate ? options.verifier : undefined) ?? fake;
  const nonce = first.nonce + serverNonce;
  const extension = downgradeProtection === undefined ? "" : `,${DOWNGRADE_ATTRIBUTE}=${downgradeProtection}`;
  const challenge = `r=${nonce},s=${verifier.salt},i=${verifier.iterations}${extension}`;
  const state = {
    hash: verifier.hash,
    channelBinding: encodeBase64Text(first.gs2Header),
    nonce,
    exchanged: `${first.bare},${challenge}`,
    storedKey: verifier.storedKey,
    serverKey: verifier.serverKey,
    authenticate,
  };
  return { type: "challenge", message: challenge, state };
}

/**
 * The client's proof.
 * @returns success with the message that has to go into <success/>, or the condition. A wrong password, a wrong nonce, a
 *   changed gs2-header and an account that does not exist are all not-authorized.
 */
export function onClientFinal(
  state: ScramServerState,
  message: string,
): { type: "success"; message: string } | SaslFailed {
  const { hash, storedKey, serverKey } = state;
  const attributes = parseAttributes(message);
  const last = attributes?.at(-1);
  if (attributes === undefined || last?.name !== "p" || demandsExtension(attributes)) {
    return failed("malformed-request");
  }
  const values = valuesInOrder(attributes, "cr");
  const proof = decodeBase64(last.value);
  if (values === undefined || proof?.length !== hashBytes(hash)) return failed("malformed-request");
  const withoutProof = message.slice(0, message.lastIndexOf(",p="));
  const authMessage = `${state.exchanged},${withoutProof}`;
  const isProved = isClientProof(hash, storedKey, authMessage, proof);
  // Everything is computed before anything is judged, so that the ways to fail cost the same.
  const isOurs = values[0] === state.channelBinding && values[1] === state.nonce;
  if (!isProved || !isOurs || !state.authenticate) return failed("not-authorized");
  return { type: "success", message: `v=${serverSignature(hash, serverKey, authMessage)}` };
}
