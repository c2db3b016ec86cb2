/** What the policy knows of the upstream session, shared by its parts. Changed by account.ts only. */
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
