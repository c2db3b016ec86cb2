// A client's stream by the frame: exact bytes, what comes too early, and how it ends (RFC 7395 on RFC 6120).

import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE, PASSWORD } from "../support/prosody.ts";
import {
  type Account,
  CLOSE,
  element,
  openTo,
  plainAuth,
  RawClient,
  RawSession,
  SERVER_CLOSE,
} from "../support/raw-client.ts";
import { missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

const FEATURES = '<stream:features xmlns:stream="http://etherx.jabber.org/streams">';
const BIND_REQUEST =
  '<iq xmlns="jabber:client" type="set" id="b1"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>';

/** What a request to upgrade is answered, when it is refused. */
async function refusedUpgrade(
  url: string,
  headers: Record<string, string>,
): Promise<{ status: number; words: string }> {
  const [response]: IncomingMessage[] = await once(get(url.replace(/^ws/, "http"), { headers }), "response");
  const chunks: string[] = [];
  for await (const chunk of response ?? []) {
    chunks.push(String(chunk));
  }
  return { status: response?.statusCode ?? 0, words: chunks.join("") };
}

describe.skipIf(missingProsody)("a client's stream", () => {
  let stage: Stage;
  let alice: Account;

  beforeAll(async () => {
    stage = await startStage();
    alice = await stage.account("alice");
    // From here on the account has verifiers, and SCRAM is on offer.
    await login();
  });

  afterAll(async () => await stage?.stop());

  async function connect(): Promise<RawClient> {
    return await RawClient.connect(stage.worker.wsUrl(ALICE));
  }

  async function opened(): Promise<RawClient> {
    const client = await connect();
    await client.exchange(openTo("localhost"), 2);
    return client;
  }

  async function authenticated(): Promise<RawClient> {
    const client = await opened();
    await client.exchange(plainAuth("alice", PASSWORD));
    return client;
  }

  async function binding(): Promise<RawClient> {
    const client = await authenticated();
    await client.exchange(openTo("localhost"), 2);
    return client;
  }

  async function login(): Promise<RawSession> {
    return await stage.attach(alice, "desk");
  }

  describe("the upgrade", () => {
    const UPGRADE = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    };

    it("WS-1: echoes the subprotocol, also among others", async () => {
      const client = await RawClient.connect(stage.worker.wsUrl(ALICE), ["mqtt", "xmpp"]);
      expect(client.protocol).toBe("xmpp");
      client.drop();
    });

    it.each([
      ["no subprotocol", {}],
      ["another subprotocol", { "Sec-WebSocket-Protocol": "mqtt" }],
      ["a longer name", { "Sec-WebSocket-Protocol": "xmpp-framing" }],
    ])("WS-1: refuses %s", async (_name, headers) => {
      const { status, words } = await refusedUpgrade(stage.worker.wsUrl(ALICE), { ...UPGRADE, ...headers });
      expect(status).toBe(400);
      expect(words).toContain('subprotocol "xmpp"');
    });

    it("WS-1: says to a browser what this address is for", async () => {
      const { status, words } = await refusedUpgrade(stage.worker.wsUrl(ALICE), {});
      expect(status).toBe(426);
      expect(words).toContain("RFC 7395");
    });
  });

  describe("opening", () => {
    it("WS-3, LOGIN-2: answers with exactly these bytes, SCRAM before PLAIN", async () => {
      const client = await connect();
      const [open, features] = await client.exchange(openTo("localhost"), 2);
      expect(open).toMatch(
        /^<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" from="localhost" id="[\w-]{22,}" version="1.0" xml:lang="en"\/>$/,
      );
      const mechanisms = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]
        .map((name) => `<mechanism>${name}</mechanism>`)
        .join("");
      expect(features).toBe(
        `${FEATURES}<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl">${mechanisms}</mechanisms>` +
          `<authentication xmlns="urn:xmpp:sasl:2">${mechanisms}<inline><sm xmlns="urn:xmpp:sm:3"/>` +
          `<bind xmlns="urn:xmpp:bind:0"><inline><feature var="urn:xmpp:carbons:2"/><feature var="urn:xmpp:csi:0"/>` +
          `<feature var="urn:xmpp:sm:3"/></inline></bind><fast xmlns="urn:xmpp:fast:0">` +
          `<mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication></stream:features>`,
      );
      client.drop();
    });

    it("WS-3: success, the second opening and the bind result have exactly these bytes", async () => {
      const client = await opened();
      expect(await client.exchange(plainAuth("alice", PASSWORD))).toEqual([
        '<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>',
      ]);
      const [open, features] = await client.exchange(openTo("localhost"), 2);
      expect(open).toMatch(/^<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" from="localhost" id=/);
      expect(features?.startsWith(`${FEATURES}<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>`)).toBe(true);
      expect(features).toContain(
        '<session xmlns="urn:ietf:params:xml:ns:xmpp-session"><optional/></session>',
      );
      const [bound] = await client.exchange(BIND_REQUEST);
      expect(bound).toMatch(
        /^<iq xmlns="jabber:client" type="result" id="b1"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>alice@localhost\/[^<]+<\/jid><\/bind><\/iq>$/,
      );
      client.drop();
    });

    it("WS-3: gives each stream another id", async () => {
      const [first, second] = [await connect(), await connect()];
      const [one = ""] = await first.exchange(openTo("localhost"));
      const [other = ""] = await second.exchange(openTo("localhost"));
      expect(element(one).attrs.id).not.toBe(element(other).attrs.id);
      first.drop();
      second.drop();
    });

    it.each([
      ["host-unknown", openTo("elsewhere.example")],
      ["unsupported-version", openTo("localhost").replace(' version="1.0"', "")],
      ["unsupported-version", openTo("localhost").replace("1.0", "0.9")],
    ])("WS-4: opens and ends with %s: %s", async (condition, frame) => {
      const client = await connect();
      const [open = ""] = await client.exchange(frame);
      expect(open.startsWith("<open ")).toBe(true);
      expect(await client.ending()).toMatchObject({ condition, closedStream: true, code: 1000 });
    });

    it("WS-4: takes the domain in any case, and an opening that names none", async () => {
      for (const frame of [openTo("LocalHost"), openTo("localhost").replace(' to="localhost"', "")]) {
        const client = await connect();
        const [, features = ""] = await client.exchange(frame, 2);
        expect(features.startsWith(FEATURES)).toBe(true);
        client.drop();
      }
    });

    it("WS-6: a second opening is policy-violation, before login and when bound", async () => {
      for (const client of [await opened(), (await login()).client]) {
        client.send(openTo("localhost"));
        const ending = { condition: "policy-violation", closedStream: true, code: 1008 };
        expect(await client.ending()).toMatchObject(ending);
      }
    });
  });

  describe("too early", () => {
    const MESSAGE = '<message xmlns="jabber:client" to="bob@localhost"><body>early</body></message>';
    const AUTH = plainAuth("alice", PASSWORD);

    it.each([
      ["a stanza before the opening", connect, MESSAGE],
      ["SASL before the opening", connect, AUTH],
      ["a stanza before login", opened, MESSAGE],
      ["binding before login", opened, BIND_REQUEST],
      ["a stanza before the second opening", authenticated, MESSAGE],
      ["a stanza before binding", binding, MESSAGE],
      ["SASL after login", binding, AUTH],
    ])("WS-5: %s is not-authorized", async (_name, reach, frame) => {
      const client = await reach();
      client.send(frame);
      const ending = { condition: "not-authorized", closedStream: true, code: 1000 };
      expect(await client.ending()).toMatchObject(ending);
    });
  });

  describe("SASL", () => {
    const SASL = 'xmlns="urn:ietf:params:xml:ns:xmpp-sasl"';

    it.each([
      ["invalid-mechanism", `<auth ${SASL} mechanism="DIGEST-MD5"/>`],
      ["invalid-mechanism", `<auth ${SASL} mechanism="SCRAM-SHA-1-PLUS">biwsbj0=</auth>`],
      ["incorrect-encoding", `<auth ${SASL} mechanism="PLAIN">%%%</auth>`],
      ["malformed-request", `<auth ${SASL} mechanism="PLAIN">bm90IHBsYWlu</auth>`],
      ["malformed-request", `<response ${SASL}/>`],
      ["aborted", `<abort ${SASL}/>`],
      ["not-authorized", plainAuth("bob", PASSWORD)],
      [
        "invalid-authzid",
        plainAuth("alice", PASSWORD).replace(/>.*</, `>${btoa(`bob@localhost\0alice\0${PASSWORD}`)}<`),
      ],
    ])("LOGIN-6: %s for %s, and the stream goes on", async (condition, frame) => {
      const client = await opened();
      const [failure = ""] = await client.exchange(frame);
      expect(failure.startsWith(`<failure ${SASL}><${condition}/>`)).toBe(true);
      const [success = ""] = await client.exchange(plainAuth("alice", PASSWORD));
      expect(success).toBe(`<success ${SASL}/>`);
      client.drop();
    });

    it("LOGIN-1: takes PLAIN in two steps, and the bare JID as user name", async () => {
      const client = await opened();
      const [challenge] = await client.exchange(`<auth ${SASL} mechanism="PLAIN"/>`);
      expect(challenge).toBe(`<challenge ${SASL}/>`);
      const message = btoa(`alice@localhost\0alice@localhost\0${PASSWORD}`);
      expect(await client.exchange(`<response ${SASL}>${message}</response>`)).toEqual([
        `<success ${SASL}/>`,
      ]);
      client.drop();
    });

    it("WS-12: ends the stream after five failed logins", async () => {
      const client = await opened();
      for (let attempt = 1; attempt <= 5; attempt += 1) {
        const [failure = ""] = await client.exchange(plainAuth("bob", PASSWORD));
        expect(failure.startsWith("<failure ")).toBe(true);
      }
      const ending = { condition: "policy-violation", closedStream: true, code: 1008 };
      expect(await client.ending()).toMatchObject(ending);
    });
  });

  describe("stanzas", () => {
    it.each([
      ["somebody else", "bob@localhost"],
      ["another resource", "alice@localhost/another"],
      ["the server", "localhost"],
    ])("WS-7: from %s is invalid-from", async (_name, from) => {
      const session = await login();
      session.send(`<message from="${from}" to="alice@localhost"><body>forged</body></message>`);
      const ending = { condition: "invalid-from", closedStream: true, code: 1000 };
      expect(await session.client.ending()).toMatchObject(ending);
    });

    it("WS-7: from the bare or the full JID passes", async () => {
      const session = await login();
      for (const from of [ALICE, session.fullJid]) {
        const answer = await session.request(
          `<iq from="${from}" to="localhost" type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`,
        );
        expect(answer.attrs).toMatchObject({ type: "result", id: "p", from: "localhost" });
      }
      session.client.drop();
    });

    it.each([
      ['<hello xmlns="jabber:client"/>'],
      ['<message xmlns="jabber:server" to="bob@localhost"/>'],
      ['<message xmlns="urn:example"/>'],
      ['<continue xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>'],
    ])("WS-8: %s is unsupported-stanza-type", async (frame) => {
      const { client } = await login();
      client.send(frame);
      const ending = { condition: "unsupported-stanza-type", closedStream: true, code: 1000 };
      expect(await client.ending()).toMatchObject(ending);
    });

    it("WS-11: a legacy session request is answered", async () => {
      const session = await login();
      const request = '<iq type="set" id="s"><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/></iq>';
      expect((await session.request(request)).attrs.type).toBe("result");
      session.client.drop();
    });
  });

  describe("closing", () => {
    it.each([
      ["before the opening", connect],
      ["before login", opened],
      ["before binding", binding],
      ["when bound", async () => (await login()).client],
    ])("WS-9: %s, <close/> is answered with <close/> and 1000", async (_name, reach) => {
      const client = await reach();
      client.send(CLOSE);
      expect(await client.closed).toEqual({ code: 1000, reason: "" });
      expect(client.frames.all.at(-2)).toBe(SERVER_CLOSE);
      expect(await client.ending()).toMatchObject({ condition: "", closedStream: true });
    });

    it("WS-9: a WebSocket closed without a word is closed in return, with its own code", async () => {
      const { client } = await login();
      client.drop(4001);
      expect((await client.closed).code).toBe(4001);
    });
  });
});
