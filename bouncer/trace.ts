/**
 * What the policy decided and why, for tests and for the owner: the last few hundred decisions, in memory.
 * Holds rule ids, names and addresses; never a stanza's content.
 */
import type { Element } from "@xmpp/xml";
import { ownCopy } from "./own-copy.ts";
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
/** Names that come again and again are copied once. */
const MAX_NAMES = 200;

export class Trace {
  readonly #entries: Decision[] = [];
  readonly #names = new Names();
  #next = 0;

  add(atMs: number, rule: string, stanza: Element, to: TraceEntry["to"], reason: string): void {
    this.#entries[this.#next] = new Decision(atMs, rule, { stanza, names: this.#names }, to, reason);
    this.#next = (this.#next + 1) % CAPACITY;
  }

  /** Oldest first. */
  entries(): TraceEntry[] {
    return [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)];
  }
}

/** Every stanza makes one, and hardly any is ever read: put into words only when it is. */
class Decision implements TraceEntry {
  readonly atMs: number;
  readonly rule: string;
  readonly to: TraceEntry["to"];
  readonly reason: string;
  readonly #name: string;
  readonly #type: string | undefined;
  readonly #from: string | undefined;
  readonly #to: string | undefined;

  constructor(
    atMs: number,
    rule: string,
    about: { stanza: Element; names: Names },
    to: TraceEntry["to"],
    reason: string,
  ) {
    this.atMs = atMs;
    this.rule = rule;
    this.to = to;
    this.reason = reason;
    const { stanza, names } = about;
    const { type, from, to: target } = stanza.attrs;
    this.#name = names.short(stanza.getName());
    this.#type = type && names.short(type);
    this.#from = from && names.short(from);
    this.#to = target && names.short(target);
  }

  get stanza(): string {
    const type = this.#type ? ` type=${this.#type}` : "";
    const from = this.#from ? ` from=${this.#from}` : "";
    const to = this.#to ? ` to=${this.#to}` : "";
    return `${this.#name}${type}${from}${to}`;
  }
}

class Names {
  readonly #known = new Map<string, string>();

  /** The beginning of a name. */
  short(value: string): string {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const copy = ownCopy(value.slice(0, MAX_NAME_LENGTH));
    if (this.#known.size >= MAX_NAMES) this.#known.clear();
    this.#known.set(copy, copy);
    return copy;
  }
}
