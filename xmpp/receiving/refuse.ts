/** The end of one attempt to log in: another may follow on the same stream, until too many have failed. */
import { endWithError } from "./closing.ts";
import { failureFrame } from "./sasl-profiles.ts";
import type { ReceivingEffect, ReceivingState } from "./state.ts";

/** RFC 6120 section 6.4.5 wants a limit on retries; what is counted here is one connection's (WS-12). */
const MAX_FAILED_LOGINS = 5;

/** Nothing was guessed: the client changed its mind, or it is not its fault. */
const FORGIVEN: ReadonlySet<string> = new Set(["aborted", "temporary-auth-failure"]);

export function refuse(state: ReceivingState, condition: string, text?: string): ReceivingEffect[] {
  const failure = failureFrame(state.profile ?? "sasl", condition, text);
  forgetAttempt(state);
  delete state.device;
  state.phase = "authenticating";
  if (!FORGIVEN.has(condition)) state.failedLogins += 1;
  if (state.failedLogins < MAX_FAILED_LOGINS) return [failure];
  return [
    failure,
    ...endWithError(state, { condition: "policy-violation", text: "Too many failed logins." }),
  ];
}

/** The same after a wrong guess, which the shell counts over all connections. */
export function refuseGuess(state: ReceivingState): ReceivingEffect[] {
  return [{ type: "login-failed" }, ...refuse(state, "not-authorized")];
}

export function forgetAttempt(state: ReceivingState): void {
  delete state.profile;
  delete state.mechanism;
  delete state.scram;
  delete state.inline;
  delete state.bindRequest;
}
