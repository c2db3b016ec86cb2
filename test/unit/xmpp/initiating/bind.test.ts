// UP-6, the legacy session, and Stream Management's enabling and resuming (UP-9, XEP-0198): what follows authentication.

import { describe, it } from "vitest";
import type { NegotiationEffect, ServerFeatures } from "../../../../xmpp/initiating/state.ts";
import { converse, type Line } from "./dialogue.ts";
import * as words from "./words.ts";
import { prosody } from "./words.ts";

const FULL = "user@example.org/xmpproxy-1";
const authenticated: Line[] = [
  ...words.opensSecure,
  { server: prosody.header + prosody.mechanisms("PLAIN") },
  { client: words.auth("PLAIN", "\0user\0pencil") },
  { server: words.EMPTY_SUCCESS },
  { does: { type: "authenticated", evidence: { mechanism: "PLAIN", saltIsStable: false } } },
  ...words.opensSecure,
  { server: prosody.header },
];
const requested: Line[] = [...authenticated, { server: prosody.bind }, { client: words.bindRequest }];
const direct = { tls: "direct" } as const;

const features = (content: string): string =>
  `<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>${content}</stream:features>`;
const SM = `<sm xmlns='urn:xmpp:sm:3'/>`;
const SESSION = `<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>`;
const plain: ServerFeatures = {
  clientState: false,
  rosterVersioning: false,
  sessionRequired: false,
  streamManagement: false,
};
const bound = (
  offered: ServerFeatures,
  sm?: Extract<NegotiationEffect, { type: "bound" }>["sm"],
  fullJid = FULL,
): Line => ({ does: { type: "bound", fullJid, features: offered, sm } });

