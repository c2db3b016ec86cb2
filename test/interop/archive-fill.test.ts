// MAM-7 to MAM-9, IQ-9: real servers that keep an archive: queries go to it, and after an outage the log is filled from it.

import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import type { Account, RawSession } from "../support/raw-client.ts";
import { missingEjabberd, missingProsody } from "../support/requirements.ts";
import { startEjabberdStage, startStage } from "./stage.ts";

const MAM = "urn:xmpp:mam:2";
const RSM = "http://jabber.org/protocol/rsm";

type AnyStage = Awaited<ReturnType<typeof startStage>> | Awaited<ReturnType<typeof startEjabberdStage>>;

const SERVERS: Record<string, () => Promise<AnyStage>> = {
  prosody: async () => await startStage({}, { REPLAY_NEW_DEVICE: "3 days" }),
  ejabberd: async () => await startEjabberdStage({}, { REPLAY_NEW_DEVICE: "3 days" }),
};

/** The message itself, or that inside a copy. */
function inner(message: Element): Element {
  const copy = message.getChild("sent") ?? message.getChild("received") ?? message.getChild("result");
  return copy?.getChild("forwarded")?.getChild("message") ?? message;
}

/** What a session has heard of a conversation, in order. */
function heard({ stanzas }: RawSession, about: string): string[] {
  const bodies = stanzas.all
    .filter((stanza) => stanza.is("message"))
    .map((message) => inner(message).getChildText("body"));
  return bodies.flatMap((body) => (body?.startsWith(about) ? [body] : []));
}

async function hears(session: RawSession, body: string): Promise<Element> {
  return await session.stanza("message", (message) => inner(message).getChildText("body") === body, 40_000);
}

async function enablesCarbons(session: RawSession): Promise<void> {
  await session.request('<iq type="set" id="carbons"><enable xmlns="urn:xmpp:carbons:2"/></iq>');
}

async function comesOnline(session: RawSession): Promise<void> {
  await enablesCarbons(session);
  session.send("<presence/>");
  await session.stanza("presence", ({ attrs }) => attrs.from === session.fullJid);
}

const chat = (to: string, body: string): string =>
  `<message to="${to}" type="chat" id="id-of-${body.replaceAll(" ", "-")}"><body>${body}</body></message>`;

