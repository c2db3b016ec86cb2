// SM-1, SM-3, SM-4, SM-6: sessions on their tables. A restart is a second ClientSessions on the same ones.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { ClientSessions } from "../../durable/clients/client-sessions.ts";
import { FormerSessions } from "../../durable/clients/former-sessions.ts";
import { ClientQueue } from "../../durable/storage/client-queue.ts";
import { ClientSessionRows } from "../../durable/storage/client-session-rows.ts";
import { FormerSessionRows } from "../../durable/storage/former-session-rows.ts";

const HOUR = 3_600_000;
const FULL = "alice@example.org/x";

interface World {
  sql: SqlStorage;
  /** What is in the tables, taken up anew. */
  wake: () => ClientSessions;
  /** `{client} {place in the log}` for each acknowledgement. */
  acknowledged: string[];
}

async function world(name: string, test: (world: World) => void): Promise<void> {
  await runInDurableObject(
    env.ACCOUNT.getByName(`sessions-${name}@good.example`),
    (_instance, { storage: { sql } }) => {
      const acknowledged: string[] = [];
      const wake = (): ClientSessions =>
        new ClientSessions({
          rows: new ClientSessionRows(sql),
          former: new FormerSessions(new FormerSessionRows(sql)),
          makeQueue: (known) => new ClientQueue(sql, known),
          resumeSeconds: 2 * 3600,
          onAcknowledged: (id, logSeq) => acknowledged.push(`${id} ${logSeq}`),
        });
      test({ sql, wake, acknowledged });
    },
  );
}

function open(sessions: ClientSessions, id: string, fullJid = FULL): string {
  return enable(sessions, id, { fullJid }).id;
}

function enable(
  sessions: ClientSessions,
  id: string,
  { fullJid = FULL, maxSeconds }: { fullJid?: string; maxSeconds?: number },
): { id: string; maxSeconds: number } {
  const record = {
    id,
    device: `device of ${id}`,
    carbons: true,
    interested: true,
    active: true,
    lastActiveMs: 0,
    presence: undefined,
  };
  return sessions.open(record, { fullJid, isResumable: true, maxSeconds }, 0);
}

it("SM-1 a session lasts as long as the settings say, counted from when its client was gone", async () => {
  await world("hours", ({ wake }) => {
    const sessions = wake();
    const previd = open(sessions, "phone");
    expect(sessions.expire(100 * HOUR)).toEqual([]);
    sessions.detach("phone", HOUR);
    expect(sessions.find(previd, 0, 3 * HOUR)).toEqual({ id: "phone", fullJid: FULL });
    expect(sessions.find(previd, 0, 3 * HOUR + 1)).toBeUndefined();
    expect(wake().expire(3 * HOUR)).toEqual([]);
    expect(wake().expire(3 * HOUR + 1)).toEqual(["phone"]);
    expect(wake().has("phone")).toBe(false);
  });
});

it("SM-13 a client that prefers less has less, also over a restart and after it came back once", async () => {
  await world("less", ({ wake }) => {
    const sessions = wake();
    const { id: previd, maxSeconds } = enable(sessions, "phone", { maxSeconds: 60 });
    expect(maxSeconds).toBe(60);
    sessions.detach("phone", 0);
    expect(sessions.find(previd, 0, 60_001)).toBeUndefined();
    expect(wake().find(previd, 0, 60_000)).toEqual({ id: "phone", fullJid: FULL });
    const again = wake();
    again.resume("phone", 30_000);
    again.detach("phone", 100_000);
    expect(wake().expire(160_000)).toEqual([]);
    expect(wake().expire(160_001)).toEqual(["phone"]);
  });
});

it("SM-13 a client that prefers more has what the settings say", async () => {
  await world("more", ({ wake }) => {
    const sessions = wake();
    const { id: previd, maxSeconds } = enable(sessions, "phone", { maxSeconds: Number.MAX_SAFE_INTEGER });
    expect(maxSeconds).toBe(2 * 3600);
    sessions.detach("phone", 0);
    expect(wake().find(previd, 0, 2 * HOUR)).toEqual({ id: "phone", fullJid: FULL });
    expect(wake().find(previd, 0, 2 * HOUR + 1)).toBeUndefined();
  });
});

it("SM-3 the count of the client's stanzas wraps from 2^32 - 1 to 0, also over a restart", async () => {
  await world("wrap", ({ sql, wake }) => {
    open(wake(), "phone");
    sql.exec("UPDATE client_session SET handled = ?", 2 ** 32 - 2);
    const sessions = wake();
    sessions.onStanza("phone", undefined, 0);
    expect(sessions.handled("phone")).toBe(2 ** 32 - 1);
    sessions.onStanza("phone", undefined, 0);
    expect([sessions.handled("phone"), wake().handled("phone")]).toEqual([0, 0]);
  });
});

it("SM-3 a client's stanza costs one row, one to three clients costs one", async () => {
  await world("rows", ({ sql, wake }) => {
    const sessions = wake();
    for (const id of ["one", "two", "three"]) open(sessions, id);
    const changes = (): number => sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n;
    const cost = (act: () => void): number => {
      const from = changes();
      act();
      return changes() - from;
    };
    const message = (): void => {
      sessions.queue("<m/>", ["one", "two", "three"], undefined, 0);
      for (const id of ["one", "two", "three"]) sessions.acknowledged(id, sent, 0);
    };
    let sent = 1;
    message();
    const costs = Array.from({ length: 100 }, () => {
      sent += 1;
      return cost(message);
    });
    expect(costs).toEqual(costs.map(() => 1));
    expect(cost(() => sessions.onStanza("one", undefined, 0))).toBe(1);
  });
});

