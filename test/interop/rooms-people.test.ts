// MUC: what occupants do among themselves: nicknames, subjects, invitations, questions, the room's archive; seen by two
// clients in the room and one that is not, against the room services of Prosody and ejabberd.

import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingEjabberd, missingModules, missingProsody } from "../support/requirements.ts";
import type { RawSession } from "../support/raw-client.ts";
import {
  type AnyStage,
  codesOf,
  company,
  decree,
  enter,
  fromRoom,
  heard,
  join,
  say,
  settled,
  showings,
  STAGES,
  told,
  USER,
} from "./room-visit.ts";

const MAM = "urn:xmpp:mam:2";
const VERSION = '<query xmlns="jabber:iq:version"/>';

const isConflict = (stanza: Element): boolean => stanza.getChild("error")?.getChild("conflict") !== undefined;

const isInvitation = (message: Element): boolean =>
  message.getChild("x", USER)?.getChild("invite") !== undefined;

const isCake = (message: Element): boolean => message.getChildText("subject") === "Cake";

function iqs(session: RawSession, room: string): Element[] {
  return fromRoom(session, room).filter((stanza) => stanza.is("iq"));
}

/** XEP-0421. */
function idOf(stanza: Element): string | undefined {
  return stanza.getChild("occupant-id", "urn:xmpp:occupant-id:0")?.attrs.id;
}

