/**
 * A client's stream as the receiving entity (RFC 7395 framing, RFC 6120 negotiation): open, SASL, open again,
 * bind, stanzas, close. A pure machine: one event in, what to do out; the state is plain data and changes only
 * here. It knows one account and nothing of what becomes of its stanzas.
 */
import xml, { type Element } from "@xmpp/xml";
import { formatJid, parseJid } from "../jid.ts";
import { NS } from "../namespaces.ts";
import { errorReply, iqPayload, iqResult, stanzaKind } from "../stanza.ts";
import type { StreamCondition } from "../stream-error.ts";
import { serialize } from "../xml/serialize.ts";
import { CLOSE_FRAME, featuresFrame, openFrame, streamErrorFrame } from "./frames.ts";
import { onEnabled, onManagementNonza, onResumed, onResumeFailed } from "./management.ts";
import { authenticate, passwordAccepted, refuse } from "./sasl.ts";
import type { ReceivingContext, ReceivingEffect, ReceivingEvent, ReceivingState } from "./state.ts";

/** The state has to fit into what a socket can keep across hibernation. */
const MAX_ID_LENGTH = 1_024;

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
  switch (event.type) {
    case "element":
      return onElement(state, event.element, context);
    case "problem":
      return endWithError(state, context, event.problem.condition, event.problem.text);
    case "password-accepted":
      return state.phase === "checking" ? passwordAccepted(state) : [];
    case "password-refused":
      return state.phase === "checking" ? refuse(state, event.condition, event.text) : [];
    case "upstream-bound":
      return onUpstreamBound(state, event.fullJid);
    case "sm-enabled":
      return onEnabled(state, event);
    case "sm-resumed":
      return onResumed(state, event);
    case "sm-resume-failed":
      return onResumeFailed();
    case "upstream-unavailable":
      return onUpstreamUnavailable(state, event.text);
    case "shutdown":
      return endWithError(state, context, event.condition, event.text);
  }
}

function onElement(state: ReceivingState, element: Element, context: ReceivingContext): ReceivingEffect[] {
  if (element.getNS() === NS.framing) return onFraming(state, element, context);
  if (element.getNS() === NS.sm && (state.phase === "binding" || state.phase === "bound")) {
    const effects = onManagementNonza(state, element);
    return effects ?? endWithError(state, context, "policy-violation", "Stream Management out of order.");
  }
  switch (state.phase) {
    case "authenticating":
      if (element.getNS() === NS.sasl) return authenticate(state, element, context);
      return endWithError(state, context, "not-authorized", "Log in first.");
    case "binding":
      return onBindRequest(state, element, context);
    case "bound":
      return onStanza(state, element, context);
    default:
      // RFC 6120 section 4.9.3.12: nothing is taken from a stream that is not yet authenticated and bound.
      return endWithError(
        state,
        context,
        "not-authorized",
        "Too early: the stream is still being negotiated.",
      );
  }
}

function onFraming(state: ReceivingState, element: Element, context: ReceivingContext): ReceivingEffect[] {
  if (element.getName() === "close") {
    state.phase = "closed";
    return [
      { type: "send", frame: CLOSE_FRAME },
      { type: "end", code: 1000 },
    ];
  }
  if (element.getName() !== "open") {
    return endWithError(state, context, "unsupported-stanza-type", "Unknown framing element.");
  }
  if (state.phase !== "opening" && state.phase !== "reopening") {
    return endWithError(state, context, "policy-violation", "The stream is open already.");
  }
  const opened: ReceivingEffect = {
    type: "send",
    frame: openFrame(context.account.domain, context.nonce()),
  };
  const problem = checkOpen(element, context);
  if (problem) return [opened, ...errorAndEnd(state, problem.condition, problem.text)];
  const authenticated = state.phase === "reopening";
  if (!authenticated && context.mechanisms.length === 0) {
    // LOGIN-3: nothing is stored to check SCRAM against, and a password must not travel in the clear.
    const text = "The first login of this account needs a secure connection (wss:).";
    return [opened, ...errorAndEnd(state, "policy-violation", text)];
  }
  state.phase = authenticated ? "binding" : "authenticating";
  const features = authenticated ? bindingFeatures(context) : [mechanismsFeature(context)];
  return [opened, { type: "send", frame: featuresFrame(...features) }];
}

function checkOpen(
  open: Element,
  context: ReceivingContext,
): { condition: StreamCondition; text: string } | undefined {
  const { domain } = context.account;
  if (!(Number.parseInt(open.attrs.version ?? "0", 10) >= 1)) {
    return { condition: "unsupported-version", text: "Only XMPP 1.0 is spoken here." };
  }
  if (open.attrs.to !== undefined && open.attrs.to.toLowerCase() !== domain) {
    return { condition: "host-unknown", text: `This endpoint serves an account of ${domain}.` };
  }
  return undefined;
}

