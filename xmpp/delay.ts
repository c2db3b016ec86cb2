/** Delayed Delivery (XEP-0203): stamping a message that was queued for longer than a moment. */
import { NS } from "./namespaces.ts";

const MESSAGE_END = "</message>";

/**
 * A serialized message with a `<delay/>` added; other stanzas, and messages that carry one, stay as they are. Takes and
 * returns what serialize() writes.
 */
export function withDelay(stanza: string, stamp: string): string {
  if (!stanza.startsWith("<message") || !stanza.endsWith(MESSAGE_END)) return stanza;
  if (stanza.includes(`xmlns="${NS.delay}"`)) return stanza;
  return `${stanza.slice(0, -MESSAGE_END.length)}<delay xmlns="${NS.delay}" stamp="${stamp}"/>${MESSAGE_END}`;
}
