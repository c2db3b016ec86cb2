// COST-4 on real storage: what another process would find of what was put off.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Lease } from "../../durable/storage/lease.ts";
import { Outbound } from "../../durable/storage/outbound.ts";
import { Settings } from "../../durable/storage/settings.ts";
import { UndeliveredTable } from "../../durable/storage/undelivered.ts";
import { UpstreamRows } from "../../durable/storage/upstream-row.ts";
import { ManagedSession } from "../../durable/upstream/managed-session.ts";
import { REQUEST_ACK } from "../../xmpp/stream-management.ts";

const NOW = 1_000_000;
const GRANTED = { id: "sm", location: undefined };

function message(number: number): string {
  return `<message xmlns="jabber:client" to="b@example.org" id="${number}"/>`;
}

function sessionOn(lease: Lease): ManagedSession {
  return new ManagedSession({
    rows: new UpstreamRows(lease.sql),
    outbound: new Outbound(lease.sql, lease.later),
    undelivered: new UndeliveredTable(lease.sql),
    postponed: lease,
    newId: () => "p",
    isGivenUp: () => false,
  });
}

/** A session on storage that puts writes off, and what another process would find. */
async function withPostponed(
  name: string,
  test: (played: {
    session: ManagedSession;
    lease: Lease;
    found: () => ManagedSession;
    queued: () => number;
  }) => void,
): Promise<void> {
  const stub = env.ACCOUNT.getByName(`postponed-${name}@good.example`);
  await runInDurableObject(stub, (_instance, { storage }) => {
    const leases: Lease[] = [];
    const open = (): Lease => {
      const opened = new Lease(storage);
      leases.push(opened);
      return opened;
    };
    const lease = open();
    const session = sessionOn(lease);
    session.begin("a@good.example/r", GRANTED, () => undefined);
    lease.endTurn();
    const queued = (): number => new Outbound(storage.sql).length;
    test({ session, lease, found: () => sessionOn(open()), queued });
    for (const opened of leases) opened.end();
  });
}

describe("COST-4 what another process would be told again", () => {
  it("COST-4 how many were handled is not written in a turn that writes nothing, and before the server is told", async () => {
    await withPostponed("handled", ({ session, lease, found }) => {
      session.onStanza();
      session.endTurn();
      lease.endTurn();
      expect(found().resumption()?.h).toBe(0);
      expect(session.ack()).toBe(`<a xmlns="urn:xmpp:sm:3" h="1"/>`);
      expect(found().resumption()?.h).toBe(1);
    });
  });

  it("COST-4 UP-11 with what a stanza has caused, it is", async () => {
    await withPostponed("effects", ({ session, lease, found }) => {
      session.onStanza();
      new Settings(lease.sql).set("full-jid", "a@good.example/r");
      session.endTurn();
      lease.endTurn();
      expect(found().resumption()?.h).toBe(1);
    });
  });

  it("COST-4 what was acknowledged goes with the next that is queued, its number with it", async () => {
    await withPostponed("acknowledged", ({ session, lease, found, queued }) => {
      session.add(message(1), NOW);
      session.add(message(2), NOW);
      session.drain(NOW);
      lease.endTurn();
      expect(session.acknowledged(2)).toBe(true);
      lease.endTurn();
      expect(queued()).toBe(2);
      // Lost here, the server says it again.
      const again = found();
      expect([again.resumed(2), again.drain(NOW)]).toEqual([true, []]);
      session.add(message(3), NOW);
      expect(queued()).toBe(1);
      const next = found();
      expect(next.resumed(2)).toBe(true);
      expect(next.drain(NOW)).toEqual([message(3), REQUEST_ACK]);
    });
  });
});
