/**
 * SM-15: sessions that are over and that their clients have not closed. Who asks in vain to resume one is told how far it got, and is
 * the device that it was. They are known until that device says goodbye: a client that comes back may be gone again before it
 * has a new session, or before it hears of it.
 */
import type { FormerSession, FormerSessionRows } from "../storage/former-session-rows.ts";
import { UNRESUMABLE } from "./resumption-id.ts";

interface Over extends FormerSession {
  id: string;
  tokenHash: string;
}

export class FormerSessions {
  readonly #rows: FormerSessionRows;
  /** The last one: the stanza that has caused its end is still to be counted. */
  #last: Pick<Over, "id" | "tokenHash"> | undefined;

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
    this.#last = { id, tokenHash };
  }

  /** SM-3: a stanza was handled whose client's session has ended over it. */
  onStanza(id: string): void {
    if (this.#last?.id === id) this.#rows.handledMore(this.#last.tokenHash);
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
