// MUC: what owners, admins and moderators do to a room and to those in it, seen by two clients in it and by one that is
// not, against the room services of Prosody and ejabberd.

import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import type { RawSession } from "../support/raw-client.ts";
import { missingEjabberd, missingProsody } from "../support/requirements.ts";
import {
  type AnyStage,
  codesOf,
  company,
  configure,
  decree,
  enter,
  field,
  fromRoom,
  heard,
  join,
  MUC,
  say,
  settled,
  showings,
  STAGES,
  told,
  USER,
} from "./room-visit.ts";

const REQUEST = `${MUC}#request`;

function itemOf(presence: Element): Record<string, string | undefined> {
  return presence.getChild("x", USER)?.getChild("item")?.attrs ?? {};
}

function conditionOf(error: Element): string[] {
  const children = error.getChild("error")?.getChildElements() ?? [];
  return children.map((child) => child.getName()).filter((name) => name !== "text");
}

/** The occupant's presence with this affiliation and role, come or yet to come. */
async function becomes(
  session: RawSession,
  address: string,
  expected: Readonly<Record<string, string>>,
): Promise<Element> {
  return await session.stanza("presence", (presence) => {
    const item = itemOf(presence);
    const fits = Object.entries(expected).every(([name, value]) => item[name] === value);
    return presence.attrs.from === address && fits;
  });
}

/** A form that was sent, filled in with these values. */
function filledIn(form: Element | undefined, values: Readonly<Record<string, string>>): string {
  const fields = form?.getChildren("field") ?? [];
  const own = fields.map((entry) => {
    const variable = entry.attrs.var ?? "";
    return field(variable, values[variable] ?? entry.getChildText("value") ?? "");
  });
  return `<x xmlns="jabber:x:data" type="submit">${own.join("")}</x>`;
}

