/** What the owner's interface may use of an account. Everything is asked when it is needed; nothing is kept. */
import type { OwnerStatus } from "../../bouncer/owner-status.ts";
import type { LogSpan } from "../../bouncer/search/asking.ts";
import type { SearchQuery, SearchResult } from "../../bouncer/search/search.ts";
import type { TraceEntry } from "../../bouncer/trace.ts";
import type { ExportFormat } from "./export.ts";

export interface OwnerFacts {
  /** A bare JID. */
  readonly account: string;
  status(): OwnerStatus;
  trace(): readonly TraceEntry[];
  /** The device of a client that is attached or may come back. */
  deviceOf(id: string): string | undefined;
  search(query: SearchQuery): SearchResult;
  /** A part of the log, as a file to keep. */
  exportLog(format: ExportFormat, span: LogSpan): Response;
  /** Takes in a log that was exported elsewhere. */
  importLog(body: ReadableStream<Uint8Array> | null): Promise<Response>;
  /** Deletes one conversation from the log, or everything in it. */
  deleteLog(peer: string | undefined): void;
  /** Do the settings name the account (ACCOUNTS), so that it comes online whatever is stored? */
  readonly isNamed: boolean;
  /** Deletes all there is of the account, and takes leave. */
  forget(): Promise<void>;
}
