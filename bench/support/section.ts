// One question that the benchmark answers: a table, and what has to be said about it.

export interface Section {
  readonly title: string;
  /** What the figures mean, where the heads do not say it. */
  readonly note: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The measurements themselves, for the JSON. */
  readonly data: unknown;
}

/** The value below which this share of the sorted or unsorted values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
