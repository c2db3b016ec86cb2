// IMPORT over a network that breaks: whoever sends a log is gone in the middle of a line, and does it again.

import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

const MESSAGES = 3_000;
const CAROL = "carol@example.org";

describe.skipIf(missingProsody)("an import that is broken off", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage();
  });
  afterAll(async () => {
    await stage?.stop();
  });

  it("[IMPORT-1] goes on where it was, without anything twice", async () => {
    const alice = await stage.account("alice");
    await stage.attach(alice, "phone");
    const head = { type: "xmpproxy log", version: 1, account: alice.jid, exported: "x", most: MESSAGES };
    const lines = Array.from({ length: MESSAGES }, (_none, n) =>
      JSON.stringify({
        at: new Date(Date.now() - 60_000 + n).toISOString(),
        direction: "received",
        with: CAROL,
        stanza: `<message xmlns="jabber:client" from="${CAROL}/phone" type="chat" id="c${n}"><body>${"word ".repeat(40)}</body></message>`,
      }),
    );
    const text = `${[JSON.stringify(head), ...lines].join("\n")}\n`;
    const url = `${stage.worker.url}/accounts/${encodeURIComponent(alice.jid)}/log`;
    const headers = {
      Authorization: `Basic ${Buffer.from(`${alice.jid}:${alice.password}`).toString("base64")}`,
    };
    const logged = async (): Promise<number> => {
      const exported = await (await fetch(url, { headers })).text();
      return exported.split("\n").filter((line) => line.includes(CAROL)).length;
    };

    const broken = request(url, { method: "POST", headers: { ...headers, "Content-Length": text.length } });
    broken.on("error", () => undefined);
    broken.write(text.slice(0, (text.length * 2) / 3));
    await expect.poll(logged, { timeout: 20_000 }).toBeGreaterThan(1_000);
    const isClosed = new Promise((resolve) => broken.on("close", resolve));
    broken.destroy();
    await isClosed;

    // The object may hear of the end a moment later: until then it says that another import is under way.
    let said: Partial<Record<"imported" | "duplicates", number>> = {};
    const again = async (): Promise<typeof said> => {
      const response = await fetch(url, { method: "POST", headers, body: text });
      said = await response.json();
      return said;
    };
    await expect.poll(again, { timeout: 20_000 }).toHaveProperty("imported");
    const { imported = 0, duplicates = 0 } = said;
    expect(imported + duplicates).toBe(MESSAGES);
    expect(duplicates).toBeGreaterThan(1_000);
    expect(imported).toBeGreaterThan(0);
    expect(await logged()).toBe(MESSAGES);
  });
});
