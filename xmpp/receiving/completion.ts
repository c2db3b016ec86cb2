/**
 * From a mechanism's success to SASL2's (XEP-0388 section 2.6.1): what was asked for along with authentication is done
 * first, one thing after the other, and then told all at once. The old stream comes before a new one (XEP-0386 section 3.2).
 * A step of stream.ts.
 */
import xml, { type Element } from "@xmpp/xml";
import { formatJid } from "../jid.ts";
import { NS } from "../namespaces.ts";
import { serialize } from "../xml/serialize.ts";
import { enabled, failedNonza } from "./management.ts";
import type { Step } from "./outcome.ts";
import { forgetAttempt, refuse } from "./refuse.ts";
import type {
  Bound,
  InlineRequest,
  ReceivingContext,
  ReceivingEffect,
  ReceivingEvent,
  ReceivingState,
} from "./state.ts";

/** The mechanism is through; `additionalData` is what it says along with success, in base64. */
export function complete(state: ReceivingState, additionalData: string | undefined): ReceivingEffect[] {
  const inline = inlineOf(state);
  const authenticated: ReceivingEffect = { type: "authenticated", mechanism: state.mechanism ?? "" };
  if (additionalData !== undefined) inline.additionalData = additionalData;
  if (!inline.resume) return [authenticated, ...bindOrGrant(state)];
  state.phase = "resuming";
  return [authenticated, { type: "resume", ...inline.resume }];
}

export function onInlineResumed(
  state: ReceivingState,
  { previd, h, fullJid }: Extract<ReceivingEvent, { type: "sm-resumed" }>,
): ReceivingEffect[] {
  inlineOf(state).resumed = { previd, h };
  state.hasResumed = true;
  state.fullJid = fullJid;
  return grant(state);
}

export function onInlineResumeFailed(
  state: ReceivingState,
  { h }: Extract<ReceivingEvent, { type: "sm-resume-failed" }>,
): ReceivingEffect[] {
  inlineOf(state).resumeFailed = { h };
  return bindOrGrant(state);
}

/** ID-1: the address is the account's, whatever tag the client gave. */
export function onInlineBound(state: ReceivingState, fullJid: string): ReceivingEffect[] {
  state.fullJid = fullJid;
  return grant(state);
}

/**
 * RSASL2-5: Bind 2 knows no failure of its own, and a success without the resource would be one that nobody asked for. So
 * the login fails for now, with the reason.
 */
export function onInlineBindRefused(state: ReceivingState, text: string): ReceivingEffect[] {
  return refuse(state, "temporary-auth-failure", text);
}

/** Everything is done: says so, once. */
export function onGranted(
  state: ReceivingState,
  granted: Extract<ReceivingEvent, { type: "granted" }>,
  context: ReceivingContext,
): Step[] {
  const inline = inlineOf(state);
  const success: Step = { type: "send", frame: successFrame(state, inline, granted, context) };
  const bound = boundAs(state);
  forgetAttempt(state);
  delete state.offered;
  if (inline.resumed) {
    // XEP-0198 section 6.2: no features follow, the old stream goes on at once.
    state.phase = "bound";
    state.managed = true;
    return [success];
  }
  if (!bound) {
    state.phase = "binding";
    return [success, { type: "features" }];
  }
  state.phase = "bound";
  if (granted.management) state.managed = true;
  return [success, { type: "features" }, { type: "bound", ...bound }];
}

function bindOrGrant(state: ReceivingState): ReceivingEffect[] {
  if (!inlineOf(state).bind) return grant(state);
  state.phase = "awaiting-upstream";
  return [{ type: "await-upstream" }];
}

function grant(state: ReceivingState): ReceivingEffect[] {
  const { bind, resumed } = inlineOf(state);
  state.phase = "granting";
  const token = tokenWish(state);
  const bound = boundAs(state);
  const enable = bind?.enable;
  if (resumed || !bound || !enable || enable === "malformed")
    return [{ type: "grant", token, management: undefined }];
  if (!enable.resumable) state.unresumable = true;
  return [{ type: "grant", token, management: { ...bound, maxSeconds: enable.maxSeconds } }];
}

/** A token belongs to an installation. Who gives one up gets no other without asking (XEP-0484 section 3.6). */
function tokenWish(state: ReceivingState): Extract<ReceivingEffect, { type: "grant" }>["token"] {
  const { requestToken, fast } = inlineOf(state);
  const { device } = state;
  if (device === undefined) return undefined;
  if (requestToken) return { device, asked: "wanted" };
  return fast && !fast.invalidate ? { device, asked: "due" } : undefined;
}

/** What the client is bound as by Bind 2; undefined when it is not. */
function boundAs(state: ReceivingState): Bound | undefined {
  const { bind, resumed } = inlineOf(state);
  return bind && !resumed ? { device: state.device, carbons: bind.carbons, active: bind.active } : undefined;
}

function successFrame(
  state: ReceivingState,
  { additionalData, bind, resumed, resumeFailed }: InlineRequest,
  { management, token }: Extract<ReceivingEvent, { type: "granted" }>,
  { account }: ReceivingContext,
): string {
  const bound = resumed ? undefined : bind;
  const identity = resumed || bound ? state.fullJid : formatJid(account);
  return serialize(
    xml(
      "success",
      { xmlns: NS.sasl2 },
      additionalData === undefined ? undefined : xml("additional-data", {}, additionalData),
      xml("authorization-identifier", {}, identity),
      resumed && xml("resumed", { xmlns: NS.sm, previd: resumed.previd, h: String(resumed.h) }),
      // Ahead of <bound/>, as in XEP-0198's examples: clients take things as they come.
      resumeFailed && failedNonza("item-not-found", resumeFailed.h),
      bound && xml("bound", { xmlns: NS.bind2 }, management ? enabled(state, management) : notEnabled(bound)),
      token && xml("token", { xmlns: NS.fast, ...token }),
    ),
  );
}

/** XEP-0198 section 6.1: what was bound, and is without Stream Management. */
function notEnabled({ enable }: NonNullable<InlineRequest["bind"]>): Element | undefined {
  return enable === "malformed" ? failedNonza("bad-request") : undefined;
}

function inlineOf(state: ReceivingState): InlineRequest {
  state.inline ??= {};
  return state.inline;
}
