// SASL2 (XEP-0388) as the initiating entity: the choice of the profile, the exchange, and what is done along with it
// (XEP-0198 section 6, XEP-0386). Every dialogue is also played with the state sent through JSON between any two events.

import { describe, it } from "vitest";
import type { NegotiationConfig } from "../../../../xmpp/initiating/state.ts";
import { encodeBase64Text } from "../../../../xmpp/sasl/base64.ts";
import { converse, type Line } from "./dialogue.ts";
import * as two from "./sasl2-words.ts";
import * as words from "./words.ts";
import { prosody } from "./words.ts";

const FULL = "user@example.org/xmpproxy-1";
const CHOSEN = "user@example.org/xmpproxy~rQ7Lwut0CcxW";
const direct = { tls: "direct", credentials: two.storedKeys } as const;
const session: Partial<NegotiationConfig> = {
  ...direct,
  userAgent: two.USER_AGENT,
  bind2: true,
  resume: { previd: "124", h: 7, fullJid: FULL },
};
const guessed = { rosterVersioning: false, sessionRequired: false, streamManagement: true };
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

describe("SASL2-3 a session is taken up along with authentication", () => {
  const asks: Line[] = [
    ...two.connects(two.offers({ inline: ALL })),
    ...two.provesKeys(two.userAgent + two.resumes("124", 7) + two.binds),
  ];
  const resumed = `<resumed xmlns='urn:xmpp:sm:3' h='345' previd='124'/>`;
  const gone = (h: string): string =>
    `<failed xmlns='urn:xmpp:sm:3'${h}><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`;
  const bound = `<bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' id='some-long-sm-id' resume='1' max='600'/></bound>`;
  const boundEffect: Line = {
    does: {
      type: "bound",
      fullJid: CHOSEN,
      features: guessed,
      sm: { id: "some-long-sm-id", location: undefined },
      chosen: true,
    },
  };

  it("SASL2-3 resumed: nothing is bound", () => {
    const server = two.success2(two.SERVER_FINAL, resumed, FULL);
    const effect: Line = { does: { type: "resumed", h: 345, features: undefined } };
    converse([...asks, { server }, two.learned(), effect], session, []);
  });

  it.each([
    ["with what was handled", " h='12'", 12],
    ["without", "", undefined],
    ["with a broken one", " h='-1'", undefined],
  ])("SASL2-3 failed, %s: a new session is bound along with it", (_name, attribute, h) => {
    const server = two.success2(two.SERVER_FINAL, gone(attribute) + bound, CHOSEN);
    converse(
      [...asks, { server }, two.learned(), { does: { type: "resume-failed", h } }, boundEffect],
      session,
      [],
    );
  });

  it("SASL2-3 failed where somebody is attached: a new session with our own resource afterwards", () => {
    converse(
      [
        ...two.connects(two.offers({ inline: ALL })),
        ...two.provesKeys(two.userAgent + two.resumes("124", 7)),
        { server: two.success2(two.SERVER_FINAL, gone(" h='12'")) },
        two.learned(),
        { does: { type: "resume-failed", h: 12 } },
        { server: words.ejabberd.bind },
        { client: words.bindRequest },
        { server: words.bindResult(FULL) },
        { client: `<enable xmlns="urn:xmpp:sm:3" resume="true"/>` },
        { server: `<failed xmlns='urn:xmpp:sm:3'/>` },
        { does: { type: "bound", fullJid: FULL, features: words.ejabberd.features, sm: undefined } },
      ],
      { ...session, bind2: false },
      [],
    );
  });

  it("SASL2-3 not offered along with it: afterwards", () => {
    converse(
      [
        ...two.connects(two.offers({ inline: two.INLINE_FAST })),
        ...two.provesKeys(two.userAgent + two.requestsToken),
        { server: two.success2(two.SERVER_FINAL) },
        two.learned(),
        { server: words.ejabberd.bind },
        { client: two.resumes("124", 7) },
        { server: resumed },
        { does: { type: "resumed", h: 345, features: words.ejabberd.features } },
      ],
      session,
      [],
    );
  });

  it.each([
    ["another session", `<resumed xmlns='urn:xmpp:sm:3' h='345' previd='125'/>`],
    ["without a count", `<resumed xmlns='urn:xmpp:sm:3' previd='124'/>`],
    ["with an impossible count", `<resumed xmlns='urn:xmpp:sm:3' h='4294967296' previd='124'/>`],
  ])("SASL2-7 resumed %s", (_name, result) => {
    converse(
      [
        ...asks,
        { server: two.success2(two.SERVER_FINAL, result) },
        two.learned(),
        words.fails("protocol", "inline", "The server resumed another session than ours."),
      ],
      session,
      [],
    );
  });

  it("SASL2-7 resumed although nothing was asked for", () => {
    converse(
      [
        ...two.connects(two.offers({ inline: ALL })),
        ...two.provesKeys(),
        { server: two.success2(two.SERVER_FINAL, resumed) },
        two.learned(),
        words.fails("protocol", "inline", "The server resumed another session than ours."),
      ],
      direct,
      [],
    );
  });
});

