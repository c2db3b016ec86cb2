// WS-3 to WS-11 and ID-1: a client's stream, frame by frame.

import { describe, expect, it } from "vitest";
import * as d from "./dialogue.ts";
import { converse, type Line, SASL } from "./dialogue.ts";

const tooEarly = d.endsWith("not-authorized", "Too early: the stream is still being negotiated.");
const FRAMING = "urn:ietf:params:xml:ns:xmpp-framing";

describe("WS-3 the exact form of what is sent", () => {
  it("WS-3 a whole negotiation", () => {
    expect(converse(d.bound)).toEqual({ phase: "bound", failedLogins: 0, fullJid: d.FULL });
  });

  it("WS-3 without roster versioning upstream it is not offered", () => {
    converse(
      [
        ...d.authenticated,
        { client: d.OPEN },
        { server: d.OPENED },
        { server: d.BIND_FEATURES.replace(`<ver xmlns="urn:xmpp:features:rosterver"/>`, "") },
      ],
      { rosterVersioning: false },
    );
  });

  it.each([
    ["no `to`", `<open xmlns="${FRAMING}" version="1.0"/>`],
    ["the domain in capitals", `<open xmlns="${FRAMING}" to="EXAMPLE.org" version="1.0"/>`],
    ["an XML declaration", `<?xml version="1.0"?>${d.OPEN}`],
    ["version 1.1", d.OPEN.replace("1.0", "1.1")],
  ])("WS-4 taken: %s", (_name, client) => {
    converse([{ client }, { server: d.OPENED }, { server: d.mechanisms("SCRAM-SHA-1", "PLAIN") }]);
  });
});

describe("WS-4 what cannot be opened", () => {
  const hostUnknown = d.endsWith("host-unknown", "This endpoint serves an account of example.org.");
  const unsupported = d.endsWith("unsupported-version", "Only XMPP 1.0 is spoken here.");
  it.each([
    ["another domain", `to="example.com" version="1.0"`, hostUnknown],
    ["a subdomain", `to="x.example.org" version="1.0"`, hostUnknown],
    ["the bare JID", `to="user@example.org" version="1.0"`, hostUnknown],
    ["version 0.9", `to="example.org" version="0.9"`, unsupported],
    ["no version", `to="example.org"`, unsupported],
    ["a version that is no number", `to="example.org" version="x"`, unsupported],
  ])("WS-4 %s", (_name, attributes, end) => {
    converse([{ client: `<open xmlns="${FRAMING}" ${attributes}/>` }, { server: d.OPENED }, ...end]);
  });

  it("WS-4 the second time too", () => {
    converse([
      ...d.authenticated,
      { client: d.OPEN.replace("example.org", "example.com") },
      { server: d.OPENED },
      ...hostUnknown,
    ]);
  });
});

describe("WS-5 what comes too early", () => {
  const stanza = `<message xmlns="jabber:client" to="bob@example.org"/>`;
  it.each([
    ["opening", stanza, [{ server: d.OPENED }, ...tooEarly]],
    ["opening", `<auth xmlns="${SASL}" mechanism="PLAIN"/>`, [{ server: d.OPENED }, ...tooEarly]],
    ["authenticating", stanza, d.endsWith("not-authorized", "Log in first.")],
    ["authenticating", `<enable xmlns="urn:xmpp:sm:3"/>`, d.endsWith("not-authorized", "Log in first.")],
    ["checking", stanza, tooEarly],
    ["checking", `<auth xmlns="${SASL}" mechanism="PLAIN"/>`, tooEarly],
    ["reopening", stanza, tooEarly],
    ["binding", stanza, d.endsWith("not-authorized", "Bind a resource first.")],
    [
      "binding",
      `<iq xmlns="jabber:client" type="get" id="1"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`,
      d.endsWith("not-authorized", "Bind a resource first."),
    ],
    [
      "binding",
      `<iq xmlns="jabber:client" type="set" id="1"><bind xmlns="urn:x"/></iq>`,
      d.endsWith("not-authorized", "Bind a resource first."),
    ],
    [
      "binding",
      `<iq xmlns="jabber:client" type="set" id="1"><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/></iq>`,
      d.endsWith("not-authorized", "Bind a resource first."),
    ],
    ["binding", `<inactive xmlns="urn:xmpp:csi:0"/>`, d.endsWith("not-authorized", "Bind a resource first.")],
    ["awaiting-upstream", stanza, tooEarly],
  ])("WS-5 in phase %s: %s", (phase, client, end) => {
    const lines = d.phases.find(([name]) => name === phase)?.[1] ?? expect.fail("no such phase");
    converse([...lines, { client }, ...end]);
  });
});

