// Three different real clients of one account at once: Converse in Chromium, stanza and @xmpp/client. Bob, straight on Prosody,
// meets one person; and all three see the same roster, whichever of them edits it.

import { isDeepStrictEqual } from "node:util";
import type { Element } from "@xmpp/xml";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import { capsHash, readFeatures } from "../../xmpp/disco.ts";
import { launchBrowser } from "../support/browser.ts";
import { type ChatPage, newChatPage } from "../support/chat-page.ts";
import { type RosterClient, stanzaRoster, xmppJsRoster } from "../support/clients/roster-client.ts";
import { loginStanza } from "../support/clients/stanza.ts";
import { loginXmppClient } from "../support/clients/xmpp-js.ts";
import type { Account, RawSession } from "../support/raw-client.ts";
import { missingChromium, missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

const CAPS = "http://jabber.org/protocol/caps";
const DISCO = "http://jabber.org/protocol/disco#info";
const RECEIPTS = "urn:xmpp:receipts";
const MARKERS = "urn:xmpp:chat-markers:0";

function says(body: string): (stanza: Element) => boolean {
  return (stanza) => stanza.getChildText("body") === body;
}

/** How often bob was told each thing about one of his messages. */
function acknowledgements({ stanzas }: RawSession, id: string): Record<string, number> {
  const told = stanzas.all
    .filter((stanza) => stanza.is("message"))
    .flatMap((message) => message.getChildElements())
    .filter((child) => child.attrs.id === id && [RECEIPTS, MARKERS].includes(child.getNS() ?? ""));
  const times: Record<string, number> = {};
  for (const child of told) {
    const what = `${child.getNS()} ${child.getName()}`;
    times[what] = (times[what] ?? 0) + 1;
  }
  return times;
}

/** How often bob's request was answered. */
function answers({ stanzas }: RawSession, id: string): number {
  return stanzas.all.filter(
    (stanza) => stanza.is("iq") && stanza.attrs.id === id && /^(result|error)$/.test(stanza.attrs.type ?? ""),
  ).length;
}

function presenceFrom({ stanzas }: RawSession, bareJid: string): Element[] {
  return stanzas.all.filter(
    (stanza) => stanza.is("presence") && (stanza.attrs.from?.startsWith(`${bareJid}/`) ?? false),
  );
}

/** Names by bare JID. */
type Roster = Readonly<Record<string, string>>;

function namesIn({ copy }: RosterClient): Roster {
  return Object.fromEntries(copy.lines().map((line) => line.split(" | ").slice(0, 2)));
}

describe.skipIf(missingProsody || missingChromium)("three different real clients", () => {
  let stage: Stage;
  let browser: Browser;
  let bob: RawSession;
  let bobAccount: Account;

  beforeAll(async () => {
    stage = await startStage({ mutualContacts: ["amy", "ann", "bob"] });
    browser = await launchBrowser();
    bobAccount = await stage.account("bob");
    bob = await stage.attachDirectly(bobAccount, "sofa");
    bob.send("<presence/>");
  });

  afterAll(async () => {
    await browser?.close();
    await stage?.stop();
  });

  async function converse(account: Account): Promise<ChatPage> {
    const page = await newChatPage(browser, stage.worker.url);
    await page.logIn(account.jid, account.password);
    return page;
  }

  it("ID-1 RCPT-1 IQ-6 PRES-1 PRES-2 CAPS-2: bob gets one receipt, one answer, sees one resource and one caps hash", async () => {
    const amy = await stage.account("amy");
    const options = (device: string): Parameters<typeof loginStanza>[0] => ({
      ...amy,
      url: stage.worker.wsUrl(amy.jid),
      device,
    });
    const page = await converse(amy);
    const library = await loginStanza(options("stanza"), { sendReceipts: true });
    const other = await loginXmppClient(options("xmpp-js"));
    expect(other.fullJid).toBe(library.fullJid);
    await page.openConversation("bob");

    const asks = `<request xmlns="${RECEIPTS}"/><markable xmlns="${MARKERS}"/>`;
    bob.send(`<message to="${amy.jid}" type="chat" id="m1"><body>Tea?</body>${asks}</message>`);
    await page.see("Tea?");
    for (const { journal } of [library, other])
      await journal.heard.first("Tea?", ({ body }) => body === "Tea?");
    const questions: Record<string, string> = {
      ping: `<ping xmlns="urn:xmpp:ping"/>`,
      version: `<query xmlns="jabber:iq:version"/>`,
      time: `<time xmlns="urn:xmpp:time"/>`,
      disco: `<query xmlns="${DISCO}"/>`,
    };
    for (const [id, payload] of Object.entries(questions)) {
      const answer = await bob.request(`<iq type="get" to="${library.fullJid}" id="${id}">${payload}</iq>`);
      expect(answer.attrs.type).toBe("result");
    }
    // Whatever each of them had to say about all that comes before its next words.
    await page.send("from Converse");
    await library.say(bobAccount.jid, "from stanza", "s1");
    await other.say(bobAccount.jid, "from @xmpp/client", "x1");
    for (const body of ["from Converse", "from stanza", "from @xmpp/client"])
      await bob.stanza("message", says(body));

    const acknowledged = acknowledgements(bob, "m1");
    expect(acknowledged[`${RECEIPTS} received`]).toBe(1);
    expect(new Set(Object.values(acknowledged))).toEqual(new Set([1]));
    expect(Object.keys(questions).map((id) => answers(bob, id))).toEqual([1, 1, 1, 1]);

    const seen = presenceFrom(bob, amy.jid);
    expect([...new Set(seen.map(({ attrs }) => attrs.from))]).toEqual([library.fullJid]);
    expect(seen.map((presence) => presence.getChildren("c", CAPS).length)).toEqual(seen.map(() => 1));
    const { node, ver } = seen.at(-1)?.getChild("c", CAPS)?.attrs ?? {};
    const said = await bob.request(
      `<iq type="get" to="${library.fullJid}" id="caps"><query xmlns="${DISCO}" node="${node}#${ver}"/></iq>`,
    );
    const query = said.getChild("query", DISCO);
    const { category = "", type = "", name = "" } = query?.getChild("identity")?.attrs ?? {};
    const features = query ? readFeatures(query) : [];
    expect(capsHash({ identity: { category, type, name }, features })).toBe(ver);
    // What only Converse, and what only we ourselves can do.
    expect(features).toEqual(expect.arrayContaining(["http://jabber.org/protocol/muc", "jabber:iq:last"]));
    expect(await stage.server.boundResources("amy")).toEqual([library.fullJid]);
    await library.close();
    await other.close();
    await page.page.close();
  });

  it("ROS-1 ROS-7: all three show the same roster, whichever of them edits it", async () => {
    const ann = await stage.account("ann");
    for (const name of ["dave", "erin"]) await stage.account(name);
    const options = (device: string): Parameters<typeof stanzaRoster>[0] => ({
      ...ann,
      url: stage.worker.wsUrl(ann.jid),
      device,
    });
    const page = await converse(ann);
    const library = await stanzaRoster(options("stanza"));
    const other = await xmppJsRoster(options("xmpp-js"));
    const jid = (name: string): string => `${name}@${stage.server.host}`;
    const everybodyShows = async (expected: Record<string, string>): Promise<void> => {
      const all = { [jid("amy")]: "amy", [jid("bob")]: "bob", ...expected };
      const isSame = (shown: Roster): boolean => isDeepStrictEqual({ ...shown }, all);
      let shown: Roster[] = [];
      await waitFor("all three to show the same", async () => {
        shown = [await page.roster(), namesIn(library), namesIn(other)];
        return shown.every(isSame);
      }).catch((error: unknown) => {
        expect(shown).toEqual([all, all, all]);
        throw error;
      });
    };

    await everybodyShows({});
    await page.addContact(jid("dave"), "Dave");
    await everybodyShows({ [jid("dave")]: "Dave" });
    await library.edit({ jid: jid("erin"), name: "Erin", groups: [], subscription: "none" });
    await everybodyShows({ [jid("dave")]: "Dave", [jid("erin")]: "Erin" });
    await other.edit({ jid: jid("dave"), name: "David", groups: [], subscription: "none" });
    await everybodyShows({ [jid("dave")]: "David", [jid("erin")]: "Erin" });
    // Dave has been asked for his presence; of somebody who was not, Converse 14 removes nothing but its own copy.
    await page.removeContact(jid("dave"));
    await everybodyShows({ [jid("erin")]: "Erin" });
    await library.edit({ jid: jid("erin"), name: "", groups: [], subscription: "remove" });
    await everybodyShows({});
    await library.close();
    await other.close();
    await page.page.close();
  });
});
