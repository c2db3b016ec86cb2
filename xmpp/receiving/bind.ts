/**
 * Resource binding as the receiving entity (RFC 6120 section 7), and the session request that came after it once (RFC 3921
 * section 3). A step of stream.ts.
 */
import xml, { type Element } from "@xmpp/xml";
import { parseJid } from "../jid.ts";
import { NS } from "../namespaces.ts";
import { errorReply, iqPayload, iqResult } from "../stanza.ts";
import { serialize } from "../xml/serialize.ts";
import { onInlineBindRefused, onInlineBound } from "./completion.ts";
import type { Outcome } from "./outcome.ts";
import type { ReceivingContext, ReceivingEffect, ReceivingEvent, ReceivingState } from "./state.ts";

/** The state has to fit into what a socket can keep across hibernation. */
const MAX_ID_LENGTH = 1_024;

export interface BindRequest {
  iq: Element;
  bind: Element;
}

/** An IQ of type set with this payload. */
export function readIq(element: Element, name: string, namespace: string): Element | undefined {
  const isSet = element.is("iq", NS.client) && element.attrs.type === "set";
  return isSet && iqPayload(element)?.is(name, namespace) ? element : undefined;
}

export function readBind(element: Element): BindRequest | undefined {
  const iq = readIq(element, "bind", NS.bind);
  const bind = iq && iqPayload(iq);
  return iq && bind && { iq, bind };
}

export function onBindRequest(
  state: ReceivingState,
  { iq, bind }: BindRequest,
  context: ReceivingContext,
): Outcome {
  const { id } = iq.attrs;
  if (id !== undefined && id.length > MAX_ID_LENGTH)
    return { condition: "policy-violation", text: "The id is too long." };
  const resource = bind.getChildText("resource")?.trim() ?? "";
  if (resource !== "" && !parseJid(`${context.account.domain}/${resource}`)) {
    // RFC 6120 section 7.7.2.1; the client may ask for another one.
    return [{ type: "send", frame: serialize(errorReply(iq, { type: "modify", condition: "bad-request" })) }];
  }
  state.phase = "awaiting-upstream";
  state.bindRequest = { id, resource: resource === "" ? undefined : resource };
  return [{ type: "await-upstream" }];
}

/** WS-14: one resource a stream (RFC 6120 section 7.6.2.2); the server is not asked for a second one. */
export function onBindAgain(state: ReceivingState, { iq }: BindRequest): Outcome | undefined {
  if (state.phase !== "bound") return undefined;
  const text = "This stream has its resource.";
  return [{ type: "reply", reply: errorReply(iq, { type: "cancel", condition: "not-allowed", text }) }];
}

/** WS-11: nothing is left to do, and the server is not asked. */
export function onSessionRequest(state: ReceivingState, iq: Element): Outcome {
  if (state.phase !== "bound") return { condition: "not-authorized", text: "Bind a resource first." };
  return [{ type: "reply", reply: iqResult(iq) }];
}

/** ID-1: the client is told the upstream's real full JID, whatever resource it asked for. */
export function onUpstreamBound(state: ReceivingState, fullJid: string): ReceivingEffect[] {
  if (state.phase !== "awaiting-upstream") return [];
  if (state.inline) return onInlineBound(state, fullJid);
  const { id, resource } = state.bindRequest ?? {};
  delete state.bindRequest;
  state.phase = "bound";
  state.fullJid = fullJid;
  const bind = xml("bind", { xmlns: NS.bind }, xml("jid", {}, fullJid));
  const result = xml("iq", { xmlns: NS.client, type: "result", id }, bind);
  return [
    { type: "send", frame: serialize(result) },
    { type: "bound", device: state.device ?? resource, carbons: false, active: true },
  ];
}

/** RFC 6120 section 7.6.2.1 lets a server refuse to bind for now; the client may ask again. */
export function onBindRefused(
  state: ReceivingState,
  { condition, text }: Extract<ReceivingEvent, { type: "bind-refused" }>,
): ReceivingEffect[] {
  if (state.phase !== "awaiting-upstream") return [];
  if (state.inline) return onInlineBindRefused(state, text);
  const request = xml("iq", { xmlns: NS.client, type: "set", id: state.bindRequest?.id });
  delete state.bindRequest;
  state.phase = "binding";
  const error = errorReply(request, { type: "wait", condition, text });
  return [{ type: "send", frame: serialize(error) }];
}
