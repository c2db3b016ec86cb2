/**
 * What is asked for along with authentication in SASL2, and what came of it: taking up a session (XEP-0198 section 6), a
 * new one (Bind 2, XEP-0386 version 1.1), tokens (FAST, XEP-0484 version 0.2). docs/adr/0006 says when Bind 2 is wanted.
 */
import xml, { type Element } from "@xmpp/xml";
import { parseJid } from "../jid.ts";
import { NS } from "../namespaces.ts";
import { HASHED_TOKEN } from "../sasl/hashed-token.ts";
import { type Enabled, readEnabled, readHandled } from "../stream-management.ts";
import type { FastToken, NegotiationState } from "./state.ts";

/** Names the software in what the server shows the owner, and begins the resource that the server makes. */
const SOFTWARE = "xmpproxy";

/** The children of `<authenticate/>` beside the mechanism's message. */
export function inlineRequests(state: NegotiationState): Element[] {
  const { config, sasl2, usesToken } = state;
  const { resume, userAgent, token, proofOnly } = config;
  // Who only proves a password is nobody's session: the server must not take it for our installation.
  if (!sasl2 || proofOnly) return [];
  const requests: Element[] = [];
  if (userAgent !== undefined)
    requests.push(xml("user-agent", { id: userAgent }, xml("software", {}, SOFTWARE)));
  if (resume && sasl2.resume)
    requests.push(xml("resume", { xmlns: NS.sm, previd: resume.previd, h: String(resume.h) }));
  if (wantsBind2(state)) requests.push(bind2Request(state));
  if (usesToken && token) {
    requests.push(xml("fast", { xmlns: NS.fast, count: String(token.count) }));
  } else if (sasl2.tokens && userAgent !== undefined) {
    requests.push(xml("request-token", { xmlns: NS.fast, mechanism: HASHED_TOKEN }));
  }
  return requests;
}

/** What the server did along with authentication. */
export interface InlineResults {
  /** How many of our stanzas it has handled in the session that goes on. */
  resumed?: { h: number };
  /** The old session is over. */
  resumeFailed?: { h: number | undefined };
  /** A new one; `enabled` is undefined when Stream Management was not enabled along with it. */
  bound?: { fullJid: string; enabled: Enabled | undefined };
}

/** Reads `<success/>`; a problem in words when it says what was not asked for or cannot be. */
export function readInlineResults(state: NegotiationState, success: Element): InlineResults | string {
  const { resume, account } = state.config;
  const resumed = success.getChild("resumed", NS.sm);
  const failed = success.getChild("failed", NS.sm);
  const bound = success.getChild("bound", NS.bind2);
  const identity = success.getChildText("authorization-identifier", NS.sasl2)?.trim();
  const jid = identity === undefined ? undefined : parseJid(identity);
  if (identity !== undefined && (jid?.local !== account.local || jid.domain !== account.domain)) {
    return "The server logged us in as somebody else.";
  }
  if (resumed) {
    const h = readHandled(resumed);
    const wasAsked = resume && state.sasl2?.resume && resumed.attrs.previd === resume.previd;
    return wasAsked && h !== undefined ? { resumed: { h } } : "The server resumed another session than ours.";
  }
  const results: InlineResults = failed && resume ? { resumeFailed: { h: readHandled(failed) } } : {};
  if (!bound) return results;
  if (!wantsBind2(state)) return "The server bound a resource that was not asked for.";
  if (identity === undefined || jid?.resource === "") return "The server bound no full JID.";
  const enabled = bound.getChild("enabled", NS.sm);
  results.bound = { fullJid: identity, enabled: enabled && readEnabled(enabled) };
  return results;
}

/** The token that came with success, asked for or by rotation (XEP-0484 sections 3.3 and 3.5). */
export function readToken(success: Element): FastToken | undefined {
  const { token, expiry } = success.getChild("token", NS.fast)?.attrs ?? {};
  return token === undefined || token === "" || expiry === undefined ? undefined : { token, expiry };
}

/** Without the name of the installation there is no hope for the same resource next time (XEP-0386 section 3.2.1). */
function wantsBind2({ config, sasl2 }: NegotiationState): boolean {
  return sasl2?.bind !== undefined && config.bind2 === true && config.userAgent !== undefined;
}

function bind2Request({ sasl2 }: NegotiationState): Element {
  const bind = xml("bind", { xmlns: NS.bind2 }, xml("tag", {}, SOFTWARE));
  if (sasl2?.bind?.carbons) bind.append(xml("enable", { xmlns: NS.carbons }));
  if (sasl2?.bind?.streamManagement) bind.append(xml("enable", { xmlns: NS.sm, resume: "true" }));
  return bind;
}
