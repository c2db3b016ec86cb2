// FORGET against a real server: what contacts and rooms see of it, what is left, and what a person does in the browser.

import type { Element } from "@xmpp/xml";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { newChatPage } from "../support/chat-page.ts";
import { type Account, openTo, RawClient, type RawSession } from "../support/raw-client.ts";
import { missingChromium, missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

const SCREENSHOTS = fileURLToPath(new URL("../../.wrangler/screenshots", import.meta.url));
const MUC = "http://jabber.org/protocol/muc";

/** Presence that somebody gets of somebody behind so many stanzas. */
async function presenceOf(
  from: string,
  type: "unavailable" | undefined,
  { stanzas }: RawSession,
  after: number,
): Promise<Element> {
  const isIt = (stanza: Element): boolean =>
    stanza.is("presence") && stanza.attrs.from?.startsWith(from) === true && stanza.attrs.type === type;
  return await stanzas.first(`${type ?? "available"} presence of ${from}`, isIt, after);
}

describe.skipIf(missingProsody)("an account that is forgotten", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage({ mutualContacts: ["alice", "bob", "carol", "dora"] });
  });
  afterAll(async () => {
    await stage?.stop();
  });

  const ask = async ({ jid, password }: Account, path: string, method = "GET"): Promise<Response> => {
    const authorization = `Basic ${Buffer.from(`${jid}:${password}`).toString("base64")}`;
    const url = `${stage.worker.url}/accounts/${encodeURIComponent(jid)}${path}`;
    return await fetch(url, { method, headers: { Authorization: authorization } });
  };

  /** SCRAM is offered from the first login on. */
  const hasLoggedIn = async (account: Account): Promise<boolean> => {
    const client = await RawClient.connect(stage.worker.wsUrl(account.jid));
    const frames = await client.exchange(openTo(stage.server.host), 2);
    client.drop();
    return frames.join("").includes("SCRAM-SHA-256");
  };

  it("[FORGET-1] [FORGET-2] contacts and rooms see it go at once, nobody can resume it, and the next login is a first one", async () => {
    const alice = await stage.account("alice");
    const bob = await stage.attachDirectly(await stage.account("bob"), "desk");
    const phone = await stage.attach(alice, "phone");
    const room = `tea@${stage.server.rooms}`;
    bob.send("<presence/>");
    bob.send(`<presence to="${room}/bob"><x xmlns="${MUC}"/></presence>`);
    phone.send("<presence/>");
    phone.send(`<presence to="${room}/alice"><x xmlns="${MUC}"/></presence>`);
    await presenceOf(alice.jid, undefined, bob, 0);
    await presenceOf(`${room}/alice`, undefined, bob, 0);
    bob.send(`<message to="${alice.jid}" type="chat" id="m1"><body>The old secret</body></message>`);
    await phone.stanza("message", (stanza) => stanza.getChildText("body") === "The old secret");
    expect(await hasLoggedIn(alice)).toBe(true);
    const [before = ""] = await stage.server.boundResources("alice");
    expect(before).not.toBe("");

    const seen = bob.stanzas.all.length;
    const answer = await ask(alice, "", "DELETE");
    expect([answer.status, await answer.json()]).toEqual([200, { forgotten: alice.jid }]);
    expect((await presenceOf(alice.jid, "unavailable", bob, seen)).attrs.from).toBe(before);
    await presenceOf(`${room}/alice`, "unavailable", bob, seen);
    // A session that could be resumed would still be there.
    await expect.poll(async () => await stage.server.boundResources("alice")).toEqual([]);
    expect(await phone.client.ending()).toMatchObject({
      condition: "not-authorized",
      text: "This account was forgotten here. Whoever logs in again makes it an account anew.",
      closedStream: true,
    });

    // Nor does another process know anything of it.
    await stage.worker.restart();
    expect((await ask(alice, "/status")).status).toBe(401);
    expect(await stage.server.boundResources("alice")).toEqual([]);

    expect(await hasLoggedIn(alice)).toBe(false);
    const again = bob.stanzas.all.length;
    const anew = await stage.attach(alice, "phone");
    expect(anew.fullJid).not.toBe(before);
    anew.send("<presence/>");
    await presenceOf(anew.fullJid, undefined, bob, again);
    expect(await (await ask(alice, "/search?q=secret")).json()).toEqual({ hits: [], encrypted: 0 });
    bob.send(`<message to="${alice.jid}" type="chat" id="m2"><body>A new one</body></message>`);
    await anew.stanza("message", (stanza) => stanza.getChildText("body") === "A new one");
    const exported = (await (await ask(alice, "/log")).text()).trimEnd().split("\n");
    expect(exported).toHaveLength(2);
    expect(exported[1]).toContain("A new one");
  });

  it.skipIf(missingChromium)(
    "[FORGET-5] [OWNER-8] in the console, after its address was typed; an open chat page does not bring it back",
    async () => {
      const dora = await stage.account("dora");
      const browser = await launchBrowser();
      try {
        const chat = await newChatPage(browser, stage.worker.url);
        await chat.logIn(dora.jid, dora.password);
        const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
        const page = await context.newPage();
        await page.goto(`${stage.worker.url}/console`);
        await page.fill("#jid", dora.jid);
        await page.fill("#password", dora.password);
        await page.click("#submit");
        await page.waitForSelector("body[data-view=console]");
        const section = page.getByRole("region", { name: "Forget this account", exact: true });
        const button = section.getByRole("button", { name: "Forget this account" });
        expect(await button.isDisabled()).toBe(true);
        await section.getByLabel("To forget it, type").fill(dora.jid);
        mkdirSync(SCREENSHOTS, { recursive: true });
        const picture = async (name: string): Promise<void> => {
          await page.screenshot({ path: join(SCREENSHOTS, `console-forget-${name}.png`), fullPage: true });
        };
        await picture("typed");
        await page.setViewportSize({ width: 360, height: 740 });
        await page.emulateMedia({ colorScheme: "dark" });
        await picture("phone-dark");
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect(overflow).toBe(0);
        await button.click();
        await page.getByText(`Everything of ${dora.jid} was deleted.`).waitFor();
        expect(await page.evaluate(() => document.body.dataset["view"])).toBe("login");
        await picture("done");

        await chat.page.waitForSelector("#login", { state: "visible" });
        expect(await chat.notice()).toContain("This account was forgotten here.");
        expect(await stage.server.boundResources("dora")).toEqual([]);
        // Whoever still asks the console's questions does not bring it back either.
        expect((await ask(dora, "/status")).status).toBe(401);
        expect(await hasLoggedIn(dora)).toBe(false);
        await chat.screenshot("forgotten");
      } finally {
        await browser.close();
      }
    },
  );
});
