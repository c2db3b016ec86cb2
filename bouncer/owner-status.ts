/**
 * What the owner can be told of the account's state, as plain data: the same over HTTP, in a command and in the console.
 * Times are XEP-0082 UTC timestamps. No secret, and nothing that anybody has written.
 */

export interface ClientStatus {
  device: string;
  /** "gone": its socket is, but it may come back and resume. */
  state: "connected" | "gone";
  /** Since when it is in that state, where that is known. */
  since?: string;
  lastActive: string;
  /** What it shows others: the `<show/>` of its presence, "available" without one, "unavailable" before its first. */
  presence: string;
  /** How many stanzas it has yet to acknowledge, as far as it acknowledges any. */
  waiting: number;
}

export interface OwnerEvent {
  at: string;
  /** "lost": a session ended, or could not be had. "rescued": the watchdog found the account without an alarm. */
  what: "bound" | "resumed" | "lost" | "refused" | "rescued";
  text?: string;
  /** How often in a row, and when last, where it was more than once. */
  times?: number;
  lastAt?: string;
}

export interface OwnerStatus {
  account: string;
  /** The full JID that the world and all clients see; absent before the first session. */
  address?: string;
  phase: "offline" | "connecting" | "online" | "needs-login";
  /** Since when the account is online, or is not. Restarts that nobody noticed do not count. */
  since: string;
  /** Of the session, or the one that is tried now. `protection`: how the connection to it is protected. */
  server?: { url: string; host: string; port: number; protection: string };
  /** Does the server acknowledge stanzas (XEP-0198), so that the session can be resumed? */
  streamManagement: boolean;
  /** Did the session begin on this connection, or was it resumed? */
  session?: "new" | "resumed";
  lastError?: { text: string; at: string };
  nextAttempt?: string;
  /** What the latest attempt has tried, or refused to try, and why it failed. */
  tried: { what: string; why: string }[];
  /** How often the platform has begun this account's process anew, and when it did last. */
  restarts: number;
  lastRestart: string;
  clients: ClientStatus[];
  /** How many stanzas the server has yet to acknowledge, or to be sent. */
  waitingForServer: number;
  /** What happened to the session, oldest first. */
  history: OwnerEvent[];
  /** When the log may have missed something that cannot be had any more, and why; oldest first. */
  holes: OwnerHole[];
}

export interface OwnerHole {
  from: string;
  to: string;
  /** The room that it is about; absent: everything but rooms. */
  room?: string;
  reason: string;
}
