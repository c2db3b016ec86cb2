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

  /** Both tabs have the two in the room, and this conversation: each message once, in this order. */
  const bothShow = async (...texts: string[]): Promise<void> => {
    for (const tab of [first, second]) {
      // oxlint-disable-next-line no-await-in-loop -- one tab after the other, so that it is clear which fails
      await tab.see(texts.at(-1) ?? "");
      // oxlint-disable-next-line no-await-in-loop -- as above
      expect((await tab.conversation()).map(({ text }) => text)).toEqual(texts);
      // oxlint-disable-next-line no-await-in-loop -- as above
      expect((await tab.occupants()).toSorted()).toEqual(["al", "bob"]);
    }
  };

  /** How often this process of the proxy has asked the room to be let in. */
  const joins = async (): Promise<number> => {
    const authorization = `Basic ${Buffer.from(`${alice.jid}:${PASSWORD}`).toString("base64")}`;
    const trace = await fetch(`${stage.worker.url}/accounts/${alice.jid}/trace`, {
      headers: { authorization },
    });
    const lines = (await trace.text()).split("\n");
    expect(lines.length).toBeGreaterThan(5);
    return lines.filter((line) => line.includes("one join for all clients")).length;
  };

  /** The server ends and starts; bob is there before alice. */
  const comeBack = async (): Promise<void> => {
    await stage.server.restart();
    bob = await stage.attachDirectly({ jid: `bob-rooms@${stage.server.host}`, password: PASSWORD }, "sofa");
    await enter();
    await waitFor("alice to be back in the room", () => shown() > 0, 30_000);
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

  it("MUC-1 MUC-2: the second comes later, and sees occupants, history and subject; the room sees nobody come", async () => {
    await second.logIn(alice.jid, PASSWORD);
    const before = shown();
    await second.enterRoom(room, "al");
    await bothShow("Hello, alice", "Hello, bob");
    await second.page.getByText("Tea at five").first().waitFor();
    expect(shown()).toBe(before);
    expect(await joins()).toBe(1);
    await second.screenshot("room");
  });

  it("MUC-15: the proxy is killed under both, and goes on; the room sees nothing, and both get everything once", async () => {
    await stage.worker.restart();
    bob.send(say(room, "Was there anything?"));
    await bothShow("Hello, alice", "Hello, bob", "Was there anything?");
    await first.send("Not that I know");
    await bothShow("Hello, alice", "Hello, bob", "Was there anything?", "Not that I know");
    await second.send("Nor I");
    await bothShow("Hello, alice", "Hello, bob", "Was there anything?", "Not that I know", "Nor I");
    await bob.stanza("message", (message) => message.getChildText("body") === "Nor I");
    expect(shown("unavailable")).toBe(0);
    expect(await joins()).toBe(0);
  });

  it("MUC-11: the server is started anew under both: the room is entered again, once, and both get everything once", async () => {
    const before = await first.conversation();
    await comeBack();
    bob.send(say(room, "Here again"));
    await bothShow(...before.map(({ text }) => text), "Here again");
    await second.send("So are we");
    await bothShow(...before.map(({ text }) => text), "Here again", "So are we");
    expect(shown()).toBe(1);
    expect(shown("unavailable")).toBe(0);
  });

  it("MUC-6: the first leaves, the second stays, the room sees nothing", async () => {
    await first.leaveRoom();
    await second.send("I am still here");
    await bob.stanza("message", (message) => message.getChildText("body") === "I am still here");
    await second.see("I am still here");
    expect(shown("unavailable")).toBe(0);
  });

  it("MUC-6 MUC-15: the proxy is killed, and goes on for the one that stays; the room sees nothing", async () => {
    await stage.worker.restart();
    bob.send(say(room, "And now?"));
    await second.see("And now?");
    expect(shown("unavailable")).toBe(0);
  });

  it("MUC-6 MUC-11: the server is started anew, and the room is entered again for the one that stays", async () => {
    await comeBack();
    bob.send(say(room, "Once more"));
    await second.see("Once more");
    expect(await first.page.locator("converse-muc-heading").count()).toBe(0);
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

    await second.leaveAfter("two");
    bob.send(say(room, "three"));
    await first.see("three");
    await second.open();
    await second.waitForChat();
    await second.enterRoom(room, "al");
    await second.see("three");
    expect((await second.conversation()).map(({ text }) => text)).toEqual(["one", "two", "three"]);
  });
});
