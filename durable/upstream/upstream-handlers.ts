/** What the account hears of its upstream session. */
import type { Element } from "@xmpp/xml";

export interface UpstreamHandlers {
  /** A new session, about which the server knows nothing yet. `chosen`: the resource is the server's choice. */
  onBound(fullJid: string, chosen: boolean): void;
  /** The old session goes on as if nothing had happened. */
  onResumed(fullJid: string): void;
  onStanza(stanza: Element): void;
  /** What arrived together has been dealt with. */
  onTurnEnd(): void;
  /** A session was lost, or an attempt failed; it will be tried again. */
  onLost(reason: string): void;
  /** The server refuses the account's credentials: nothing is tried again until somebody logs in. */
  onRefused(reason: string): void;
}
