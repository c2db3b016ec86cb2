// One of alice's devices in a random run: what it is like, what has come to it, and what must have.

import { expect } from "vitest";

export interface DeviceTraits {
  carbons: boolean;
  /** Sends a receipt for every message. */
  eager: boolean;
  /** Answers what it is asked. */
  answers: boolean;
}

export class Device {
  readonly traits: DeviceTraits;
  readonly name: string;
  /** The stream that it has now, if any. */
  client: string | undefined;
  connected = false;
  times = 0;
  show = "";
  lastActive = 0;
  suspendedAtMs = 0;
  /** By body: how often it came. */
  readonly heard = new Map<string, number>();
  readonly copies = new Map<string, number>();
  /** By id: how often its requests were answered. Those of streams that ended are not waited for. */
  asked = new Map<string, number>();
  /**
   * Heard on the stream that it has now, before the process died: LOG-5's cursors may be 25 s old then, so a device that does
   * not resume may be told again.
   */
  readonly maybeAgain = new Set<string>();
  /** What there was to hear, and to be told of as a copy, since it was here first. */
  owedMessages: string[] = [];
  owedCopies: string[] = [];

  constructor(name: string, traits: DeviceTraits) {
    this.name = name;
    this.traits = traits;
  }

  /** Everything has had its time: has it come, and once? */
  check(): void {
    const certain = (times: ReadonlyMap<string, number>): Record<string, number> =>
      Object.fromEntries([...times].map(([body, n]) => [body, this.maybeAgain.has(body) ? 1 : n]));
    expect(certain(this.heard), `what ${this.name} has heard`).toEqual(once(this.owedMessages));
    const owed = this.traits.carbons ? this.owedCopies : [];
    expect(certain(this.copies), `copies to ${this.name}`).toEqual(once(owed));
    expect(Object.fromEntries(this.asked), `answers to ${this.name}`).toEqual(once([...this.asked.keys()]));
  }
}

/** Each of these, one time. */
export function once(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, 1]));
}

/** One time more. */
export function count(times: Map<string, number>, what: string): void {
  times.set(what, (times.get(what) ?? 0) + 1);
}