describe("WS-6 a second <open/>", () => {
  const allowed = new Set(["opening", "reopening"]);
  it.each(d.phases.filter(([name]) => !allowed.has(name)))("WS-6 in phase %s", (_name, lines) => {
    converse([
      ...lines,
      { client: d.OPEN },
      ...d.endsWith("policy-violation", "The stream is open already.", 1008),
    ]);
  });
});

describe("ID-1 binding", () => {
  it.each([
    ["a resource", `<resource>phone</resource>`, "phone"],
    ["one with space around it", `<resource> my phone\n</resource>`, "my phone"],
    ["none", ``, undefined],
    ["an empty one", `<resource/>`, undefined],
    ["one of white space", `<resource>  </resource>`, undefined],
  ])("ID-1 asks for %s, and is told the real full JID", (_name, asked, resource) => {
    converse([
      ...d.reopened,
      d.bindRequest(asked),
      { does: { type: "await-upstream" } },
      { event: { type: "upstream-bound", fullJid: "user@example.org/a&b" } },
      {
        server: `<iq type="result" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>user@example.org/a&amp;b</jid></bind></iq>`,
      },
      { does: { type: "bound", device: resource, carbons: false, active: true } },
    ]);
  });

  it("ID-1 a resource that no JID can have is refused (RFC 6120 section 7.7.2.1), and another may be asked for", () => {
    converse([
      ...d.reopened,
      d.bindRequest(`<resource>${"x".repeat(1024)}</resource>`),
      {
        server: `<iq type="error" id="b"><error type="modify"><bad-request xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
      },
      d.bindRequest(`<resource>${"x".repeat(1023)}</resource>`),
      { does: { type: "await-upstream" } },
    ]);
  });

  it("an id of any length cannot be remembered across hibernation", () => {
    converse([
      ...d.reopened,
      {
        client: `<iq xmlns="jabber:client" type="set" id="${"x".repeat(5_000)}"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`,
      },
      ...d.endsWith("policy-violation", "The id is too long.", 1008),
    ]);
  });

  it("DOWN-1 there is no session to bind to yet: the client is told why, and may ask again", () => {
    converse([
      ...d.reopened,
      d.bindRequest(""),
      { does: { type: "await-upstream" } },
      {
        event: {
          type: "bind-refused",
          condition: "remote-server-timeout",
          text: "example.org cannot be reached.",
        },
      },
      {
        server: `<iq type="error" id="b"><error type="wait"><remote-server-timeout xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>
          <text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">example.org cannot be reached.</text></error></iq>`,
      },
      d.bindRequest(""),
      { does: { type: "await-upstream" } },
    ]);
  });

  it.each(d.phases.filter(([name]) => name !== "awaiting-upstream"))(
    "nobody waits in phase %s",
    (_name, lines) => {
      converse([
        ...lines,
        { event: { type: "upstream-bound", fullJid: "user@example.org/other" } },
        { event: { type: "bind-refused", condition: "remote-server-timeout", text: "x" } },
      ]);
    },
  );
});

