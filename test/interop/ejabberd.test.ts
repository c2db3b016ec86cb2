// What could be different with ejabberd: logging in, carbons, presence, pushes, requests, Stream Management. Bob and Carol
// are straight on ejabberd. (Libraries in conversation: conversation.test.ts; an ejabberd that goes: ejabberd-returns.)

import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import { loginStanza } from "../support/clients/stanza.ts";
import type { Ejabberd } from "../support/ejabberd-server.ts";
import { type Account, element, openTo, plainAuth, RawClient, RawSession } from "../support/raw-client.ts";
import { missingEjabberd } from "../support/requirements.ts";
import { ResumingClient } from "../support/resuming-client.ts";
import { startWorker } from "../support/worker.ts";
import { type Stage, startEjabberdStage } from "./stage.ts";

const MUC = "http://jabber.org/protocol/muc";
const CARBONS = '<iq type="set" id="carbons"><enable xmlns="urn:xmpp:carbons:2"/></iq>';

const QUESTION = '<query xmlns="urn:example:question"/>';

const isFrom =
  (bareJid: string) =>
  ({ attrs }: Element): boolean =>
    attrs.from?.startsWith(`${bareJid}/`) ?? false;

function chat(to: string, body: string): string {
  return `<message to="${to}" type="chat" id="${body}"><body>${body}</body></message>`;
}

const isQuestion = (iq: Element): boolean => iq.getChild("query", "urn:example:question") !== undefined;

/** A push with this payload (RFC 6121 section 2.1.6, XEP-0191). */
const pushes = (name: string) => (iq: Element) => iq.attrs.type === "set" && iq.getChild(name) !== undefined;

const rosterQuery = (content = ""): string => `<query xmlns="jabber:iq:roster">${content}</query>`;

const says = (body: string) => (message: Element) => message.getChildText("body") === body;

/** The bodies of what came from there, in order. */
function bodiesFrom({ stanzas }: Pick<RawSession, "stanzas">, bareJid: string): (string | null)[] {
  return stanzas.all
    .filter((stanza) => stanza.is("message") && isFrom(bareJid)(stanza))
    .map((message) => message.getChildText("body"));
}

/** The bodies of the copies of what other clients sent, in order. */
function sentCopies({ stanzas }: RawSession): (string | null | undefined)[] {
  return stanzas.all
    .map((stanza) => stanza.getChild("sent", "urn:xmpp:carbons:2")?.getChild("forwarded"))
    .filter((forwarded) => forwarded !== undefined)
    .map((forwarded) => forwarded.getChild("message")?.getChildText("body"));
}

/** How often something of this kind was received there so far. */
function count({ stanzas }: RawSession, matches: (stanza: Element) => boolean): number {
  return stanzas.all.filter(matches).length;
}

/** A client of an account, straight on ejabberd or through the proxy, with carbons and available. */
async function available(session: Promise<RawSession>): Promise<RawSession> {
  const client = await session;
  await client.request(CARBONS);
  client.send("<presence/>");
  await client.stanza("presence", ({ attrs }) => attrs.from === client.fullJid);
  return client;
}

async function offered(client: RawClient): Promise<string[]> {
  const [, features = ""] = await client.exchange(openTo("localhost"), 2);
  const mechanisms = element(features).getChild("mechanisms")?.getChildren("mechanism") ?? [];
  return mechanisms.map((mechanism) => mechanism.getText());
}

