/** The policy's presence stores, in the tables `contact_presence` and `directed_presence`. */
import type { Element } from "@xmpp/xml";
import * as v from "valibot";
import type { DirectedPresence, DirectedStore, PresenceStore } from "../../bouncer/ports.ts";
import { MAX_REMEMBERED } from "../../bouncer/presence-in.ts";
import { MAX_REQUESTS } from "../../bouncer/subscription-requests.ts";
import { parseFrame } from "../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../xmpp/xml/limits.ts";
import { serialize } from "../../xmpp/xml/serialize.ts";

/** All that the policy remembers, our own presence included. What is beyond could not be loaded. */
const MAX_ROWS = MAX_REMEMBERED.count + 1 + MAX_REQUESTS.count;
const MAX_TOTAL_LENGTH =
  MAX_REMEMBERED.totalLength + MAX_REMEMBERED.length + MAX_REQUESTS.count * MAX_REQUESTS.length;

const holdersSchema = v.pipe(v.string(), v.parseJson(), v.array(v.string()));

/** What serialize() wrote, read back. */
function revive(text: string): Element | undefined {
  const frame = parseFrame(text, DEFAULT_LIMITS);
  return frame.ok ? frame.element : undefined;
}

export class ContactPresenceTable implements PresenceStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  entries(): { from: string; stanza: Element; atMs: number }[] {
    const rows = this.#sql.exec<{ address: string; at_ms: number; stanza: string }>(
      "SELECT address, at_ms, stanza FROM contact_presence WHERE length(stanza) <= ? LIMIT ?",
      MAX_REMEMBERED.length,
      MAX_ROWS,
    );
    const entries: { from: string; stanza: Element; atMs: number }[] = [];
    let totalLength = 0;
    for (const { address: from, at_ms: atMs, stanza: text } of rows) {
      totalLength += text.length;
      if (totalLength > MAX_TOTAL_LENGTH) break;
      const stanza = revive(text);
      if (stanza) entries.push({ from, stanza, atMs });
    }
    return entries;
  }

  set(from: string, stanza: Element, atMs: number): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO contact_presence (address, at_ms, stanza) VALUES (?, ?, ?)",
      from,
      atMs,
      serialize(stanza),
    );
  }

  delete(from: string): void {
    this.#sql.exec("DELETE FROM contact_presence WHERE address = ?", from);
  }

  clear(): void {
    this.#sql.exec("DELETE FROM contact_presence");
  }
}

export class DirectedPresenceTable implements DirectedStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  entries(): DirectedPresence[] {
    const rows = this.#sql.exec<{ address: string; holders: string; stanza: string }>(
      "SELECT address, holders, stanza FROM directed_presence",
    );
    return rows.toArray().flatMap(({ address: target, holders, stanza: text }) => {
      const stanza = revive(text);
      return stanza ? [{ target, holders: v.parse(holdersSchema, holders), stanza }] : [];
    });
  }

  set({ target, holders, stanza }: DirectedPresence): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO directed_presence (address, holders, stanza) VALUES (?, ?, ?)",
      target,
      JSON.stringify(holders),
      serialize(stanza),
    );
  }

  delete(target: string): void {
    this.#sql.exec("DELETE FROM directed_presence WHERE address = ?", target);
  }
}
