// The server goes, the connection breaks, the proxy dies, a client leaves: what the others notice, and that nothing that
// was sent is lost or doubled.

import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import type { Prosody } from "../../scripts/prosody.ts";
import { loginXmppClient } from "../support/clients/xmpp-js.ts";
import type { RawSession } from "../support/raw-client.ts";
import { missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

function chat(to: string, body: string): string {
  return `<message to="${to}" type="chat"><body>${body}</body></message>`;
}

/** The text of a message, also of one inside a carbon. */
function bodyOf(message: Element): string | undefined {
  const copy = message.getChild("sent") ?? message.getChild("received");
  const inner = copy?.getChild("forwarded")?.getChild("message") ?? message;
  return inner.getChildText("body") ?? undefined;
}

async function heard(session: RawSession, body: string): Promise<Element> {
  return await session.stanza("message", (message) => bodyOf(message) === body);
}

/** Everything of a conversation that a session has heard, in order. */
function conversation({ stanzas }: RawSession, about: string): (string | undefined)[] {
  const bodies = stanzas.all.filter((stanza) => stanza.is("message")).map(bodyOf);
  return bodies.filter((body) => body?.startsWith(about));
}

async function enableCarbons(session: RawSession): Promise<void> {
  await session.request('<iq type="set" id="carbons"><enable xmlns="urn:xmpp:carbons:2"/></iq>');
}

async function ping(session: RawSession, id: string): Promise<Element> {
  return await session.request(`<iq type="get" to="localhost" id="${id}"><ping xmlns="urn:xmpp:ping"/></iq>`);
}

function isPush(iq: Element): boolean {
  return iq.attrs.type === "set" && iq.getChild("query", "jabber:iq:roster") !== undefined;
}

describe.skipIf(missingProsody)("an outage", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage();
  });

  afterAll(async () => await stage?.stop());

  it.each([
    ["the server closes our stream", "ann", async (server: Prosody) => await server.closeStreams("ann")],
    ["the connection breaks", "amy", async (server: Prosody) => await server.dropConnections("amy")],
  ])(
    "UP-7, DOWN-1: %s: clients stay, what they send waits, and it comes back by itself",
    async (_name, localpart, happen) => {
      const account = await stage.account(localpart);
      const bob = await stage.attachDirectly(await stage.account(`bob-of-${localpart}`), "sofa");
      bob.send("<presence/>");
      const [desk, phone] = [await stage.attach(account, "desk"), await stage.attach(account, "phone")];
      desk.send("<presence/>");
      phone.send("<presence/>");
      await phone.stanza("presence");

      const before = stage.server.log().length;
      await happen(stage.server);
      // What crosses the server's end of the stream may have been handled by it, and would be sent again (UP-11).
      await waitFor("the proxy to be gone", () =>
        stage.server.log().slice(before).includes("Client disconnected"),
      );
      desk.send(chat(bob.fullJid, "about: from the desk"));
      phone.send(chat(bob.fullJid, "about: from the phone"));
      const answers = await Promise.all([ping(desk, "same id"), ping(phone, "same id")]);
      expect(answers.map(({ attrs }) => attrs.type)).toEqual(["result", "result"]);
      await heard(bob, "about: from the phone");
      await heard(bob, "about: from the desk");
      expect(conversation(bob, "about: ")).toHaveLength(2);
      bob.send(chat(account.jid, "and back"));
      for (const client of [desk, phone]) {
        expect((await heard(client, "and back")).attrs.from).toBe(bob.fullJid);
        client.client.drop();
      }
      bob.client.drop();
    },
  );

  it("DOWN-1 to DOWN-4: the server stops for a while", async () => {
    const [alice, bob] = [await stage.account("alice"), await stage.account("bob")];
    const sofa = await stage.attach(bob, "sofa");
    sofa.send("<presence/>");
    const [desk, phone] = [await stage.attach(alice, "desk"), await stage.attach(alice, "phone")];
    await enableCarbons(desk);
    await enableCarbons(phone);
    desk.send("<presence/>");
    await desk.stanza("presence");

    await stage.server.stop();
    const texts = ["about: one", "about: two", "about: three", "about: four"];
    for (const text of texts) {
      desk.send(chat(bob.jid, text));
    }
    // The other client knows at once, as if nothing were wrong.
    await heard(phone, "about: four");
    const unanswered = await ping(phone, "p1");
    const error = unanswered.getChild("error");
    expect(error?.attrs.type).toBe("wait");
    expect(error?.getChild("remote-server-timeout")).toBeDefined();
    expect(error?.getChildText("text")).toMatch(/localhost|server/);
    for (const client of [desk, phone, sofa]) {
      const notice = await client.stanza("message", ({ attrs }) => attrs.type === "headline");
      expect(notice.attrs.from).toBe("localhost");
      expect(bodyOf(notice)).toContain("No connection to localhost");
    }
    const tablet = await stage.attach(alice, "tablet");
    expect(tablet.fullJid).toBe(desk.fullJid);

    await stage.server.start();
    // Waiting for the next attempt could take half a minute by now; a login is a reason to try at once.
    const [watch, hall] = [await stage.attach(alice, "watch"), await stage.attach(bob, "hall")];
    for (const client of [desk, phone, tablet, sofa]) {
      await client.stanza("message", (message) => bodyOf(message)?.includes("is back") ?? false);
    }
    desk.send(chat(bob.jid, "about: five"));
    await heard(sofa, "about: five");
    expect(conversation(sofa, "about: ")).toEqual([...texts, "about: five"]);
    expect(conversation(phone, "about: ").slice(0, 4)).toEqual(texts);
    expect((await ping(phone, "p2")).attrs.type).toBe("result");
    for (const session of [sofa, hall, desk, phone, tablet, watch]) {
      session.client.drop();
    }
  });

  it("DOWN-3, LOGIN-2: the proxy is killed while the server is away", async () => {
    const [alice, bob] = [await stage.account("alice-killed"), await stage.account("bob-killed")];
    const [desk, phone] = [await stage.attach(alice, "desk"), await stage.attach(alice, "phone")];
    await enableCarbons(phone);
    await stage.server.stop();
    desk.send(chat(bob.jid, "about: before the end"));
    desk.send(chat(bob.jid, "about: the end"));
    // The copy leaves the proxy only after what is to go upstream is in storage.
    await heard(phone, "about: the end");
    await stage.worker.kill();
    await stage.server.start();
    await stage.worker.restart();

    const again = await loginXmppClient({ ...alice, url: stage.worker.wsUrl(alice.jid), device: "desk" });
    expect(again.journal.mechanism).toBe("SCRAM-SHA-1");
    expect(again.fullJid).toBe(desk.fullJid);
    await again.say(bob.jid, "about: the new beginning", "m3");
    const sofa = await stage.attachDirectly(bob, "sofa");
    sofa.send("<presence/>");
    await heard(sofa, "about: the new beginning");
    expect(conversation(sofa, "about: ")).toEqual([
      "about: before the end",
      "about: the end",
      "about: the new beginning",
    ]);
    await again.close();
    sofa.client.drop();
  });

  it.each([
    ["closes its stream", "polite", async (client: RawSession) => await client.close()],
    ["is gone without a word", "rude", async ({ client }: RawSession) => client.drop()],
  ])("IQ-5: one client %s, and the other goes on", async (_name, localpart, leave) => {
    const account = await stage.account(localpart);
    const bob = await stage.attachDirectly(await stage.account(`bob-of-${localpart}`), "sofa");
    const [desk, phone] = [await stage.attach(account, "desk"), await stage.attach(account, "phone")];
    desk.send('<iq type="get" to="localhost" id="open"><ping xmlns="urn:xmpp:ping"/></iq>');
    await leave(desk);
    await desk.client.closed;
    expect((await ping(phone, "p")).attrs.type).toBe("result");
    phone.send(chat(bob.fullJid, "still here"));
    expect((await heard(bob, "still here")).attrs.from).toBe(phone.fullJid);
    expect(await stage.server.boundResources(localpart)).toEqual([phone.fullJid]);
    expect(phone.stanzas.all.filter(({ attrs }) => attrs.id === "open")).toEqual([]);
    phone.client.drop();
    bob.client.drop();
  });

  it("ROS-1: a roster push reaches both clients that want it, and is acknowledged once", async () => {
    const account = await stage.account("collector");
    const clients = [await stage.attach(account, "desk"), await stage.attach(account, "phone")];
    const tablet = await stage.attach(account, "tablet");
    for (const client of clients) {
      await client.request('<iq type="get" id="roster"><query xmlns="jabber:iq:roster"/></iq>');
    }
    const before = stage.server.log().length;
    const item = '<item jid="dave@example.org" name="Dave"/>';
    const [desk] = clients;
    const result = await desk?.request(
      `<iq type="set" id="add"><query xmlns="jabber:iq:roster">${item}</query></iq>`,
    );
    expect(result?.attrs.type).toBe("result");
    const pushes: Element[] = [];
    for (const client of clients) {
      const push = await client.stanza("iq", isPush);
      expect(push.getChild("query", "jabber:iq:roster")?.getChild("item")?.attrs.jid).toBe(
        "dave@example.org",
      );
      client.send(`<iq type="result" id="${push.attrs.id}"/>`);
      pushes.push(push);
    }
    for (const client of [...clients, tablet]) {
      await ping(client, "fence");
    }
    expect(pushes[0]?.attrs.id).not.toBe(pushes[1]?.attrs.id);
    expect(tablet.stanzas.all.filter(isPush)).toEqual([]);
    // In what order Prosody writes attributes changes from run to run.
    const lines = stage.server.log().slice(before).split("\n");
    const set = lines.filter((line) => line.includes("Sending[c2s]: <iq ") && line.includes("type='set'"));
    const [, id = "none"] = /\bid='([^']+)'/.exec(set.join()) ?? [];
    expect(set).toHaveLength(1);
    const answers = lines.filter((line) => line.includes("Received[c2s]") && line.includes(`id='${id}'`));
    expect(answers).toHaveLength(1);
    expect(answers[0]).toContain("type='result'");
  });
});
