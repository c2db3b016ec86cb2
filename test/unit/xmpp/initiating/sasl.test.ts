// UP-4 and UP-5: which mechanism is used, and what a server has to prove.

import { describe, expect, it } from "vitest";
import { negotiate, startNegotiation } from "../../../../xmpp/initiating/negotiation.ts";
import type { NegotiationConfig } from "../../../../xmpp/initiating/state.ts";
import { converse, type Line, USER } from "./dialogue.ts";
import * as words from "./words.ts";
import { prosody } from "./words.ts";

const offers = (...names: string[]): Line[] => [
  ...words.upgrades(prosody),
  { server: prosody.mechanisms(...names) },
];
const noProbe: Partial<NegotiationConfig> = { probeSalt: false };
const stored: Partial<NegotiationConfig> = {
  credentials: { type: "scram", parameters: words.PARAMETERS, keys: words.KEYS },
};
const weak = (seen: string, most: string): string =>
  `the server had ${seen} before and now offers at most ${most}: this may be a downgrade attack`;

describe("UP-4 the strongest mechanism", () => {
  it.each([
    ["SCRAM-SHA-512", ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-512", "SCRAM-SHA-256"]],
    ["SCRAM-SHA-256", ["SCRAM-SHA-256", "SCRAM-SHA-1", "DIGEST-MD5"]],
    ["SCRAM-SHA-1", ["SCRAM-SHA-512-PLUS", "SCRAM-SHA-1", "EXTERNAL"]],
  ])("UP-4 %s of %j", (name, offered) => {
    const first = { client: words.auth(name, words.RFC5802.clientFirst) };
    converse([...offers(...offered), first], noProbe, []);
  });

  it("UP-4 PLAIN only: the password inside TLS, where it may be sent", () => {
    converse([
      ...offers("PLAIN"),
      { client: words.auth("PLAIN", "\0user\0pencil") },
      { server: words.EMPTY_SUCCESS },
      { does: { type: "authenticated", evidence: { mechanism: "PLAIN", saltIsStable: false } } },
      ...words.opensSecure,
    ]);
  });

  const refused: [name: string, offered: string[], config: Partial<NegotiationConfig>, failure: Line][] = [
    [
      "PLAIN only, which may not be sent",
      ["PLAIN"],
      { allowPlain: false },
      words.fails(
        "protocol",
        "invalid-mechanism",
        "the server offers only PLAIN, which would tell it the password",
      ),
    ],
    [
      "nothing known",
      ["EXTERNAL", "DIGEST-MD5"],
      {},
      words.fails(
        "protocol",
        "invalid-mechanism",
        "the server offers no known SASL mechanism (it offers EXTERNAL, DIGEST-MD5)",
      ),
    ],
    [
      "nothing",
      [],
      {},
      words.fails(
        "protocol",
        "invalid-mechanism",
        "the server offers no known SASL mechanism (it offers nothing)",
      ),
    ],
    [
      "less than before",
      ["SCRAM-SHA-1", "PLAIN"],
      { strongestSeen: "SCRAM-SHA-256" },
      words.fails("protocol", "invalid-mechanism", weak("SCRAM-SHA-256", "SCRAM-SHA-1")),
    ],
    [
      "PLAIN after SCRAM",
      ["PLAIN"],
      { strongestSeen: "SCRAM-SHA-1" },
      words.fails("protocol", "invalid-mechanism", weak("SCRAM-SHA-1", "PLAIN")),
    ],
    [
      "not the mechanism that the stored keys are for",
      ["SCRAM-SHA-256", "PLAIN"],
      stored,
      words.fails(
        "credentials",
        "stale-keys",
        "The server no longer offers the mechanism the stored keys are for.",
      ),
    ],
  ];
  it.each(refused)("UP-4 a server that offers %s is told nothing", (_name, offered, config, failure) => {
    converse([...offers(...offered), failure], config);
  });

  it("UP-4 PLAIN never outside of TLS, whatever was allowed", () => {
    converse(
      [
        ...words.opensPlain,
        { server: prosody.header + prosody.mechanisms("PLAIN") },
        words.fails(
          "protocol",
          "invalid-mechanism",
          "the server offers only PLAIN, which would tell it the password",
        ),
      ],
      { tls: "none" },
    );
  });
});

const beforeProof = [
  ...offers("SCRAM-SHA-1"),
  { client: words.auth("SCRAM-SHA-1", words.RFC5802.clientFirst) },
];
const proved: Line[] = [...offers("SCRAM-SHA-1"), ...words.proves];

describe("UP-5 a SCRAM server has to prove itself", () => {
  const wrong = "the server could not prove that it knows the account: its SCRAM signature is wrong";
  const malformed = "the server's last SCRAM message is malformed";
  it.each([
    ["no signature", words.EMPTY_SUCCESS, malformed],
    ["an empty signature", words.success("v="), malformed],
    ["a wrong signature", words.success("v=AAAAAAAAAAAAAAAAAAAAAAAAAAA="), wrong],
    [
      "somebody else's, of another length",
      words.success("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
      wrong,
    ],
    ["no base64", `<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>!</success>`, malformed],
    ["a refusal inside success", words.success("e=invalid-proof"), "the server refused: invalid-proof"],
    ["a wrong signature in a challenge", words.challenge("v=AAAAAAAAAAAAAAAAAAAAAAAAAAA="), wrong],
  ])("UP-5 %s", (_name, answer, text) => {
    converse([...proved, { server: answer }, words.fails("identity", "scram", text)], noProbe, []);
  });

  it("UP-5 server-final in a challenge of its own is answered empty, then success is", () => {
    converse(
      [
        ...proved,
        { server: words.challenge(words.RFC5802.serverFinal) },
        { client: words.EMPTY_RESPONSE },
        { server: words.EMPTY_SUCCESS },
        words.evidence(false),
        ...words.opensSecure,
      ],
      noProbe,
      [],
    );
  });

  it.each([
    ["before its challenge", beforeProof],
    [
      "before our proof",
      [
        ...beforeProof,
        { server: words.challenge(words.RFC5802.serverFirst) },
        { does: { type: "derive-keys", parameters: words.PARAMETERS, password: "pencil" } },
      ] satisfies Line[],
    ],
  ])("UP-5 success %s", (_name, lines) => {
    const failure = words.fails(
      "identity",
      "scram",
      "The server ended the exchange before it proved anything.",
    );
    converse([...lines, { server: words.success(words.RFC5802.serverFinal) }, failure], noProbe, []);
  });

  it("UP-5 success in place of the probe's challenge", () => {
    converse([
      ...offers("SCRAM-SHA-1"),
      { client: words.auth("SCRAM-SHA-1", "n,,n=user,r=theprobesnonce") },
      { server: words.EMPTY_SUCCESS },
      words.fails("identity", "scram", "The server ended the exchange before it proved anything."),
    ]);
  });

  const n = words.RFC5802.serverFirst.split(",")[0] ?? "";
  const bad = "the server's SCRAM challenge is malformed";
  it.each([
    [
      "of a nonce that is not ours",
      "r=somebodyelse,s=QSXCR+Q6sek8bf92,i=4096",
      "the server's SCRAM challenge does not answer this attempt: its nonce does not continue ours",
    ],
    [
      "with few iterations",
      `${n},s=QSXCR+Q6sek8bf92,i=4095`,
      "the server asks for only 4095 SCRAM iterations, at least 4096 are required",
    ],
    [
      "with endless iterations",
      `${n},s=QSXCR+Q6sek8bf92,i=99999999`,
      "the server asks for more SCRAM iterations than the 10000000 that are possible here",
    ],
    ["without a salt", `${n},i=4096`, bad],
    ["that is empty", "", bad],
  ])("UP-5 a challenge %s", (_name, message, text) => {
    converse(
      [...beforeProof, { server: words.challenge(message) }, words.fails("identity", "scram", text)],
      noProbe,
      [],
    );
  });

  it.each([
    [
      "a challenge that is no base64",
      `<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>!</challenge>`,
      "challenge",
    ],
    ["a stanza", `<message/>`, "message"],
    ["an unknown SASL element", `<next xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`, "next"],
  ])("%s", (_name, answer, name) => {
    const text = `The server sent <${name}/> in the middle of SASL.`;
    converse(
      [...beforeProof, { server: answer }, words.fails("protocol", "unexpected-element", text)],
      noProbe,
      [],
    );
  });
});

describe("LOGIN-4 stored keys are bound to the salt", () => {
  it.each([
    ["salt", words.RFC5802.serverFirst.replace("QSXC", "QSXD")],
    ["iteration count", words.RFC5802.serverFirst.replace("4096", "8192")],
  ])("LOGIN-4 another %s: the keys are of no use, and are not used", (_name, serverFirst) => {
    const text = "The server has a new salt: the stored keys no longer open it.";
    converse(
      [
        ...beforeProof,
        { server: words.challenge(serverFirst) },
        words.fails("credentials", "stale-keys", text),
      ],
      stored,
      [],
    );
  });
});

describe("LOGIN-6 the server refuses", () => {
  it.each([
    ["credentials", "not-authorized", ""],
    ["credentials", "account-disabled", "Pay first"],
    ["credentials", "credentials-expired", ""],
    ["server", "temporary-auth-failure", ""],
  ] as const)("LOGIN-6 %s: %s %s", (kind, condition, said) => {
    const text = `The server refused the login: ${condition}${said === "" ? "" : ` (${said})`}.`;
    converse(
      [...proved, { server: words.failure(condition, said) }, words.fails(kind, condition, text)],
      noProbe,
      [],
    );
  });

  it("LOGIN-6 a failure without a condition is not-authorized", () => {
    const bare = `<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`;
    const text = "The server refused the login: not-authorized.";
    converse([...proved, { server: bare }, words.fails("credentials", "not-authorized", text)], noProbe, []);
  });

  it("no failure's text holds the password", () => {
    const state = startNegotiation({
      ...USER,
      tls: "direct",
      credentials: { type: "password", password: "s3cret" },
    });
    negotiate(state, { type: "connected" }, { nonce: () => "n" });
    const effects = negotiate(state, { type: "keys", keys: words.KEYS }, { nonce: () => "n" });
    expect(JSON.stringify(effects)).toContain("unexpected-keys");
    expect(JSON.stringify(effects)).not.toContain("s3cret");
  });
});
