// Who gets in, and with what: the first login, SCRAM from then on, wrong and changed passwords, guessing.

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../scripts/processes.ts";
import type { Login } from "../support/clients/chat-client.ts";
import { loginStanza } from "../support/clients/stanza.ts";
import { StropheBrowser } from "../support/clients/strophe.ts";
import { loginXmppClient } from "../support/clients/xmpp-js.ts";
import { PASSWORD } from "../support/prosody.ts";
import { type Account, element, openTo, plainAuth, RawClient } from "../support/raw-client.ts";
import { missingChromium, missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

/** The SASL mechanisms that a stream opens with. */
async function offered(client: RawClient): Promise<string[]> {
  const [, features = ""] = await client.exchange(openTo("localhost"), 2);
  return (
    element(features)
      .getChild("mechanisms")
      ?.getChildren("mechanism")
      .map((mechanism) => mechanism.getText()) ?? []
  );
}

/** What SASL answered: the condition and the words of a failure. */
function refusal(frame = ""): { condition: string; text: string } {
  const failure = element(frame);
  expect(failure.getName()).toBe("failure");
  const [condition] = failure.getChildElements();
  return { condition: condition?.getName() ?? "", text: failure.getChildText("text") ?? "" };
}

async function tryPassword(client: RawClient, account: Account, password: string): Promise<string> {
  const [answer = ""] = await client.exchange(plainAuth(account.jid.split("@")[0] ?? "", password));
  return answer;
}

describe.skipIf(missingProsody)("login", () => {
  let stage: Stage;
  let state: string;

  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), "xmpproxy-state-"));
    stage = await startStage({}, {}, state);
  });

  afterAll(async () => {
    await stage?.stop();
    await rm(state, { recursive: true, force: true });
  });

  async function connect({ jid }: Account): Promise<RawClient> {
    return await RawClient.connect(stage.worker.wsUrl(jid));
  }

  it("LOGIN-1, LOGIN-2: only PLAIN at first, which the server decides on; then SCRAM too", async () => {
    const account = await stage.account("first");
    const client = await connect(account);
    expect(await offered(client)).toEqual(["PLAIN"]);
    expect(refusal(await tryPassword(client, account, "wrong"))).toEqual({
      condition: "not-authorized",
      text: "The account's server refused this password.",
    });
    expect(await tryPassword(client, account, PASSWORD)).toMatch(/^<success /);

    const later = await connect(account);
    expect(await offered(later)).toEqual(["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]);
    client.drop();
    later.drop();
  });

  it("LOGIN-1: an account that the server does not know gets the same answer", async () => {
    const nobody = { jid: "nobody@localhost", password: PASSWORD };
    const known = await stage.account("known");
    const answers = [];
    for (const account of [nobody, known]) {
      const client = await connect(account);
      answers.push([await offered(client), refusal(await tryPassword(client, account, "wrong"))]);
      client.drop();
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toEqual([["PLAIN"], expect.objectContaining({ condition: "not-authorized" })]);
  });

  describe.skipIf(missingChromium)("with real libraries", () => {
    let browser: StropheBrowser;

    beforeAll(async () => (browser = await StropheBrowser.launch(stage.worker.url)));
    afterAll(async () => await browser?.close());

    const LIBRARIES: [mechanism: string, library: string, login: Login][] = [
      ["SCRAM-SHA-512", "strophe.js", async (options) => await browser.login(options)],
      ["SCRAM-SHA-256", "stanza", loginStanza],
      ["SCRAM-SHA-1", "@xmpp/client", loginXmppClient],
    ];

    it.each(LIBRARIES)("LOGIN-2: PLAIN at first, then %s with %s", async (mechanism, library, login) => {
      const account = await stage.account(`user-of-${library.replace(/\W/g, "")}`);
      const options = { ...account, url: stage.worker.wsUrl(account.jid) };
      const first = await login({ ...options, device: "first" });
      const second = await login({ ...options, device: "second" });
      expect([first.journal.mechanism, second.journal.mechanism]).toEqual(["PLAIN", mechanism]);
      await expect(login({ ...options, device: "third", password: "wrong" })).rejects.toThrow(
        /not-authorized/,
      );
      expect(second.fullJid).toBe(first.fullJid);
      await Promise.all([first.close(), second.close()]);
    });
  });

  it("LOGIN-5: a password changed on the server is taken, and disturbs no session", async () => {
    const account = await stage.account("changer");
    const desk = await stage.attach(account, "desk");
    // Not as an administrator would, which makes Prosody end the account's sessions.
    await stage.server.shell('>prosody.hosts["localhost"].users.set_password("changer", "a new password")');
    const phone = await stage.attach({ ...account, password: "a new password" }, "phone");
    expect(phone.fullJid).toBe(desk.fullJid);
    expect(await stage.server.boundResources("changer")).toEqual([desk.fullJid]);

    // The new one is the stored one now: the session can be made anew, and the old password gets nobody in.
    await stage.server.dropConnections("changer");
    const ping = '<iq type="get" to="localhost" id="p"><ping xmlns="urn:xmpp:ping"/></iq>';
    expect((await desk.request(ping)).attrs.type).toBe("result");
    const client = await connect(account);
    await offered(client);
    expect(refusal(await tryPassword(client, account, PASSWORD)).condition).toBe("not-authorized");
    for (const { client: open } of [desk, phone, { client }]) {
      open.drop();
    }
  });

  it("LOGIN-8: when the server refuses what is stored, all clients are told, it is not tried again, and only PLAIN is left", async () => {
    const account = await stage.account("refused");
    const clients = [await stage.attach(account, "desk"), await stage.attach(account, "phone")];
    await stage.server.register("refused", "another password");
    const before = stage.server.log().length;
    await stage.server.closeStreams("refused");
    for (const { client } of clients) {
      expect(await client.ending()).toMatchObject({ condition: "not-authorized", closedStream: true });
    }
    // UP-7: the first new attempt would come within a second or two; there is none.
    const connections = (): number => stage.server.log().slice(before).split("Client connected").length - 1;
    // That which was refused; Prosody writes its log a moment later.
    await waitFor("the attempt in its log", () => connections() > 0);
    const tried = connections();
    await new Promise((resolve) => void setTimeout(resolve, 4_000));
    expect(connections()).toBe(tried);

    const client = await connect(account);
    expect(await offered(client)).toEqual(["PLAIN"]);
    expect(refusal(await tryPassword(client, account, PASSWORD)).condition).toBe("not-authorized");
    expect(await tryPassword(client, account, "another password")).toMatch(/^<success /);
    await waitFor("the session to be back", async () => {
      const bound = await stage.server.boundResources("refused");
      return bound.length === 1;
    });
    client.drop();
  });

  it("LOGIN-7: after ten refused passwords no further one is tried upstream", async () => {
    const account = await stage.account("guessed");
    for (let attempt = 0; attempt < 10;) {
      const client = await connect(account);
      await offered(client);
      for (let onThis = 0; onThis < 5; onThis += 1, attempt += 1) {
        const answer = await tryPassword(client, account, `guess ${attempt}`);
        expect(refusal(answer).condition).toBe("not-authorized");
      }
      client.drop();
    }
    const client = await connect(account);
    await offered(client);
    const { condition, text } = refusal(await tryPassword(client, account, PASSWORD));
    expect(condition).toBe("temporary-auth-failure");
    expect(text).toContain("Too many wrong passwords");
    client.drop();
  });

  it("LOGIN-4: no password lies in the storage or in a log, in clear or in base64", async () => {
    const names = await readdir(state, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile());
    const stored = await Promise.all(
      files.map(async ({ parentPath, name }) => await readFile(join(parentPath, name))),
    );
    const found = (needle: string): boolean =>
      [...stored, Buffer.from(stage.worker.logs())].some((bytes) => bytes.includes(needle));
    // What is stored of an account is there: the search would find it.
    expect(found("changer@localhost")).toBe(true);
    for (const password of [PASSWORD, "a new password", "another password", "guess 3"]) {
      // Within a longer text the last group of base64 would read differently.
      const encoded = [password, `\0changer\0${password}`].map((text) => btoa(text).slice(0, -4));
      for (const needle of [password, ...encoded]) {
        expect([needle, found(needle)]).toEqual([needle, false]);
      }
    }
  });
});
