// LOG: a device that was away has the whole conversation, against a real server with an archive of its own: over kills of the
// process, and in Converse, which reads that archive too and must show nothing twice.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serialize } from "../../xmpp/xml/serialize.ts";
import { launchBrowser } from "../support/browser.ts";
import { type ChatPage, newChatPage } from "../support/chat-page.ts";
import { comeOnline } from "../support/outside-person.ts";
import { missingChromium, missingProsody } from "../support/requirements.ts";
import { ResumingClient } from "../support/resuming-client.ts";
import { startStage, type Stage } from "./stage.ts";

/** Printed with every failure; the points at which the process dies follow from it. */
const SEED = 20261122;

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** A small generator with a pinned seed (Numerical Recipes). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

/** What was said in either direction, as far as a client has got it. */
function said(client: ResumingClient): number[] {
  return client.stanzas.all.flatMap((stanza) => {
    const number = /<body>(\d+)<\/body>/.exec(serialize(stanza))?.[1];
    return stanza.is("message") && number !== undefined ? [Number(number)] : [];
  });
}

function comesOnline(client: ResumingClient): void {
  client.send('<iq xmlns="jabber:client" type="set" id="c"><enable xmlns="urn:xmpp:carbons:2"/></iq>');
  client.send('<presence xmlns="jabber:client"/>');
}

/** Resolves when Converse has read the archive's page for the conversation that is open. */
async function archiveRead(page: ChatPage): Promise<void> {
  await expect
    .poll(() => page.received(/<fin xmlns="urn:xmpp:mam:2"/), { timeout: 20_000 })
    .toBeGreaterThan(0);
}

async function texts(page: ChatPage): Promise<string[]> {
  return (await page.conversation()).map(({ text }) => text);
}

let stage: Stage;

