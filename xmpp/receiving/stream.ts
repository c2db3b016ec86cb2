/**
 * A client's stream as the receiving entity (RFC 7395 framing, RFC 6120 negotiation): open, log in, bind, stanzas, close.
 * A pure machine: one event in, what to do out; the state is plain data and changes only here and in the steps that it
 * calls. It knows one account, no feature by name (features.ts), and nothing of what becomes of its stanzas.
 */
import type { Element } from "@xmpp/xml";
import { bareJidOf, formatJid, type Jid, parseJid } from "../jid.ts";
import { NS } from "../namespaces.ts";
import { stanzaKind } from "../stanza.ts";
import { onBindRefused, onUpstreamBound } from "./bind.ts";
import { endWithError, onClosing } from "./closing.ts";
import { onGranted, onInlineResumed, onInlineResumeFailed } from "./completion.ts";
import { listFeatures, negotiateFeature } from "./features.ts";
import { CLOSE_FRAME, featuresFrame, openFrame } from "./frames.ts";
import { onEnabled, onResumed, onResumeFailed } from "./management.ts";
import type { Outcome, Step, StreamProblem } from "./outcome.ts";
import { refuse } from "./refuse.ts";
import { passwordAccepted, tokenAccepted } from "./sasl.ts";
import type { ReceivingContext, ReceivingEffect, ReceivingEvent, ReceivingState } from "./state.ts";

/** Nothing but framing is taken: the stream waits to be opened, or for an answer from the shell. */
const WAITING: ReadonlySet<ReceivingState["phase"]> = new Set([
  "opening",
  "checking",
  "reopening",
  "resuming",
  "awaiting-upstream",
  "granting",
]);

export function startReceiving(): ReceivingState {
  return { phase: "opening", failedLogins: 0 };
}

/** Takes one event; `state` is updated in place. A closed stream takes nothing more. */
export function receive(
  state: ReceivingState,
  event: ReceivingEvent,
  context: ReceivingContext,
): ReceivingEffect[] {
  if (state.phase === "closed") return [];
  if (state.phase === "closing") return onClosing(state, event);
  const outcome = step(state, event, context);
  return (Array.isArray(outcome) ? outcome : end(state, context, outcome)).map((effect) =>
    effect.type === "features"
      ? { type: "send", frame: featuresFrame(...listFeatures(state, context)) }
      : effect,
  );
}

function step(state: ReceivingState, event: ReceivingEvent, context: ReceivingContext): Outcome {
  switch (event.type) {
    case "element":
      return onElement(state, event.element, context);
    case "problem":
      return event.problem;
    case "password-accepted":
      return state.phase === "checking" ? passwordAccepted(state) : [];
    case "token-accepted":
      return state.phase === "checking" ? tokenAccepted(state, event.answer) : [];
    case "login-refused":
      return state.phase === "checking" ? refuse(state, event.condition, event.text) : [];
    case "upstream-bound":
      return onUpstreamBound(state, event.fullJid);
    case "sm-enabled":
      return onEnabled(state, event);
    case "sm-resumed":
      return state.phase === "resuming" ? onInlineResumed(state, event) : onResumed(state, event);
    case "sm-resume-failed":
      return state.phase === "resuming" ? onInlineResumeFailed(state, event) : onResumeFailed(event);
    case "granted":
      return state.phase === "granting" ? onGranted(state, event, context) : [];
    case "bind-refused":
      return onBindRefused(state, event);
    case "shutdown":
      return event;
    case "closing-overdue":
      return [];
  }
}

