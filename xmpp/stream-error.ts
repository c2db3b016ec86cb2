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
 * `text` is for people and must hold no secret; `application` says more than the condition does (section 4.9.4).
 */
export function streamError(condition: StreamCondition, text?: string, application?: Element): Element {
  return xml(
    "stream:error",
    { "xmlns:stream": NS.stream },
    xml(condition, { xmlns: NS.streamErrors }),
    text === undefined ? undefined : xml("text", { xmlns: NS.streamErrors, "xml:lang": "en" }, text),
    application,
  );
}

/** What a received `<stream:error/>` says. */
export interface ReceivedStreamError {
  /** As sent, also an unknown one. */
  condition: string;
  /** For people, as the server wrote it; may be empty. */
  text: string;
  /** Where `see-other-host` sends us (RFC 6120 section 4.9.3.19). */
  otherHost?: string;
  /** The name of an application-specific condition beside it (section 4.9.4). */
  application?: string;
}

/** No more of what a server says is passed on to people. */
const MAX_WORDS = 200;

export function readStreamError(error: Element): ReceivedStreamError {
  const read: ReceivedStreamError = { condition: "undefined-condition", text: "" };
  for (const child of error.getChildElements()) {
    if (child.getNS() !== NS.streamErrors) read.application ??= child.getName();
    else if (child.getName() === "text") read.text = child.getText();
    else {
      read.condition = child.getName();
      if (read.condition === "see-other-host") read.otherHost = child.getText().trim();
    }
  }
  return read;
}

/** The same in one sentence, for people. */
export function describeStreamError({ condition, text }: ReceivedStreamError): string {
  const said = text.trim().slice(0, MAX_WORDS);
  return `The server ended the stream: ${condition.slice(0, MAX_WORDS)}${said === "" ? "" : ` (${said})`}.`;
}