describe.skipIf(missingProsody || missingEjabberd).each(Object.entries(STAGES))(
  "people in rooms, on %s",
  (name, start) => {
    let stage: AnyStage;

    beforeAll(async () => {
      stage = await start();
    });
    afterAll(async () => {
      await stage?.stop();
    });

    it("MUC-8 MUC-9 MUC-3: a nickname that somebody else has is refused to who asks for it", async () => {
      const { room, bob, desk, phone } = await company(stage, "names", false);
      desk.send(join(room, "bob"));
      expect(isConflict(await told(desk, `${room}/bob`, "error"))).toBe(true);
      await enter(room, "al", phone);
      // We are in it, as al.
      await enter(room, "bob", desk);
      expect(codesOf(await told(desk, `${room}/al`))).toEqual(expect.arrayContaining(["110", "210"]));
      phone.send(`<presence to="${room}/bob"/>`);
      expect(isConflict(await told(phone, `${room}/bob`, "error"))).toBe(true);
      await settled(desk, stage);
      expect(showings(desk, `${room}/bob`, "error")).toBe(1);
      expect(showings(bob, `${room}/al`)).toBe(1);
    });

    it("MUC-18 MSG-5: invitations reach every client; one of ours reaches who is invited", async () => {
      const { room, bob, alice, desk, phone, tablet } = await company(stage, "party");
      const other = `other@${stage.server.rooms}`;
      bob.send(join(other, "bob"));
      await told(bob, `${other}/bob`);
      for (const at of [room, other]) {
        bob.send(`<message to="${at}"><x xmlns="${USER}"><invite to="${alice.jid}"/></x></message>`);
        for (const client of [desk, phone, tablet]) {
          await client.stanza("message", (message) => message.attrs.from === at && isInvitation(message));
        }
      }
      bob.send(`<message to="${alice.jid}"><x xmlns="jabber:x:conference" jid="${other}"/></message>`);
      for (const client of [desk, phone, tablet]) {
        await client.stanza("message", ({ attrs }) => attrs.from === bob.fullJid);
      }
      const carol = await stage.attachDirectly(await stage.account("carol-party"), "sofa");
      carol.send("<presence/>");
      await told(carol, carol.fullJid);
      const to = carol.fullJid.slice(0, carol.fullJid.indexOf("/"));
      // Not every room lets everybody invite.
      await decree(bob, room, `jid="${alice.jid}" affiliation="admin"`);
      await phone.request('<iq type="set" id="carbons"><enable xmlns="urn:xmpp:carbons:2"/></iq>');
      desk.send(`<message to="${room}"><x xmlns="${USER}"><invite to="${to}"/></x></message>`);
      const invited = await carol.stanza("message", ({ attrs }) => attrs.from === room);
      const inviter = invited.getChild("x", USER)?.getChild("invite")?.attrs.from ?? "";
      expect([alice.jid, desk.fullJid, `${room}/al`]).toContain(inviter);
      const copy = await phone.stanza("message", (message) => message.getChild("sent") !== undefined);
      const inner = copy.getChild("sent")?.getChild("forwarded")?.getChild("message");
      expect(inner && isInvitation(inner)).toBe(true);
    });

    it("MUC-5 MUC-2: a subject that one sets is told to both, and last to who comes later", async () => {
      const { room, bob, desk, phone, tablet } = await company(stage, "topic");
      await decree(bob, room, 'nick="al" role="moderator"');
      phone.send(`<message to="${room}" type="groupchat"><subject>Cake</subject></message>`);
      for (const client of [desk, phone, bob]) {
        expect((await client.stanza("message", isCake)).attrs.from).toBe(`${room}/al`);
      }
      desk.send(say(room, "nice"));
      await heard(phone, "nice");
      tablet.send(join(room, "al"));
      await tablet.stanza("message", isCake);
      expect(fromRoom(tablet, room).at(-1)?.getChildText("subject")).toBe("Cake");
    });

    it("MUC-5 IQ-9: the room's archive answers who asked", async () => {
      const { room, bob, desk, phone, tablet } = await company(stage, "past");
      bob.send(say(room, "once"));
      for (const client of [desk, phone]) await heard(client, "once");
      const query = `<query xmlns="${MAM}" queryid="mine"/>`;
      const end = await phone.request(`<iq type="set" id="past" to="${room}">${query}</iq>`);
      expect(end.getChild("fin", MAM)).toBeDefined();
      const results = (client: RawSession): Element[] =>
        fromRoom(client, room).flatMap((message) => message.getChild("result", MAM) ?? []);
      const found = results(phone).map((result) => {
        expect(result.attrs.queryid).toBe("mine");
        return result.getChild("forwarded")?.getChild("message")?.getChildText("body");
      });
      expect(found).toContain("once");
      for (const client of [desk, tablet]) {
        await settled(client, stage);
        expect(results(client)).toEqual([]);
        expect(iqs(client, room)).toEqual([]);
      }
    });

    it("MUC-21 IQ-1: what an occupant asks is answered by us or by one client in the room", async () => {
      const { room, bob, desk, phone, tablet } = await company(stage, "quiz");
      const version = await bob.request(`<iq type="get" id="v" to="${room}/al">${VERSION}</iq>`);
      expect(version.attrs).toMatchObject({ type: "result", from: `${room}/al` });
      expect(version.getChild("query")?.getChildText("name")).toBe("xmpproxy");
      const pong = await bob.request(
        `<iq type="get" id="p" to="${room}/al"><ping xmlns="urn:xmpp:ping"/></iq>`,
      );
      expect(pong.attrs.type).toBe("result");
      for (const client of [desk, phone, tablet]) {
        await settled(client, stage);
        expect(iqs(client, room)).toEqual([]);
      }

      // The only one that is available, and was active last, is not in the room.
      tablet.send(`<message to="${tablet.fullJid.split("/")[0] ?? ""}" type="headline"/>`);
      const riddle = '<query xmlns="urn:example:riddle"/>';
      const answered = bob.request(`<iq type="get" id="r" to="${room}/al">${riddle}</iq>`);
      const asked = await phone.stanza(
        "iq",
        (iq) => iq.getChild("query", "urn:example:riddle") !== undefined,
      );
      expect(asked.attrs.from).toBe(`${room}/bob`);
      phone.send(`<iq type="result" id="${asked.attrs.id}" to="${asked.attrs.from}">${riddle}</iq>`);
      expect((await answered).attrs).toMatchObject({ type: "result", id: "r", from: `${room}/al` });
      for (const client of [desk, tablet]) {
        await settled(client, stage);
        expect(iqs(client, room)).toEqual([]);
      }

      // And the other way round.
      const mine = desk.request(`<iq type="get" id="b" to="${room}/bob">${VERSION}</iq>`);
      const theirs = await bob.stanza(
        "iq",
        ({ attrs }) => attrs.from === `${room}/al` && attrs.type === "get",
      );
      bob.send(`<iq type="result" id="${theirs.attrs.id}" to="${room}/al">${VERSION}</iq>`);
      expect((await mine).attrs).toMatchObject({ type: "result", id: "b", from: `${room}/bob` });
      await settled(phone, stage);
      expect(iqs(phone, room)).toHaveLength(1);
    });

    // Prosody has it among its community modules; ejabberd 23.01 has not.
    it.skipIf(name === "ejabberd" || missingModules)(
      "MUC-20 MUC-5: what a moderator retracts is told to both, and what it was to nobody later",
      async () => {
        const { room, bob, desk, phone, tablet } = await company(stage, "spam");
        const carol = await stage.attachDirectly(await stage.account("carol-spam"), "sofa");
        await enter(room, "carol", carol);
        carol.send(say(room, "buy this"));
        carol.send(say(room, "or that"));
        for (const client of [bob, desk, phone]) await heard(client, "or that");
        const archived = (await heard(bob, "buy this")).getChild("stanza-id", "urn:xmpp:sid:0");
        const moderate =
          '<moderate xmlns="urn:xmpp:message-moderate:0"><retract xmlns="urn:xmpp:message-retract:0"/></moderate>';
        const applied = `<apply-to xmlns="urn:xmpp:fasten:0" id="${archived?.attrs.id}">${moderate}</apply-to>`;
        const done = await bob.request(`<iq type="set" id="m" to="${room}">${applied}</iq>`);
        expect(done.attrs.type).toBe("result");
        for (const client of [desk, phone]) {
          const news = await client.stanza(
            "message",
            (message) => message.getChild("apply-to") !== undefined,
          );
          expect(news.attrs).toMatchObject({ from: room, type: "groupchat" });
        }
        await enter(room, "al", tablet);
        const bodies = fromRoom(tablet, room).map((stanza) => stanza.getChildText("body"));
        expect(bodies).toContain("or that");
        expect(bodies).not.toContain("buy this");
      },
    );

    // ejabberd 23.01 has no occupant ids (XEP-0421).
    it.skipIf(name === "ejabberd")(
      "MUC-2 MUC-4: an occupant's id is the same in presence and messages, live and for who comes later",
      async () => {
        const { room, bob, desk, phone, tablet } = await company(stage, "ids");
        const id = idOf(await told(bob, `${room}/bob`));
        expect(id).toMatch(/./);
        bob.send(say(room, "it is me"));
        for (const client of [desk, phone]) {
          expect(idOf(await told(client, `${room}/bob`))).toBe(id);
          expect(idOf(await heard(client, "it is me"))).toBe(id);
        }
        await enter(room, "al", tablet);
        expect(idOf(await told(tablet, `${room}/bob`))).toBe(id);
        const past = await heard(tablet, "it is me");
        expect(past.getChild("delay")).toBeDefined();
        expect(idOf(past)).toBe(id);
        expect(idOf(await told(tablet, `${room}/al`))).toBe(idOf(await told(desk, `${room}/al`)));
      },
    );
  },
);
