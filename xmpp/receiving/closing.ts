/**
 * The end of a stream that comes from us (RFC 7395 section 3.6, RFC 6120 section 4.4): the error, `<close/>`, and then the client's
 * `<close/>` is waited for, so that the WebSocket does not close under what the client has yet to read or is just sending.
 */
import type { Element } from "@xmpp/xml";
import { NS } from "../namespaces.ts";
import { CLOSE_FRAME, streamErrorFrame } from "./frames.ts";
import type { StreamProblem } from "./outcome.ts";
import type { ReceivingEffect, ReceivingEvent, ReceivingState } from "./state.ts";

/** So long a client has for its `<close/>`, in milliseconds. */
export const CLOSING_MS = 5_000;

export function endWithError(
  state: ReceivingState,
  { condition, text, application }: StreamProblem,
): ReceivingEffect[] {
  state.phase = "closing";
  state.endCode = condition === "policy-violation" ? 1008 : 1000;
  return [
    { type: "send", frame: streamErrorFrame(condition, text, application) },
    { type: "send", frame: CLOSE_FRAME },
    { type: "closing" },
  ];
}

export function isClose(element: Element): boolean {
  return element.is("close", NS.framing);
}

/** Nothing else is taken any more: what the client sent before it read our `<close/>` has nobody to handle it. */
export function onClosing(state: ReceivingState, event: ReceivingEvent): ReceivingEffect[] {
  const isAnswer = event.type === "element" && isClose(event.element);
  if (!isAnswer && event.type !== "closing-overdue") return [];
  state.phase = "closed";
  return [{ type: "end", code: state.endCode ?? 1000 }];
}
