// One account as a whole, against a server that is well: who gets in (LOGIN), which address clients are told (ID), and what
// is never stored in plain.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { shape } from "../support/xml-shape.ts";
import { Client } from "./support/client.ts";
import { connections, drop, say, sessions, setPassword, stanzasOf } from "./support/servers.ts";
import { endsWith } from "./support/stream-end.ts";

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";

/** Everything that an object has stored, as text in which any encoding of a word shows. */
async function dump(account: string): Promise<string> {
  return await runInDurableObject(env.ACCOUNT.getByName(account), (_instance, { storage: { sql } }) => {
    const names = sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
      )
      .toArray();
    expect(names.length).toBeGreaterThan(5);
    const values = names
      .flatMap(({ name }) => sql.exec(`SELECT * FROM ${name}`).toArray())
      .flatMap((row) => Object.values(row));
    return values
      .map((value) =>
        value instanceof ArrayBuffer ? new TextDecoder("latin1").decode(value) : String(value),
      )
      .join("\n");
  });
}

describe("LOGIN-1 the first login is proved by the account's server", () => {
  it("LOGIN-1 ID-1 the server takes the password: the client is bound to the session's address", async () => {
    const client = await Client.connect("first@good.example");
    const features = await client.open();
    expect(features).toContain(`<mechanisms xmlns="${SASL}"><mechanism>PLAIN</mechanism></mechanisms>`);
    expect(features).not.toContain("SCRAM");
    expect(await client.plain("pencil")).toBe(`<success xmlns="${SASL}"/>`);
    const [, jid] = /<jid>(.*)<\/jid>/.exec(await client.bind("phone")) ?? [];
    const found = await sessions("good", "first@good.example");
    expect(found.map((session) => session.jid)).toEqual([jid]);
    expect(jid).toMatch(/^first@good\.example\/xmpproxy-[a-z0-9]+$/);
  });

  it("LOGIN-6 the server refuses it", async () => {
    const client = await Client.connect("wrong@good.example");
    expect(await client.login("pen")).toBe(
      `<failure xmlns="${SASL}"><not-authorized/><text xml:lang="en">The account's server refused this password.</text></failure>`,
    );
    expect(await client.plain("pencil")).toContain("<success");
  });

  it("LOGIN-2 from then on SCRAM is offered, and the server is not asked again", async () => {
    const account = "second@good.example";
    await Client.online(account);
    const before = (await connections("good")).length;
    const client = await Client.connect(account);
    expect(await client.open()).toContain(
      "<mechanism>SCRAM-SHA-512</mechanism><mechanism>SCRAM-SHA-256</mechanism><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism>",
    );
    expect(await client.plain("pencil")).toContain("<success");
    expect(await connections("good")).toHaveLength(before);
  });

  it("LOGIN-5 another password is tried on a connection of its own, the session stays", async () => {
    const account = "changes@good.example";
    const first = await Client.online(account);
    await setPassword("changes", "pen");
    const client = await Client.connect(account);
    expect(await client.login("eraser")).toContain("<not-authorized/>");
    expect(await client.plain("pen")).toContain("<success");
    const found = await sessions("good", account);
    expect(found.map(({ ended }) => ended)).toEqual([false]);
    await say(account, `<message from="bob@good.example"><body>still there</body></message>`);
    expect(await first.until(/<message/)).toContain("still there");
    // It has replaced the stored one.
    const third = await Client.connect(account);
    expect(await third.login("pencil")).toContain("<not-authorized/>");
  });

  it("LOGIN-7 after ten refused passwords no further one is tried upstream", async () => {
    const account = "guessed@good.example";
    const refuse = async (): Promise<string[]> => {
      const client = await Client.connect(account);
      const answers = [await client.login("guess 1")];
      for (let count = 2; count <= 4; count += 1) answers.push(await client.plain(`guess ${count}`));
      return answers;
    };
    const answers = [...(await refuse()), ...(await refuse()), ...(await refuse())];
    expect(answers.slice(0, 10).every((answer) => answer.includes("<not-authorized/>"))).toBe(true);
    expect(answers.slice(10)).toEqual([
      expect.stringContaining("<temporary-auth-failure/>"),
      expect.stringContaining("Too many wrong passwords"),
    ]);
    // One connection for each that was tried.
    const tried = (await connections("good")).filter(({ received }) =>
      received.includes(btoa("n,,n=guessed,").slice(0, 12)),
    );
    expect(tried).toHaveLength(10);
  });

  it("LOGIN-8 the server refuses what is stored: clients are ended, only PLAIN is offered, until somebody logs in", async () => {
    const account = "revoked@good.example";
    const client = await Client.online(account);
    await setPassword("revoked", "pen");
    await drop(account);
    const frames = await client.rest();
    expect(frames.find((frame) => frame.startsWith("<stream:error"))).toContain("<not-authorized ");
    const again = await Client.connect(account);
    const features = await again.open();
    expect(features).not.toContain("SCRAM");
    expect(features).toContain("<mechanism>PLAIN</mechanism>");
    expect(await again.plain("pencil")).toContain("<not-authorized/>");
    expect(await again.plain("pen")).toContain("<success");
    expect(await again.bind("phone")).toContain("<jid>revoked@good.example/xmpproxy-");
  });

  it("WS-12 five failed logins end the stream", async () => {
    const client = await Client.connect("clumsy@good.example");
    await client.login("guess 1");
    for (let count = 2; count <= 5; count += 1) await client.plain(`guess ${count}`);
    const frames = await client.rest();
    expect(frames[0]).toContain("Too many failed logins.");
    expect(frames.at(-1)).toBe("closed 1008");
  });
});

