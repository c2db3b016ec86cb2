// An empty object's tables, and messages for them.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { LogEntry } from "../../../bouncer/log/log-store.ts";

/** The database of an object that nothing else uses. */
export async function withSql(name: string, test: (sql: SqlStorage) => void): Promise<void> {
  await runInDurableObject(env.ACCOUNT.getByName(`tables-${name}@good.example`), (_instance, { storage }) =>
    test(storage.sql),
  );
}

export function logEntry(over: Partial<LogEntry> = {}): LogEntry {
  return {
    atMs: 1_000,
    sent: false,
    device: undefined,
    peer: "bob@example.org",
    room: false,
    messageId: "m",
    stanzaId: "s",
    frame: "<message/>",
    ...over,
  };
}
