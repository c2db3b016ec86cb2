// What contacts and rooms see of an account with several clients: one resource, one set of capabilities, one occupant.
// Bob and Carol are straight on Prosody, so that what they see is what the world sees.

import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Account, RawSession } from "../support/raw-client.ts";
import { missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

const CAPS = "http://jabber.org/protocol/caps";
const DISCO = "http://jabber.org/protocol/disco#info";
const MUC = "http://jabber.org/protocol/muc";

/** The capabilities of a program that clients of a test pretend to be (XEP-0115). */
function capsOf(program: string): string {
  return `<c xmlns="${CAPS}" hash="sha-1" node="https://${program}.example" ver="1"/>`;
}

function shown(presence: Element): string {
  return presence.attrs.type ?? presence.getChildText("show") ?? "available";
}

/** From this full JID, or from a full JID of this bare JID. */
function isFrom(address: string): (stanza: Element) => boolean {
  return ({ attrs }) =>
    address.includes("/") ? attrs.from === address : (attrs.from?.startsWith(`${address}/`) ?? false);
}

/** All presence that a session has received from there. */
function seen({ stanzas }: RawSession, address: string): Element[] {
  return stanzas.all.filter((stanza) => stanza.is("presence") && isFrom(address)(stanza));
}

/** Answers the proxy's question what a program can do, as every client does. */
async function answerDisco(client: RawSession, program: string, feature: string): Promise<void> {
  const node = `https://${program}.example#1`;
  const question = await client.stanza("iq", (iq) => iq.getChild("query", DISCO)?.attrs.node === node);
  client.send(
    `<iq type="result" id="${question.attrs.id}" to="${question.attrs.from}"><query xmlns="${DISCO}" node="${node}">` +
      `<identity category="client" type="web"/><feature var="${feature}"/></query></iq>`,
  );
}

describe.skipIf(missingProsody)("presence", () => {
  let stage: Stage;
  let bobAccount: Account;

  beforeAll(async () => {
    stage = await startStage({ mutualContacts: ["alice", "ann", "amy", "bob"] });
    bobAccount = await stage.account("bob");
  });

  afterAll(async () => await stage?.stop());

  /** Bob, online on Prosody itself. */
  async function bobComes(device: string): Promise<RawSession> {
    const bob = await stage.attachDirectly(bobAccount, device);
    bob.send("<presence/>");
    await bob.stanza("presence", isFrom(bob.fullJid));
    return bob;
  }

  it("PRES-1, PRES-2, CAPS-1: a contact sees one resource, as its most recently active client is", async () => {
    const alice = await stage.account("alice");
    const bob = await bobComes("watching alice");
    const sees = async (show: string, after: number): Promise<Element> =>
      await bob.stanzas.first(
        `alice ${show}`,
        (stanza) => stanza.is("presence") && isFrom(alice.jid)(stanza) && shown(stanza) === show,
        after,
      );

    // The desk comes: bob sees it available.
    const desk = await stage.attach(alice, "desk");
    desk.send(`<presence><priority>5</priority>${capsOf("desk")}</presence>`);
    await sees("available", 0);
    await answerDisco(desk, "desk", "urn:example:desk");

    // The phone comes, extended away: it is the most recently active now.
    let position = bob.stanzas.all.length;
    const phone = await stage.attach(alice, "phone");
    phone.send(`<presence><show>xa</show>${capsOf("phone")}</presence>`);
    await sees("xa", position);
    await answerDisco(phone, "phone", "urn:example:phone");
    phone.send(`<message to="${bob.fullJid}" type="chat"><body>on the phone</body></message>`);
    await bob.stanza("message", (message) => message.getChildText("body") === "on the phone");

    // Somebody writes at the desk.
    position = bob.stanzas.all.length;
    desk.send(`<message to="${bob.fullJid}" type="chat"><body>I am at the desk</body></message>`);
    await sees("available", position);
    const resources = new Set(seen(bob, alice.jid).map((presence) => presence.attrs.from));
    expect([...resources]).toEqual([desk.fullJid]);
    expect(seen(bob, alice.jid).filter((presence) => presence.getChild("priority"))).toEqual([]);

    // What both clients can do is behind the one hash.
    const current = seen(bob, alice.jid).at(-1)?.getChildren("c", CAPS) ?? [];
    expect(current).toHaveLength(1);
    const node = `${current[0]?.attrs.node}#${current[0]?.attrs.ver}`;
    const answer = await bob.request(
      `<iq type="get" id="caps" to="${desk.fullJid}"><query xmlns="${DISCO}" node="${node}"/></iq>`,
    );
    const features = answer.getChild("query", DISCO)?.getChildren("feature") ?? [];
    expect(features.map((feature) => feature.attrs.var)).toEqual(
      expect.arrayContaining(["urn:example:desk", "urn:example:phone", DISCO, CAPS]),
    );

    // The phone's going changes nothing; when the desk goes too, the account is away, and never unavailable.
    position = bob.stanzas.all.length;
    await phone.close();
    desk.send(`<message to="${bob.fullJid}" type="chat"><body>still here</body></message>`);
    await bob.stanza("message", (message) => message.getChildText("body") === "still here");
    expect(bob.stanzas.all.slice(position).filter((stanza) => stanza.is("presence"))).toEqual([]);
    await desk.close();
    await sees("away", position);
    const ping = '<ping xmlns="urn:xmpp:ping"/>';
    const pong = await bob.request(`<iq type="get" id="ping" to="${desk.fullJid}">${ping}</iq>`);
    expect(pong.attrs).toMatchObject({ type: "result", from: desk.fullJid });
    expect(seen(bob, alice.jid).map(shown)).not.toContain("unavailable");
    bob.client.drop();
  });

  it("PRES-6, PRES-9: a client that comes later is told who is there, and no client another one's going", async () => {
    const ann = await stage.account("ann");
    const bob = await bobComes("watching ann");
    const desk = await stage.attach(ann, "desk");
    desk.send("<presence/>");
    await desk.stanza("presence", isFrom(bob.fullJid));

    const phone = await stage.attach(ann, "phone");
    phone.send("<presence><status>on the phone</status></presence>");
    const told = await phone.stanza("presence", isFrom(bob.fullJid));
    expect(told.getChild("delay", "urn:xmpp:delay")?.attrs.stamp).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    await phone.stanza("presence", isFrom(phone.fullJid));

    desk.send('<presence type="unavailable"/>');
    desk.send(`<message to="${bob.fullJid}" type="chat"><body>gone</body></message>`);
    await bob.stanza("message", (message) => message.getChildText("body") === "gone");
    bob.send(`<message to="${ann.jid}" type="chat"><body>see you</body></message>`);
    await phone.stanza("message", (message) => message.getChildText("body") === "see you");
    expect(seen(phone, ann.jid).map(shown)).not.toContain("unavailable");
    expect(seen(bob, ann.jid).map(shown)).not.toContain("unavailable");
    for (const session of [bob, desk, phone]) {
      session.client.drop();
    }
  });

  it("MUC-5, MUC-6: a room that both joined is left when the last one leaves", async () => {
    const amy = await stage.account("amy");
    const room = `attic@${stage.server.rooms}`;
    const carol = await stage.attachDirectly(await stage.account("carol"), "sofa");
    const join = `<x xmlns="${MUC}"/>`;
    carol.send(`<presence to="${room}/carol">${join}</presence>`);
    await carol.stanza("presence", isFrom(`${room}/carol`));

    const desk = await stage.attach(amy, "desk");
    const phone = await stage.attach(amy, "phone");
    const tablet = await stage.attach(amy, "tablet");
    for (const client of [desk, phone]) {
      client.send("<presence/>");
      client.send(`<presence to="${room}/amy">${join}</presence>`);
      await client.stanza("presence", isFrom(`${room}/amy`));
    }
    tablet.send("<presence/>");
    await tablet.stanza("presence", isFrom(tablet.fullJid));

    // The first one leaves, and the other says something: had the room heard of the leaving, it would refuse.
    desk.send(`<presence type="unavailable" to="${room}/amy"/>`);
    await desk.stanza(
      "presence",
      (presence) => isFrom(`${room}/amy`)(presence) && shown(presence) === "unavailable",
    );
    phone.send(`<message type="groupchat" to="${room}"><body>one of me left</body></message>`);
    await carol.stanza("message", (message) => message.getChildText("body") === "one of me left");
    expect(seen(carol, `${room}/amy`).map(shown)).not.toContain("unavailable");

    // The last one's WebSocket ends.
    await phone.close();
    await carol.stanza(
      "presence",
      (presence) => isFrom(`${room}/amy`)(presence) && shown(presence) === "unavailable",
    );
    expect(seen(tablet, room)).toEqual([]);
    for (const session of [carol, desk, tablet]) {
      session.client.drop();
    }
  });

  it("IQ-7, IQ-8: a request that is for a client goes to one, whose answer is the only one", async () => {
    const art = await stage.account("art");
    const bob = await stage.attachDirectly(bobAccount, "asking art");
    const desk = await stage.attach(art, "desk");
    const phone = await stage.attach(art, "phone");
    const payload = '<question xmlns="urn:example:question"/>';
    const ask = `<iq type="get" to="${desk.fullJid}" id="nobody">${payload}</iq>`;
    const refused = await bob.request(ask);
    expect(refused.getChild("error")?.getChild("service-unavailable")).toBeDefined();

    desk.send("<presence/>");
    await desk.stanza("presence", isFrom(desk.fullJid));
    phone.send("<presence/>");
    await phone.stanza("presence", isFrom(phone.fullJid));
    bob.send(ask.replace("nobody", "q1"));
    const asked = await phone.stanza("iq", (iq) => iq.getChild("question") !== undefined);
    expect(asked.attrs).toMatchObject({ id: "q1", from: bob.fullJid });
    const reply = (by: string): string =>
      `<iq type="result" id="q1" to="${bob.fullJid}"><answer xmlns="urn:example:question" by="${by}"/></iq>`;
    // Who was not asked cannot answer.
    desk.send(reply("desk"));
    desk.send(`<message to="${bob.fullJid}"><body>after the desk's answer</body></message>`);
    await bob.stanza("message");
    phone.send(reply("phone"));
    const answer = await bob.stanza("iq", ({ attrs }) => attrs.id === "q1");
    expect(answer.getChild("answer")?.attrs.by).toBe("phone");
    expect(desk.stanzas.all.filter((stanza) => stanza.getChild("question"))).toEqual([]);
    for (const session of [bob, desk, phone]) {
      session.client.drop();
    }
  });
});
