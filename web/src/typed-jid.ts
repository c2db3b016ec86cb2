// What a person may type or paste as an XMPP address.

/** A bare JID from an xmpp: URI, a full JID, capital letters; undefined when it is none. */
export function toBareJid(typed: string): string | undefined {
  const [bare = ""] = typed
    .trim()
    .replace(/^xmpp:/i, "")
    .split(/[/?]/);
  return /^[^@\s]+@[^@\s]+$/.test(bare) ? bare.toLowerCase() : undefined;
}
