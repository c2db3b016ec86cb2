/**
 * In which order to try what SRV records name: RFC 2782's priority and weight, with the records of XEP-0368 v1.1.0
 * (direct TLS) and of RFC 6120 section 3.2.1 (STARTTLS) mixed as if they were one set. Pure; randomness is given.
 */
import type { SrvRecord } from "./resolver.ts";

/** What DNS says of one of the two services. */
export interface Service {
  records: readonly SrvRecord[];
  authenticated: boolean;
}

/** One server to try. `hostname` is only what DNS says: whether a certificate for it proves anything is decided later. */
export interface SrvEntry {
  hostname: string;
  port: number;
  tls: "starttls" | "direct";
  authenticated: boolean;
}

export type SrvPlan =
  /** No SRV records at all: RFC 6120 section 3.2.2 goes on with the domain itself. */
  | { kind: "absent" }
  /** The domain says that it has no such service ("."): nothing to fall back on (RFC 2782, XEP-0368 section 5). */
  | { kind: "unavailable" }
  | { kind: "entries"; entries: SrvEntry[] };

type Weighted = SrvEntry & { priority: number; weight: number };

/** `random` gives numbers in [0, 1). */
export function orderServices(
  services: { direct: Service; starttls: Service },
  random: () => number,
): SrvPlan {
  const { direct, starttls } = services;
  if (direct.records.length + starttls.records.length === 0) return { kind: "absent" };
  const usable = [...entriesOf(direct, "direct"), ...entriesOf(starttls, "starttls")];
  if (usable.length === 0) return { kind: "unavailable" };
  const priorities = [...new Set(usable.map(({ priority }) => priority))].toSorted((a, b) => a - b);
  const ordered = priorities.flatMap((priority) =>
    orderByWeight(
      usable.filter((entry) => entry.priority === priority),
      random,
    ),
  );
  return {
    kind: "entries",
    entries: ordered.map(({ hostname, port, tls, authenticated }) => ({
      hostname,
      port,
      tls,
      authenticated,
    })),
  };
}

function entriesOf({ records, authenticated }: Service, tls: SrvEntry["tls"]): Weighted[] {
  return records
    .filter(({ target, port }) => target !== "" && port !== 0)
    .map(({ target, port, priority, weight }) => ({
      hostname: target,
      port,
      tls,
      authenticated,
      priority,
      weight,
    }));
}

/** RFC 2782, "Weight": draw one after the other, each with a chance in proportion to its weight. */
function orderByWeight(entries: readonly Weighted[], random: () => number): Weighted[] {
  // Those with weight 0 first, which gives them the small chance that the RFC wants them to have.
  const left = entries.toSorted((a, b) => Math.sign(a.weight) - Math.sign(b.weight));
  const ordered: Weighted[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0);
    // A whole number from 0 to the total, both included.
    let draw = Math.floor(random() * (total + 1));
    const index = left.findIndex(({ weight }) => (draw -= weight) <= 0);
    ordered.push(...left.splice(index, 1));
  }
  return ordered;
}