describe("UP-6 the bound JID is one of the account", () => {
  it.each(["user@example.org/another", "User@EXAMPLE.org/r", "user@example.org/ä ö"])("UP-6 %s", (jid) => {
    converse(
      [...requested, { server: words.bindResult(jid) }, bound(prosody.features, undefined, jid)],
      direct,
    );
  });

  it.each([
    ["somebody else's", words.bindResult("eve@example.org/xmpproxy-1")],
    ["of another domain", words.bindResult("user@example.com/xmpproxy-1")],
    ["of a subdomain", words.bindResult("user@x.example.org/xmpproxy-1")],
    ["bare", words.bindResult("user@example.org")],
    ["without a resource", words.bindResult("user@example.org/")],
    ["no JID", words.bindResult("user@@example.org/x")],
    ["empty", words.bindResult("")],
    ["missing", `<iq type='result' id='bind'/>`],
  ])("UP-6 %s", (_name, result) => {
    const text = "The server bound a JID that is not one of this account.";
    converse([...requested, { server: result }, words.fails("protocol", "bind", text)], direct);
  });

  it("the server refuses to bind", () => {
    const refusal = `<iq type='error' id='bind'><error type='cancel'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
    const text = "The server refused to bind a resource: resource-constraint.";
    converse([...requested, { server: refusal }, words.fails("server", "resource-constraint", text)], direct);
  });

  it.each([
    ["under another id", words.bindResult(FULL).replace(`id='bind'`, `id='other'`), "iq"],
    ["a message", `<message/>`, "message"],
    ["features again", prosody.bind, "features"],
  ])("an answer that is none: %s", (_name, answer, name) => {
    const text = `The server sent <${name}/> in phase bind.`;
    converse([...requested, { server: answer }, words.fails("protocol", "unexpected-element", text)], direct);
  });

  it("no bind is offered", () => {
    const text = "The server offers no resource binding.";
    converse(
      [...authenticated, { server: `<stream:features/>` }, words.fails("protocol", "no-bind", text)],
      direct,
    );
  });
});

describe("a legacy session (RFC 3921)", () => {
  const session = `<iq type="set" id="session"><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/></iq>`;
  const needed: Line[] = [
    ...authenticated,
    { server: features(SESSION) },
    { client: words.bindRequest },
    { server: words.bindResult(FULL) },
    { client: session },
  ];

  it("is asked for where it is not optional", () => {
    const offered = { ...plain, sessionRequired: true };
    converse([...needed, { server: `<iq type='result' id='session'/>` }, bound(offered)], direct);
  });

  it("Stream Management is enabled after it", () => {
    converse(
      [
        ...authenticated,
        { server: features(SESSION + SM) },
        { client: words.bindRequest },
        { server: words.bindResult(FULL) },
        { client: session },
        { server: `<iq type='result' id='session'/>` },
        { client: `<enable xmlns="urn:xmpp:sm:3" resume="true"/>` },
      ],
      direct,
    );
  });

  it("something else in its place", () => {
    const text = "The server sent <presence/> in phase session.";
    converse(
      [...needed, { server: `<presence/>` }, words.fails("protocol", "unexpected-element", text)],
      direct,
    );
  });
});

describe("Stream Management is enabled where it is offered (XEP-0198 section 3)", () => {
  const offered = { ...plain, streamManagement: true };
  const enabling: Line[] = [
    ...authenticated,
    { server: features(SM) },
    { client: words.bindRequest },
    { server: words.bindResult(FULL) },
    { client: `<enable xmlns="urn:xmpp:sm:3" resume="true"/>` },
  ];

  it.each([
    [
      "to be resumed",
      `<enabled xmlns='urn:xmpp:sm:3' id='abc' resume='true'/>`,
      { id: "abc", location: undefined },
    ],
    [
      "to be resumed elsewhere",
      `<enabled xmlns='urn:xmpp:sm:3' id='abc' resume='1' location='[::1]:5222'/>`,
      { id: "abc", location: "[::1]:5222" },
    ],
    [
      "not to be resumed",
      `<enabled xmlns='urn:xmpp:sm:3' id='abc'/>`,
      { id: undefined, location: undefined },
    ],
    [
      "refused",
      `<failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`,
      undefined,
    ],
  ])("UP-9 %s", (_name, answer, sm) => {
    converse([...enabling, { server: answer }, bound(offered, sm)], direct);
  });

  it("a stanza before the answer", () => {
    const text = "The server sent <message/> in phase enable.";
    converse(
      [...enabling, { server: `<message/>` }, words.fails("protocol", "unexpected-element", text)],
      direct,
    );
  });

  it("an older version is not spoken", () => {
    converse(
      [
        ...authenticated,
        { server: features(`<sm xmlns='urn:xmpp:sm:2'/>`) },
        { client: words.bindRequest },
        { server: words.bindResult(FULL) },
        bound(plain),
      ],
      direct,
    );
  });
});

describe("UP-9 a lost session is taken up again (XEP-0198 section 5)", () => {
  const offered = { ...plain, streamManagement: true };
  const config = { ...direct, resume: { previd: "abc", h: 7, fullJid: FULL } };
  const resuming: Line[] = [
    ...authenticated,
    { server: features(SM) },
    { client: `<resume xmlns="urn:xmpp:sm:3" previd="abc" h="7"/>` },
  ];

  it("UP-9 resumed", () => {
    converse(
      [
        ...resuming,
        { server: `<resumed xmlns='urn:xmpp:sm:3' previd='abc' h='4294967295'/>` },
        { does: { type: "resumed", h: 4_294_967_295, features: offered } },
      ],
      config,
    );
  });

  it.each([
    [
      "with its counter",
      `<failed xmlns='urn:xmpp:sm:3' h='5'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`,
      5,
    ],
    ["without", `<failed xmlns='urn:xmpp:sm:3'/>`, undefined],
    ["with a counter that is none", `<failed xmlns='urn:xmpp:sm:3' h='-1'/>`, undefined],
  ])("UP-11 the server knows it no more, %s: a new one is bound", (_name, answer, h) => {
    converse(
      [
        ...resuming,
        { server: answer },
        { does: { type: "resume-failed", h } },
        { client: words.bindRequest },
        { server: words.bindResult(FULL) },
        { client: `<enable xmlns="urn:xmpp:sm:3" resume="true"/>` },
      ],
      config,
    );
  });

  it.each([
    ["another session", `<resumed xmlns='urn:xmpp:sm:3' previd='xyz' h='5'/>`, "resumed"],
    ["without a counter", `<resumed xmlns='urn:xmpp:sm:3' previd='abc'/>`, "resumed"],
    [
      "with a counter beyond 32 bits",
      `<resumed xmlns='urn:xmpp:sm:3' previd='abc' h='4294967296'/>`,
      "resumed",
    ],
    ["a stanza", `<message/>`, "message"],
  ])("UP-9 an answer that is none: %s", (_name, answer, name) => {
    const text = `The server sent <${name}/> in phase resume.`;
    converse([...resuming, { server: answer }, words.fails("protocol", "unexpected-element", text)], config);
  });

  it("UP-11 Stream Management is no longer offered: a new session is bound", () => {
    converse([...authenticated, { server: features("") }, { client: words.bindRequest }], config);
  });
});