describe("a bound stream", () => {
  it.each([
    ["a message", `<message xmlns="jabber:client" to="bob@example.org"><body>x</body></message>`],
    ["presence", `<presence xmlns="jabber:client"/>`],
    ["from the bare JID", `<iq xmlns="jabber:client" from="user@example.org" type="get" id="1"/>`],
    ["from the full JID", `<iq xmlns="jabber:client" from="${d.FULL}" type="get" id="1"/>`],
  ])("%s comes out", (_name, client) => {
    converse([...d.bound, { client }, { stanza: client }, { client: " " }]);
  });

  it.each([
    ["somebody else", "eve@example.org"],
    ["another resource", "user@example.org/other"],
    ["the resource asked for", "user@example.org/phone"],
    ["nobody", ""],
  ])("WS-7 a stanza from %s", (_name, from) => {
    const end = d.endsWith("invalid-from", "A stanza may only come from the account itself.");
    converse([...d.bound, { client: `<message xmlns="jabber:client" from="${from}"/>` }, ...end]);
  });

  it.each([
    ["an unknown element", `<foo xmlns="jabber:client"/>`, "&lt;foo/&gt; is not a stanza."],
    [
      "a stanza of another namespace",
      `<message xmlns="jabber:server"/>`,
      "&lt;message/&gt; is not a stanza.",
    ],
    ["SASL again", `<auth xmlns="${SASL}" mechanism="PLAIN"/>`, "&lt;auth/&gt; is not a stanza."],
    ["an unknown framing element", `<reopen xmlns="${FRAMING}"/>`, "Unknown framing element."],
  ])("WS-8 %s", (_name, client, text) => {
    converse([...d.bound, { client }, ...d.endsWith("unsupported-stanza-type", text)]);
  });

  it("WS-11 a legacy session request is answered, and counts as a stanza", () => {
    converse([
      ...d.bound,
      {
        client: `<iq xmlns="jabber:client" type="set" id="s" to="example.org"><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/></iq>`,
      },
      { reply: `<iq xmlns="jabber:client" type="result" id="s" from="example.org"/>` },
    ]);
  });

  it("WS-14 a second resource on a stream is refused, and the server not asked", () => {
    converse([
      ...d.bound,
      d.bindRequest("<resource>again</resource>"),
      {
        reply: `<iq xmlns="jabber:client" type="error" id="b"><error type="cancel"><not-allowed xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>
          <text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">This stream has its resource.</text></error></iq>`,
      },
      { client: `<presence xmlns="jabber:client"/>` },
      { stanza: `<presence/>` },
    ]);
  });

  it.each([
    ["a session request", `<session xmlns="urn:ietf:params:xml:ns:xmpp-session"/>`],
    ["a bind request", `<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>`],
  ])("WS-7 %s from somebody else", (_name, payload) => {
    const end = d.endsWith("invalid-from", "A stanza may only come from the account itself.");
    const client = `<iq xmlns="jabber:client" type="set" id="1" from="eve@example.org">${payload}</iq>`;
    converse([...d.bound, { client }, ...end]);
  });

  it("CSI-1 says whether a person is looking (XEP-0352)", () => {
    converse([
      ...d.bound,
      { client: `<inactive xmlns="urn:xmpp:csi:0"/>` },
      { does: { type: "client-state", active: false } },
      { client: `<active xmlns="urn:xmpp:csi:0"/>` },
      { does: { type: "client-state", active: true } },
      { client: `<absent xmlns="urn:xmpp:csi:0"/>` },
      ...d.endsWith("unsupported-stanza-type", "&lt;absent/&gt; is no client state."),
    ]);
  });
});

describe("WS-10 bad XML, and what ends a stream from our side", () => {
  const bad: [client: string, condition: string, text: string, code?: number][] = [
    [`<a xmlns="b"`, "not-well-formed", "XML that is not well-formed"],
    [`<?xml version="1.0"?><!DOCTYPE a><a xmlns="b"/>`, "restricted-xml", "Document type declaration"],
    [`<a/>`, "invalid-namespace", "Frame without a namespace declaration"],
    [`<a xmlns="b"/><a xmlns="b"/>`, "not-well-formed", "More than one root element"],
    [`hello`, "bad-format", `Frame that does not begin with "&lt;"`],
    [`<a xmlns="b">${" ".repeat(1_048_576)}</a>`, "policy-violation", "Frame too large", 1008],
  ];
  it.each(d.phases)("WS-10 in phase %s", (name, lines) => {
    const opening: Line[] = name === "opening" ? [{ server: d.OPENED }] : [];
    for (const [client, condition, text, code] of bad) {
      converse([...lines, { client }, ...opening, ...d.endsWith(condition, text, code)]);
    }
  });

  it.each(d.phases)("ID-2 ID-3 LOGIN-8 a shutdown in phase %s", (name, lines) => {
    const opening: Line[] = name === "opening" ? [{ server: d.OPENED }] : [];
    const shutdown: Line = { event: { type: "shutdown", condition: "conflict", text: "Again." } };
    converse([...lines, shutdown, ...opening, ...d.endsWith("conflict", "Again."), shutdown]);
  });
});