describe("a session", () => {
  it("UP-8 ROS-5 begins with carbons, presence and the roster", async () => {
    const account = "begins@good.example";
    await Client.online(account);
    const stanzas = await stanzasOf(account);
    expect(stanzas[0]).toMatch(/<iq .*<enable xmlns="urn:xmpp:carbons:2"\/><\/iq>/);
    expect(stanzas[1]).toMatch(/<presence .*<show>away<\/show>/);
    expect(stanzas.slice(2)).toContainEqual(expect.stringMatching(/<iq .*<query xmlns="jabber:iq:roster"/));
  });

  it("IQ-2 MSG-1 what clients ask is answered to who asked, what comes goes to all", async () => {
    const account = "talks@good.example";
    const one = await Client.online(account, { resource: "one" });
    const two = await Client.online(account, { resource: "two" });
    one.send(
      `<iq xmlns="jabber:client" type="get" to="bob@good.example" id="mine"><query xmlns="urn:example"/></iq>`,
    );
    const asked = async (): Promise<string> =>
      (await stanzasOf(account)).find((stanza) => stanza.includes("urn:example")) ?? "";
    await expect.poll(asked).not.toBe("");
    const [, id] = / id="([^"]+)"/.exec(await asked()) ?? [];
    expect(id).toMatch(/^c\.[\w-]{24}$/);
    await say(
      account,
      `<iq type='result' from='bob@good.example' id='${id}'/><message from='bob@good.example'/>`,
    );
    expect(shape(await one.until(/^<iq/))).toEqual(
      shape(`<iq type="result" from="bob@good.example" id="mine"/>`),
    );
    expect(await one.next()).toContain("<message");
    expect(await two.until(/^<(iq|message)/)).toContain("<message");
  });

  it("ID-2 the same resource again ends the old stream with conflict", async () => {
    const account = "twice@good.example";
    const old = await Client.online(account, { resource: "phone" });
    await Client.online(account, { resource: "phone" });
    expect(await old.rest()).toEqual(endsWith("conflict", "The same device has attached again."));
  });

  it.each([
    ["WS-2 a binary message", new ArrayBuffer(4), ["closed 1003"]],
    [
      "WS-9 close",
      `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`,
      [`<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />`, "closed 1000"],
    ],
    [
      "WS-10 bad XML",
      `<message`,
      [expect.stringContaining("<not-well-formed "), expect.stringContaining("<close "), "closed 1000"],
    ],
  ])("%s ends a client's stream", async (_name, frame, expected) => {
    const client = await Client.online("ends@good.example", { resource: crypto.randomUUID() });
    client.send(frame);
    expect(await client.rest()).toEqual(expected);
  });

  it("presence of any length: the stream goes on", async () => {
    const account = "wordy@good.example";
    const client = await Client.online(account);
    client.send(`<presence xmlns="jabber:client"><status>${"€".repeat(20_000)}</status></presence>`);
    await expect.poll(async () => (await stanzasOf(account)).at(-1)).toContain("€€€");
    client.send(`<message xmlns="jabber:client" to="bob@good.example"/>`);
    await expect.poll(async () => (await stanzasOf(account)).at(-1)).toContain("<message");
  });

  it("ID-1 a resource that no JID can have is refused, and the connection goes on", async () => {
    const client = await Client.connect("resource@good.example");
    await client.login("pencil");
    expect(await client.bind("x".repeat(20_000))).toContain("<bad-request ");
    client.send(
      `<iq xmlns="jabber:client" type="set" id="again"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`,
    );
    expect(await client.until(/id="again"/)).toContain("<jid>resource@good.example/");
  });
});

describe("LOGIN-4 the password is never stored in plain", () => {
  it("LOGIN-4 in no table, in no encoding, after everything that an account can go through", async () => {
    const secret = "correct horse battery staple";
    const account = "secret@good.example";
    await setPassword("secret", secret);
    const client = await Client.online(account, { password: secret });
    client.send(`<message xmlns="jabber:client" to="bob@good.example"><body>kept</body></message>`);
    const wrong = await Client.connect(account);
    await wrong.login("a wrong password");
    await drop(account);
    client.send(`<message xmlns="jabber:client" to="bob@good.example"><body>kept</body></message>`);
    const stored = await dump(account);
    expect(stored).toContain(account);
    for (const word of [secret, "a wrong password"]) {
      const hex = [...new TextEncoder().encode(word)]
        .map((byte) => byte.toString(16).padStart(2, "0"))
        .join("");
      expect(stored).not.toContain(word);
      expect(stored).not.toContain(hex);
      // Wherever it stands in longer text, base64 of the middle of it shows in one of three shapes.
      for (const shift of [0, 1, 2])
        expect(stored).not.toContain(btoa("x".repeat(shift) + word).slice(4, 24));
    }
  });
});
