/** Telling queued stanzas apart by their text, as serialize() writes it. */

export function isMessage(stanza: string): boolean {
  return /^<message\b/.test(stanza);
}

/** Asks for, grants or ends a subscription (RFC 6121 section 3). */
export function isSubscription(stanza: string): boolean {
  return / type="(?:un)?subscribed?"/.test(presenceTag(stanza) ?? "");
}

/** Presence that says how a session is, which a new session says anew. */
export function isSessionPresence(stanza: string): boolean {
  return presenceTag(stanza) !== undefined && !isSubscription(stanza);
}

/** The id of an IQ request; ids of ours need no escapes. */
export function requestId(stanza: string): string | undefined {
  const startTag = /^<iq\b[^>]*/.exec(stanza)?.[0];
  if (startTag === undefined || !/ type="[gs]et"/.test(startTag)) return undefined;
  return / id="([^"]*)"/.exec(startTag)?.[1];
}

function presenceTag(stanza: string): string | undefined {
  return /^<presence\b[^>]*/.exec(stanza)?.[0];
}
