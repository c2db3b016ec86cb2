// SM-1, SM-2, SM-7: real clients lose their network for a while, and the process dies meanwhile. They resume by themselves:
// nothing is lost, nothing doubled, and nobody is told of a new session.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { newChatPage } from "../support/chat-page.ts";
import { Inbox } from "../support/clients/inbox.ts";
import { loginStanza } from "../support/clients/stanza.ts";
import type { Account, RawSession } from "../support/raw-client.ts";
import { Relay } from "../support/relay.ts";
import { missingChromium, missingProsody } from "../support/requirements.ts";
import { startStage, type Stage } from "./stage.ts";

const MUC = "http://jabber.org/protocol/muc";

let stage: Stage;

async function makeRoom(owner: RawSession, room: string): Promise<void> {
  owner.send(`<presence to="${room}/owner"><x xmlns="${MUC}"/></presence>`);
  await owner.stanza("presence", ({ attrs }) => attrs.from === `${room}/owner`);
  const form = `<query xmlns="${MUC}#owner"><x xmlns="jabber:x:data" type="submit"/></query>`;
  await owner.request(`<iq type="set" id="form" to="${room}">${form}</iq>`);
}

function say(from: RawSession, to: Account, id: string): void {
  from.send(`<message to="${to.jid}" type="chat" id="${id}"><body>${id}</body></message>`);
}

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_none, index) => `b${index + 1}`);

describe.skipIf(missingProsody)("a network that is gone for a while", () => {
  let relay: Relay;

  beforeAll(async () => {
    stage = await startStage();
    relay = await Relay.to(Number(new URL(stage.worker.url).port));
  });

  afterAll(async () => {
    await relay?.stop();
    await stage?.stop();
  });

  it("SM-1 SM-2: stanza resumes over a reset: each message once and in order, both ways, and the room notices nothing", async () => {
    const [alice, bob] = [await stage.account("alice-tunnel"), await stage.account("bob-tunnel")];
    const room = `tunnel@rooms.${stage.server.host}`;
    const friend = await stage.attachDirectly(bob, "desk");
    friend.send("<presence/>");
    await makeRoom(friend, room);

    const url = relay.through(stage.worker.wsUrl(alice.jid));
    const login = { url, jid: alice.jid, password: alice.password, device: "phone" };
    const phone = await loginStanza(login, { reconnects: true });
    await phone.join(room, "alice");
    await friend.stanza("presence", ({ attrs }) => attrs.from === `${room}/alice`);
    say(friend, alice, "b1");
    await phone.journal.heard.first("b1", ({ body }) => body === "b1");

    // On its way when the network goes: nobody can know whether it has arrived.
    await phone.say(`${bob.jid}/desk`, "from the platform", "a1");
    relay.cut();
    for (const id of numbered(50).slice(1)) say(friend, alice, id);
    friend.send(`<message to="${room}" type="groupchat" id="r1"><body>r1</body></message>`);
    await friend.stanza("message", ({ attrs }) => attrs.id === "r1");
    await stage.worker.restart();
    for (let number = 51; number <= 100; number += 1) say(friend, alice, `b${number}`);
    relay.mend();

    await phone.journal.heard.first("the last", ({ body }) => body === "b100");
    const heard = phone.journal.heard.all.filter(({ from }) => from.startsWith(bob.jid));
    expect(heard.map(({ body }) => body)).toEqual(numbered(100));
    expect(phone.journal.heard.all.filter(({ body }) => body === "r1")).toHaveLength(1);
    await friend.stanza("message", (message) => message.getChildText("body") === "from the platform");
    await phone.say(`${bob.jid}/desk`, "from the train", "a2");
    await friend.stanza("message", (message) => message.getChildText("body") === "from the train");
    const said = friend.stanzas.all
      .filter(({ name, attrs }) => name === "message" && attrs.from?.startsWith(alice.jid))
      .map((message) => message.getChildText("body"));
    expect(said).toEqual(["from the platform", "from the train"]);

    // Resumed, and neither bound nor joined again; to the world it was never away.
    const { frames } = phone.journal;
    expect(frames.all.filter((frame) => frame.startsWith("<resumed"))).toHaveLength(1);
    expect(
      frames.all.filter(
        (frame) => frame.includes("urn:ietf:params:xml:ns:xmpp-bind") && frame.startsWith("<iq"),
      ),
    ).toHaveLength(1);
    expect(await stage.server.boundResources("alice-tunnel")).toHaveLength(1);
    const fromRoom = friend.stanzas.all.filter(
      ({ name, attrs }) => name === "presence" && attrs.from === `${room}/alice`,
    );
    expect(fromRoom).toHaveLength(1);
    await phone.close();
  });

  describe.skipIf(missingChromium)("in a browser", () => {
    let browser: Browser;

    beforeAll(async () => {
      browser = await launchBrowser();
    });

    afterAll(async () => await browser?.close());

    it(
      "SM-1 SM-2: the chat page resumes over a reset, and shows each message once",
      { timeout: 90_000 },
      async () => {
        const [alice, bob] = [await stage.account("alice-browser"), await stage.account("bob-browser")];
        const friend = await stage.attachDirectly(bob, "desk");
        friend.send("<presence/>");
        const chat = await newChatPage(browser, relay.through(stage.worker.url));
        const frames = new Inbox<string>((frame) => frame);
        chat.page.on("websocket", (socket) => {
          socket.on("framereceived", ({ payload }) => frames.push(String(payload)));
          socket.on("framesent", ({ payload }) => frames.push(`> ${String(payload)}`));
        });
        await chat.logIn(alice.jid, alice.password);
        await frames.first("Stream Management", (frame) => frame.startsWith("<enabled"));
        say(friend, alice, "b1");
        await frames.first("b1", (frame) => frame.includes("<body>b1</body>"));

        relay.cut();
        for (const id of numbered(20).slice(1)) say(friend, alice, id);
        await stage.worker.restart();
        for (let number = 21; number <= 30; number += 1) say(friend, alice, `b${number}`);
        relay.mend();

        await frames.first("resumption", (frame) => frame.startsWith("<resumed"), 0, 60_000);
        await frames.first("the last", (frame) => frame.includes("<body>b30</body>"));
        const resumedAt = frames.all.findIndex((frame) => frame.startsWith("<resumed"));
        const after = frames.all.slice(resumedAt);
        expect(
          after.filter(
            (frame) => frame.startsWith("> ") && /jabber:iq:roster|xmpp-bind|<presence/.test(frame),
          ),
        ).toEqual([]);
        await chat.openConversation("bob-browser");
        await chat.see("b30");
        // The page sorts by time, and Prosody stamps what it sends again with whole seconds: the order is that of the frames.
        const came = frames.all.flatMap((frame) =>
          frame.startsWith("> ") || frame.includes("urn:xmpp:forward:0")
            ? []
            : (/<body>(b\d+)<\/body>/.exec(frame)?.[1] ?? []),
        );
        expect(came).toEqual(numbered(30));
        const shown = (await chat.conversation()).map(({ text }) => text);
        expect(shown.toSorted()).toEqual(numbered(30).toSorted());
      },
    );
  });
});
