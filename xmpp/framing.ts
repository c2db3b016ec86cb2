/**
 * How a stream begins and ends in its two framings, as the initiating entity: RFC 6120 (one long XML document over TCP)
 * and RFC 7395 (a document in each WebSocket message). Everything in between is the same elements. Keeps no state.
 */
import type { Element } from "@xmpp/xml";
import { NS } from "./namespaces.ts";
import { escapeAttribute } from "./xml/serialize.ts";
import type { StreamEvent } from "./xml/stream-reader.ts";

/** What a stream header says (RFC 6120 section 4.7). `from` only on a protected stream: it discloses who logs in. */
export interface StreamOpening {
  to: string;
  from?: string;
}

/** RFC 6120 section 4.7: the header, with `jabber:client` as the namespace of what follows. */
export function streamHeader(opening: StreamOpening): string {
  return (
    `<?xml version="1.0"?><stream:stream${addressing(opening)}` +
    ` xmlns="${NS.client}" xmlns:stream="${NS.stream}">`
  );
}

/** RFC 6120 section 4.4. */
export const STREAM_END = "</stream:stream>";

/** RFC 7395 section 3.4. */
export function openFrame(opening: StreamOpening): string {
  return `<open xmlns="${NS.framing}"${addressing(opening)}/>`;
}

/** RFC 7395 section 3.6. */
export const CLOSE_FRAME = `<close xmlns="${NS.framing}"/>`;

/**
 * An element of a stream as a frame of its own: with the namespace that it would inherit from the stream header (RFC
 * 7395 section 3.3.3). `xml` is one element as our own serializer writes it, which escapes ">" in attributes.
 */
export function elementFrame(xml: string): string {
  const name = /^<([^\s/>]+)/.exec(xml)?.[1] ?? "";
  const startTag = xml.slice(0, xml.indexOf(">"));
  if (name.includes(":") || startTag.includes(' xmlns="')) return xml;
  return `<${name} xmlns="${NS.client}"${xml.slice(name.length + 1)}`;
}

/** What the element of a frame stands for in a stream (RFC 7395 section 3.3). */
export function readFramed(element: Element): StreamEvent {
  if (element.is("open", NS.framing)) return { type: "open", header: element, contentNamespace: NS.client };
  if (!element.is("close", NS.framing)) return { type: "element", element };
  // Section 3.6.1. Whether it may be followed is for the caller to say.
  const otherUri = element.attrs["see-other-uri"]?.trim() ?? "";
  return otherUri === "" ? { type: "close" } : { type: "close", otherUri };
}

function addressing({ to, from }: StreamOpening): string {
  const sender = from === undefined ? "" : ` from="${escapeAttribute(from)}"`;
  return ` to="${escapeAttribute(to)}"${sender} version="1.0" xml:lang="en"`;
}
