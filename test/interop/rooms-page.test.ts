// MUC as a person sees it: the chat page in two browsers of alice's, in one room with bob, who is there without the proxy
// and sees what the room sees. The tests follow one another.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import { launchBrowser } from "../support/browser.ts";
import { type ChatPage, newChatPage } from "../support/chat-page.ts";
import { PASSWORD } from "../support/prosody.ts";
import type { Account, RawSession } from "../support/raw-client.ts";
import { missingChromium, missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

const MUC = "http://jabber.org/protocol/muc";

function say(room: string, body: string): string {
  return `<message to="${room}" type="groupchat" id="${crypto.randomUUID()}"><body>${body}</body></message>`;
}

describe.skipIf(missingProsody || missingChromium)("a room in two tabs", () => {
  let stage: Stage;
  let browser: Browser;
  let alice: Account;
  let bob: RawSession;
  let room: string;
  let first: ChatPage;
  let second: ChatPage;

  /** What the room has shown bob of alice: as coming or changing, and as going. */
  const shown = (type?: string): number =>
    bob.stanzas.all.filter(
      (stanza) => stanza.is("presence") && stanza.attrs.from === `${room}/al` && stanza.attrs.type === type,
    ).length;

  const enter = async (): Promise<void> => {
    bob.send(`<presence to="${room}/bob"><x xmlns="${MUC}"/></presence>`);
    await bob.stanza("presence", ({ attrs }) => attrs.from === `${room}/bob`);
    const form = `<query xmlns="${MUC}#owner"><x xmlns="jabber:x:data" type="submit"/></query>`;
    await bob.request(`<iq type="set" id="${crypto.randomUUID()}" to="${room}">${form}</iq>`);
  };

  beforeAll(async () => {
    stage = await startStage();
    browser = await launchBrowser();
    alice = await stage.account("alice-rooms");
    bob = await stage.attachDirectly(await stage.account("bob-rooms"), "sofa");
    room = `parlour@${stage.server.rooms}`;
    await enter();
    first = await newChatPage(browser, stage.worker.url);
    second = await newChatPage(browser, stage.worker.url);
    await first.logIn(alice.jid, PASSWORD);
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.stop();
  });

  it("MUC-1 MUC-5: the first is in the room for a while", async () => {
    await first.enterRoom(room, "al");
    await bob.stanza("presence", ({ attrs }) => attrs.from === `${room}/al`);
    bob.send(`<message to="${room}" type="groupchat"><subject>Tea at five</subject></message>`);
    bob.send(say(room, "Hello, alice"));
    await first.see("Hello, alice");
    await first.send("Hello, bob");
    await bob.stanza("message", (message) => message.getChildText("body") === "Hello, bob");
    await first.see("Hello, bob");
  });

  it("MUC-2: the second comes later, and sees occupants, history and subject; the room sees nobody come", async () => {
    await second.logIn(alice.jid, PASSWORD);
    const before = shown();
    await second.enterRoom(room, "al");
    await second.see("Hello, alice");
    await second.see("Hello, bob");
    expect((await second.occupants()).toSorted()).toEqual(["al", "bob"]);
    await second.page.getByText("Tea at five").first().waitFor();
    expect((await second.conversation()).map(({ text }) => text)).toEqual(["Hello, alice", "Hello, bob"]);
    expect(shown()).toBe(before);
    await second.screenshot("room");
  });

  it("MUC-6: the first leaves, the second stays, the room sees nothing", async () => {
    await first.leaveRoom();
    await second.send("I am still here");
    await bob.stanza("message", (message) => message.getChildText("body") === "I am still here");
    await second.see("I am still here");
    expect(shown("unavailable")).toBe(0);
  });

  it("MUC-15: the proxy is killed, and goes on; the room sees nothing", async () => {
    await stage.worker.restart();
    bob.send(say(room, "Was there anything?"));
    await second.see("Was there anything?");
    expect(shown("unavailable")).toBe(0);
  });

  it("MUC-11: the server is started anew, and the room is entered again", async () => {
    await stage.server.restart();
    bob = await stage.attachDirectly({ jid: `bob-rooms@${stage.server.host}`, password: PASSWORD }, "sofa");
    await enter();
    await waitFor("alice to be back in the room", () => shown() > 0, 30_000);
    bob.send(say(room, "Here again"));
    await second.see("Here again");
  });
});

describe.skipIf(missingProsody || missingChromium)("a room that keeps no archive", () => {
  let stage: Stage;
  let browser: Browser;

  beforeAll(async () => {
    stage = await startStage({ withoutModules: ["muc_mam"] });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.stop();
  });

  it("MUC-2 MUC-4: who comes later, or comes back, sees what was said, once, from the account's log", async () => {
    const alice = await stage.account("alice-log");
    const bob = await stage.attachDirectly(await stage.account("bob-log"), "sofa");
    const room = `den@${stage.server.rooms}`;
    bob.send(`<presence to="${room}/bob"><x xmlns="${MUC}"/></presence>`);
    await bob.stanza("presence", ({ attrs }) => attrs.from === `${room}/bob`);
    const form = `<query xmlns="${MUC}#owner"><x xmlns="jabber:x:data" type="submit"/></query>`;
    await bob.request(`<iq type="set" id="form" to="${room}">${form}</iq>`);
    const [first, second] = [
      await newChatPage(browser, stage.worker.url),
      await newChatPage(browser, stage.worker.url),
    ];
    await first.logIn(alice.jid, PASSWORD);
    await first.enterRoom(room, "al");
    bob.send(say(room, "one"));
    bob.send(say(room, "two"));
    await first.see("two");

    await second.logIn(alice.jid, PASSWORD);
    await second.enterRoom(room, "al");
    await second.see("two");
    expect((await second.conversation()).map(({ text }) => text)).toEqual(["one", "two"]);

    await second.page.goto("about:blank");
    bob.send(say(room, "three"));
    await first.see("three");
    await second.open();
    await second.waitForChat();
    await second.enterRoom(room, "al");
    await second.see("three");
    expect((await second.conversation()).map(({ text }) => text)).toEqual(["one", "two", "three"]);
  });
});
