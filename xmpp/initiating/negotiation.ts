/**
 * Stream negotiation as the initiating entity (RFC 6120 sections 4 to 7): TLS, SASL, resource binding.
 * A pure machine: one event in, what to do out; the state is plain data and changes only here. It does not
 * know what carries the bytes, and derives no keys itself.
 */
import xml, { type Element } from "@xmpp/xml";
import { parseJid } from "../jid.ts";
import { NS } from "../namespaces.ts";
import { describeStreamError, type ReceivedStreamError, readStreamError } from "../stream-error.ts";
import { type Enabled, enableNonza, readEnabled, readHandled, resumeNonza } from "../stream-management.ts";
import { serialize } from "../xml/serialize.ts";
import { offersBind, offersStartTls, readServerFeatures } from "./features.ts";
import { readInlineResults } from "./inline.ts";
import { beginSasl, continueSasl, type SaslPorts, useKeys } from "./sasl.ts";
import {
  type NegotiationConfig,
  type NegotiationEffect,
  type NegotiationEvent,
  type NegotiationFailure,
  type NegotiationState,
  NO_FEATURES,
} from "./state.ts";

const BIND_ID = "bind";
const SESSION_ID = "session";

export function startNegotiation(config: NegotiationConfig): NegotiationState {
  return { phase: "header", config, secured: config.tls === "direct", authenticated: false };
}

/** Takes one event; `state` is updated in place. After `failed`, `bound` or `proved` the machine takes nothing more. */
export function negotiate(
  state: NegotiationState,
  event: NegotiationEvent,
  ports: SaslPorts,
): NegotiationEffect[] {
  if (state.phase === "failed" || state.phase === "bound" || state.phase === "proved") return [];
  const effects = step(state, event, ports);
  if (effects.some((effect) => effect.type === "failed")) state.phase = "failed";
  return effects;
}

function step(state: NegotiationState, event: NegotiationEvent, ports: SaslPorts): NegotiationEffect[] {
  switch (event.type) {
    case "connected":
      return openStream(state);
    case "tls-established":
      state.secured = true;
      return openStream(state);
    case "open":
      return onOpen(state, event.header);
    case "keys":
      return useKeys(state, event.keys);
    case "close":
      return fail("server", "closed", "The server closed the stream during negotiation.");
    case "element":
      return onElement(state, event.element, ports);
  }
}

function openStream(state: NegotiationState): NegotiationEffect[] {
  state.phase = "header";
  const { local, domain } = state.config.account;
  // RFC 6120 section 4.7.1: no from before TLS, it would disclose who logs in.
  const opening = state.secured ? { to: domain, from: `${local}@${domain}` } : { to: domain };
  return [{ type: "restart" }, { type: "open", opening }];
}

function onOpen(state: NegotiationState, header: Element): NegotiationEffect[] {
  const major = Number.parseInt(header.attrs.version ?? "0", 10);
  if (!(major >= 1)) return fail("protocol", "unsupported-version", "The server does not speak XMPP 1.0.");
  state.phase = "features";
  return [];
}

function onElement(state: NegotiationState, element: Element, ports: SaslPorts): NegotiationEffect[] {
  if (element.is("error", NS.stream)) {
    return [{ type: "failed", failure: streamErrorFailure(readStreamError(element)) }];
  }
  switch (state.phase) {
    case "features":
      return element.is("features", NS.stream)
        ? onFeatures(state, element, ports)
        : unexpected(state, element);
    case "tls":
      return element.is("proceed", NS.tls)
        ? [{ type: "start-tls" }]
        : fail("identity", "starttls", "The server refused STARTTLS.");
    case "sasl":
      return onSasl(state, element, ports);
    case "resume":
      return onResumeAnswer(state, element);
    case "bind":
      return onBindResult(state, element);
    case "session":
      return isReply(element, SESSION_ID) ? enable(state) : unexpected(state, element);
    case "enable":
      return onEnableAnswer(state, element);
    default:
      return unexpected(state, element);
  }
}

function onFeatures(state: NegotiationState, features: Element, ports: SaslPorts): NegotiationEffect[] {
  if (!state.secured && state.config.tls === "starttls") {
    if (!offersStartTls(features)) {
      return fail(
        "identity",
        "no-starttls",
        "The server does not offer STARTTLS, which is required; no setting allows to go without.",
      );
    }
    state.phase = "tls";
    return [{ type: "send", xml: serialize(xml("starttls", { xmlns: NS.tls })) }];
  }
  if (!state.authenticated) return beginSasl(state, features, ports);
  if (state.fullJid !== undefined) {
    state.features = readServerFeatures(features);
    return enable(state);
  }
  if (!offersBind(features)) return fail("protocol", "no-bind", "The server offers no resource binding.");
  state.features = readServerFeatures(features);
  const { resume } = state.config;
  if (!resume || !state.features.streamManagement) return bind(state);
  state.phase = "resume";
  return [{ type: "send", xml: resumeNonza(resume.previd, resume.h) }];
}

