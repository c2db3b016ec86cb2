/**
 * What is on its way to one client without Stream Management. Nothing tells what it has read but what it says itself: after
 * much without a word it is asked with a ping (XEP-0199), which every entity has to answer somehow (RFC 6120 section
 * 8.2.3), and after far too much it is given up.
 */
import { NS } from "../../xmpp/namespaces.ts";

/** In UTF-8 bytes, since the client was last heard of (with which everything here begins anew). */
const PING_AFTER = 256 * 1024;
const MAX_UNHEARD = 4 * 1024 * 1024;
/** The platform is asked each time that so much more was sent. */
const LOOK_AFTER = 64 * 1024;

export class UnmanagedFlow {
  #unheard = 0;
  #lookAt = LOOK_AFTER;
  #pinged = false;

  /** So much was sent; `buffered` says how much of all that was has not left the object. Says what is to be done now. */
  sent(bytes: number, buffered: () => number | undefined): "ping" | "end" | undefined {
    this.#unheard += bytes;
    if (this.#unheard < this.#lookAt) return undefined;
    this.#lookAt = this.#unheard + LOOK_AFTER;
    if ((buffered() ?? this.#unheard) > MAX_UNHEARD) return "end";
    if (this.#unheard < PING_AFTER || this.#pinged) return undefined;
    this.#pinged = true;
    return "ping";
  }
}

/** Asked in the name of the client's own server. */
export function pingOf(id: string, fullJid: string): string {
  const from = fullJid.slice(fullJid.indexOf("@") + 1).replace(/\/.*$/s, "");
  return `<iq xmlns="${NS.client}" type="get" id="${id}" from="${from}"><ping xmlns="${NS.ping}"/></iq>`;
}