function mechanismsFeature(context: ReceivingContext): Element {
  const names = context.mechanisms.map((name) => xml("mechanism", {}, name));
  return xml("mechanisms", { xmlns: NS.sasl }, ...names);
}

function bindingFeatures(context: ReceivingContext): Element[] {
  const features = [
    xml("bind", { xmlns: NS.bind }),
    xml("session", { xmlns: NS.session }, xml("optional")),
    xml("sm", { xmlns: NS.sm }),
  ];
  if (context.rosterVersioning) features.push(xml("ver", { xmlns: NS.rosterVer }));
  return features;
}

function onBindRequest(state: ReceivingState, iq: Element, context: ReceivingContext): ReceivingEffect[] {
  const bind = iq.is("iq", NS.client) && iq.attrs.type === "set" ? iq.getChild("bind", NS.bind) : undefined;
  if (!bind) return endWithError(state, context, "not-authorized", "Bind a resource first.");
  const { id = "" } = iq.attrs;
  if (id.length > MAX_ID_LENGTH)
    return endWithError(state, context, "policy-violation", "The id is too long.");
  const resource = bind.getChildText("resource")?.trim() ?? "";
  if (resource !== "" && !parseJid(`${context.account.domain}/${resource}`)) {
    // RFC 6120 section 7.7.2.1; the client may ask for another one.
    const frame = serialize(errorReply(iq, { type: "modify", condition: "bad-request" }));
    return [{ type: "send", frame }];
  }
  state.phase = "awaiting-upstream";
  state.bindRequest = { id: iq.attrs.id, resource: resource === "" ? undefined : resource };
  return [{ type: "await-upstream" }];
}

/** ID-1: the client is told the upstream's real full JID, whatever resource it asked for. */
function onUpstreamBound(state: ReceivingState, fullJid: string): ReceivingEffect[] {
  if (state.phase !== "awaiting-upstream" || !state.bindRequest) return [];
  const { id, resource } = state.bindRequest;
  delete state.bindRequest;
  state.phase = "bound";
  state.fullJid = fullJid;
  const bind = xml("bind", { xmlns: NS.bind }, xml("jid", {}, fullJid));
  const result = xml("iq", { xmlns: NS.client, type: "result", id }, bind);
  return [
    { type: "send", frame: serialize(result) },
    { type: "bound", resource },
  ];
}

/** RFC 6120 section 7.6.2.1 lets a server refuse to bind for now; the client may ask again. */
function onUpstreamUnavailable(state: ReceivingState, text: string): ReceivingEffect[] {
  if (state.phase !== "awaiting-upstream" || !state.bindRequest) return [];
  const request = xml("iq", { xmlns: NS.client, type: "set", id: state.bindRequest.id });
  delete state.bindRequest;
  state.phase = "binding";
  const error = errorReply(request, { type: "wait", condition: "remote-server-timeout", text });
  return [{ type: "send", frame: serialize(error) }];
}

function onStanza(state: ReceivingState, element: Element, context: ReceivingContext): ReceivingEffect[] {
  const kind = stanzaKind(element);
  if (!kind) {
    return endWithError(
      state,
      context,
      "unsupported-stanza-type",
      `<${element.getName()}/> is not a stanza.`,
    );
  }
  const { from } = element.attrs;
  if (from !== undefined && from !== state.fullJid && from !== formatJid(context.account)) {
    // RFC 6120 section 8.1.2.1.
    return endWithError(state, context, "invalid-from", "A stanza may only come from the account itself.");
  }
  if (kind === "iq" && iqPayload(element)?.is("session", NS.session)) {
    return [{ type: "send", frame: serialize(iqResult(element)) }];
  }
  return [{ type: "stanza", stanza: element }];
}

/** RFC 6120 section 4.9.1.1: an error before the stream is open is preceded by the opening answer. */
function endWithError(
  state: ReceivingState,
  context: ReceivingContext,
  condition: StreamCondition,
  text: string,
): ReceivingEffect[] {
  const opening: ReceivingEffect[] =
    state.phase === "opening"
      ? [{ type: "send", frame: openFrame(context.account.domain, context.nonce()) }]
      : [];
  return [...opening, ...errorAndEnd(state, condition, text)];
}

function errorAndEnd(state: ReceivingState, condition: StreamCondition, text: string): ReceivingEffect[] {
  state.phase = "closed";
  return [
    { type: "send", frame: streamErrorFrame(condition, text) },
    { type: "send", frame: CLOSE_FRAME },
    { type: "end", code: condition === "policy-violation" ? 1008 : 1000 },
  ];
}
