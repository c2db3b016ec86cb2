// LOGIN-3, LOGIN-6 and WS-12: how a client logs in, and how it does not.

import { describe, expect, it } from "vitest";
import * as d from "./dialogue.ts";
import { encodeBase64Text } from "../../../../xmpp/sasl/base64.ts";
import type { ScramVerifier } from "../../../../xmpp/sasl/scram-keys.ts";
import { converse, type Line, SASL } from "./dialogue.ts";

const { clientFirst: CLIENT_FIRST, serverFirst: SERVER_FIRST, clientFinal: CLIENT_FINAL } = d.SCRAM;
const SERVER_FINAL = encodeBase64Text(d.SCRAM.serverFinal);
const guessedWrong: Line[] = [{ does: { type: "login-failed" } }, d.fails("not-authorized")];

const toReopening: Line[] = [{ client: d.OPEN }, { server: d.OPENED }, { server: d.BIND_FEATURES }];
const wrongProof = CLIENT_FINAL.replace("p=P+Zz", "p=AAAA");

const serverFirst = (verifier: ScramVerifier): string =>
  SERVER_FIRST.replace("QSXCR+Q6sek8bf92", verifier.salt);

describe("SCRAM", () => {
  it("LOGIN-2 with an initial response", () => {
    converse([
      ...d.opened,
      d.auth("SCRAM-SHA-1", CLIENT_FIRST),
      d.challenge(SERVER_FIRST),
      d.response(CLIENT_FINAL),
      { server: `<success xmlns="${SASL}">${SERVER_FINAL}</success>` },
      { does: { type: "authenticated", mechanism: "SCRAM-SHA-1" } },
      ...toReopening,
    ]);
  });

  it("LOGIN-2 without one: the challenge comes first, empty", () => {
    converse([
      ...d.opened,
      { client: `<auth xmlns="${SASL}" mechanism="SCRAM-SHA-1"/>` },
      { server: `<challenge xmlns="${SASL}"/>` },
      d.response(CLIENT_FIRST),
      d.challenge(SERVER_FIRST),
      d.response(CLIENT_FINAL),
      { server: `<success xmlns="${SASL}">${SERVER_FINAL}</success>` },
      { does: { type: "authenticated", mechanism: "SCRAM-SHA-1" } },
    ]);
  });

  it.each([
    ["a wrong proof", wrongProof, "not-authorized"],
    ["a changed nonce", CLIENT_FINAL.replace("r=fyko", "r=fykO"), "not-authorized"],
    ["a claimed channel binding", CLIENT_FINAL.replace("c=biws", "c=eSws"), "not-authorized"],
    ["no proof", "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j", "malformed-request"],
    ["nothing", "", "malformed-request"],
  ])("LOGIN-6 %s is refused, and the next attempt may succeed", (_name, final, condition) => {
    converse([
      ...d.opened,
      d.auth("SCRAM-SHA-1", CLIENT_FIRST),
      d.challenge(SERVER_FIRST),
      d.response(final),
      ...(condition === "not-authorized" ? guessedWrong : [d.fails(condition)]),
      d.auth("SCRAM-SHA-1", CLIENT_FIRST),
      d.challenge(SERVER_FIRST),
      d.response(CLIENT_FINAL),
      { server: `<success xmlns="${SASL}">${SERVER_FINAL}</success>` },
      { does: { type: "authenticated", mechanism: "SCRAM-SHA-1" } },
    ]);
  });

  it.each([
    ["acting for another", CLIENT_FIRST.replace("n,,", "n,a=eve@example.org,"), "invalid-authzid"],
    ["channel binding", CLIENT_FIRST.replace("n,,", "p=tls-exporter,,"), "malformed-request"],
    ["not SCRAM at all", "hello", "malformed-request"],
  ])("LOGIN-6 %s", (_name, first, condition) => {
    converse([...d.opened, d.auth("SCRAM-SHA-1", first), d.fails(condition)]);
  });

  it("a proof is not taken twice: the exchange is over with it", () => {
    converse([
      ...d.opened,
      d.auth("SCRAM-SHA-1", CLIENT_FIRST),
      d.challenge(SERVER_FIRST),
      d.response(wrongProof),
      ...guessedWrong,
      d.response(CLIENT_FINAL),
      d.fails("malformed-request"),
    ]);
  });

  it("a second <auth/> begins anew", () => {
    converse([...d.opened, d.auth("SCRAM-SHA-1", CLIENT_FIRST), d.challenge(SERVER_FIRST), ...d.plain]);
  });
});

