// MUC: several clients in one room, against the room services of Prosody and ejabberd. How many joins the room got is
// asked of the room: its other occupant saw each of them.

import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import type { RawSession } from "../support/raw-client.ts";
import { missingEjabberd, missingProsody } from "../support/requirements.ts";
import { ResumingClient } from "../support/resuming-client.ts";
import {
  type AnyStage,
  codesOf,
  configure,
  decree,
  field,
  heard,
  host,
  join,
  say,
  showings,
  STAGES,
  told,
  USER,
} from "./room-visit.ts";

/** What a client was told by the room, in outline and in order. */
function story(session: RawSession, room: string, from = 0): string[] {
  // ejabberd also tells of the room itself, by presence from its bare JID.
  const ofRoom = ({ name, attrs }: Element): boolean => attrs.from === room && name === "presence";
  const heardThere = session.stanzas.all
    .slice(from)
    .filter((stanza) => stanza.attrs.from?.startsWith(room) && !ofRoom(stanza));
  return heardThere.map((stanza) => {
    const nick = stanza.attrs.from?.slice(room.length + 1) ?? "";
    if (stanza.is("presence")) {
      const type = stanza.attrs.type ?? "here";
      return `${nick} ${type}${codesOf(stanza).includes("110") ? " (self)" : ""}`;
    }
    const body = stanza.getChildText("body");
    if (body !== null) return `${nick}: ${body}${stanza.getChild("delay") ? " (then)" : ""}`;
    return stanza.getChild("subject") ? `subject ${stanza.getChildText("subject")}` : "something";
  });
}

