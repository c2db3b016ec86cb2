/**
 * Stanzas (RFC 6120 section 8): telling them apart, and building replies and errors to them.
 * Elements here follow the strict reader's invariant: local names, explicit xmlns at the top.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "./namespaces.ts";

export type StanzaKind = "message" | "presence" | "iq";

/** RFC 6120 section 8.3.2. */
type StanzaErrorType = "auth" | "cancel" | "continue" | "modify" | "wait";

/** The conditions of RFC 6120 section 8.3.3 that this project sends. */
type StanzaCondition =
  | "bad-request"
  | "feature-not-implemented"
  | "forbidden"
  | "item-not-found"
  | "jid-malformed"
  | "not-acceptable"
  | "not-allowed"
  | "policy-violation"
  | "remote-server-timeout"
  | "resource-constraint"
  | "service-unavailable";

export interface StanzaError {
  type: StanzaErrorType;
  condition: StanzaCondition;
  /** For people; never a secret. */
  text?: string;
}

/** Which of the three stanzas this first-level element is; undefined for nonzas and foreign elements. */
export function stanzaKind(element: Element): StanzaKind | undefined {
  if (element.getNS() !== NS.client) return undefined;
  const name = element.getName();
  return name === "message" || name === "presence" || name === "iq" ? name : undefined;
}

/** An IQ is a request when it must be answered (RFC 6120 section 8.2.3). */
export function isIqRequest(iq: Element): boolean {
  return iq.attrs.type === "get" || iq.attrs.type === "set";
}

/** The one child element that carries an IQ request's meaning, if there is one. */
export function iqPayload(iq: Element): Element | undefined {
  return iq.getChildElements()[0];
}

/** The result of an IQ request, addressed back to its sender. */
export function iqResult(request: Element, ...payload: Element[]): Element {
  return xml("iq", { ...replyAddress(request), type: "result" }, ...payload);
}

/** In which language a stanza's text is (RFC 6120 section 8.1.5), for one that is made of it. */
export function languageOf(stanza: Element | undefined): { "xml:lang"?: string } {
  const language = stanza?.attrs["xml:lang"];
  return language === undefined ? {} : { "xml:lang": language };
}

/** An error reply to any stanza, addressed back to its sender (RFC 6120 section 8.3). Payload is not echoed. */
export function errorReply(stanza: Element, error: StanzaError): Element {
  return xml(
    stanza.getName(),
    { ...replyAddress(stanza), type: "error" },
    xml(
      "error",
      { type: error.type },
      xml(error.condition, { xmlns: NS.stanzaErrors }),
      error.text === undefined
        ? undefined
        : xml("text", { xmlns: NS.stanzaErrors, "xml:lang": "en" }, error.text),
    ),
  );
}

function replyAddress(stanza: Element): Record<string, string | undefined> {
  return { xmlns: NS.client, from: stanza.attrs.to, to: stanza.attrs.from, id: stanza.attrs.id };
}
