// What is done along with authentication in SASL2, as the initiating entity: taking up a session (XEP-0198 section 6), or
// binding a new one (Bind 2, XEP-0386).

import { describe, it } from "vitest";
import type { NegotiationConfig } from "../../../../xmpp/initiating/state.ts";
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
const guessed = {
  clientState: false,
  rosterVersioning: false,
  sessionRequired: false,
  streamManagement: true,
};
const ALL = two.INLINE_SM + two.INLINE_BIND;

const bindsAfterwards: Line[] = [
  { server: prosody.bind },
  { client: words.bindRequest },
  { server: words.bindResult(FULL) },
  { does: { type: "bound", fullJid: FULL, features: prosody.features, sm: undefined } },
];

const gone = (h: string): string =>
  `<failed xmlns='urn:xmpp:sm:3'${h}><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`;
const asksFor = (offer: string, request: string): Line[] => [
  ...two.connects(two.offers({ inline: offer })),
  ...two.provesKeys(two.userAgent + request),
];
const boundWith = (content: string): string => `<bound xmlns='urn:xmpp:bind:0'>${content}</bound>`;

describe("SASL2-3 a session is taken up along with authentication", () => {
  const asks: Line[] = [
    ...two.connects(two.offers({ inline: ALL })),
    ...two.provesKeys(two.userAgent + two.resumes("124", 7) + two.binds),
  ];
  const resumed = `<resumed xmlns='urn:xmpp:sm:3' h='345' previd='124'/>`;
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
  const metadata = `<metadata xmlns='urn:xmpp:mam:2'><start id='YWxwaGEg' timestamp='2008-08-22T21:09:04Z'/><end id='b21lZ2Eg' timestamp='2020-04-20T14:34:21Z'/></metadata>`;
  const enabled = `<enabled xmlns='urn:xmpp:sm:3' id='x' resume='true' location='[::1]:5222'/>`;
  const without = { ...guessed, streamManagement: false };
  const sm = { id: "x", location: "[::1]:5222" };

  it("SASL2-4 a session at once, with carbons and Stream Management", () => {
    converse(
      [
        ...asksFor(ALL, two.binds),
        { server: two.success2(two.SERVER_FINAL, boundWith(metadata + enabled), CHOSEN) },
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
        ...asksFor(ALL, two.binds),
        { server: two.success2(two.SERVER_FINAL, boundWith(failed), CHOSEN) },
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
        ...asksFor(
          `<bind xmlns='urn:xmpp:bind:0'/>`,
          `<bind xmlns="urn:xmpp:bind:0"><tag>xmpproxy</tag></bind>`,
        ),
        { server: two.success2(two.SERVER_FINAL, boundWith(""), CHOSEN) },
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
      asksFor(
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
        ...asksFor(ALL, two.binds),
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
    converse(asksFor(ALL, ""), config, []);
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
        { server: two.success2(two.SERVER_FINAL, boundWith(enabled), CHOSEN) },
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
        ...asksFor(ALL, two.binds),
        { server: two.success2(two.SERVER_FINAL, boundWith(enabled), jid) },
        two.learned(),
        words.fails("protocol", "inline", text),
      ],
      fresh,
      [],
    );
  });

  it("UP-6 SASL2-7 the bound JID is missing", () => {
    const success = two
      .success2(two.SERVER_FINAL, boundWith(enabled))
      .replace(/<authorization-identifier>.*<\/authorization-identifier>/, "");
    converse(
      [
        ...asksFor(ALL, two.binds),
        { server: success },
        two.learned(),
        words.fails("protocol", "inline", "The server bound no full JID."),
      ],
      fresh,
      [],
    );
  });
});
