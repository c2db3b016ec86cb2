// LOG, MAM and MUC as a person sees them on a server that keeps no archive: the log is what Converse pages through by itself,
// while it is also told what it has missed. Nothing may be missing, twice, or out of order.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { type ChatPage, newChatPage } from "../support/chat-page.ts";
import { PASSWORD } from "../support/prosody.ts";
import type { Account, RawSession } from "../support/raw-client.ts";
import { missingChromium, missingProsody } from "../support/requirements.ts";
import { ResumingClient } from "../support/resuming-client.ts";
import { type Stage, startStage } from "./stage.ts";

const MUC = "http://jabber.org/protocol/muc";
/** More than two of Converse's pages (`archived_messages_page_size`, 50). */
const MANY = 130;

function range(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `message ${from + index}`);
}

async function texts(page: ChatPage): Promise<string[]> {
  return (await page.conversation()).map(({ text }) => text);
}

/**
 * The whole conversation, read from its end to this beginning. Converse shows a window of some hundred messages, and asks the
 * archive for more at its upper edge.
 */
async function readAll(page: ChatPage, first: string): Promise<string[]> {
  const content = page.page.locator(".chat-content__messages:visible").first();
  let known = await texts(page);
  await expect
    .poll(
      async () => {
        await content.hover();
        await page.page.mouse.wheel(0, -100_000);
        const window = await texts(page);
        const earlier = window.indexOf(known[0] ?? "");
        // What is on both is the same on both.
        const shared = window.length - earlier;
        expect(window.slice(earlier)).toEqual(known.slice(0, shared));
        known = [...window.slice(0, earlier), ...known];
        return known[0];
      },
      { timeout: 30_000, interval: 200 },
    )
    .toBe(first);
  return known;
}

const openConversation = async (which: ChatPage): Promise<void> => {
  if ((await which.page.locator("textarea.chat-textarea").count()) === 0)
    await which.openConversation("bob-page");
};

describe.skipIf(missingProsody || missingChromium)("Converse, where the server keeps no archive", () => {
  let stage: Stage;
  let browser: Browser;
  let alice: Account;
  let bob: RawSession;
  let desk: RawSession;
  let page: ChatPage;

  /** Bob and alice's other client in turn, each when the other has got it. */
  const talk = async (from: number, to: number): Promise<void> => {
    for (let number = from; number <= to; number += 1) {
      const [speaker, listener] = number % 2 === 0 ? [desk, bob] : [bob, desk];
      const address = speaker === bob ? alice.jid : `bob-page@${stage.server.host}`;
      const body = `message ${number}`;
      speaker.send(`<message to="${address}" type="chat" id="m${number}"><body>${body}</body></message>`);
      await listener.stanza("message", (message) => message.getChildText("body") === body);
    }
  };

  beforeAll(async () => {
    const behaviour = { withoutModules: ["mam", "muc_mam"], mutualContacts: ["alice-page", "bob-page"] };
    stage = await startStage(behaviour, { REPLAY_NEW_DEVICE: "20 messages" });
    browser = await launchBrowser();
    alice = await stage.account("alice-page");
    bob = await stage.attachDirectly(await stage.account("bob-page"), "sofa");
    // Converse keeps keys of a login by SCRAM only, and an account's first is none (LOGIN-1).
    (await ResumingClient.login(stage.worker.wsUrl(alice.jid), alice, "first")).stop();
    desk = await stage.attach(alice, "desk");
    for (const session of [bob, desk]) {
      session.send("<presence/>");
      await session.stanza("presence", ({ attrs }) => attrs.from === session.fullJid);
    }
    page = await newChatPage(browser, stage.worker.url);
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.stop();
  });

  it(
    "LOG-6 MAM-2: it was away for three pages of the conversation, and has all of it, once, in order",
    { timeout: 120_000 },
    async () => {
      await page.logIn(alice.jid, PASSWORD);
      await openConversation(page);
      await talk(1, 4);
      await expect.poll(() => texts(page)).toEqual(range(1, 4));
      await page.leaveAfter("message 4");
      await talk(5, MANY);
      await page.open();
      await page.waitForChat();
      await openConversation(page);
      await page.see(`message ${MANY}`);
      // It has asked the archive as well.
      await expect
        .poll(() => page.received(/<fin xmlns="urn:xmpp:mam:2"/), { timeout: 20_000 })
        .toBeGreaterThan(0);
      await talk(MANY + 1, MANY + 2);
      await page.see(`message ${MANY + 2}`);
      expect(await readAll(page, "message 1")).toEqual(range(1, MANY + 2));
      await page.screenshot("log-page-returned");
    },
  );

  it(
    "LOG-7 MAM-4: a new one is told the last twenty, and pages through all before by itself",
    { timeout: 120_000 },
    async () => {
      const fresh = await newChatPage(browser, stage.worker.url);
      await fresh.logIn(alice.jid, PASSWORD);
      await openConversation(fresh);
      await fresh.see(`message ${MANY + 2}`);
      await talk(MANY + 3, MANY + 4);
      await fresh.see(`message ${MANY + 4}`);
      expect(await readAll(fresh, "message 1")).toEqual(range(1, MANY + 4));
      expect(fresh.received(/<fin xmlns="urn:xmpp:mam:2"/)).toBeGreaterThan(2);
      await fresh.screenshot("log-page-new");
    },
  );

  it("MUC-4: a room, to which it comes back", { timeout: 120_000 }, async () => {
    const room = `den@${stage.server.rooms}`;
    bob.send(`<presence to="${room}/bob"><x xmlns="${MUC}"/></presence>`);
    await bob.stanza("presence", ({ attrs }) => attrs.from === `${room}/bob`);
    const form = `<query xmlns="${MUC}#owner"><x xmlns="jabber:x:data" type="submit"/></query>`;
    await bob.request(`<iq type="set" id="form" to="${room}">${form}</iq>`);
    desk.send(`<presence to="${room}/al"><x xmlns="${MUC}"/></presence>`);
    await desk.stanza("presence", ({ attrs }) => attrs.from === `${room}/al`);
    const say = async (from: number, to: number): Promise<void> => {
      for (let number = from; number <= to; number += 1) {
        const body = `message ${number}`;
        const speaker = number % 2 === 0 ? desk : bob;
        speaker.send(`<message to="${room}" type="groupchat" id="r${number}"><body>${body}</body></message>`);
        const isIt = (attrs: Record<string, string | undefined>): boolean =>
          attrs["from"]?.startsWith(room) === true;
        await desk.stanza(
          "message",
          (message) => isIt(message.attrs) && message.getChildText("body") === body,
        );
      }
    };
    const visitor = await newChatPage(browser, stage.worker.url);
    await visitor.logIn(alice.jid, PASSWORD);
    await visitor.enterRoom(room, "al");
    await say(1, 4);
    await expect.poll(() => texts(visitor)).toEqual(range(1, 4));
    await visitor.leaveAfter("message 4");
    await say(5, MANY);
    await visitor.open();
    await visitor.waitForChat();
    await visitor.enterRoom(room, "al");
    await visitor.see(`message ${MANY}`);
    await say(MANY + 1, MANY + 1);
    await visitor.see(`message ${MANY + 1}`);
    expect(await readAll(visitor, "message 1")).toEqual(range(1, MANY + 1));
    await visitor.screenshot("log-page-room");
  });
});
