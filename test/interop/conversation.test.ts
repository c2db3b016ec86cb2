// The main job with real client libraries: two clients of alice and one of bob, every message in both directions.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChatClient, Heard, Login } from "../support/clients/chat-client.ts";
import { loginStanza } from "../support/clients/stanza.ts";
import { StropheBrowser } from "../support/clients/strophe.ts";
import { loginXmppClient } from "../support/clients/xmpp-js.ts";
import type { Account } from "../support/raw-client.ts";
import { describeEach, missingChromium, missingEjabberd, missingProsody } from "../support/requirements.ts";
import { type Server, type Stage, startEjabberdStage, startStage } from "./stage.ts";

type Library = "strophe.js" | "stanza" | "@xmpp/client";

/** Who alice's two clients are, and bob's, and whether bob uses the proxy too. */
type Cast = [
  desk: Library,
  phone: Library,
  bob: Library,
  bobIs: "through the proxy" | "straight on the server",
];

const ON_PROSODY: Cast[] = [
  ["strophe.js", "stanza", "@xmpp/client", "through the proxy"],
  ["stanza", "@xmpp/client", "strophe.js", "through the proxy"],
  ["@xmpp/client", "strophe.js", "stanza", "through the proxy"],
  ["strophe.js", "strophe.js", "stanza", "through the proxy"],
  ["stanza", "@xmpp/client", "stanza", "straight on the server"],
];

// Between libraries and us nothing is different with another server: every library once, and bob both ways.
const ON_EJABBERD: Cast[] = [
  ["strophe.js", "stanza", "@xmpp/client", "through the proxy"],
  ["stanza", "@xmpp/client", "stanza", "straight on the server"],
];

interface Place {
  readonly name: string;
  readonly isMissing: boolean;
  readonly start: () => Promise<Stage<Server>>;
  readonly casts: Cast[];
  /** The category of the identity that the server names first (XEP-0030). */
  readonly category: string;
}

const PLACES: Place[] = [
  {
    name: "Prosody",
    isMissing: missingProsody || missingChromium,
    start: startStage,
    casts: ON_PROSODY,
    category: "server",
  },
  {
    name: "ejabberd",
    isMissing: missingEjabberd || missingChromium,
    start: startEjabberdStage,
    casts: ON_EJABBERD,
    category: "pubsub",
  },
];

async function heard({ journal }: ChatClient, body: string): Promise<Heard> {
  return await journal.heard.first(`"${body}"`, (message) => message.body === body);
}

/** How often a message was heard, in whatever form; asked behind a fence that came after it. */
function times({ journal }: ChatClient, body: string): number {
  return journal.heard.all.filter((message) => message.body === body).length;
}

describeEach(PLACES, "a conversation on $name", ({ start, casts, category }) => {
  let stage: Stage<Server>;
  let browser: StropheBrowser;

  beforeAll(async () => {
    stage = await start();
    browser = await StropheBrowser.launch(stage.worker.url);
  });

  afterAll(async () => {
    await browser?.close();
    await stage?.stop();
  });

  const LOGINS: Record<Library, Login> = {
    "strophe.js": async (options) => await browser.login(options),
    stanza: loginStanza,
    "@xmpp/client": loginXmppClient,
  };

  async function login(library: Library, account: Account, device: string): Promise<ChatClient> {
    return await LOGINS[library]({ ...account, url: stage.worker.wsUrl(account.jid), device });
  }

  describe.each(casts)("alice on %s and %s, bob on %s %s", (onDesk, onPhone, onSofa, bobIs) => {
    let alice: Account;
    let desk: ChatClient;
    let phone: ChatClient;
    let bob: ChatClient;
    let bobJid: string;

    beforeAll(async () => {
      const row = casts.findIndex((names) => names.join() === [onDesk, onPhone, onSofa, bobIs].join());
      alice = await stage.account(`alice${row}`);
      desk = await login(onDesk, alice, "desk");
      phone = await login(onPhone, alice, "phone");
      const bobAccount = await stage.account(`bob${row}`);
      bobJid = bobAccount.jid;
      const url = bobIs === "through the proxy" ? stage.worker.wsUrl(bobJid) : stage.server.webSocketUrl;
      bob = await LOGINS[onSofa]({ ...bobAccount, url, device: "sofa" });
    });

    afterAll(async () => await Promise.all([desk, phone, bob].map(async (client) => await client?.close())));

    it("ID-1: both of alice's clients are told the same, real full JID", async () => {
      expect(desk.fullJid).toBe(phone.fullJid);
      expect(await stage.server.boundResources(alice.jid.split("@")[0] ?? "")).toEqual([desk.fullJid]);
    });

    it("MSG-1: both hear what bob says, as he said it", async () => {
      await bob.say(alice.jid, "Are you there?", "m1");
      const said = { how: "itself", from: bob.fullJid, to: alice.jid, type: "chat", id: "m1" };
      expect(await heard(desk, "Are you there?")).toMatchObject(said);
      expect(await heard(phone, "Are you there?")).toMatchObject(said);
    });

    it("MSG-5: what one says bob hears once, and the other as a sent copy", async () => {
      await desk.say(bobJid, "At my desk.", "m2");
      await phone.say(bobJid, "And on the phone.", "m3");
      // When a client's later message has arrived, nothing of its earlier ones is under way any more.
      await desk.say(bobJid, "desk fence", "m4");
      await phone.say(bobJid, "phone fence", "m5");
      await Promise.all([heard(bob, "desk fence"), heard(bob, "phone fence")]);
      await Promise.all([heard(phone, "desk fence"), heard(desk, "phone fence")]);

      const said = { how: "itself", from: desk.fullJid, to: bobJid, type: "chat" };
      expect(await heard(bob, "At my desk.")).toMatchObject({ ...said, id: "m2" });
      expect(await heard(bob, "And on the phone.")).toMatchObject({ ...said, id: "m3" });
      expect(await heard(phone, "At my desk.")).toMatchObject({ ...said, how: "sent", id: "m2" });
      expect(await heard(desk, "And on the phone.")).toMatchObject({ ...said, how: "sent", id: "m3" });
      expect([bob, phone, desk].map((client) => times(client, "At my desk."))).toEqual([1, 1, 0]);
      expect([bob, phone, desk].map((client) => times(client, "And on the phone."))).toEqual([1, 0, 1]);
    });

    it("IQ-2: an answer reaches only its asker, though both ask with the same id at once", async () => {
      const answers = [desk.discover("localhost", "q1"), phone.discover("rooms.localhost", "q1")];
      expect(await Promise.all(answers)).toEqual([category, "conference"]);
      await bob.say(alice.jid, "answers fence", "m6");
      await Promise.all([heard(desk, "answers fence"), heard(phone, "answers fence")]);
      expect([desk.journal.answers("q1"), phone.journal.answers("q1")]).toEqual([1, 1]);
    });

    it("ID-2: the same device attaching again replaces its old self, and disturbs nobody else", async () => {
      const again = await login(onDesk, alice, "desk");
      expect(await desk.journal.errors.first("the old self's end", () => true)).toBe("conflict");
      expect(again.fullJid).toBe(phone.fullJid);
      await bob.say(alice.jid, "Where are you now?", "m7");
      await Promise.all([heard(again, "Where are you now?"), heard(phone, "Where are you now?")]);
      expect(times(desk, "Where are you now?")).toBe(0);
      expect(phone.journal.errors.all).toEqual([]);
      await again.close();
    });
  });
});
