// Coming back by ourselves to an ejabberd that was gone, whatever it keeps of a password: one hash with its salt, or the
// password itself, salted anew at each login, so that keys from an earlier login open nothing.

import type { Element } from "@xmpp/xml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import type { EjabberdBehaviour } from "../support/ejabberd-config.ts";
import type { Ejabberd } from "../support/ejabberd-server.ts";
import { askStatus } from "../support/ask-status.ts";
import { PASSWORD } from "../support/prosody.ts";
import { element, openTo, plainAuth, RawClient } from "../support/raw-client.ts";
import { missingEjabberd } from "../support/requirements.ts";
import { type Stage, startEjabberdStage } from "./stage.ts";

const FORMATS: [what: string, behaviour: EjabberdBehaviour][] = [
  ["a hash", { passwordFormat: "scram", scramHash: "sha256" }],
  ["the password, salted anew each time", { passwordFormat: "plain" }],
];

async function offered(client: RawClient): Promise<string[]> {
  const [, features = ""] = await client.exchange(openTo("localhost"), 2);
  const mechanisms = element(features).getChild("mechanisms")?.getChildren("mechanism") ?? [];
  return mechanisms.map((mechanism) => mechanism.getText());
}

const says = (body: string) => (message: Element) => message.getChildText("body") === body;

describe.skipIf(missingEjabberd).each(FORMATS)("an ejabberd that keeps %s", (_what, behaviour) => {
  let stage: Stage<Ejabberd>;

  beforeAll(async () => {
    stage = await startEjabberdStage(behaviour);
    for (const [, localpart] of ENDS) {
      await stage.account(localpart);
      await stage.account(`friend-of-${localpart}`);
    }
    // Its database writes with some delay; what is to survive being killed must have been written.
    await stage.server.restart();
  });
  afterAll(async () => await stage?.stop());

  /** How often the account has logged in there so far. */
  const logins = (localpart: string): number =>
    stage.server.log().split(`authentication for ${localpart}@localhost`).length - 1;

  /** What the owner is told why the session was lost (OWNER-3): the stream's end and the connection's may come in either order. */
  const ENDS: [how: string, localpart: string, words: RegExp, end: (fullJid: string) => Promise<void>][] = [
    [
      "was restarted",
      "restart",
      /^The server (?:ended the stream: system-shutdown. It is being shut down or restarted|closed the connection).$/,
      async () => await stage.server.restart(),
    ],
    [
      "was killed and started again",
      "power-cut",
      /^The (?:connection to localhost broke|server closed the connection)/,
      async () => {
        await stage.server.kill();
        await stage.server.start();
      },
    ],
    [
      "has ended the session",
      "kick",
      /^The server ended the stream: conflict \(kicked by a test\)/,
      async (fullJid) => await stage.server.kickSession(fullJid),
    ],
  ];

  it.each(ENDS)(
    "UP-7, UP-8, UP-11, UP-14, LOGIN-4: when it %s we come back by ourselves, and can say why we were gone",
    async (_how, name, words, end) => {
      const alice = { jid: `${name}@localhost`, password: PASSWORD };
      const bob = { jid: `friend-of-${name}@localhost`, password: PASSWORD };
      const desk = await stage.attach(alice, "desk");
      desk.send("<presence/>");
      await desk.stanza("presence", ({ attrs }) => attrs.from === desk.fullJid);
      const before = logins(name);
      await end(desk.fullJid);
      const friend = await stage.attachDirectly(bob, "sofa");
      friend.send("<presence/>");
      await friend.stanza("presence", ({ attrs }) => attrs.from === friend.fullJid);

      desk.send(`<message to="${bob.jid}" type="chat" id="m1"><body>I am here</body></message>`);
      await friend.stanza("message", says("I am here"));
      await waitFor("the login in its log", () => logins(name) > before);
      expect(logins(name)).toBe(before + 1);
      expect(await stage.server.boundResources(name)).toEqual([desk.fullJid]);
      // Answered behind our presence: what is said to alice from here on is said to an available resource.
      const ping = '<iq type="get" to="localhost" id="p"><ping xmlns="urn:xmpp:ping"/></iq>';
      expect((await desk.request(ping)).attrs.type).toBe("result");
      friend.send(`<message to="${alice.jid}" type="chat" id="m2"><body>So am I</body></message>`);
      await desk.stanza("message", says("So am I"));

      const { history } = await askStatus(stage.worker.url, alice);
      expect(history.find(({ what }) => what === "lost")?.text).toMatch(words);
      expect(history.at(-1)?.what).toBe("bound");
      const client = await RawClient.connect(stage.worker.wsUrl(alice.jid));
      expect(await offered(client)).toEqual(["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]);
      expect(friend.stanzas.all.filter(says("I am here"))).toHaveLength(1);
      for (const { client: open } of [desk, friend, { client }]) open.drop();
    },
  );

  it("LOGIN-5, LOGIN-8: a changed password is noticed at the next login, and the new one lets us in", async () => {
    const account = await stage.account("changes");
    const desk = await stage.attach(account, "desk");
    await stage.server.changePassword("changes", "another password");
    await stage.server.kickSession(desk.fullJid);
    expect(await desk.client.ending()).toMatchObject({ condition: "not-authorized", closedStream: true });

    const client = await RawClient.connect(stage.worker.wsUrl(account.jid));
    expect(await offered(client)).toEqual(["PLAIN"]);
    const [refused = ""] = await client.exchange(plainAuth("changes", PASSWORD));
    expect(element(refused).getChildElements()[0]?.getName()).toBe("not-authorized");
    const [accepted = ""] = await client.exchange(plainAuth("changes", "another password"));
    expect(element(accepted).getName()).toBe("success");
    client.drop();
  });
});
