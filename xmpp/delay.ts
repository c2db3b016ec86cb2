/** Delayed Delivery (XEP-0203): stamping a message that was queued for longer than a moment. */
import { NS } from "./namespaces.ts";

const MESSAGE_END = "</message>";
/** A carbon, up to what it forwards (XEP-0280 section 7). */
const CARBON = new RegExp(
  `^<message\\b[^>]*><(?:sent|received) xmlns="${NS.carbons}"><forwarded xmlns="${NS.forward}">`,
);

/**
 * A serialized message with a `<delay/>` added, in a carbon beside what it forwards; other stanzas, and messages that carry one, stay as they are. Takes and
 * returns what serialize() writes.
 */
export function withDelay(stanza: string, stamp: string): string {
  if (!stanza.startsWith("<message") || !stanza.endsWith(MESSAGE_END)) return stanza;
  if (stanza.includes(`xmlns="${NS.delay}"`)) return stanza;
  const delay = `<delay xmlns="${NS.delay}" stamp="${stamp}"/>`;
  // XEP-0297 section 3: a forwarded message is stamped beside it.
  const [carbon] = CARBON.exec(stanza) ?? [];
  if (carbon !== undefined) return carbon + delay + stanza.slice(carbon.length);
  return `${stanza.slice(0, -MESSAGE_END.length)}${delay}${MESSAGE_END}`;
}
