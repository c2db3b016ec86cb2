// MAM-12 to MAM-15: real rooms that keep an archive. The proxy is gone for longer than its server waits, and much is said there
// meanwhile: more than a room tells by itself.

import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import { type Account, RawSession } from "../support/raw-client.ts";
import { missingEjabberd, missingProsody } from "../support/requirements.ts";
import { ResumingClient } from "../support/resuming-client.ts";
import { enter, FORGETFUL_PLACES, type ForgetfulPlace, heard, host, join, say, told } from "./room-visit.ts";

const COUNT = 60;

/** What has been said there, in the order in which somebody was told. */
function bodies(stanzas: readonly Element[], room: string): string[] {
  return stanzas.flatMap((stanza) => {
    const isOfRoom = stanza.is("message") && stanza.attrs.from?.startsWith(`${room}/`) === true;
    return (isOfRoom && stanza.getChildText("body")) || [];
  });
}

describe.skipIf(missingProsody || missingEjabberd).each(Object.entries(FORGETFUL_PLACES))(
  "rooms with an archive, on %s",
  (_name, start) => {
    let place: ForgetfulPlace;

    beforeAll(async () => {
      place = await start();
    });
    afterAll(async () => await place?.stage.stop());

    /** The proxy goes, its session ends, and bob says all this, which is in the archive when it returns. */
    async function outage(bob: RawSession, room: string, fullJid: string): Promise<string[]> {
      const { stage, giveUp } = place;
      await stage.worker.kill();
      await giveUp(fullJid);
      await told(bob, `${room}/al`, "unavailable");
      const missed = Array.from({ length: COUNT }, (_, n) => `missed ${n + 1}`);
      for (const body of missed) {
        bob.send(say(room, body));
        // oxlint-disable-next-line no-await-in-loop -- not more at once than a server lets through
        await heard(bob, body);
      }
      return missed;
    }

    async function ask({ jid, password }: Account, what: string): Promise<string> {
      const authorization = `Basic ${Buffer.from(`${jid}:${password}`).toString("base64")}`;
      const url = `${place.stage.worker.url}/accounts/${jid}/${what}`;
      const response = await fetch(url, { headers: { authorization } });
      return await response.text();
    }

    /** The room has said that it has an archive: that is asked when it is first joined. */
    async function archiveKnown(account: Account, room: string): Promise<void> {
      await waitFor("its answer", async () => {
        const trace = await ask(account, "trace");
        return trace.split("\n").some((line) => line.includes("IQ-2") && line.includes(room));
      });
    }

    /** What the log has of the room, as it is exported. */
    async function logOf(account: Account, room: string): Promise<string[]> {
      const text = await ask(account, `log?format=jsonl&with=${encodeURIComponent(room)}`);
      const [, ...lines] = text.trim().split("\n");
      return lines.map((line) => /<body>([^<]*)<\/body>/.exec(line)?.[1] ?? line);
    }

    async function holesOf(account: Account): Promise<unknown> {
      const status: unknown = JSON.parse(await ask(account, "status"));
      return typeof status === "object" && status !== null && "holes" in status ? status.holes : undefined;
    }

    it("MAM-12 MAM-13 a client that joins when the proxy is back has all of it, once and in order, and so has the log", async () => {
      const { stage } = place;
      const room = `returning@${stage.server.rooms}`;
      const bob = await host(stage, "bob-returning", room);
      const alice = await stage.account("alice-returning");
      const desk = await stage.attach(alice, "desk");
      await enter(room, "al", desk);
      bob.send(say(room, "before"));
      await heard(desk, "before");
      await archiveKnown(alice, room);
      const missed = await outage(bob, room, desk.fullJid);
      await stage.worker.restart();

      const again = await stage.attach(alice, "desk");
      await enter(room, "al", again);
      bob.send(say(room, "after"));
      await heard(again, "after");
      expect(bodies(again.stanzas.all, room)).toEqual(["before", ...missed, "after"]);
      expect(await logOf(alice, room)).toHaveLength(COUNT + 2);
      expect((await logOf(alice, room)).toSorted()).toEqual(["before", ...missed, "after"].toSorted());
      expect(await holesOf(alice)).toEqual([]);
      const one = await heard(again, "missed 1");
      expect(one.attrs.to).toBe(again.fullJid);
      expect(one.getChildren("delay").map(({ attrs }) => attrs.from)).toEqual([room]);
      expect(one.getChildren("stanza-id").filter(({ attrs }) => attrs.by === room)).toHaveLength(1);
      for (const session of [again, bob]) session.client.drop();
    }, 90_000);

    it("MAM-12 MAM-13 MAM-15 a client that stays is told all of it, and another that joins later", async () => {
      const { stage } = place;
      const room = `staying@${stage.server.rooms}`;
      const bob = await host(stage, "bob-staying", room);
      const alice = await stage.account("alice-staying");
      const phone = await ResumingClient.login(stage.worker.wsUrl(alice.jid), alice, "phone");
      phone.send(join(room, "al"));
      bob.send(say(room, "before"));
      const said = (body: string) =>
        phone.stanzas.first(body, (stanza) => stanza.getChildText("body") === body, 0);
      await said("before");
      const { attrs } = await phone.stanzas.first(
        "its own presence",
        (stanza) => stanza.attrs.from === `${room}/al`,
        0,
      );
      await archiveKnown(alice, room);
      const missed = await outage(bob, room, attrs.to ?? "");
      await stage.worker.restart();

      await waitFor("all of it", () => bodies(phone.stanzas.all, room).length > COUNT);
      bob.send(say(room, "after"));
      await said("after");
      expect(bodies(phone.stanzas.all, room)).toEqual(["before", ...missed, "after"]);
      expect(phone.failure).toBeUndefined();
      // It is handed 50 messages, as any new device.
      const tablet = await stage.attach(alice, "tablet");
      await enter(room, "al", tablet);
      expect(bodies(tablet.stanzas.all, room)).toEqual([...missed.slice(-49), "after"]);
      expect((await logOf(alice, room)).toSorted()).toEqual(["before", ...missed, "after"].toSorted());
      expect(await holesOf(alice)).toEqual([]);
      phone.stop();
      for (const session of [tablet, bob]) session.client.drop();
    }, 90_000);
  },
);
