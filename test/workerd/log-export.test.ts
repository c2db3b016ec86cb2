// EXPORT-1: the log as a stream: in pieces, with what is deleted meanwhile left out, and an end.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { exportLog } from "../../durable/owner/export.ts";
import { AccountLog } from "../../durable/storage/account-log.ts";

const SPAN = { peer: undefined, sinceMs: -Infinity, untilMs: Infinity };
const FOREVER = { days: undefined, megabytes: 9_000 };

async function withLog(
  name: string,
  test: (log: AccountLog, storage: DurableObjectStorage) => Promise<void>,
): Promise<void> {
  await runInDurableObject(
    env.ACCOUNT.getByName(`export-${name}@good.example`),
    async (_instance, { storage }) => {
      await test(new AccountLog(storage.sql, FOREVER), storage);
    },
  );
}

function append(log: AccountLog, peer: string, atMs = 0): void {
  const frame = `<message xmlns="jabber:client" from="${peer}"><body>${"x".repeat(1_000)}</body></message>`;
  const plain = { sent: false, device: undefined, room: false, messageId: undefined, stanzaId: undefined };
  log.store.append({ ...plain, peer, atMs, frame });
}

describe("EXPORT-1 a stream in pieces", () => {
  it("EXPORT-1 reads no further than is taken; what is deleted or comes meanwhile is not in it", async () => {
    await withLog("pieces", async (log) => {
      for (let n = 0; n < 6_000; n += 1) append(log, n < 5_000 ? "bob@example.org" : "carol@example.org");
      const { body } = exportLog(log.reader, { account: "a@b.example", format: "jsonl", span: SPAN });
      const reader = body?.getReader();
      const decoder = new TextDecoder();
      const take = async (): Promise<string | undefined> => {
        const piece = await reader?.read();
        return piece?.value && decoder.decode(piece.value);
      };
      expect(JSON.parse((await take()) ?? "")).toMatchObject({ most: 6_000 });
      const first = (await take()) ?? "";
      expect(first.length).toBeGreaterThan(400_000);
      expect(first.length).toBeLessThan(800_000);
      log.delete("bob@example.org");
      append(log, "carol@example.org");
      let rest = "";
      for (let piece = await take(); piece !== undefined; piece = await take()) rest += piece;
      // One piece may have been read ahead.
      expect(rest.split("bob@example.org").length).toBeLessThan(2 * 2_000);
      expect(rest.match(/"with":"carol/g)).toHaveLength(1_000);
    });
  });

  it("EXPORT-1 one conversation in a long log, and a span of time", async () => {
    await withLog("rare", async (log) => {
      for (let n = 0; n < 9_000; n += 1)
        append(log, n % 3_000 === 0 ? "bob@example.org" : "room@muc.example.org", n);
      const linesOf = async (over: object): Promise<number> => {
        const response = exportLog(log.reader, {
          account: "a@b.example",
          format: "text",
          span: { ...SPAN, ...over },
        });
        return (await response.text()).trimEnd().split("\n").length - 2;
      };
      expect(await linesOf({ peer: "bob@example.org" })).toBe(3);
      expect(await linesOf({ sinceMs: 100, untilMs: 199 })).toBe(100);
    });
  });
});
