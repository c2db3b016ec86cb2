// What the fake servers (fake-server.ts) do wrong, and what they tell of their connections. Without any platform, since it
// is read on both sides: in Node, where the servers run, and inside workerd, where the tests do.

declare module "vitest" {
  interface ProvidedContext {
    /** UPSTREAM_HOSTS of the Worker under test. */
    upstreamHosts: string;
    /** Where the fake servers are led from. */
    fakeServerControl: string;
  }
}

export const FAULTS = [
  "good",
  // Refuse connections until they are told to open; each is for one test file.
  "unreachable",
  "comes-and-goes",
  "sleeps",
  "late",
  "no-starttls",
  "behind-proceed",
  "behind-success",
  // The same, with the beginning of an element only.
  "half-behind-proceed",
  "half-behind-success",
  // Ask for more PBKDF2 iterations than the platform computes, and for fewer than are safe.
  "many-iterations",
  "few-iterations",
  "silent",
  "hangs-up",
  "wrong-signature",
  "foreign-jid",
  "comment",
  "bad-utf8",
  "too-busy",
  // Answers no ping: nothing that it was sent is ever confirmed.
  "confirms-nothing",
  "disabled",
  // Without fault, and with Stream Management.
  "acknowledges",
] as const;
export type Fault = (typeof FAULTS)[number];

/** Closed in the beginning. */
export const CLOSED_FAULTS: ReadonlySet<Fault> = new Set(["unreachable", "comes-and-goes", "sleeps", "late"]);

/** Which of them begin with STARTTLS; the others stay unencrypted. */
export const STARTTLS_FAULTS: ReadonlySet<Fault> = new Set([
  "no-starttls",
  "behind-proceed",
  "half-behind-proceed",
]);

/** One TCP connection, as long as it was there. */
export interface Connection {
  readonly domain: string;
  /** Everything that came, as Latin-1. */
  received: string;
  /** The bound full JID. */
  jid: string | undefined;
  /** First-level elements after binding. */
  readonly stanzas: string[];
  ended: boolean;
}