describe.skipIf(missingEjabberd)("ejabberd", () => {
  let stage: Stage<Ejabberd>;

  beforeAll(async () => (stage = await startEjabberdStage()));
  afterAll(async () => await stage?.stop());

  /** Accounts of one test, in one another's rosters. */
  async function friends(...localparts: string[]): Promise<Account[]> {
    const accounts: Account[] = [];
    for (const localpart of localparts) {
      accounts.push(await stage.account(localpart));
    }
    await stage.server.befriend(localparts);
    return accounts;
  }

  it("LOGIN-1, LOGIN-2: PLAIN is proved there, SCRAM is ours, and both are one session", async () => {
    const account = await stage.account("login");
    const client = await RawClient.connect(stage.worker.wsUrl(account.jid));
    expect(await offered(client)).toEqual(["PLAIN"]);
    const [refused = ""] = await client.exchange(plainAuth("login", "wrong"));
    expect(element(refused).getChildElements()[0]?.getName()).toBe("not-authorized");
    client.drop();

    const desk = await stage.attach(account, "desk");
    const url = stage.worker.wsUrl(account.jid);
    const phone = await loginStanza({ ...account, url, device: "phone" });
    expect(phone.journal.mechanism).toBe("SCRAM-SHA-256");
    expect([desk.fullJid, phone.fullJid]).toEqual([desk.fullJid, desk.fullJid]);
    expect(await stage.server.boundResources("login")).toEqual([desk.fullJid]);
    await phone.close();
    desk.client.drop();
  });

  it.each([
    ["direct TLS", "over-direct-tls", "upstreamHostsDirectTls"],
    ["WebSocket", "over-websocket", "upstreamHostsWebSocket"],
  ] as const)("UP-3: over %s lets us in", async (_how, localpart, hosts) => {
    const account = await stage.account(localpart);
    const { [hosts]: UPSTREAM_HOSTS, caPath } = stage.server;
    const worker = await startWorker({ vars: { UPSTREAM_HOSTS }, caPath });
    try {
      const desk = await RawSession.login(worker.wsUrl(account.jid), account, "desk");
      expect(await stage.server.boundResources(localpart)).toEqual([desk.fullJid]);
      desk.client.drop();
    } finally {
      await worker.stop();
    }
  });

  it("MSG-1, MSG-5: two clients and a friend, each message once to each", async () => {
    const [alice, bob] = await friends("talks", "listens");
    if (alice === undefined || bob === undefined) throw new Error("no accounts");
    const desk = await available(stage.attach(alice, "desk"));
    const phone = await available(stage.attach(alice, "phone"));
    const friend = await available(stage.attachDirectly(bob, "sofa"));

    // To the bare JID: ejabberd forks such messages and copies them by carbon, and there is one resource only.
    friend.send(chat(alice.jid, "hello"));
    desk.send(chat(bob.jid, "from-the-desk"));
    phone.send(chat(bob.jid, "from-the-phone"));
    await Promise.all([desk, phone].map(async (client) => await client.stanza("message", says("hello"))));
    await friend.stanza("message", says("from-the-desk"));
    await friend.stanza("message", says("from-the-phone"));
    friend.send(chat(alice.jid, "fence"));
    await Promise.all([desk, phone].map(async (client) => await client.stanza("message", says("fence"))));

    expect(bodiesFrom(desk, bob.jid)).toEqual(["hello", "fence"]);
    expect(bodiesFrom(phone, bob.jid)).toEqual(["hello", "fence"]);
    expect(sentCopies(desk)).toEqual(["from-the-phone"]);
    expect(sentCopies(phone)).toEqual(["from-the-desk"]);
    expect(new Set(bodiesFrom(friend, alice.jid))).toEqual(new Set(["from-the-desk", "from-the-phone"]));
    expect(bodiesFrom(friend, alice.jid)).toHaveLength(2);
    for (const { client } of [desk, phone, friend]) client.drop();
  });

  it("PRES-1, PRES-4, PRES-9: a friend sees one resource, and both clients see the friend", async () => {
    const [alice, bob] = await friends("seen", "sees");
    if (alice === undefined || bob === undefined) throw new Error("no accounts");
    const friend = await available(stage.attachDirectly(bob, "sofa"));
    const desk = await available(stage.attach(alice, "desk"));
    const presence = (show: string | null) => (stanza: Element) =>
      stanza.is("presence") && isFrom(alice.jid)(stanza) && stanza.getChildText("show") === show;
    await friend.stanza("presence", presence(null));
    await desk.stanza("presence", isFrom(bob.jid));

    // The second client is told of the friend by us: ejabberd has said it already.
    const phone = await available(stage.attach(alice, "phone"));
    await phone.stanza("presence", isFrom(bob.jid));
    friend.send("<presence><show>dnd</show></presence>");
    for (const client of [desk, phone]) {
      const busy = await client.stanza("presence", (stanza) => stanza.getChildText("show") === "dnd");
      expect(busy.attrs.from).toBe(friend.fullJid);
    }

    // One client leaves and nobody notices; when the other has left too, the account is away.
    await phone.close();
    desk.send("<presence><show>chat</show></presence>");
    await friend.stanza("presence", presence("chat"));
    await desk.close();
    await friend.stanza("presence", presence("away"));
    expect(count(friend, ({ attrs }) => attrs.type === "unavailable")).toBe(0);
    friend.client.drop();
  });

  it("IQ-2, IQ-6, IQ-7: requests in both directions are answered once, by and for the right client", async () => {
    const [alice, bob] = await friends("asks", "answers");
    if (alice === undefined || bob === undefined) throw new Error("no accounts");
    const desk = await available(stage.attach(alice, "desk"));
    const phone = await available(stage.attach(alice, "phone"));
    const friend = await available(stage.attachDirectly(bob, "sofa"));

    // Both ask ejabberd with the same id at once.
    const roster = desk.request('<iq type="get" id="q"><query xmlns="jabber:iq:roster"/></iq>');
    const vcard = phone.request('<iq type="get" id="q"><vCard xmlns="vcard-temp"/></iq>');
    const item = (await roster).getChild("query", "jabber:iq:roster")?.getChild("item");
    expect(item?.attrs).toMatchObject({ jid: bob.jid, subscription: "both" });
    expect((await vcard).getChild("query")).toBeUndefined();

    // Bob asks alice: what we answer, and what the client that was active last answers.
    const ping = `<iq type="get" to="${desk.fullJid}" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`;
    expect((await friend.request(ping)).attrs.type).toBe("result");
    phone.send(chat(bob.jid, "active"));
    await friend.stanza("message", says("active"));
    friend.send(`<iq type="get" to="${desk.fullJid}" id="x">${QUESTION}</iq>`);
    const question = await phone.stanza("iq", isQuestion);
    phone.send(`<iq type="result" to="${question.attrs.from}" id="${question.attrs.id}">${QUESTION}</iq>`);
    const answer = await friend.stanza("iq", ({ attrs }) => attrs.id === "x");
    expect(answer.attrs).toMatchObject({ type: "result", from: desk.fullJid });
    friend.send(chat(alice.jid, "fence"));
    await Promise.all([desk, phone].map(async (client) => await client.stanza("message", says("fence"))));
    const answers = [desk, phone].map((client) => count(client, ({ attrs }) => attrs.id === "q"));
    expect(answers).toEqual([1, 1]);
    expect([desk, phone].map((client) => count(client, isQuestion))).toEqual([0, 1]);
    for (const { client } of [desk, phone, friend]) client.drop();
  });

  it("ROS-1: pushes of the roster and the block list reach both clients, and the session lives", async () => {
    const account = await stage.account("pushes");
    const desk = await available(stage.attach(account, "desk"));
    const phone = await available(stage.attach(account, "phone"));
    for (const client of [desk, phone]) {
      await client.request(`<iq type="get" id="roster">${rosterQuery()}</iq>`);
      await client.request('<iq type="get" id="blocked"><blocklist xmlns="urn:xmpp:blocking"/></iq>');
    }
    const jid = "carol@localhost";
    await phone.request(`<iq type="set" id="add">${rosterQuery(`<item jid="${jid}" name="Carol"/>`)}</iq>`);
    const block = `<block xmlns="urn:xmpp:blocking"><item jid="${jid}"/></block>`;
    await phone.request(`<iq type="set" id="block">${block}</iq>`);
    for (const client of [desk, phone]) {
      const item = await client.stanza("iq", pushes("query"));
      expect(item.getChild("query")?.getChild("item")?.attrs).toMatchObject({ jid, name: "Carol" });
      const blocked = await client.stanza("iq", pushes("block"));
      expect(blocked.getChild("block")?.getChild("item")?.attrs.jid).toBe(jid);
      for (const { attrs } of [item, blocked]) client.send(`<iq type="result" id="${attrs.id}"/>`);
    }
    expect(await stage.server.boundResources("pushes")).toEqual([desk.fullJid]);
    for (const { client } of [desk, phone]) client.drop();
  });

  it("UP-9, UP-10: killed in the middle of a conversation, nothing is lost and nobody sees alice leave", async () => {
    const [alice, bob, carol] = await friends("survives", "talks-on", "watches");
    if (alice === undefined || bob === undefined || carol === undefined) throw new Error("no accounts");
    const friend = await available(stage.attachDirectly(bob, "sofa"));
    const onlooker = await available(stage.attachDirectly(carol, "desk"));
    const phone = await ResumingClient.login(stage.worker.wsUrl(alice.jid), alice, "phone");
    const send = (stanza: string): void => phone.send(stanza.replace(/^<\w+/, '$& xmlns="jabber:client"'));
    send("<presence/>");
    const room = `survival@${stage.server.rooms}`;
    send(`<presence to="${room}/alice"><x xmlns="${MUC}"/></presence>`);
    await phone.stanzas.first("alice in the room", ({ attrs }) => attrs.from === `${room}/alice`);
    onlooker.send(`<presence to="${room}/carol"><x xmlns="${MUC}"/></presence>`);
    await onlooker.stanza("presence", ({ attrs }) => attrs.from === `${room}/alice`);
    await friend.stanza("presence", isFrom(alice.jid));

    const wanted: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const sayBoth = (when: string): void => {
        for (let index = 0; index < 10; index += 1) {
          const body = `${round}-${when}-${index}`;
          wanted.push(body);
          send(chat(friend.fullJid, body));
          friend.send(chat(alice.jid, body));
        }
      };
      sayBoth("before");
      // Some of it has arrived, some is on its way.
      await friend.stanza("message", says(`${round}-before-4`));
      await stage.worker.kill();
      sayBoth("meanwhile");
      await stage.worker.start();
      sayBoth("after");
      await friend.stanza("message", says(`${round}-after-9`));
      await phone.stanzas.first("the last", says(`${round}-after-9`));
    }
    expect(phone.failure).toBeUndefined();
    expect(bodiesFrom(phone, bob.jid)).toEqual(wanted);
    expect(bodiesFrom(friend, alice.jid)).toEqual(wanted);
    const resumptions = (): number => stage.server.log().split("Resumed session for survives@").length - 1;
    await waitFor("three resumptions in the log", () => resumptions() >= 3);
    expect(resumptions()).toBe(3);
    const gone = [friend, onlooker].map((person) =>
      count(person, ({ attrs }) => attrs.type === "unavailable"),
    );
    expect(gone).toEqual([0, 0]);
    phone.stop();
    for (const { client } of [friend, onlooker]) client.drop();
  });
});
