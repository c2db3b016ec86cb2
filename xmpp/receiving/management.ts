/**
 * Stream Management as the receiving entity (XEP-0198 v1.6): what a client's nonzas ask for, and the answers. A step of
 * stream.ts; counters and queues are the shell's.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../namespaces.ts";
import { readEnable, readHandled } from "../stream-management.ts";
import { serialize } from "../xml/serialize.ts";
import type { Outcome } from "./outcome.ts";
import type { ManagementGrant, ReceivingEffect, ReceivingEvent, ReceivingState } from "./state.ts";

/** A nonza of an authenticated client. */
export function onManagementNonza(state: ReceivingState, nonza: Element): Outcome {
  return (
    takeNonza(state, nonza) ?? { condition: "policy-violation", text: "Stream Management out of order." }
  );
}

/** Undefined when it is wrong here, or broken. */
function takeNonza(state: ReceivingState, nonza: Element): ReceivingEffect[] | undefined {
  const h = readHandled(nonza);
  switch (nonza.getName()) {
    case "enable":
      // Section 3: before a resource is bound it fails, and a second attempt ends the stream.
      if (state.phase === "binding") return [failed("unexpected-request")];
      if (state.phase !== "bound" || state.managed) return undefined;
      return onEnable(state, nonza);
    case "resume":
      if (h === undefined || nonza.attrs.previd === undefined) return undefined;
      return state.phase === "binding" ? [{ type: "resume", previd: nonza.attrs.previd, h }] : undefined;
    case "r":
      return state.managed ? [{ type: "ack-requested" }] : undefined;
    case "a":
      return state.managed && h !== undefined ? [{ type: "acknowledged", h }] : undefined;
    default:
      return undefined;
  }
}

function onEnable(state: ReceivingState, nonza: Element): ReceivingEffect[] {
  const enable = readEnable(nonza);
  if (!enable) return [failed("bad-request")];
  if (!enable.resumable) state.unresumable = true;
  return [{ type: "enable-sm", maxSeconds: enable.maxSeconds }];
}

export function onEnabled(
  state: ReceivingState,
  grant: Extract<ReceivingEvent, { type: "sm-enabled" }>,
): ReceivingEffect[] {
  state.managed = true;
  return [send(enabled(state, grant))];
}

/** Section 3, and for those who want to resume section 5. */
export function enabled({ unresumable }: ReceivingState, { id, maxSeconds }: ManagementGrant): Element {
  const resumption = unresumable ? {} : { id, resume: "true", max: String(maxSeconds) };
  return xml("enabled", { xmlns: NS.sm, ...resumption });
}

export function onResumed(
  state: ReceivingState,
  { previd, h, fullJid }: Extract<ReceivingEvent, { type: "sm-resumed" }>,
): ReceivingEffect[] {
  state.phase = "bound";
  state.hasResumed = true;
  state.managed = true;
  state.fullJid = fullJid;
  delete state.bindRequest;
  return [send(xml("resumed", { xmlns: NS.sm, previd, h: String(h) }))];
}

/** Section 5: the client may bind a new resource on this stream. */
export function onResumeFailed({
  h,
}: Extract<ReceivingEvent, { type: "sm-resume-failed" }>): ReceivingEffect[] {
  return [send(failedNonza("item-not-found", h))];
}

function failed(condition: string): ReceivingEffect {
  return send(failedNonza(condition));
}

/** Sections 5 and 6: an `<enable/>` or `<resume/>` that comes to nothing; `h`: how many stanzas of the old stream were handled. */
export function failedNonza(condition: string, h?: number): Element {
  const handled = h === undefined ? {} : { h: String(h) };
  return xml("failed", { xmlns: NS.sm, ...handled }, xml(condition, { xmlns: NS.stanzaErrors }));
}

function send(nonza: Element): ReceivingEffect {
  return { type: "send", frame: serialize(nonza) };
}