describe.skipIf(missingProsody || missingEjabberd).each(Object.entries(STAGES))(
  "rooms, on %s",
  (_name, start) => {
    let stage: AnyStage;
    let rooms: string;

    beforeAll(async () => {
      stage = await start();
      rooms = stage.server.rooms;
    });
    afterAll(async () => {
      await stage?.stop();
    });

    it("MUC-1 MUC-2 MUC-5 MUC-6: two join one after the other, one leaves, the room sees one who stays", async () => {
      const room = `tea@${rooms}`;
      const bob = await host(stage, "bob-tea", room);
      const alice = await stage.account("alice-tea");
      const desk = await stage.attach(alice, "desk");
      desk.send(join(room, "al"));
      await told(desk, `${room}/al`);
      bob.send(`<message to="${room}" type="groupchat"><subject>Tea</subject></message>`);
      bob.send(say(room, "one"));
      await heard(desk, "one");
      desk.send(say(room, "two"));
      await heard(bob, "two");
      await heard(desk, "two");

      const phone = await stage.attach(alice, "phone");
      phone.send(join(room, "someone"));
      await phone.stanza("message", (message) => message.getChildText("subject") === "Tea");
      expect(story(phone, room)).toEqual([
        "bob here",
        "al here (self)",
        "bob: one (then)",
        "al: two (then)",
        "subject Tea",
      ]);
      expect(codesOf(await told(phone, `${room}/al`))).toContain("210");

      desk.send(`<presence to="${room}/al" type="unavailable"/>`);
      expect(codesOf(await told(desk, `${room}/al`, "unavailable"))).toEqual(["110"]);
      phone.send(say(room, "three"));
      await heard(bob, "three");
      await heard(phone, "three");
      expect(showings(bob, `${room}/al`)).toBe(1);
      expect(showings(bob, `${room}/al`, "unavailable")).toBe(0);
      expect(story(desk, room)).not.toContain("al: three");
      phone.send(`<presence to="${room}/al" type="unavailable"/>`);
      await told(bob, `${room}/al`, "unavailable");
    });

    it("MUC-1: three join at once; MUC-9: one takes another nickname, for all", async () => {
      const room = `rush@${rooms}`;
      const bob = await host(stage, "bob-rush", room);
      const alice = await stage.account("alice-rush");
      const clients = await Promise.all(
        ["a", "b", "c"].map(async (device) => await stage.attach(alice, device)),
      );
      for (const client of clients) client.send(join(room, "al"));
      for (const client of clients) {
        await client.stanza("message", (message) => message.getChild("subject") !== undefined);
        expect(story(client, room).slice(0, 2)).toEqual(["bob here", "al here (self)"]);
      }
      clients[0]?.send(`<presence to="${room}/ally"/>`);
      for (const client of clients) {
        expect(codesOf(await told(client, `${room}/al`, "unavailable"))).toContain("303");
        expect(codesOf(await told(client, `${room}/ally`))).toContain("110");
      }
      await told(bob, `${room}/ally`);
      expect(showings(bob, `${room}/al`)).toBe(1);
    });

    it("MUC-13: private messages reach every client in the room, and what one sends is copied", async () => {
      const room = `whisper@${rooms}`;
      const bob = await host(stage, "bob-whisper", room);
      const alice = await stage.account("alice-whisper");
      const [desk, phone, tablet] = [
        await stage.attach(alice, "desk"),
        await stage.attach(alice, "phone"),
        await stage.attach(alice, "tablet"),
      ];
      for (const client of [desk, phone, tablet]) {
        await client.request('<iq type="set" id="carbons"><enable xmlns="urn:xmpp:carbons:2"/></iq>');
      }
      for (const client of [desk, phone]) {
        client.send(join(room, "al"));
        await told(client, `${room}/al`);
      }
      bob.send(`<message to="${room}/al" type="chat" id="p"><body>psst</body><x xmlns="${USER}"/></message>`);
      await heard(desk, "psst");
      await heard(phone, "psst");
      desk.send(
        `<message to="${room}/bob" type="chat" id="q"><body>what?</body><x xmlns="${USER}"/></message>`,
      );
      await heard(bob, "what?");
      const copy = await phone.stanza("message", (message) => message.getChild("sent") !== undefined);
      const inner = copy.getChild("sent")?.getChild("forwarded")?.getChild("message");
      expect(inner?.getChildText("body")).toBe("what?");
      expect(inner?.getChild("x", USER)).toBeDefined();
      await tablet.request(
        '<iq type="get" id="end" to="' + stage.server.host + '"><ping xmlns="urn:xmpp:ping"/></iq>',
      );
      expect(tablet.stanzas.all.filter((stanza) => stanza.is("message"))).toEqual([]);
    });

    it("MUC-8: a password that one has and the other has not", async () => {
      const room = `locked@${rooms}`;
      const bob = await host(stage, "bob-locked", room);
      const result = await configure(
        bob,
        room,
        field("muc#roomconfig_passwordprotectedroom", "1"),
        field("muc#roomconfig_roomsecret", "sesame"),
      );
      expect(result.attrs.type).toBe("result");
      const alice = await stage.account("alice-locked");
      const [desk, phone] = [await stage.attach(alice, "desk"), await stage.attach(alice, "phone")];
      desk.send(join(room, "al"));
      phone.send(join(room, "al", "<password>sesame</password>"));
      const refused = await told(desk, `${room}/al`, "error");
      expect(refused.getChild("error")?.getChild("not-authorized")).toBeDefined();
      await told(phone, `${room}/al`);
      expect(story(desk, room)).toEqual(["al error"]);
    });

    it("MUC-10: a kick puts all out, and they come back together", async () => {
      const room = `kick@${rooms}`;
      const bob = await host(stage, "bob-kick", room);
      const alice = await stage.account("alice-kick");
      const clients = [await stage.attach(alice, "desk"), await stage.attach(alice, "phone")];
      for (const client of clients) {
        client.send(join(room, "al"));
        await told(client, `${room}/al`);
      }
      await told(bob, `${room}/al`);
      await decree(bob, room, 'nick="al" role="none"');
      for (const client of clients) {
        expect(codesOf(await told(client, `${room}/al`, "unavailable"))).toContain("307");
      }
      for (const client of clients) client.send(join(room, "al"));
      for (const client of clients) {
        await waitFor(
          "everybody to be back",
          () => story(client, room).filter((word) => word === "al here (self)").length === 2,
        );
      }
      await waitFor("the room to see it", () => showings(bob, `${room}/al`) === 2);
    });

    it("MUC-15: the process is killed while two are in a room: the room sees nothing, a third finds all of it", async () => {
      const room = `killed@${rooms}`;
      const bob = await host(stage, "bob-killed", room);
      const alice = await stage.account("alice-killed");
      const phone = await ResumingClient.login(stage.worker.wsUrl(alice.jid), alice, "phone");
      phone.send(join(room, "al").replace("<presence", '<presence xmlns="jabber:client"'));
      await told(bob, `${room}/al`);
      bob.send(say(room, "before"));
      await phone.stanzas.first("before", (stanza) => stanza.getChildText("body") === "before");
      await stage.worker.restart();
      bob.send(say(room, "after"));
      await phone.stanzas.first("after", (stanza) => stanza.getChildText("body") === "after");
      expect(phone.failure).toBeUndefined();
      const tablet = await stage.attach(alice, "tablet");
      tablet.send(join(room, "al"));
      await tablet.stanza("message", (message) => message.getChild("subject") !== undefined);
      expect(story(tablet, room).slice(0, 4)).toEqual([
        "bob here",
        "al here (self)",
        "bob: before (then)",
        "bob: after (then)",
      ]);
      expect(showings(bob, `${room}/al`)).toBe(1);
      expect(showings(bob, `${room}/al`, "unavailable")).toBe(0);
      phone.stop();
    });

    it("MUC-17 MUC-7: a bookmarked room is joined without any client, and what was said there is known later", async () => {
      const room = `marked@${rooms}`;
      const bob = await host(stage, "bob-marked", room);
      const alice = await stage.account("alice-marked");
      const desk = await stage.attach(alice, "desk");
      desk.send("<presence/>");
      const conference =
        '<conference xmlns="urn:xmpp:bookmarks:1" autojoin="true"><nick>al</nick></conference>';
      const options = ["persist_items", "access_model"].map(
        (option, index) =>
          `<field var="pubsub#${option}"><value>${["true", "whitelist"][index]}</value></field>`,
      );
      const published = await desk.request(
        `<iq type="set" id="mark"><pubsub xmlns="http://jabber.org/protocol/pubsub"><publish node="urn:xmpp:bookmarks:1"><item id="${room}">${conference}</item></publish>` +
          `<publish-options><x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE" type="hidden"><value>http://jabber.org/protocol/pubsub#publish-options</value></field>${options.join("")}</x></publish-options></pubsub></iq>`,
      );
      expect(published.attrs.type).toBe("result");
      await told(bob, `${room}/al`);
      await desk.close();
      bob.send(say(room, "while nobody was there"));
      await heard(bob, "while nobody was there");
      const phone = await stage.attach(alice, "phone");
      phone.send(join(room, "al"));
      const past = await heard(phone, "while nobody was there");
      expect(past.getChild("delay")).toBeDefined();
      await phone.stanza("message", (message) => message.getChild("subject") !== undefined);
      phone.send(`<presence to="${room}/al" type="unavailable"/>`);
      await told(phone, `${room}/al`, "unavailable");
      bob.send(say(room, "still there"));
      await heard(bob, "still there");
      expect(showings(bob, `${room}/al`, "unavailable")).toBe(0);
      // A new session, whoever began it, is in the room again.
      const { server } = stage;
      if ("closeStreams" in server) await server.closeStreams("alice-marked");
      else await server.kickSession(desk.fullJid);
      await waitFor("the account to leave", () => showings(bob, `${room}/al`, "unavailable") === 1);
      const before = showings(bob, `${room}/al`);
      await waitFor("and to come back", () => showings(bob, `${room}/al`) > before);
    });
  },
);