/** XEP-0198 section 5. */
function onResumeAnswer(state: NegotiationState, element: Element): NegotiationEffect[] {
  const { resume } = state.config;
  if (element.is("failed", NS.sm)) {
    return [{ type: "resume-failed", h: readHandled(element) }, ...bind(state)];
  }
  const h = readHandled(element);
  if (!element.is("resumed", NS.sm) || !resume || element.attrs.previd !== resume.previd || h === undefined) {
    return unexpected(state, element);
  }
  state.phase = "bound";
  state.fullJid = resume.fullJid;
  return [{ type: "resumed", h, features: state.features ?? NO_FEATURES }];
}

function bind(state: NegotiationState): NegotiationEffect[] {
  state.phase = "bind";
  const resource = xml("resource", {}, state.config.resource);
  return [sendIq(BIND_ID, xml("bind", { xmlns: NS.bind }, resource))];
}

function onSasl(state: NegotiationState, element: Element, ports: SaslPorts): NegotiationEffect[] {
  const outcome = continueSasl(state, element, ports);
  if (Array.isArray(outcome)) return outcome;
  state.authenticated = true;
  const authenticated: NegotiationEffect = { type: "authenticated", evidence: outcome.succeeded };
  if (state.config.proofOnly) {
    state.phase = "proved";
    return [authenticated];
  }
  return [authenticated, ...(state.profile === "sasl2" ? afterSasl2(state, element) : openStream(state))];
}

/** XEP-0388 section 2.6.1: the stream goes on, its new features follow, and what was asked for along with it is done. */
function afterSasl2(state: NegotiationState, success: Element): NegotiationEffect[] {
  const results = readInlineResults(state, success);
  if (typeof results === "string") return fail("protocol", "inline", results);
  const { resumed, resumeFailed, bound: session } = results;
  if (resumed) {
    state.phase = "bound";
    return [{ type: "resumed", h: resumed.h, features: undefined }];
  }
  // What has failed is not asked for once more.
  if (resumeFailed) delete state.config.resume;
  const before: NegotiationEffect[] = resumeFailed ? [{ type: "resume-failed", h: resumeFailed.h }] : [];
  state.phase = "features";
  if (!session) return before;
  state.fullJid = session.fullJid;
  state.chosen = true;
  if (!state.sasl2?.bind?.streamManagement) return before;
  return [...before, ...bound(state, session.enabled)];
}

function onBindResult(state: NegotiationState, element: Element): NegotiationEffect[] {
  if (!isReply(element, BIND_ID)) return unexpected(state, element);
  if (element.attrs.type !== "result") {
    const condition = element.getChild("error")?.getChildElements()[0]?.getName() ?? "undefined-condition";
    return fail("server", condition, `The server refused to bind a resource: ${condition}.`);
  }
  const given = element.getChild("bind", NS.bind)?.getChildText("jid") ?? "";
  const jid = parseJid(given);
  const { local, domain } = state.config.account;
  if (!jid || jid.resource === "" || jid.local !== local || jid.domain !== domain) {
    return fail("protocol", "bind", "The server bound a JID that is not one of this account.");
  }
  state.fullJid = given;
  if (state.features?.sessionRequired) {
    state.phase = "session";
    return [sendIq(SESSION_ID, xml("session", { xmlns: NS.session }))];
  }
  return enable(state);
}

/** XEP-0198 section 3: after binding, and only once. */
function enable(state: NegotiationState): NegotiationEffect[] {
  if (!state.features?.streamManagement) return bound(state, undefined);
  state.phase = "enable";
  return [{ type: "send", xml: enableNonza() }];
}

function onEnableAnswer(state: NegotiationState, element: Element): NegotiationEffect[] {
  if (element.is("enabled", NS.sm)) return bound(state, readEnabled(element));
  return element.is("failed", NS.sm) ? bound(state, undefined) : unexpected(state, element);
}

function bound(state: NegotiationState, sm: Enabled | undefined): NegotiationEffect[] {
  state.phase = "bound";
  const features = state.features ?? { ...NO_FEATURES, streamManagement: sm !== undefined };
  const chosen = state.chosen ? { chosen: true as const } : {};
  return [{ type: "bound", fullJid: state.fullJid ?? "", features, sm, ...chosen }];
}

function isReply(element: Element, id: string): boolean {
  return element.is("iq", NS.client) && element.attrs.id === id;
}

function sendIq(id: string, payload: Element): NegotiationEffect {
  return {
    type: "send",
    xml: serialize(xml("iq", { xmlns: NS.client, type: "set", id }, payload), NS.client),
  };
}

function unexpected(state: NegotiationState, element: Element): NegotiationEffect[] {
  return fail(
    "protocol",
    "unexpected-element",
    `The server sent <${element.getName()}/> in phase ${state.phase}.`,
  );
}

/** A stream that the server has ended with an error, in whatever phase. */
export function streamErrorFailure(streamError: ReceivedStreamError): NegotiationFailure {
  const text = describeStreamError(streamError);
  const { condition, otherHost } = streamError;
  const elsewhere = otherHost === undefined ? {} : { elsewhere: { kind: "host", text: otherHost } as const };
  return { kind: "server", condition, text, streamError, ...elsewhere };
}

function fail(kind: NegotiationFailure["kind"], condition: string, text: string): NegotiationEffect[] {
  return [{ type: "failed", failure: { kind, condition, text } }];
}
