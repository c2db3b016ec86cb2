/** What can be asked of the search in the log, and what it answers. Types only; durable/storage/log-search.ts carries it out. */
import type { SearchTerm } from "./words.ts";

export interface SearchQuery {
  terms: readonly SearchTerm[];
  /** Only the conversation with this bare JID, a contact or a room. */
  peer: string | undefined;
  /** When it was said, both inclusive, in milliseconds since the epoch; infinite without a limit. */
  sinceMs: number;
  untilMs: number;
  /** Only what comes before this number in the log: `next` of the page before; infinite for the first. */
  before: number;
  /** At most so many messages. */
  count: number;
}

export interface SearchHit {
  /** Its number in the log. */
  seq: number;
  atMs: number;
  sent: boolean;
  peer: string;
  /** In a room: the nickname of who said it. */
  nick: string | undefined;
  /** The piece of it around what was found. */
  excerpt: string;
}

export interface SearchResult {
  /** The latest first. */
  hits: SearchHit[];
  /** Where to go on; undefined when all was looked through. With few or no hits too: what is done at once is bounded. */
  next: number | undefined;
  /** Encrypted messages in what was to be searched, into which search cannot see. */
  sealed: number;
}
