// MUC-22, LOG-10: a phone comes back to a real room in which others have talked: it has all of it, once and in order, although
// the process is killed while that is said and while it is told.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import type { Account, RawSession } from "../support/raw-client.ts";
import { missingEjabberd, missingProsody } from "../support/requirements.ts";
import { ResumingClient } from "../support/resuming-client.ts";
import { type AnyStage, heard, host, join, say, told } from "./room-visit.ts";
import { startEjabberdStage, startStage } from "./stage.ts";

/** Printed with every failure; the points at which the process dies follow from it. */
const SEED = Number(process.env["XMPPROXY_SEED"] ?? 20_261_128);
const COUNT = 700;
const SERVERS: Record<string, () => Promise<AnyStage>> = {
  prosody: startStage,
  ejabberd: startEjabberdStage,
};

/** A small generator with a pinned seed (Numerical Recipes). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

function range(from: number, through: number): string[] {
  return Array.from({ length: through - from + 1 }, (_, index) => String(from + index));
}

/** What of this room has come to a client, in order. */
function bodies(client: ResumingClient, room: string): string[] {
  return client.stanzas.all.flatMap((stanza) => {
    const isOfRoom = stanza.is("message") && stanza.attrs.from?.startsWith(`${room}/`) === true;
    return (isOfRoom && stanza.getChildText("body")) || [];
  });
}

async function enters(client: ResumingClient, room: string): Promise<void> {
  client.send('<presence xmlns="jabber:client"/>');
  client.send(join(room, "al").replace("<presence", '<presence xmlns="jabber:client"'));
  await client.stanzas.first("itself in the room", ({ attrs }) => attrs.from === `${room}/al`);
}

describe.skipIf(missingProsody || missingEjabberd).each(Object.entries(SERVERS))(
  "a phone that comes back to a room, on %s",
  (name, start) => {
    let stage: AnyStage;

    beforeAll(async () => {
      stage = await start();
    });
    afterAll(async () => await stage?.stop());

    async function attach(alice: Account, device: string, room: string): Promise<ResumingClient> {
      const client = await ResumingClient.login(stage.worker.wsUrl(alice.jid), alice, device);
      await enters(client, room);
      return client;
    }

    it(
      `MUC-22 LOG-10 MUC-5 has ${COUNT} messages of others and of another device, once and in order, over kills (seed ${SEED})`,
      { timeout: 240_000 },
      async () => {
        const random = numbers(SEED);
        const room = `return-${name}@${stage.server.rooms}`;
        const bob: RawSession = await host(stage, `bob-return-${name}`, room);
        const alice = await stage.account(`alice-return-${name}`);
        const laptop = await attach(alice, "laptop", room);
        const before = await attach(alice, "phone", room);
        await told(bob, `${room}/al`);
        bob.send(say(room, "1"));
        await waitFor("the first", () => bodies(before, room).length === 1);
        // It says what it has got, and is gone for good: nobody comes back to its stream.
        await new Promise((resolve) => void setTimeout(resolve, 4_000));
        before.stop();
        // It is here once more, and goes before it enters the room.
        (await ResumingClient.login(stage.worker.wsUrl(alice.jid), alice, "phone")).stop();

        const kills = new Set([2 + random(COUNT - 100), 2 + random(COUNT - 100)]);
        for (let n = 2; n <= COUNT; n += 1) {
          const body = String(n);
          if (n % 7 === 0) laptop.send(say(room, body).replace("<message", '<message xmlns="jabber:client"'));
          else bob.send(say(room, body));
          // oxlint-disable-next-line no-await-in-loop -- in this order, and not more at once than a server lets through
          await heard(bob, body);
          // oxlint-disable-next-line no-await-in-loop -- one death after the other
          if (kills.has(n)) await stage.worker.restart();
        }
        await waitFor("all of it at the laptop", () => bodies(laptop, room).length >= COUNT, 60_000);
        expect(bodies(laptop, room)).toEqual(range(1, COUNT));

        const phone = await attach(alice, "phone", room);
        for (let kill = 0; kill < 3; kill += 1) {
          const goal = Math.min(COUNT - 2, bodies(phone, room).length + 1 + random(150));
          // oxlint-disable-next-line no-await-in-loop -- one death after the other
          await expect
            .poll(() => bodies(phone, room).length, { timeout: 60_000, interval: 5 })
            .toBeGreaterThanOrEqual(goal);
          // oxlint-disable-next-line no-await-in-loop -- one death after the other
          await stage.worker.restart();
        }
        bob.send(say(room, String(COUNT + 1)));
        await waitFor("all of it at the phone", () => bodies(phone, room).length >= COUNT, 60_000);
        await waitFor("what is said now", () => bodies(phone, room).at(-1) === String(COUNT + 1), 60_000);
        expect(bodies(phone, room)).toEqual(range(2, COUNT + 1));
        expect(phone.failure).toBeUndefined();
        for (const client of [phone, laptop]) client.stop();
        bob.client.drop();
      },
    );
  },
);