describe("SASL-8 nobody learns by SCRAM whose account it is", () => {
  it.each([
    ["another user", "n,,n=eve,r=fyko+d2lbbFgONRv9qkxdawL", "eve", {}],
    [
      "the account, whose verifier is gone since it was offered",
      CLIENT_FIRST,
      "user",
      { verifierFor: () => undefined },
    ],
  ])(
    "SASL-8 %s: a challenge as always, the same each time, and never the right password",
    (_name, first, user, context) => {
      const attempt: Line[] = [
        d.auth("SCRAM-SHA-1", first),
        d.challenge(serverFirst(d.CONTEXT.fakeVerifierFor(user, "SHA-1"))),
        d.response(CLIENT_FINAL),
        ...guessedWrong,
      ];
      converse([...d.opened, ...attempt, ...attempt], context);
    },
  );
});

describe("LOGIN-7 after too many wrong guesses elsewhere", () => {
  const reason = "Too many wrong passwords; try again in 3 minutes.";
  it.each(["PLAIN", "SCRAM-SHA-1"])("LOGIN-7 %s is not begun", (mechanism) => {
    converse([...d.opened, d.auth(mechanism, "anything"), d.fails("temporary-auth-failure", reason)], {
      refusal: () => reason,
    });
  });

  it("LOGIN-7 a proof is not looked at, although its challenge was sent before", () => {
    let asked = 0;
    // Twice played, and asked once at the beginning of each.
    const refusal = (): string | undefined => ((asked += 1) % 2 === 0 ? reason : undefined);
    const lines = [d.auth("SCRAM-SHA-1", CLIENT_FIRST), d.challenge(SERVER_FIRST), d.response(CLIENT_FINAL)];
    converse([...d.opened, ...lines, d.fails("temporary-auth-failure", reason)], { refusal });
  });
});

describe("PLAIN", () => {
  it.each([
    ["the localpart", "\0user\0pencil"],
    ["the localpart in capitals", "\0USER\0pencil"],
    ["the bare JID", "\0user@example.org\0pencil"],
    ["the bare JID as authzid too", "user@example.org\0user\0pencil"],
  ])("LOGIN-1 %s", (_name, message) => {
    converse([
      ...d.opened,
      d.auth("PLAIN", message),
      { does: { type: "check-password", password: "pencil" } },
      { event: { type: "password-accepted" } },
      { server: `<success xmlns="${SASL}"/>` },
      { does: { type: "authenticated", mechanism: "PLAIN" } },
      ...toReopening,
    ]);
  });

  it("LOGIN-1 without an initial response", () => {
    converse([
      ...d.opened,
      { client: `<auth xmlns="${SASL}" mechanism="PLAIN"/>` },
      { server: `<challenge xmlns="${SASL}"/>` },
      d.response("\0user\0pencil"),
      { does: { type: "check-password", password: "pencil" } },
    ]);
  });

  it.each([
    ["somebody else", "\0eve\0pencil", "not-authorized"],
    ["somebody of another domain", "\0user@example.com\0pencil", "not-authorized"],
    ["acting for somebody else", "eve@example.org\0user\0pencil", "invalid-authzid"],
    ["no password", "\0user\0", "malformed-request"],
    ["no user", "\0\0pencil", "malformed-request"],
    ["too many fields", "\0user\0pencil\0x", "malformed-request"],
    ["nothing (=)", "", "malformed-request"],
  ])("LOGIN-6 %s: nobody is asked whether the password is right", (_name, message, condition) => {
    const failure = condition === "not-authorized" ? guessedWrong : [d.fails(condition)];
    converse([...d.opened, d.auth("PLAIN", message), ...failure]);
  });

  it.each([
    ["not-authorized", "The account's server refused this password."],
    ["account-disabled", undefined],
    ["temporary-auth-failure", "example.org:5222 cannot be reached."],
  ] as const)("LOGIN-6 %s is told to the client, which may try again", (condition, text) => {
    converse([
      ...d.opened,
      ...d.plain,
      { event: { type: "login-refused", condition, ...(text === undefined ? {} : { text }) } },
      d.fails(condition, text),
      ...d.plain,
      { event: { type: "password-accepted" } },
      { server: `<success xmlns="${SASL}"/>` },
      { does: { type: "authenticated", mechanism: "PLAIN" } },
    ]);
  });

  it("a verdict that nobody waits for changes nothing", () => {
    converse([
      ...d.opened,
      { event: { type: "password-accepted" } },
      { event: { type: "login-refused", condition: "not-authorized" } },
      ...d.plain,
    ]);
  });
});

