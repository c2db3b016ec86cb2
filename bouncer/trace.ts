/**
 * What the policy decided and why, for tests and for the owner: the last few hundred decisions, in memory.
 * Holds rule ids, names and addresses; never a stanza's content.
 */
import type { Element } from "@xmpp/xml";
import type { ClientId } from "./ports.ts";

export interface TraceEntry {
  atMs: number;
  /** The id of the rule in docs/SPEC.md. */
  rule: string;
  /** The stanza in outline: name, type, from and to. */
  stanza: string;
  /** Where it went: client ids, "upstream", or nowhere. */
  to: readonly ClientId[] | "upstream";
  reason: string;
}

const CAPACITY = 500;
/** Enough to tell addresses apart; a stranger's may be as long as a stanza. */
const MAX_NAME_LENGTH = 80;

export class Trace {
  readonly #entries: TraceEntry[] = [];
  #next = 0;

  add(atMs: number, rule: string, stanza: Element, to: TraceEntry["to"], reason: string): void {
    this.#entries[this.#next] = { atMs, rule, stanza: outline(stanza), to, reason };
    this.#next = (this.#next + 1) % CAPACITY;
  }

  /** Oldest first. */
  entries(): TraceEntry[] {
    return [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)];
  }
}

function outline(stanza: Element): string {
  const { type, from, to } = stanza.attrs;
  return Object.entries({ type, from, to })
    .flatMap(([name, value]) => (value ? [`${name}=${cut(value)}`] : []))
    .toSpliced(0, 0, cut(stanza.getName()))
    .join(" ");
}

/** A copy: a mere slice would keep the whole string alive. */
function cut(value: string): string {
  return Array.from(value.slice(0, MAX_NAME_LENGTH)).join("");
}
