/** What the owner's interface may use of an account. Everything is asked when it is needed; nothing is kept. */
import type { OwnerStatus } from "../../bouncer/owner-status.ts";
import type { TraceEntry } from "../../bouncer/trace.ts";

export interface OwnerFacts {
  status(): OwnerStatus;
  trace(): readonly TraceEntry[];
  /** The device of a client that is attached or may come back. */
  deviceOf(id: string): string | undefined;
}