function onElement(state: ReceivingState, element: Element, context: ReceivingContext): Outcome {
  if (element.getNS() === NS.framing) return onFraming(state, element, context);
  // RFC 6120 section 4.9.3.12: nothing is taken from a stream that is not yet authenticated and bound.
  if (WAITING.has(state.phase)) {
    return { condition: "not-authorized", text: "Too early: the stream is still being negotiated." };
  }
  if (state.phase === "bound" && isForged(state, element, context)) {
    return { condition: "invalid-from", text: "A stanza may only come from the account itself." };
  }
  const outcome = negotiateFeature(state, element, context);
  if (outcome) return outcome;
  if (state.phase === "bound") return onStanza(element);
  const missing = state.phase === "binding" ? "Bind a resource first." : "Log in first.";
  return { condition: "not-authorized", text: missing };
}

function onFraming(state: ReceivingState, element: Element, context: ReceivingContext): Outcome {
  if (element.getName() === "close") {
    state.phase = "closed";
    return [
      { type: "send", frame: CLOSE_FRAME },
      { type: "end", code: 1000 },
    ];
  }
  if (element.getName() !== "open") {
    return { condition: "unsupported-stanza-type", text: "Unknown framing element." };
  }
  if (state.phase !== "opening" && state.phase !== "reopening") {
    return { condition: "policy-violation", text: "The stream is open already." };
  }
  const problem = checkOpen(state, element, context);
  if (problem) return [opened(context), ...endWithError(state, problem)];
  if (state.phase === "opening") state.offered = [...context.mechanisms];
  state.phase = state.phase === "reopening" ? "binding" : "authenticating";
  return [opened(context), { type: "features" }];
}

function checkOpen(
  { phase }: ReceivingState,
  { attrs }: Element,
  { account, mechanisms }: ReceivingContext,
): StreamProblem | undefined {
  if (!(Number.parseInt(attrs.version ?? "0", 10) >= 1)) {
    return { condition: "unsupported-version", text: "Only XMPP 1.0 is spoken here." };
  }
  if (attrs.to !== undefined && attrs.to.toLowerCase() !== account.domain) {
    return { condition: "host-unknown", text: `This endpoint serves an account of ${account.domain}.` };
  }
  // XEP-0388 section 2.1, and RFC 6120 section 4.9.3.9.
  const from = attrs.from === undefined ? undefined : parseJid(attrs.from);
  if (attrs.from !== undefined && !isOwnAddress(from, account)) {
    return { condition: "invalid-from", text: `This endpoint serves ${formatJid(account)}.` };
  }
  if (phase === "opening" && mechanisms.length === 0) {
    // LOGIN-3: nothing is stored to check SCRAM against, and a password must not travel in the clear.
    const text = "The first login of this account needs a secure connection (wss:).";
    return { condition: "policy-violation", text };
  }
  return undefined;
}

/** Its domain alone will do. */
function isOwnAddress(jid: Jid | undefined, { local, domain }: Jid): boolean {
  return jid?.domain === domain && (jid.local === "" || jid.local === local);
}

/**
 * RFC 6120 section 8.1.2.1. A client that has resumed may believe in another resource: Converse makes one up when its page is loaded
 * anew, and `<resumed/>` does not tell it the real one, which is stamped in any case.
 */
function isForged(
  { fullJid, hasResumed }: ReceivingState,
  element: Element,
  { account }: ReceivingContext,
): boolean {
  const { from } = element.attrs;
  if (from === undefined || from === fullJid || stanzaKind(element) === undefined) return false;
  return (hasResumed ? bareJidOf(from) : from) !== formatJid(account);
}

function onStanza(element: Element): Outcome {
  if (stanzaKind(element)) return [{ type: "stanza", stanza: element }];
  return { condition: "unsupported-stanza-type", text: `<${element.getName()}/> is not a stanza.` };
}

function opened(context: ReceivingContext): Step {
  return { type: "send", frame: openFrame(context.account.domain, context.nonce()) };
}

/** RFC 6120 section 4.9.1.1: an error before the stream is open is preceded by the opening answer. */
function end(state: ReceivingState, context: ReceivingContext, problem: StreamProblem): Step[] {
  const opening = state.phase === "opening" ? [opened(context)] : [];
  return [...opening, ...endWithError(state, problem)];
}
