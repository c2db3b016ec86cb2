// A log with messages in it, for tests of what is found in it and of what is not any more.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { LogEntry } from "../../../bouncer/log/log-store.ts";
import type { SearchQuery } from "../../../bouncer/search/search.ts";
import { readQuery } from "../../../bouncer/search/words.ts";
import { AccountLog } from "../../../durable/storage/account-log.ts";
import type { LogSearch } from "../../../durable/storage/log-search.ts";

export const FOREVER = { days: undefined, megabytes: 9_000 };
export const BOB = "bob@example.org";
export const ROOM = "room@muc.example.org";

export async function withLog(name: string, test: (log: AccountLog, sql: SqlStorage) => void): Promise<void> {
  await runInDurableObject(env.ACCOUNT.getByName(`filled-${name}@good.example`), (_instance, { storage }) =>
    test(new AccountLog(storage.sql, FOREVER), storage.sql),
  );
}

export function entry(
  body: string,
  over: Partial<LogEntry> & { inner?: string; id?: string } = {},
): LogEntry {
  const { inner = "", id = "m", peer = BOB, ...rest } = over;
  const from = over.room === true ? `${peer}/nick` : `${peer}/phone`;
  const type = over.room === true ? "groupchat" : "chat";
  const frame = `<message xmlns="jabber:client" from="${from}" id="${id}" type="${type}"><body>${body}</body>${inner}</message>`;
  const plain = {
    atMs: 1_000,
    sent: false,
    device: undefined,
    room: false,
    messageId: id,
    stanzaId: undefined,
  };
  return { ...plain, ...rest, peer, frame };
}

export function query(words: string, over: Partial<SearchQuery> = {}): SearchQuery {
  const everything = {
    sinceMs: -Infinity,
    untilMs: Infinity,
    before: Infinity,
    count: 1_000,
    peer: undefined,
  };
  return { terms: readQuery(words) ?? [], ...everything, ...over };
}

/** As many steps as there are to do. */
export function settle(log: AccountLog): void {
  let steps = 0;
  while (log.keepUp(0)) {
    steps += 1;
    expect(steps).toBeLessThan(100);
  }
}

/** All pages, one after the other. */
export function searchAll(search: Pick<LogSearch, "search">, asked: SearchQuery): number[] {
  const found: number[] = [];
  for (let before: number | undefined = asked.before; before !== undefined;) {
    const { hits, next } = search.search({ ...asked, before });
    found.push(...hits.map(({ seq }) => seq));
    expect(next ?? -Infinity).toBeLessThan(before);
    before = next;
  }
  return found;
}
