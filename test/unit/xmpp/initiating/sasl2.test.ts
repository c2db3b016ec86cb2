// SASL2 (XEP-0388) as the initiating entity: the choice of the profile, the exchange, how it ends. Every dialogue is also
// played with the state sent through JSON between any two events.

import { describe, it } from "vitest";
import type { NegotiationConfig } from "../../../../xmpp/initiating/state.ts";
import { encodeBase64Text } from "../../../../xmpp/sasl/base64.ts";
import { converse, type Line } from "./dialogue.ts";
import * as two from "./sasl2-words.ts";
import * as words from "./words.ts";
import { prosody } from "./words.ts";

const FULL = "user@example.org/xmpproxy-1";
const direct = { tls: "direct", credentials: two.storedKeys } as const;
const session: Partial<NegotiationConfig> = {
  ...direct,
  userAgent: two.USER_AGENT,
  bind2: true,
  resume: { previd: "124", h: 7, fullJid: FULL },
};
const ALL = two.INLINE_SM + two.INLINE_BIND;

const bindsAfterwards: Line[] = [
  { server: prosody.bind },
  { client: words.bindRequest },
  { server: words.bindResult(FULL) },
  { does: { type: "bound", fullJid: FULL, features: prosody.features, sm: undefined } },
];

describe("SASL2-1 the profile", () => {
  it("SASL2-1 SASL2 where there is both; no new stream, bind as ever", () => {
    converse(
      [
        ...two.connects(two.offers()),
        ...two.provesKeys(),
        { server: two.success2(two.SERVER_FINAL) },
        two.learned(),
        ...bindsAfterwards,
      ],
      direct,
      [],
    );
  });

  it("SASL2-1 XEP-0388's example: PLAIN", () => {
    const alice = { account: { local: "alice", domain: "example.org", resource: "" } };
    const password = { type: "password", password: "345" } as const;
    converse(
      [
        { does: { type: "restart" } },
        { client: words.SECURE_HEADER.replace("user@", "alice@") },
        { server: prosody.header + two.offers({ sasl: [], sasl2: ["PLAIN"] }) },
        { client: two.authenticate("PLAIN", encodeBase64Text("\0alice\x00345")) },
        { server: two.success2("", "", "alice@example.org") },
        { does: { type: "authenticated", evidence: { mechanism: "PLAIN", saltIsStable: false } } },
      ],
      { ...direct, ...alice, credentials: password },
      [],
    );
  });

  it.each([
    ["without TLS", { tls: "none" } as const, two.offers()],
    ["whose mechanisms are weaker", { tls: "direct" } as const, two.offers({ sasl2: ["PLAIN"] })],
    ["whose mechanisms are unknown", { tls: "direct" } as const, two.offers({ sasl2: ["BLURDYBLOOP"] })],
  ])("SASL2-1 not a SASL2 %s", (_name, tls, features) => {
    const opens = tls.tls === "none" ? words.opensPlain : words.opensSecure;
    converse(
      [
        ...opens,
        { server: prosody.header + features },
        { client: words.auth("SCRAM-SHA-1", words.RFC5802.clientFirst) },
      ],
      { ...direct, ...tls },
      [],
    );
  });

  it("UP-4 the memory against downgrades counts for both lists", () => {
    const reason =
      "the server had SCRAM-SHA-256 before and now offers at most SCRAM-SHA-1: this may be a downgrade attack";
    converse(
      [...two.connects(two.offers()), words.fails("protocol", "invalid-mechanism", reason)],
      { tls: "direct", strongestSeen: "SCRAM-SHA-256" },
      [],
    );
  });
});

describe("SASL2-2 the salt is asked twice", () => {
  const second: Line[] = [
    { client: two.scramFirst() },
    { server: two.challenge2(words.RFC5802.serverFirst) },
    { does: { type: "derive-keys", parameters: words.PARAMETERS, password: "pencil" } },
    { keys: words.KEYS },
    { client: two.response2(words.RFC5802.clientFinal) },
    { server: two.success2(two.SERVER_FINAL) },
    two.learned(),
    { server: prosody.bind },
    { client: words.bindRequest },
  ];

  it("SASL2-2 in the older profile where both have the mechanism, then SASL2", () => {
    converse([...two.connects(two.offers()), ...words.probes(), ...second], { tls: "direct" });
  });

  it("SASL2-2 in SASL2 where there is nothing else", () => {
    converse(
      [
        ...two.connects(two.offers({ sasl: [] })),
        { client: two.authenticate("SCRAM-SHA-1", encodeBase64Text("n,,n=user,r=theprobesnonce")) },
        { server: two.challenge2(`r=theprobesnonceservers,s=${words.PARAMETERS.salt},i=4096`) },
        { client: `<abort xmlns="${two.SASL2}"/>` },
        { server: two.failure2("aborted", "<text>This is a terrible example.</text>") },
        ...second,
      ],
      { tls: "direct" },
    );
  });

  it("SASL2-2 the probe asks for nothing along with it", () => {
    converse(
      [
        ...two.connects(two.offers({ sasl: [], inline: ALL + two.INLINE_FAST })),
        { client: two.authenticate("SCRAM-SHA-1", encodeBase64Text("n,,n=user,r=theprobesnonce")) },
        { server: two.challenge2(`r=theprobesnonceservers,s=${words.PARAMETERS.salt},i=4096`) },
        { client: `<abort xmlns="${two.SASL2}"/>` },
        { server: two.failure2("aborted") },
        {
          client: two.scramFirst(two.userAgent + two.resumes("124", 7) + two.binds + two.requestsToken),
        },
      ],
      { ...session, credentials: { type: "password", password: "pencil" } },
    );
  });
});