describe.skipIf(missingProsody || missingEjabberd).each(Object.entries(SERVERS))(
  "the archive of %s",
  (name, start) => {
    let stage: AnyStage;
    const accounts = new Map<string, Account>();
    const who = (localpart: string): Account => {
      const account = accounts.get(localpart);
      if (!account) throw new Error(`nobody called ${localpart}`);
      return account;
    };

    beforeAll(async () => {
      stage = await start();
      for (const localpart of ["anna", "ben", "clara", "dora"])
        accounts.set(localpart, await stage.account(localpart));
      // What is written with some delay must have been written before a restart.
      await stage.server.restart();
    }, 60_000);
    afterAll(async () => await stage?.stop());

    it("IQ-9 MAM-1 queries go to it, the same id from two clients, and each gets its own results", async () => {
      const [desk, phone] = [
        await stage.attach(who("clara"), "desk"),
        await stage.attach(who("clara"), "phone"),
      ];
      await comesOnline(desk);
      for (let n = 1; n <= 3; n += 1) desk.send(chat("clara@localhost", `to myself ${n}`));
      await hears(desk, "to myself 3");
      const disco = await desk.request(
        '<iq type="get" id="d" to="clara@localhost"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>',
      );
      const features = disco
        .getChild("query")
        ?.getChildren("feature")
        .map(({ attrs }) => attrs.var);
      expect(features?.filter((feature) => feature === MAM)).toEqual([MAM]);
      const query = (max: number): string =>
        `<iq type="set" id="same"><query xmlns="${MAM}" queryid="q"><set xmlns="${RSM}"><max>${max}</max></set></query></iq>`;
      const [one, two] = await Promise.all([desk.request(query(1)), phone.request(query(2))]);
      for (const answer of [one, two]) expect(answer.getChild("fin", MAM)).toBeDefined();
      const results = ({ stanzas }: RawSession): Element[] =>
        stanzas.all.flatMap((stanza) => (stanza.is("message") ? (stanza.getChild("result", MAM) ?? []) : []));
      expect(results(desk).map(({ attrs }) => attrs.queryid)).toEqual(["q"]);
      expect(results(phone).map(({ attrs }) => attrs.queryid)).toEqual(["q", "q"]);
      for (const session of [desk, phone]) session.client.drop();
    });

    it("MAM-7 MAM-8 MAM-9 the proxy is gone while others write, and the server restarts: no hole in anybody's log", async () => {
      const [anna, ben] = [who("anna"), who("ben")];
      const desk = await stage.attach(anna, "desk");
      const sofa = await stage.attachDirectly(ben, "sofa");
      await comesOnline(desk);
      await comesOnline(sofa);
      sofa.send(chat(anna.jid, "gap: before"));
      await hears(desk, "gap: before");
      desk.send(chat(ben.jid, "gap: answer"));
      await hears(sofa, "gap: answer");
      await stage.worker.kill();
      // Another client of hers is there, so that nothing is kept for later but in the archive.
      const laptop = await stage.attachDirectly(anna, "laptop");
      await comesOnline(laptop);
      const missed: string[] = [];
      for (let n = 1; n <= 70; n += 1) {
        const isHers = n % 3 === 0;
        const body = `gap: ${n}`;
        if (isHers) laptop.send(chat(ben.jid, body));
        else sofa.send(chat(anna.jid, body));
        await hears(isHers ? sofa : laptop, body);
        missed.push(body);
      }
      // A message may be delivered a moment before it is archived, and ejabberd does not wait with its end.
      let asked = 0;
      await waitFor("the archive to have the last one", async () => {
        await laptop.request(
          `<iq type="set" id="last${(asked += 1)}"><query xmlns="urn:xmpp:mam:2"><set xmlns="http://jabber.org/protocol/rsm">` +
            `<max>1</max><before/></set></query></iq>`,
        );
        return laptop.stanzas.all.some((stanza) => {
          const forwarded = stanza.getChild("result", "urn:xmpp:mam:2")?.getChild("forwarded");
          return forwarded?.getChild("message")?.getChildText("body") === "gap: 70";
        });
      });
      await stage.server.restart();
      await stage.worker.restart();
      const again = await stage.attach(anna, "desk");
      await comesOnline(again);
      const back = await stage.attachDirectly(ben, "sofa");
      await comesOnline(back);
      await hears(again, "gap: 70");
      back.send(chat(anna.jid, "gap: after"));
      await hears(again, "gap: after");
      expect(heard(again, "gap: ").filter((body) => missed.includes(body))).toEqual(missed);
      const came = await hears(again, "gap: 1");
      expect(came.getChild("delay", "urn:xmpp:delay")).toBeDefined();
      expect(came.getChildren("stanza-id").filter(({ attrs }) => attrs.by === anna.jid)).toHaveLength(1);

      // A device that was never here has the same from the log, once and complete.
      const tablet = await stage.attach(anna, "tablet");
      await comesOnline(tablet);
      await hears(tablet, "gap: after");
      const whole = ["gap: before", "gap: answer", ...missed, "gap: after"];
      expect(heard(tablet, "gap: ")).toEqual(whole);
      expect(await holesOf(stage, anna)).toEqual([]);
      for (const session of [again, back, tablet]) session.client.drop();
    }, 90_000);

    it("MAM-8 MAM-9 the server restarts while clients stay: what others write before we are back reaches them, once", async () => {
      const [dora, ben] = [who("dora"), who("ben")];
      const desk = await stage.attach(dora, "desk");
      await comesOnline(desk);
      const first = await stage.attachDirectly(ben, "sofa");
      await comesOnline(first);
      first.send(chat(dora.jid, "restart: 0"));
      await hears(desk, "restart: 0");
      if (name === "prosody") await stage.server.stop();
      else await stage.server.restart();
      if (name === "prosody") await stage.server.start();
      const sofa = await stage.attachDirectly(ben, "sofa");
      await comesOnline(sofa);
      const bodies = Array.from({ length: 30 }, (_, n) => `restart: ${n + 1}`);
      for (const body of bodies) sofa.send(chat(dora.jid, body));
      await hears(desk, "restart: 30");
      await waitFor("all of them", () => heard(desk, "restart: ").length >= 31);
      sofa.send(chat(dora.jid, "restart: end"));
      await hears(desk, "restart: end");
      expect(heard(desk, "restart: ").toSorted()).toEqual(
        ["restart: 0", ...bodies, "restart: end"].toSorted(),
      );
      for (const session of [desk, sofa]) session.client.drop();
    }, 90_000);
  },
);

async function holesOf(stage: AnyStage, { jid, password }: Account): Promise<unknown> {
  const authorization = `Basic ${Buffer.from(`${jid}:${password}`).toString("base64")}`;
  const response = await fetch(`${stage.worker.url}/accounts/${jid}/status`, { headers: { authorization } });
  const status: unknown = await response.json();
  return typeof status === "object" && status !== null && "holes" in status ? status.holes : undefined;
}
