// The bookkeeping of the upstream session, on the tables of an object of its own.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Outbound } from "../../../durable/storage/outbound.ts";
import { atOnce } from "../../../durable/storage/postponed.ts";
import { UndeliveredTable } from "../../../durable/storage/undelivered.ts";
import { UpstreamRows } from "../../../durable/storage/upstream-row.ts";
import { ManagedSession } from "../../../durable/upstream/managed-session.ts";

export const GRANTED = { id: "sm", location: undefined };
export const nothing = (): void => undefined;

export function request(id: string): string {
  return `<iq type="set" id="${id}"><query xmlns="jabber:iq:roster"/></iq>`;
}

interface Differences {
  /** Null for a server without Stream Management. */
  granted?: typeof GRANTED | null;
  isGivenUp?: (id: string) => boolean;
}

export async function withSession(
  name: string,
  test: (session: ManagedSession, revived: () => ManagedSession, undelivered: UndeliveredTable) => void,
  { granted = GRANTED, isGivenUp = () => false }: Differences = {},
): Promise<void> {
  const stub = env.ACCOUNT.getByName(`managed-${name}@good.example`);
  await runInDurableObject(stub, (_instance, { storage: { sql } }) => {
    const undelivered = new UndeliveredTable(sql);
    let ids = 0;
    const newId = (): string => `p${(ids += 1)}`;
    const make = (): ManagedSession =>
      new ManagedSession({
        rows: new UpstreamRows(sql),
        outbound: new Outbound(sql),
        undelivered,
        postponed: { later: atOnce, save: () => undefined },
        newId,
        isGivenUp,
      });
    const session = make();
    session.begin("a@good.example/r", granted ?? undefined, nothing);
    test(session, make, undelivered);
  });
}
