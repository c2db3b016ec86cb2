/**
 * The frames a server sends during negotiation (RFC 7395 section 3), written exactly as the strictest web client
 * reads them: Strophe compares the beginning of `<open `, all of `<close … />`, and the prefix of features.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../namespaces.ts";
import { type StreamCondition, streamError } from "../stream-error.ts";
import { escapeAttribute, serialize } from "../xml/serialize.ts";

/** RFC 7395 section 3.6.1. Byte for byte what Strophe compares with. */
export const CLOSE_FRAME = `<close xmlns="${NS.framing}" />`;

/** RFC 7395 section 3.4: the answer to `<open/>`, with the stream's id. */
export function openFrame(domain: string, streamId: string): string {
  return (
    `<open xmlns="${NS.framing}" from="${escapeAttribute(domain)}" id="${escapeAttribute(streamId)}"` +
    ` version="1.0" xml:lang="en"/>`
  );
}

/** RFC 6120 section 4.3.2. */
export function featuresFrame(...features: Element[]): string {
  return serialize(xml("stream:features", { "xmlns:stream": NS.stream }, ...features));
}

export function streamErrorFrame(condition: StreamCondition, text: string, application?: Element): string {
  return serialize(streamError(condition, text, application));
}