describe("LOGIN-3 what is not offered is not taken", () => {
  it.each([
    ["PLAIN", ["SCRAM-SHA-1"]],
    ["SCRAM-SHA-256", ["SCRAM-SHA-1", "PLAIN"]],
    ["SCRAM-SHA-1-PLUS", ["SCRAM-SHA-1", "PLAIN"]],
    ["plain", ["PLAIN"]],
    ["", ["PLAIN"]],
  ])("LOGIN-3 %j of %j", (name, mechanisms) => {
    const opened = [{ client: d.OPEN }, { server: d.OPENED }, { server: d.mechanisms(...mechanisms) }];
    converse([...opened, d.auth(name, "\0user\0pencil"), d.fails("invalid-mechanism")], { mechanisms });
  });

  it("LOGIN-3 without a mechanism attribute", () => {
    converse([
      ...d.opened,
      { client: `<auth xmlns="${SASL}">AHVzZXIAcGVuY2ls</auth>` },
      d.fails("invalid-mechanism"),
    ]);
  });

  it("LOGIN-3 nothing can be offered: the stream ends with the reason", () => {
    const text = "The first login of this account needs a secure connection (wss:).";
    converse([{ client: d.OPEN }, { server: d.OPENED }, ...d.endsWith("policy-violation", text, 1008)], {
      mechanisms: [],
    });
  });

  it("LOGIN-3 without TLS there is no SASL2 (XEP-0388 section 3)", () => {
    converse(
      [
        { client: d.OPEN },
        { server: d.OPENED },
        { server: d.onlySasl("SCRAM-SHA-1") },
        { client: `<authenticate xmlns="urn:xmpp:sasl:2" mechanism="SCRAM-SHA-1"/>` },
        ...d.endsWith("not-authorized", "Log in first."),
      ],
      { secure: false, mechanisms: ["SCRAM-SHA-1"] },
    );
  });
});

describe("SASL out of order or malformed (RFC 6120 section 6.5)", () => {
  it.each([
    ["a response before auth", `<response xmlns="${SASL}">eA==</response>`, "malformed-request"],
    ["an abort", `<abort xmlns="${SASL}"/>`, "aborted"],
    ["an unknown element", `<success xmlns="${SASL}"/>`, "malformed-request"],
    ["no base64", `<auth xmlns="${SASL}" mechanism="PLAIN">!!!</auth>`, "incorrect-encoding"],
    ["no UTF-8", `<auth xmlns="${SASL}" mechanism="PLAIN">AP8A/w==</auth>`, "incorrect-encoding"],
  ])("%s", (_name, client, condition) => {
    converse([...d.opened, { client }, d.fails(condition), ...d.plain]);
  });

  it("a message that no honest client sends: it could not be remembered across hibernation", () => {
    converse([
      ...d.opened,
      d.auth("SCRAM-SHA-1", `n,,n=user,r=${"x".repeat(4_000)}`),
      d.fails("malformed-request"),
    ]);
  });
});

describe("WS-12 five failed logins on one connection", () => {
  const end = d.endsWith("policy-violation", "Too many failed logins.", 1008);
  const wrong: Line[] = [d.auth("PLAIN", "\0eve\0x"), ...guessedWrong];

  it("WS-12 the fifth ends the stream, however each failed", () => {
    converse([
      ...d.opened,
      ...wrong,
      ...wrong,
      ...d.plain,
      { event: { type: "login-refused", condition: "not-authorized" } },
      d.fails("not-authorized"),
      d.auth("X", ""),
      d.fails("invalid-mechanism"),
      d.auth("SCRAM-SHA-1", CLIENT_FIRST),
      d.challenge(SERVER_FIRST),
      d.response(wrongProof),
      ...guessedWrong,
      ...end,
    ]);
  });

  it("WS-12 what is not the client's fault does not count", () => {
    const excused: Line[] = [
      { client: `<abort xmlns="${SASL}"/>` },
      d.fails("aborted"),
      ...d.plain,
      { event: { type: "login-refused", condition: "temporary-auth-failure" } },
      d.fails("temporary-auth-failure"),
    ];
    const state = converse([...d.opened, ...wrong, ...excused, ...excused, ...excused, ...excused, ...wrong]);
    expect(state).toMatchObject({ phase: "authenticating", failedLogins: 2 });
  });
});
