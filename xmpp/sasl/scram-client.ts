// The client's side of SCRAM (RFC 5802, RFC 7677), towards the upstream.
// Must not know: the password and PBKDF2. It asks for keys and names the parameters; the caller derives them, or has them
// from last time. Messages are text, not base64. Every state is plain data: the caller may store it between two steps.

import { base64 } from "@scure/base";
import { decodeBase64, encodeBase64Text } from "./base64.ts";
import { constantTimeEqual } from "./constant-time.ts";
import { DOWNGRADE_ATTRIBUTE } from "./downgrade-protection.ts";
import { clientProof, serverSignature } from "./scram-keys.ts";
import type { ScramHash, ScramKeys, ScramParameters } from "./scram-keys.ts";
import {
  demandsExtension,
  escapeSaslname,
  isNonce,
  parseAttributes,
  valuesInOrder,
} from "./scram-message.ts";

/** How far one attempt got: client-first-message is sent; keys are wanted; client-final-message is sent. */
export type ScramClientState =
  | {
      readonly step: "started";
      readonly hash: ScramHash;
      readonly nonce: string;
      readonly clientFirstBare: string;
    }
  | {
      readonly step: "challenged";
      readonly hash: ScramHash;
      readonly clientFinalWithoutProof: string;
      readonly authMessage: string;
    }
  | { readonly step: "proved"; readonly expectedSignature: string };

/** `reason` is in words for the account's owner, without secrets and without text of the server's own choosing. */
interface ScramClientFailed {
  readonly type: "failed";
  readonly reason: string;
}

// Channel binding: "n", not "y", because this client can never do it (RFC 5802 6): "y" would make a server that offers
// -PLUS suspect an attack. No authzid: the account is the authenticated user itself.
const gs2Header = "n,,";

/** RFC 7677 4: at least 4096. A server that asks for fewer makes what leaks cheap to guess. */
const minimumIterations = 4096;

/** More than this would let a server burn our processor time. */
export const maximumIterations = 10_000_000;

const outOfTurn = "the server's SCRAM message comes out of turn";

function failed(reason: string): ScramClientFailed {
  return { type: "failed", reason };
}

/**
 * The first message.
 * @param options.username the localpart, prepared by the caller
 * @param options.nonce fresh and random, at least 18 bytes' worth of printable characters without a comma; anything
 *   unprintable is the caller's mistake (RangeError)
 */
export function startScramClient(options: {
  readonly hash: ScramHash;
  readonly username: string;
  readonly nonce: string;
}): { state: ScramClientState; message: string } {
  const { hash, username, nonce } = options;
  if (username === "" || !isNonce(nonce)) {
    throw new RangeError("SCRAM needs a username and a printable nonce");
  }
  const clientFirstBare = `n=${escapeSaslname(username)},r=${nonce}`;
  return { state: { step: "started", hash, nonce, clientFirstBare }, message: gs2Header + clientFirstBare };
}

/**
 * The server's challenge.
 * @param mostIterations the caller's own upper bound, for a shell that cannot derive more
 * @param expectedProtection what the server has to say of its offer if it says anything (XEP-0474 section 6.2); the proof
 *   that follows covers it
 */
export function onServerFirst(
  state: ScramClientState,
  message: string,
  mostIterations: number = maximumIterations,
  expectedProtection?: string,
): { type: "need-keys"; parameters: ScramParameters; state: ScramClientState } | ScramClientFailed {
  if (state.step !== "started") return failed(outOfTurn);
  const attributes = parseAttributes(message);
  if (attributes === undefined) return failed("the server's SCRAM challenge is malformed");
  if (demandsExtension(attributes)) {
    return failed("the server demands a SCRAM extension that is not known here");
  }
  const [nonce = "", salt = "", count = ""] = valuesInOrder(attributes, "rsi") ?? [];
  if (!isNonce(nonce) || !/^[1-9][0-9]*$/.test(count)) {
    return failed("the server's SCRAM challenge is malformed");
  }
  if (!nonce.startsWith(state.nonce) || nonce.length === state.nonce.length) {
    return failed(
      "the server's SCRAM challenge does not answer this attempt: its nonce does not continue ours",
    );
  }
  if (decodeBase64(salt) === undefined) return failed("the server's SCRAM salt is not base64");
  const iterations = Number(count);
  if (iterations < minimumIterations) {
    return failed(
      `the server asks for only ${iterations} SCRAM iterations, at least ${minimumIterations} are required`,
    );
  }
  if (iterations > mostIterations) {
    return failed(
      `the server asks for more SCRAM iterations than the ${mostIterations} that are possible here`,
    );
  }
  const protection = attributes.find(({ name }) => name === DOWNGRADE_ATTRIBUTE)?.value;
  if (protection !== undefined && expectedProtection !== undefined && protection !== expectedProtection) {
    return failed("what the server offers has been changed on its way here: this is a downgrade attack");
  }
  const clientFinalWithoutProof = `c=${encodeBase64Text(gs2Header)},r=${nonce}`;
  const authMessage = `${state.clientFirstBare},${message},${clientFinalWithoutProof}`;
  return {
    type: "need-keys",
    parameters: { hash: state.hash, salt, iterations },
    state: { step: "challenged", hash: state.hash, clientFinalWithoutProof, authMessage },
  };
}

/**
 * The proof, with the keys that belong to the parameters asked for. Keys that nobody asked for are the caller's mistake
 * (RangeError).
 */
export function onKeys(
  state: ScramClientState,
  keys: ScramKeys,
): { message: string; state: ScramClientState } {
  if (state.step !== "challenged") {
    throw new RangeError("SCRAM keys are of use only after the server's challenge");
  }
  const { hash, clientFinalWithoutProof, authMessage } = state;
  return {
    message: `${clientFinalWithoutProof},p=${clientProof(hash, keys, authMessage)}`,
    state: { step: "proved", expectedSignature: serverSignature(hash, keys.serverKey, authMessage) },
  };
}

/** The server's last message, in <success/> or in a last <challenge/>: without a right signature it is not our server. */
export function onServerFinal(
  state: ScramClientState,
  message: string,
): { type: "done" } | ScramClientFailed {
  if (state.step !== "proved") return failed(outOfTurn);
  const attributes = parseAttributes(message);
  const first = attributes?.[0];
  if (attributes === undefined || first === undefined || demandsExtension(attributes)) {
    return failed("the server's last SCRAM message is malformed");
  }
  if (first.name === "e") {
    // RFC 5802 7, server-error-value. Anything outside its alphabet is not repeated.
    return failed(`the server refused: ${/^[a-z-]{1,60}$/.test(first.value) ? first.value : "other-error"}`);
  }
  const signature = first.name === "v" ? decodeBase64(first.value) : undefined;
  if (signature === undefined) return failed("the server's last SCRAM message is malformed");
  if (!constantTimeEqual(signature, base64.decode(state.expectedSignature))) {
    return failed("the server could not prove that it knows the account: its SCRAM signature is wrong");
  }
  return { type: "done" };
}
