// FAST (XEP-0484) as the initiating entity: asking for a token, using one, getting another, being refused.

import { describe, it } from "vitest";
import type { NegotiationConfig } from "../../../../xmpp/initiating/state.ts";
import { converse, type Line } from "./dialogue.ts";
import * as two from "./sasl2-words.ts";
import * as words from "./words.ts";

const HT = "HT-SHA-256-NONE";
const FULL = "user@example.org/xmpproxy-1";
const known: Partial<NegotiationConfig> = {
  tls: "direct",
  credentials: two.storedKeys,
  userAgent: two.USER_AGENT,
};
const withToken: Partial<NegotiationConfig> = { ...known, token: { token: two.TOKEN, count: 123 } };
const offered = two.connects(two.offers({ inline: two.INLINE_FAST + two.INLINE_SM }));
const token = { token: two.TOKEN, expiry: "2020-03-12T14:36:15Z" };
const byToken = (more: object = {}): Line => ({
  does: { type: "authenticated", evidence: { mechanism: HT, saltIsStable: false, ...more } },
});

describe("FAST-1 a token is asked for", () => {
  const asks: Line[] = [...offered, ...two.provesKeys(two.userAgent + two.requestsToken)];

  it("FAST-1 and kept", () => {
    converse(
      [...asks, { server: two.success2(two.SERVER_FINAL, two.NEW_TOKEN) }, two.learned({ token })],
      known,
      [],
    );
  });

  it.each([
    ["none", ""],
    ["without expiry", `<token xmlns='urn:xmpp:fast:0' token='x'/>`],
    ["empty", `<token xmlns='urn:xmpp:fast:0' token='' expiry='2020-03-12T14:36:15Z'/>`],
    ["of another kind", `<token xmlns='urn:other' token='x' expiry='2020-03-12T14:36:15Z'/>`],
  ])("FAST-1 what comes is %s", (_name, result) => {
    converse([...asks, { server: two.success2(two.SERVER_FINAL, result) }, two.learned()], known, []);
  });

  it.each([
    ["no mechanism of ours", `<fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-ENDP</mechanism></fast>`],
    ["nothing of it", two.INLINE_SM],
  ])("FAST-1 not where the server offers %s", (_name, inline) => {
    converse([...two.connects(two.offers({ inline })), ...two.provesKeys(two.userAgent)], known, []);
  });

  it("FAST-1 not without a name for this installation, to which it would be bound", () => {
    const { userAgent: _none, ...nameless } = known;
    converse([...offered, ...two.provesKeys()], nameless, []);
  });

  it("FAST-1 one that comes with PLAIN", () => {
    const request = two.authenticate("PLAIN", btoa("\0user\0pencil"), two.userAgent + two.requestsToken);
    converse(
      [
        ...two.connects(two.offers({ sasl: [], sasl2: ["PLAIN"], inline: two.INLINE_FAST })),
        { client: request },
        { server: two.success2("", two.NEW_TOKEN) },
        { does: { type: "authenticated", evidence: { mechanism: "PLAIN", saltIsStable: false, token } } },
      ],
      { ...known, credentials: { type: "password", password: "pencil" } },
      [],
    );
  });
});

describe("FAST-2 a token logs in", () => {
  const resume = { previd: "124", h: 7, fullJid: FULL };
  const logsIn: Line[] = [
    ...offered,
    { client: two.authenticate(HT, two.tokenProof, two.userAgent + two.usesToken(123)) },
  ];

  it("FAST-2 with its count; the salt is not asked for", () => {
    converse([...logsIn, { server: two.success2(two.tokenAnswer) }, byToken()], withToken, []);
  });

  it("FAST-2 SASL2-3 and the session goes on, after one round trip", () => {
    const inline = two.userAgent + two.resumes("124", 7) + two.usesToken(123);
    const resumed = `<resumed xmlns='urn:xmpp:sm:3' h='345' previd='124'/>`;
    converse(
      [
        ...offered,
        { client: two.authenticate(HT, two.tokenProof, inline) },
        { server: two.success2(two.tokenAnswer, resumed, FULL) },
        byToken(),
        { does: { type: "resumed", h: 345, features: undefined } },
      ],
      { ...withToken, resume },
      [],
    );
  });

  it("FAST-1 another one takes its place", () => {
    const server = two.success2(two.tokenAnswer, two.NEW_TOKEN);
    converse([...logsIn, { server }, byToken({ token })], withToken, []);
  });

  it("FAST-2 where no token is taken any more, the keys do", () => {
    converse(
      [...two.connects(two.offers({ inline: two.INLINE_SM })), ...two.provesKeys(two.userAgent)],
      withToken,
      [],
    );
  });

  it("FAST-2 not outside of TLS", () => {
    converse(
      [
        ...words.opensPlain,
        { server: words.prosody.header + two.offers({ inline: two.INLINE_FAST }) },
        { client: words.auth("SCRAM-SHA-1", words.RFC5802.clientFirst) },
      ],
      { ...withToken, tls: "none" },
      [],
    );
  });

  it.each([
    ["credentials-expired", "", "The server refused our token: credentials-expired."],
    ["not-authorized", "<text>No.</text>", "The server refused our token: not-authorized (No.)."],
    ["temporary-auth-failure", "", "The server refused our token: temporary-auth-failure."],
  ])("FAST-3 refused: %s", (condition, more, text) => {
    converse(
      [...logsIn, { server: two.failure2(condition, more) }, words.fails("token", condition, text)],
      withToken,
      [],
    );
  });

  it.each([
    ["nothing", ""],
    ["our own message", two.tokenProof],
    ["SCRAM's", two.SERVER_FINAL],
  ])("FAST-3 the server proves itself with %s", (_name, data) => {
    const text = "The server could not prove that it knows our token.";
    converse(
      [...logsIn, { server: two.success2(data) }, words.fails("token", "no-proof", text)],
      withToken,
      [],
    );
  });

  it("a challenge, which the mechanism does not have", () => {
    const text = "The server sent <challenge/> in the middle of SASL.";
    converse(
      [
        ...logsIn,
        { server: two.challenge2(words.RFC5802.serverFirst) },
        words.fails("protocol", "unexpected-element", text),
      ],
      withToken,
      [],
    );
  });
});