it("SM-4 sessions that were told another full JID end at once when their clients are gone", async () => {
  await world("address", ({ wake }) => {
    const sessions = wake();
    const previd = open(sessions, "gone");
    open(sessions, "there");
    open(sessions, "new", "alice@example.org/y");
    sessions.queue("<m/>", ["gone", "there", "new"], 7, 0);
    for (const id of ["gone", "new"]) sessions.detach(id, 1);
    expect(sessions.endOthers("alice@example.org/y")).toEqual(["gone"]);
    expect(sessions.find(previd, 0, 2)).toBeUndefined();
    expect(["gone", "there", "new"].map((id) => wake().has(id))).toEqual([false, true, true]);
  });
});

it("SM-5 an h below what was acknowledged or above what was sent does not count", async () => {
  await world("counts", ({ wake, acknowledged }) => {
    const sessions = wake();
    const previd = open(sessions, "phone");
    for (let seq = 1; seq <= 3; seq += 1) sessions.queue(`<m/>`, ["phone"], 10 + seq, 0);
    expect(sessions.acknowledged("phone", 4, 0)).toBeUndefined();
    expect(sessions.acknowledged("phone", 2, 0)).toBe(2);
    expect(sessions.acknowledged("phone", 2, 0)).toBe(0);
    expect(sessions.acknowledged("phone", 1, 0)).toBeUndefined();
    sessions.detach("phone", 0);
    expect(sessions.find(previd, 1, 0)).toBeUndefined();
    expect(sessions.find(previd, 4, 0)).toBeUndefined();
    expect(sessions.find(previd, 3, 0)).toBeDefined();
    expect(acknowledged).toEqual(["phone 12", "phone 13"]);
  });
});

it("SM-6 of those that are gone the twenty that left last stay", async () => {
  await world("many", ({ wake }) => {
    const sessions = wake();
    for (let index = 0; index < 25; index += 1) open(sessions, `c${index}`);
    const over: string[] = [];
    for (let index = 0; index < 25; index += 1) over.push(...sessions.detach(`c${index}`, index));
    expect(over).toEqual(["c0", "c1", "c2", "c3", "c4"]);
  });
});

it("SM-6 when too much waits for all together, who has most begins anew", async () => {
  await world("total", ({ wake }) => {
    const sessions = wake();
    for (let index = 0; index < 6; index += 1) open(sessions, `c${index}`);
    const big = "x".repeat(1_000_000);
    const over: string[] = [];
    // 30 million each for five of them, each its own: 150 in all.
    for (let round = 1; round <= 30; round += 1) {
      for (let index = 0; index < 5; index += 1) {
        over.push(...sessions.queue(big, [`c${index}`], undefined, 0).over);
      }
    }
    expect(over).toHaveLength(1);
    expect(sessions.has("c5")).toBe(true);
  });
});

it("SM-15 the last hundred sessions that were not closed are known, however they ended, also over a restart", async () => {
  await world("former", ({ sql, wake }) => {
    const sessions = wake();
    const previds = new Map<string, string>();
    for (const id of ["late", "closed", "other"]) previds.set(id, open(sessions, id));
    sessions.onStanza("late", undefined, 0);
    const passing = {
      id: "passing",
      device: "passing",
      carbons: false,
      interested: false,
      active: true,
      lastActiveMs: 0,
    };
    sessions.open({ ...passing, presence: undefined }, { fullJid: FULL, isResumable: false }, 0);
    const known = (id: string): unknown => wake().formerly(previds.get(id) ?? "");
    // While a session lives, its own row says it.
    expect(known("late")).toEqual({ device: "device of late", handled: 1 });
    sessions.close("closed");
    for (const id of ["late", "passing"]) sessions.detach(id, 0);
    expect(sessions.expire(3 * HOUR).toSorted()).toEqual(["late", "passing"]);
    sessions.detach("other", 3 * HOUR);
    expect(sessions.endOthers("alice@example.org/y")).toEqual(["other"]);
    expect(["late", "closed", "other"].map((id) => known(id))).toEqual([
      { device: "device of late", handled: 1 },
      undefined,
      { device: "device of other", handled: 0 },
    ]);
    expect(wake().formerly("")).toBeUndefined();
    for (let index = 0; index < 120; index += 1) {
      previds.set(`c${index}`, open(sessions, `c${index}`));
      sessions.detach(`c${index}`, 0);
      sessions.expire(3 * HOUR);
    }
    expect(sql.exec("SELECT count(*) AS n FROM former_session").one()).toEqual({ n: 100 });
    expect(known("c19")).toBeUndefined();
    expect(known("c20")).toEqual({ device: "device of c20", handled: 0 });
  });
});

it("SM-15 SM-3 regression: a stanza over which its client's session has ended is counted as handled", async () => {
  await world("over-it", ({ wake }) => {
    const sessions = wake();
    const previd = open(sessions, "phone");
    sessions.onStanza("phone", undefined, 0);
    // What the second stanza has caused is too much, also for another one, which is not counted anything.
    const otherId = open(sessions, "laptop");
    sessions.lapse("phone");
    sessions.lapse("laptop");
    sessions.onStanza("phone", undefined, 0);
    expect(wake().formerly(otherId)?.handled).toBe(0);
    expect(wake().formerly(previd)).toEqual({ device: "device of phone", handled: 2 });
    sessions.onStanza("other", undefined, 0);
    expect(wake().formerly(previd)?.handled).toBe(2);
  });
});
