// Cost: what an account costs in a month, from the counts that test/workerd/budget.test.ts holds to (COST-1) and Cloudflare's
// prices. Arithmetic only: nothing is measured here. docs/cost.md says what is assumed.

import type { Section } from "./support/section.ts";

const DAYS = 30;
const ACCOUNTS = [1, 1_000, 10_000, 100_000, 1_000_000, 10_000_000] as const;

/** Workers Paid, a month, in dollars per million beyond what is included (November 2026). */
const PRICES = {
  base: 5,
  requests: { included: 1e6, perMillion: 0.15 },
  gigabyteSeconds: { included: 400_000, perMillion: 12.5 },
  rowsWritten: { included: 50e6, perMillion: 1 },
  rowsRead: { included: 25e9, perMillion: 0.001 },
} as const;

/** Rows per event, with Stream Management on both sides and several clients. */
const ROWS = {
  in: { written: 3, read: 3 },
  out: { written: 6, read: 6 },
  /** Of a contact or an occupant: its row, the queue's, the session's counter. */
  presence: { written: 3, read: 2 },
  /** A client's request to the server and its answer: remembered and forgotten, queued and acknowledged, counted twice, delivered. */
  request: { written: 8, read: 7 },
  /** Of each message that is logged, in steps: its share of lists and index (0.9), and that it is deleted with that a year later. */
  upkeep: { written: 2.5, read: 4 },
  /** An alarm that is set is billed as a row written. */
  heartbeat: { written: 1, read: 5 },
} as const;

const HEARTBEATS_A_DAY = 86_400 / 30;
/** The watchdog asks every account every five minutes (ADR 9). */
const WAKES_A_DAY = 86_400 / 300;
/** For each 40 of them the registry's alarm, and where it stands. */
const ROWS_A_WAKE = 2 / 40;
/** Twenty WebSocket messages that come in are one request. */
const MESSAGES_A_REQUEST = 20;
/** A client acknowledges about every fifth stanza that it gets. */
const STANZAS_AN_ACK = 5;
const GIGABYTES = 0.128;

interface Profile {
  readonly name: string;
  readonly clients: number;
  /** A day. */
  readonly in: number;
  readonly out: number;
  readonly presence: number;
  readonly requests: number;
  readonly connections: number;
}

const PROFILES: readonly Profile[] = [
  { name: "quiet", clients: 1, in: 20, out: 10, presence: 50, requests: 20, connections: 5 },
  { name: "usual", clients: 3, in: 300, out: 60, presence: 500, requests: 150, connections: 30 },
  { name: "busy", clients: 5, in: 5_000, out: 300, presence: 5_000, requests: 500, connections: 60 },
];

interface Usage {
  readonly requests: number;
  readonly gigabyteSeconds: number;
  readonly rowsWritten: number;
  readonly rowsRead: number;
}

function monthOf(profile: Profile): Usage {
  const rows = (kind: "written" | "read"): number =>
    DAYS *
    (profile.in * ROWS.in[kind] +
      profile.out * ROWS.out[kind] +
      (profile.in + profile.out) * ROWS.upkeep[kind] +
      profile.presence * ROWS.presence[kind] +
      profile.requests * ROWS.request[kind] +
      HEARTBEATS_A_DAY * ROWS.heartbeat[kind] +
      WAKES_A_DAY * ROWS_A_WAKE);
  const delivered = profile.in + profile.presence + profile.out;
  const frames = profile.out + profile.requests + (profile.clients * delivered) / STANZAS_AN_ACK;
  return {
    requests: DAYS * (HEARTBEATS_A_DAY + WAKES_A_DAY + profile.connections + frames / MESSAGES_A_REQUEST),
    gigabyteSeconds: DAYS * 86_400 * GIGABYTES,
    rowsWritten: rows("written"),
    rowsRead: rows("read"),
  };
}

function billOf(usage: Usage, accounts: number): number {
  const due = (used: number, { included, perMillion }: { included: number; perMillion: number }): number =>
    (Math.max(0, used * accounts - included) / 1e6) * perMillion;
  return (
    PRICES.base +
    due(usage.requests, PRICES.requests) +
    due(usage.gigabyteSeconds, PRICES.gigabyteSeconds) +
    due(usage.rowsWritten, PRICES.rowsWritten) +
    due(usage.rowsRead, PRICES.rowsRead)
  );
}

export function computeCost(): Section {
  const months = PROFILES.map((profile) => ({ profile, usage: monthOf(profile) }));
  return {
    title: "Cost",
    note: "A month of an account that is always online, and dollars per account and month by how many there are. Computed, not measured: docs/cost.md.",
    head: [
      "profile",
      "requests",
      "GB-s",
      "rows written",
      "rows read",
      ...ACCOUNTS.map((count) => `$ at ${count.toLocaleString("en")}`),
    ],
    rows: months.map(({ profile, usage }) => [
      profile.name,
      ...[usage.requests, usage.gigabyteSeconds, usage.rowsWritten, usage.rowsRead].map((figure) =>
        Math.round(figure).toLocaleString("en"),
      ),
      ...ACCOUNTS.map((count) => (billOf(usage, count) / count).toFixed(2)),
    ]),
    data: months,
  };
}