describe.skipIf(missingProsody || missingEjabberd).each(Object.entries(STAGES))(
  "governing rooms, on %s",
  (name, start) => {
    let stage: AnyStage;

    beforeAll(async () => {
      stage = await start();
    });
    afterAll(async () => {
      await stage?.stop();
    });

    it("MUC-10 MUC-8: a ban puts both out; who asks again is refused, and nobody else hears of it", async () => {
      const { room, bob, alice, desk, phone, tablet } = await company(stage, "ban");
      await decree(bob, room, `jid="${alice.jid}" affiliation="outcast"`);
      for (const client of [desk, phone]) {
        const end = await told(client, `${room}/al`, "unavailable");
        expect(codesOf(end)).toContain("301");
        expect(itemOf(end)).toMatchObject({ affiliation: "outcast", role: "none" });
      }
      const before = fromRoom(phone, room).length;
      desk.send(join(room, "al"));
      expect(conditionOf(await told(desk, `${room}/al`, "error"))).toEqual(["forbidden"]);
      await settled(phone, stage);
      expect(fromRoom(phone, room)).toHaveLength(before);
      await settled(tablet, stage);
      expect(fromRoom(tablet, room)).toEqual([]);
      expect(showings(bob, `${room}/al`, "unavailable")).toBe(1);
    });

    it("MUC-10: a kick is told to who is in the room, not to who has left it or was never there", async () => {
      const { room, bob, desk, phone, tablet } = await company(stage, "kick");
      phone.send(`<presence to="${room}/al" type="unavailable"/>`);
      expect(codesOf(await told(phone, `${room}/al`, "unavailable"))).toEqual(["110"]);
      const before = fromRoom(phone, room).length;
      await decree(bob, room, 'nick="al" role="none"');
      const end = await told(desk, `${room}/al`, "unavailable");
      expect(codesOf(end)).toContain("307");
      expect(end.getChild("x", USER)?.getChild("item")?.getChildText("reason")).toBe("so be it");
      for (const client of [phone, tablet]) await settled(client, stage);
      expect(fromRoom(phone, room)).toHaveLength(before);
      expect(fromRoom(tablet, room)).toEqual([]);
      // None of us is in it: the next who enters is seen to.
      await enter(room, "al", tablet);
      await waitFor("the room to see it", () => showings(bob, `${room}/al`) === 2);
    });

    it("MUC-10: a room that is destroyed names another, to both", async () => {
      const { room, bob, desk, phone, tablet } = await company(stage, "doomed");
      const next = `next@${stage.server.rooms}`;
      const destroy = `<destroy jid="${next}"><reason>moved</reason></destroy>`;
      await bob.request(
        `<iq type="set" id="d" to="${room}"><query xmlns="${MUC}#owner">${destroy}</query></iq>`,
      );
      for (const client of [desk, phone]) {
        const end = await told(client, `${room}/al`, "unavailable");
        const destroyed = end.getChild("x", USER)?.getChild("destroy");
        expect(destroyed?.attrs.jid).toBe(next);
        expect(destroyed?.getChildText("reason")).toBe("moved");
      }
      await settled(tablet, stage);
      expect(fromRoom(tablet, room)).toEqual([]);
    });

    it("MUC-10 MUC-8: members only: all others go, nobody else comes in, members come and go again", async () => {
      const { room, bob, alice, desk, phone, tablet } = await company(stage, "club");
      await configure(bob, room, field("muc#roomconfig_membersonly", "1"));
      for (const client of [desk, phone]) {
        expect(codesOf(await told(client, `${room}/al`, "unavailable"))).toContain("322");
      }
      const before = fromRoom(phone, room).length;
      desk.send(join(room, "al"));
      const refused = await told(desk, `${room}/al`, "error");
      expect(conditionOf(refused)).toEqual(["registration-required"]);
      await settled(phone, stage);
      expect(fromRoom(phone, room)).toHaveLength(before);

      await decree(bob, room, `jid="${alice.jid}" affiliation="member"`);
      for (const client of [desk, phone]) {
        client.send(join(room, "al"));
        await becomes(client, `${room}/al`, { affiliation: "member" });
      }
      await decree(bob, room, `jid="${alice.jid}" affiliation="none"`);
      for (const client of [desk, phone]) {
        await client.stanza("presence", (presence) => codesOf(presence).includes("321"));
      }
      await settled(tablet, stage);
      expect(fromRoom(tablet, room).filter((stanza) => stanza.is("presence"))).toEqual([]);
    });

    it("MUC-5 MUC-2: affiliations and roles, ours and another's, are seen by both, and by who comes later", async () => {
      const { room, bob, alice, desk, phone, tablet } = await company(stage, "ranks");
      const carol = await stage.attachDirectly(await stage.account("carol-ranks"), "sofa");
      carol.send(join(room, "carol"));
      await decree(bob, room, `jid="${alice.jid}" affiliation="admin"`);
      const admin = { affiliation: "admin", role: "moderator" };
      for (const client of [desk, phone]) await becomes(client, `${room}/al`, admin);
      // One of ours uses what all of us have become.
      const done = await decree(phone, room, 'nick="carol" role="visitor"');
      expect(done.attrs).toMatchObject({ type: "result", from: room });
      for (const client of [desk, phone, carol]) await becomes(client, `${room}/carol`, { role: "visitor" });
      expect(desk.stanzas.all.filter((stanza) => stanza.is("iq"))).toEqual([]);
      await enter(room, "al", tablet);
      expect(itemOf(await told(tablet, `${room}/al`))).toMatchObject(admin);
      expect(itemOf(await told(tablet, `${room}/carol`))).toMatchObject({ role: "visitor" });
      expect(showings(tablet, `${room}/carol`)).toBe(1);
    });

    it("MUC-5: moderated: one client asks for voice, both have it", async () => {
      const { room, bob, desk, phone, tablet } = await company(stage, "hall", false);
      const set = await configure(bob, room, field("muc#roomconfig_moderatedroom", "1"));
      expect(set.attrs.type).toBe("result");
      await enter(room, "al", desk, phone);
      await decree(bob, room, 'nick="al" role="visitor"');
      for (const client of [desk, phone]) await becomes(client, `${room}/al`, { role: "visitor" });
      phone.send(say(room, "may I?"));
      const isRefusal = ({ attrs }: Element): boolean => attrs.type === "error" && attrs.from === room;
      expect(conditionOf(await phone.stanza("message", isRefusal))).toEqual(["forbidden"]);

      const request = `<x xmlns="jabber:x:data" type="submit">${field("FORM_TYPE", REQUEST)}${field("muc#role", "participant")}</x>`;
      phone.send(`<message to="${room}">${request}</message>`);
      const asked = await bob.stanza(
        "message",
        (message) => message.getChild("x", "jabber:x:data") !== undefined,
      );
      const answer = filledIn(asked.getChild("x", "jabber:x:data"), { "muc#request_allow": "1" });
      bob.send(`<message to="${room}">${answer}</message>`);
      for (const client of [desk, phone]) {
        await waitFor("voice", () => {
          const last = client.stanzas.all.findLast(({ attrs }) => attrs.from === `${room}/al`);
          return last !== undefined && itemOf(last)["role"] === "participant";
        });
      }
      desk.send(say(room, "thank you"));
      for (const client of [bob, desk, phone]) await heard(client, "thank you");
      await settled(tablet, stage);
      expect(fromRoom(tablet, room)).toEqual([]);
    });

    it("MUC-5: an owner's client gets the form it asks for, nobody else; what it sets is told to all", async () => {
      const { room, bob, alice, desk, phone, tablet } = await company(stage, "forms");
      await decree(bob, room, `jid="${alice.jid}" affiliation="owner"`);
      for (const client of [desk, phone]) await becomes(client, `${room}/al`, { affiliation: "owner" });
      const query = `<query xmlns="${MUC}#owner"/>`;
      const form = await desk.request(`<iq type="get" id="form" to="${room}">${query}</iq>`);
      const fields = form.getChild("query")?.getChild("x", "jabber:x:data")?.getChildren("field") ?? [];
      expect(fields.map(({ attrs }) => attrs.var)).toContain("muc#roomconfig_roomname");
      const set = await configure(desk, room, field("muc#roomconfig_roomname", "Forms"));
      expect(set.attrs).toMatchObject({ type: "result", id: "form" });
      for (const client of [desk, phone, bob]) {
        const news = await client.stanza("message", (message) => codesOf(message).includes("104"));
        expect(news.attrs).toMatchObject({ from: room, type: "groupchat" });
      }
      for (const client of [phone, tablet]) {
        await settled(client, stage);
        expect(fromRoom(client, room).filter((stanza) => stanza.is("iq"))).toEqual([]);
      }
      expect(fromRoom(tablet, room)).toEqual([]);
      const info = '<query xmlns="http://jabber.org/protocol/disco#info"/>';
      const now = await tablet.request(`<iq type="get" id="info" to="${room}">${info}</iq>`);
      expect(now.getChild("query")?.getChild("identity")?.attrs.name).toBe("Forms");
    });

    // Prosody 0.12 keeps its rooms and says nothing when their service ends.
    it.skipIf(name === "prosody")(
      "MUC-10: the service ends (332): both are told, and come back to it",
      async () => {
        const { room, desk, phone, tablet } = await company(stage, "closing");
        const { server } = stage;
        if (!("api" in server)) return;
        await server.api("restart_module", { host: server.host, module: "mod_muc" });
        for (const client of [desk, phone]) {
          expect(codesOf(await told(client, `${room}/al`, "unavailable"))).toContain("332");
        }
        desk.send(join(room, "al"));
        await waitFor("it to be in again", () => showings(desk, `${room}/al`) === 2);
        await settled(phone, stage);
        expect(showings(phone, `${room}/al`)).toBe(1);
        await settled(tablet, stage);
        expect(fromRoom(tablet, room)).toEqual([]);
      },
    );
  },
);
