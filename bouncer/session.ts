/** What the policy knows of the upstream session, shared by its parts. Changed by account.ts only. */
import { isSameJid } from "../xmpp/jid.ts";

export interface Session {
  readonly bareJid: string;
  /** Empty before the first bind; kept while the session is lost. */
  fullJid: string;
  connected: boolean;
  /** Does the server offer versions of the roster (RFC 6121 section 2.6.1)? */
  rosterVersioning: boolean;
  /** Why there is no session, in words. */
  downReason: string;
}

/** Is a client's stanza for the account itself: by no address, or by its bare JID, however that is written (RFC 7622)? */
export function isForAccount(to: string | undefined, { bareJid }: Pick<Session, "bareJid">): boolean {
  return to === undefined || isSameJid(to, bareJid);
}
