/**
 * Stream errors (RFC 6120 section 4.9): fatal, always followed by the end of the stream.
 * This is the one place that writes and reads their wire form.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "./namespaces.ts";

/** The conditions of RFC 6120 section 4.9.3 that this project sends. */
export type StreamCondition =
  | "bad-format"
  | "bad-namespace-prefix"
  | "conflict"
  | "connection-timeout"
  | "host-unknown"
  | "improper-addressing"
  | "internal-server-error"
  | "invalid-from"
  | "invalid-namespace"
  | "invalid-xml"
  | "not-authorized"
  | "not-well-formed"
  | "policy-violation"
  | "remote-connection-failed"
  | "reset"
  | "resource-constraint"
  | "restricted-xml"
  | "system-shutdown"
  | "undefined-condition"
  | "unsupported-encoding"
  | "unsupported-feature"
  | "unsupported-stanza-type"
  | "unsupported-version";

/**
 * A `<stream:error/>` with its prefix declared on itself, as RFC 7395 section 3.3 needs and RFC 6120 allows.
 * `text` is for people and must hold no secret.
 */
export function streamError(condition: StreamCondition, text?: string): Element {
  return xml(
    "stream:error",
    { "xmlns:stream": NS.stream },
    xml(condition, { xmlns: NS.streamErrors }),
    text === undefined ? undefined : xml("text", { xmlns: NS.streamErrors, "xml:lang": "en" }, text),
  );
}

/** What a received `<stream:error/>` says: its condition (as sent, also unknown ones), text, and see-other-host. */
export function readStreamError(error: Element): { condition: string; text: string; otherHost?: string } {
  let condition = "undefined-condition";
  let text = "";
  let otherHost: string | undefined;
  for (const child of error.getChildElements()) {
    if (child.getNS() !== NS.streamErrors) continue;
    if (child.getName() === "text") text = child.getText();
    else {
      condition = child.getName();
      if (condition === "see-other-host") otherHost = child.getText();
    }
  }
  return { condition, text, ...(otherHost === undefined ? {} : { otherHost }) };
}
