/**
 * SM-15: sessions that are over and that their clients have not closed. Who asks in vain to resume one is told how far it got, and is
 * the device that it was. They are known until that device says goodbye: a client that comes back may be gone again before it
 * has a new session, or before it hears of it.
 */
import type { FormerSession, FormerSessionRows } from "../storage/former-session-rows.ts";
import { UNRESUMABLE } from "./resumption-id.ts";

/** More do not end over one stanza: so many sessions there may be of clients that are there, and of those that are gone. */
const MAX_LATEST = 120;

interface Over extends FormerSession {
  id: string;
  tokenHash: string;
}

export class FormerSessions {
  readonly #rows: FormerSessionRows;
  /** Of the latest, by client: a stanza over which they have ended is still to be counted. */
  readonly #latest = new Map<string, string>();

  constructor(rows: FormerSessionRows) {
    this.#rows = rows;
  }

  find(tokenHash: string): FormerSession | undefined {
    return this.#rows.find(tokenHash);
  }

  /** A client's session is over. */
  add({ id, tokenHash, device, handled }: Over): void {
    if (tokenHash === UNRESUMABLE) return;
    this.#rows.add(tokenHash, { device, handled });
    this.#latest.set(id, tokenHash);
    const [oldest] = this.#latest.keys();
    if (this.#latest.size > MAX_LATEST && oldest !== undefined) this.#latest.delete(oldest);
  }

  /** SM-3: a stanza was handled whose client's session has ended over it. */
  onStanza(id: string): void {
    const tokenHash = this.#latest.get(id);
    if (tokenHash === undefined) return;
    this.#latest.delete(id);
    this.#rows.handledMore(tokenHash);
  }

  /** May this device come back by one of them? */
  leadTo(device: string): boolean {
    return this.#rows.leadsTo(device);
  }

  /** The device has closed its stream: it begins anew if it comes again. */
  forget(device: string): void {
    this.#rows.forget(device);
  }
}
