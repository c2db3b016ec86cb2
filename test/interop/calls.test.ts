// JING with real servers: two clients of one account and bob, who calls. All of them ring, one takes the call, and from then on
// bob and that one are left to themselves, until it is over or that one is gone.

import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Account, RawSession } from "../support/raw-client.ts";
import { describeEach } from "../support/requirements.ts";
import { PLACES, type Server, type Stage } from "./stage.ts";

const JMI = "urn:xmpp:jingle-message:0";
const JINGLE = "urn:xmpp:jingle:1";
const RTP = "urn:xmpp:jingle:apps:rtp:1";

const call = (to: string, step: string, sid: string): string => {
  const description = step === "propose" ? `<description xmlns="${RTP}" media="audio"/>` : "";
  return `<message to="${to}" type="chat" id="${step}-${sid}"><${step} xmlns="${JMI}" id="${sid}">${description}</${step}><store xmlns="urn:xmpp:hints"/></message>`;
};
const jingle = (to: string, action: string, sid: string): string =>
  `<iq type="set" to="${to}" id="${action}-${sid}"><jingle xmlns="${JINGLE}" action="${action}" sid="${sid}"/></iq>`;

const isCall =
  (step: string, sid: string) =>
  (stanza: Element): boolean =>
    stanza.getChild(step, JMI)?.attrs.id === sid;
const isJingle =
  (action: string, sid: string) =>
  (stanza: Element): boolean => {
    const { attrs } = stanza.getChild("jingle", JINGLE) ?? {};
    return stanza.attrs.type === "set" && attrs?.action === action && attrs.sid === sid;
  };

/** How often a session was told this. */
function heard({ stanzas }: RawSession, what: (stanza: Element) => boolean): number {
  return stanzas.all.filter(what).length;
}

/** Takes the request that comes, and says that it was understood. */
async function takes(session: RawSession, action: string, sid: string): Promise<void> {
  const { attrs } = await session.stanza("iq", isJingle(action, sid));
  session.send(`<iq type="result" to="${attrs.from}" id="${attrs.id}"/>`);
}

/** All that was sent to it before this has come. */
async function fence(session: RawSession, host: string): Promise<void> {
  const id = `fence-${session.stanzas.all.length}`;
  await session.request(`<iq type="get" id="${id}" to="${host}"><ping xmlns="urn:xmpp:ping"/></iq>`);
}

describeEach(PLACES, "calls on $name", ({ start }) => {
  let stage: Stage<Server>;
  let bobAccount: Account;

  beforeAll(async () => {
    stage = await start();
    bobAccount = await stage.account("bob");
  });

  afterAll(async () => {
    await stage?.stop();
  });

  /** Desk and phone of a new account, with carbons; and bob, who is on the server itself. */
  async function three(localpart: string): Promise<{ desk: RawSession; phone: RawSession; bob: RawSession }> {
    const account = await stage.account(localpart);
    const bob = await stage.attachDirectly(bobAccount, `calls ${localpart}`);
    bob.send("<presence/>");
    const desk = await stage.attach(account, "desk");
    const phone = await stage.attach(account, "phone");
    for (const session of [desk, phone]) {
      await session.request(`<iq type="set" id="carbons"><enable xmlns="urn:xmpp:carbons:2"/></iq>`);
      session.send("<presence/>");
    }
    return { desk, phone, bob };
  }

  it("JING-3 JING-1 both ring, the phone takes it, the desk is too late; the session is the phone's", async () => {
    const { desk, phone, bob } = await three("rings");
    const { host } = stage.server;
    bob.send(call(`rings@${host}`, "propose", "c1"));
    for (const session of [desk, phone]) await session.stanza("message", isCall("propose", "c1"));
    for (const session of [desk, phone]) session.send(call(bob.fullJid, "ringing", "c1"));
    phone.send(call(bob.fullJid, "proceed", "c1"));
    await bob.stanza("message", isCall("proceed", "c1"));
    desk.send(call(bob.fullJid, "proceed", "c1"));
    await fence(desk, host);
    bob.send(jingle(phone.fullJid, "session-initiate", "c1"));
    await takes(phone, "session-initiate", "c1");
    await bob.stanza("iq", ({ attrs }) => attrs.id === "session-initiate-c1" && attrs.type === "result");
    phone.send(jingle(bob.fullJid, "session-accept", "c1"));
    await takes(bob, "session-accept", "c1");
    // The desk is used meanwhile; the call goes on where it is.
    desk.send(`<message to="${bob.fullJid}" type="chat"><body>I am on the phone</body></message>`);
    bob.send(jingle(phone.fullJid, "session-info", "c1"));
    await takes(phone, "session-info", "c1");
    bob.send(jingle(phone.fullJid, "session-terminate", "c1"));
    await takes(phone, "session-terminate", "c1");
    await fence(bob, host);
    await fence(desk, host);
    expect(heard(bob, isCall("ringing", "c1"))).toBe(1);
    expect(heard(bob, isCall("proceed", "c1"))).toBe(1);
    expect(heard(desk, (stanza) => stanza.getChild("jingle", JINGLE) !== undefined)).toBe(0);
    expect(heard(phone, isJingle("session-initiate", "c1"))).toBe(1);
    // A sibling's word that it takes the call is what stops the others' ringing.
    expect(desk.stanzas.all.map(String).filter((text) => text.includes("<proceed"))).toHaveLength(1);
    for (const session of [desk, phone, bob]) await session.close();
  });

  it("JING-2 JING-5 a call that the desk begins is the desk's; bob learns when it is gone", async () => {
    const { desk, phone, bob } = await three("begins");
    desk.send(jingle(bob.fullJid, "session-initiate", "c2"));
    await takes(bob, "session-initiate", "c2");
    await desk.stanza("iq", ({ attrs }) => attrs.id === "session-initiate-c2" && attrs.type === "result");
    // The phone is used last.
    phone.send(`<message to="${bob.fullJid}" type="chat"><body>Hello</body></message>`);
    await bob.stanza("message", (stanza) => stanza.getChildText("body") === "Hello");
    bob.send(jingle(desk.fullJid, "session-accept", "c2"));
    await takes(desk, "session-accept", "c2");
    await desk.close();
    const end = await bob.stanza("iq", isJingle("session-terminate", "c2"));
    expect(end.getChild("jingle", JINGLE)?.getChild("reason")?.getChild("gone")).toBeDefined();
    expect(heard(phone, (stanza) => stanza.getChild("jingle", JINGLE) !== undefined)).toBe(0);
    for (const session of [phone, bob]) await session.close();
  });

  it("IQ-8 JING-1 nobody takes a call when nobody is there: bob is told at once, once", async () => {
    const { desk, phone, bob } = await three("absent");
    const { fullJid } = desk;
    for (const session of [desk, phone]) session.send(`<presence type="unavailable"/>`);
    for (const session of [desk, phone]) await fence(session, stage.server.host);
    const refused = await bob.request(jingle(fullJid, "session-initiate", "c3"));
    expect(refused.getChild("error")?.getChild("service-unavailable")).toBeDefined();
    for (const session of [desk, phone, bob]) await session.close();
  });
});