describe("how SASL2 ends", () => {
  const text = "<text>Later.</text>";

  it.each([
    ["not-authorized", "", "credentials", "The server refused the login: not-authorized."],
    [
      "temporary-auth-failure",
      text,
      "server",
      "The server refused the login: temporary-auth-failure (Later.).",
    ],
    [
      "account-disabled",
      "<optional-application-specific xmlns='urn:something:else'/>",
      "credentials",
      "The server refused the login: account-disabled.",
    ],
  ] as const)("%s", (condition, more, kind, said) => {
    converse(
      [
        ...two.connects(two.offers()),
        ...two.provesKeys(),
        { server: two.failure2(condition, more) },
        words.fails(kind, condition, said),
      ],
      direct,
      [],
    );
  });

  it("the condition is RFC 6120's, wherever it stands", () => {
    const failure = `<failure xmlns='${two.SASL2}'><x xmlns='urn:something:else'/><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>`;
    converse(
      [
        ...two.connects(two.offers()),
        ...two.provesKeys(),
        { server: failure },
        words.fails("credentials", "not-authorized", "The server refused the login: not-authorized."),
      ],
      direct,
      [],
    );
  });

  it.each([
    ["none", ""],
    ["another's", encodeBase64Text("v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=")],
  ])("UP-5 the server's signature: %s", (name, data) => {
    const said =
      name === "none"
        ? "the server's last SCRAM message is malformed"
        : "the server could not prove that it knows the account: its SCRAM signature is wrong";
    converse(
      [
        ...two.connects(two.offers()),
        ...two.provesKeys(),
        { server: two.success2(data) },
        words.fails("identity", "scram", said),
      ],
      direct,
      [],
    );
  });

  const continues = `<continue xmlns='${two.SASL2}'><additional-data>SSdtIGJvcmVkIG5vdy4=</additional-data><tasks><task>HOTP-EXAMPLE</task><task>TOTP-EXAMPLE</task><task>&lt;b&gt;</task></tasks><text>This account requires 2FA</text></continue>`;

  it.each([
    ["stored keys: only a person can help", two.storedKeys, "credentials"],
    ["a password: it need not be wrong", { type: "password", password: "pencil" }, "protocol"],
  ] as const)("SASL2-8 a further task, %s", (_name, credentials, kind) => {
    const said =
      "The server asks for another step after the password (HOTP-EXAMPLE, TOTP-EXAMPLE), which is not supported here.";
    converse(
      [
        ...two.connects(two.offers()),
        { client: two.scramFirst() },
        { server: continues },
        words.fails(kind, "continue", said),
      ],
      { tls: "direct", credentials, probeSalt: false },
      [],
    );
  });

  it.each([
    ["the older profile's", words.EMPTY_SUCCESS, "success"],
    ["a stanza", `<message/>`, "message"],
    ["what is none of SASL's", `<next xmlns='${two.SASL2}' task='X'/>`, "next"],
  ])("an element that does not belong here: %s", (_name, element, name) => {
    converse(
      [
        ...two.connects(two.offers()),
        { client: two.scramFirst() },
        { server: element },
        words.fails("protocol", "unexpected-element", `The server sent <${name}/> in the middle of SASL.`),
      ],
      direct,
      [],
    );
  });

  it("a <continue/> in the older profile is no element of it", () => {
    converse(
      [
        ...two.connects(prosody.mechanisms("SCRAM-SHA-1")),
        { client: words.auth("SCRAM-SHA-1", words.RFC5802.clientFirst) },
        { server: `<continue xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>` },
        words.fails("protocol", "unexpected-element", "The server sent <continue/> in the middle of SASL."),
      ],
      direct,
      [],
    );
  });

  it("LOGIN-5 SASL2-6 a proof tells nothing of us and asks for nothing", () => {
    converse(
      [
        ...two.connects(two.offers({ inline: ALL + two.INLINE_FAST })),
        ...two.provesKeys(),
        { server: two.success2(two.SERVER_FINAL) },
        two.learned(),
      ],
      { ...session, proofOnly: true },
      [],
    );
  });
});