describe("SASL2-4 Bind 2", () => {
  const { resume: _none, ...fresh } = session;
  const asks = (offer: string, request: string): Line[] => [
    ...two.connects(two.offers({ inline: offer })),
    ...two.provesKeys(two.userAgent + request),
  ];
  const bound = (content: string): string => `<bound xmlns='urn:xmpp:bind:0'>${content}</bound>`;
  const metadata = `<metadata xmlns='urn:xmpp:mam:2'><start id='YWxwaGEg' timestamp='2008-08-22T21:09:04Z'/><end id='b21lZ2Eg' timestamp='2020-04-20T14:34:21Z'/></metadata>`;
  const enabled = `<enabled xmlns='urn:xmpp:sm:3' id='x' resume='true' location='[::1]:5222'/>`;
  const without = { ...guessed, streamManagement: false };
  const sm = { id: "x", location: "[::1]:5222" };

  it("SASL2-4 a session at once, with carbons and Stream Management", () => {
    converse(
      [
        ...asks(ALL, two.binds),
        { server: two.success2(two.SERVER_FINAL, bound(metadata + enabled), CHOSEN) },
        two.learned(),
        { does: { type: "bound", fullJid: CHOSEN, features: guessed, sm, chosen: true } },
      ],
      fresh,
      [],
    );
  });

  it("SASL2-4 Stream Management could not be enabled: it is not asked for again", () => {
    const failed = `<failed xmlns='urn:xmpp:sm:3'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`;
    converse(
      [
        ...asks(ALL, two.binds),
        { server: two.success2(two.SERVER_FINAL, bound(failed), CHOSEN) },
        two.learned(),
        { does: { type: "bound", fullJid: CHOSEN, features: without, sm: undefined, chosen: true } },
      ],
      fresh,
      [],
    );
  });

  it("SASL2-4 Stream Management is not offered along with it: afterwards", () => {
    converse(
      [
        ...asks(
          `<bind xmlns='urn:xmpp:bind:0'/>`,
          `<bind xmlns="urn:xmpp:bind:0"><tag>xmpproxy</tag></bind>`,
        ),
        { server: two.success2(two.SERVER_FINAL, bound(""), CHOSEN) },
        two.learned(),
        { server: words.ejabberd.bind },
        { client: `<enable xmlns="urn:xmpp:sm:3" resume="true"/>` },
        { server: enabled },
        { does: { type: "bound", fullJid: CHOSEN, features: words.ejabberd.features, sm, chosen: true } },
      ],
      fresh,
      [],
    );
  });

  it("XEP-0198's example has the features right in <bind/>", () => {
    converse(
      asks(
        `<bind xmlns='urn:xmpp:bind:0'><feature var='urn:xmpp:sm:3'/></bind>`,
        `<bind xmlns="urn:xmpp:bind:0"><tag>xmpproxy</tag><enable xmlns="urn:xmpp:sm:3" resume="true"/></bind>`,
      ),
      fresh,
      [],
    );
  });

  it("a server that could not bind: bound as ever", () => {
    const failed = `<failed xmlns='urn:xmpp:bind:0'><error type='cancel'/></failed>`;
    converse(
      [
        ...asks(ALL, two.binds),
        { server: two.success2(two.SERVER_FINAL, failed) },
        two.learned(),
        ...bindsAfterwards,
      ],
      fresh,
      [],
    );
  });

  it.each<[string, Partial<NegotiationConfig>]>([
    ["somebody is attached", { ...fresh, bind2: false }],
    ["it is not known whether somebody is", { ...direct, userAgent: two.USER_AGENT }],
  ])("SASL2-4 not asked for when %s", (_name, config) => {
    converse(asks(ALL, ""), config, []);
  });

  it("SASL2-4 not asked for without a name of ours, by which the server would know us again", () => {
    converse(
      [...two.connects(two.offers({ inline: ALL })), ...two.provesKeys()],
      { ...direct, bind2: true },
      [],
    );
  });

  it("SASL2-7 bound although nothing was asked for", () => {
    converse(
      [
        ...two.connects(two.offers({ inline: ALL })),
        ...two.provesKeys(),
        { server: two.success2(two.SERVER_FINAL, bound(enabled), CHOSEN) },
        two.learned(),
        words.fails("protocol", "inline", "The server bound a resource that was not asked for."),
      ],
      direct,
      [],
    );
  });

  it.each([
    ["somebody else's", "eve@example.org/x", "The server logged us in as somebody else."],
    ["of another domain", "user@example.com/x", "The server logged us in as somebody else."],
    ["no JID", "user@@example.org", "The server logged us in as somebody else."],
    ["empty", "", "The server logged us in as somebody else."],
    ["bare", "user@example.org", "The server bound no full JID."],
  ])("UP-6 SASL2-7 the bound JID is %s", (_name, jid, text) => {
    converse(
      [
        ...asks(ALL, two.binds),
        { server: two.success2(two.SERVER_FINAL, bound(enabled), jid) },
        two.learned(),
        words.fails("protocol", "inline", text),
      ],
      fresh,
      [],
    );
  });

  it("UP-6 SASL2-7 the bound JID is missing", () => {
    const success = two
      .success2(two.SERVER_FINAL, bound(enabled))
      .replace(/<authorization-identifier>.*<\/authorization-identifier>/, "");
    converse(
      [
        ...asks(ALL, two.binds),
        { server: success },
        two.learned(),
        words.fails("protocol", "inline", "The server bound no full JID."),
      ],
      fresh,
      [],
    );
  });
});