describe.skipIf(missingProsody)("a device that was away", () => {
  beforeAll(async () => {
    const behaviour = { mutualContacts: ["erin", "frank", "gail", "hugo"] };
    stage = await startStage(behaviour, { REPLAY_NEW_DEVICE: "3 days, 200 messages" });
  });

  afterAll(async () => {
    await stage?.stop();
  });

  it(
    `LOG-1 LOG-6 LOG-8: has 320 messages of both directions once and in order, over kills while they come and while it catches up (seed ${SEED})`,
    { timeout: 180_000 },
    async () => {
      const random = numbers(SEED);
      const [alice, bob] = [await stage.account("alice-log"), await stage.account("bob-log")];
      const url = stage.worker.wsUrl(alice.jid);
      const before = await ResumingClient.login(url, alice, "phone");
      comesOnline(before);
      await before.stanzas.first("its own presence", (stanza) => stanza.is("presence"));
      before.stop();

      // Nobody is attached but the phone's session, which nobody comes back to.
      const friend = await stage.attachDirectly(bob, "desk");
      const hears = async (from: number, to: number): Promise<void> => {
        const killAt = from + random(to - from);
        for (const number of range(from, to)) {
          friend.send(
            `<message to="${alice.jid}" type="chat" id="b${number}"><body>${number}</body></message>`,
          );
          if (number === killAt) await stage.worker.restart();
        }
      };
      await hears(1, 140);
      const laptop = await ResumingClient.login(url, alice, "laptop");
      comesOnline(laptop);
      await expect.poll(() => said(laptop).at(-1), { timeout: 30_000 }).toBe(140);
      for (const number of range(141, 160)) {
        laptop.send(
          `<message xmlns="jabber:client" to="${bob.jid}/desk" type="chat" id="a${number}"><body>${number}</body></message>`,
        );
      }
      await friend.stanza("message", (stanza) => stanza.getChildText("body") === "160");
      await hears(161, 320);
      await expect.poll(() => said(laptop).at(-1), { timeout: 30_000 }).toBe(320);

      const phone = await ResumingClient.login(url, alice, "phone");
      comesOnline(phone);
      for (let kills = 0; kills < 3; kills += 1) {
        const goal = Math.min(319, said(phone).length + 1 + random(100));
        await expect
          .poll(() => said(phone).length, { timeout: 30_000, interval: 5 })
          .toBeGreaterThanOrEqual(goal);
        await stage.worker.restart();
      }
      await expect.poll(() => said(phone).at(-1), { timeout: 30_000 }).toBe(320);
      friend.send(`<message to="${alice.jid}" type="chat" id="b321"><body>321</body></message>`);
      await expect.poll(() => said(phone).at(-1), { timeout: 30_000 }).toBe(321);
      expect(said(phone)).toEqual(range(1, 321));
      expect(phone.failure).toBeUndefined();
      for (const client of [phone, laptop]) client.stop();
    },
  );

  describe.skipIf(missingChromium)("with Converse, which reads the server's archive as well", () => {
    let browser: Browser;

    beforeAll(async () => {
      browser = await launchBrowser();
    });
    afterAll(async () => {
      await browser?.close();
    });

    it("LOG-6 shows every message once, in order, whoever tells it", { timeout: 120_000 }, async () => {
      const [erin, frank] = [await stage.account("erin"), await stage.account("frank")];
      const friend = await comeOnline(stage.server.webSocketUrl, frank.jid, frank.password);
      const first = await newChatPage(browser, stage.worker.url);
      await first.logIn(erin.jid, erin.password);
      await first.openConversation("frank");
      await first.send("one");
      await friend.hear("one");
      friend.say(erin.jid, "two");
      await first.see("two");

      // A page that was never here: all of it comes from our log and from the archive.
      const second = await newChatPage(browser, stage.worker.url);
      await second.logIn(erin.jid, erin.password);
      await second.openConversation("frank");
      await archiveRead(second);
      friend.say(erin.jid, "three");
      await second.see("three");
      expect(await texts(second)).toEqual(["one", "two", "three"]);
      // It was told in both ways.
      expect(second.received(/^<message(?!.*<result ).*<body>two<.*<delay /)).toBe(1);
      expect(second.received(/<result .*<body>two</)).toBeGreaterThan(0);

      // It goes, and comes back with what it had stored.
      await second.leaveAfter("three");
      await first.send("four");
      await friend.hear("four");
      friend.say(erin.jid, "five");
      await first.see("five");
      await second.open();
      await second.waitForChat();
      if ((await second.page.locator("textarea.chat-textarea").count()) === 0) {
        await second.openConversation("frank");
      }
      await archiveRead(second);
      friend.say(erin.jid, "six");
      await second.see("six");
      await second.screenshot("log-converse");
      expect(await texts(second)).toEqual(["one", "two", "three", "four", "five", "six"]);
      await first.see("six");
      expect(await texts(first)).toEqual(["one", "two", "three", "four", "five", "six"]);
      friend.leave();
    });

    // Converse 14 makes a second conversation where two messages begin one at the same time; both are stored, and both shown
    // from the next visit on.
    it(
      "LOG-6 shows what begins a conversation once, also at the next visit",
      { timeout: 120_000 },
      async () => {
        const [gail, hugo] = [await stage.account("gail"), await stage.account("hugo")];
        const friend = await comeOnline(stage.server.webSocketUrl, hugo.jid, hugo.password);
        // Converse keeps keys of a login by SCRAM only, and an account's first is none (LOGIN-1).
        (await ResumingClient.login(stage.worker.wsUrl(gail.jid), gail, "desk")).stop();
        const page = await newChatPage(browser, stage.worker.url);
        await page.logIn(gail.jid, gail.password);
        const words = ["one", "two", "three", "four", "five"];
        for (const word of words) friend.say(gail.jid, word);
        await expect.poll(() => page.received(/^<message(?!.*<result ).*<body>five</)).toBe(1);
        await page.openConversation("hugo");
        await page.see("five");
        await archiveRead(page);
        expect(await texts(page)).toEqual(words);
        await page.open();
        await page.waitForChat();
        await archiveRead(page);
        friend.say(gail.jid, "six");
        await page.see("six");
        expect(await texts(page)).toEqual([...words, "six"]);
        friend.leave();
      },
    );
  });
});
