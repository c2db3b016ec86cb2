// How a negotiation ends early: a stream error, the end of the stream or something unexpected, in every phase.

import { describe, expect, it } from "vitest";
import { negotiate, startNegotiation } from "../../../../xmpp/initiating/negotiation.ts";
import { parse } from "../../../support/xml-shape.ts";
import { converse, type Line, USER } from "./dialogue.ts";
import * as words from "./words.ts";
import { ejabberd, prosody } from "./words.ts";

const FULL = "user@example.org/xmpproxy-1";
const beforeTls: Line[] = [...words.opensPlain, { server: ejabberd.header }];
const upgraded: Line[] = [...words.upgrades(ejabberd)];
const asked: Line[] = [
  ...upgraded,
  { server: ejabberd.mechanisms("SCRAM-SHA-1") },
  { client: words.auth("SCRAM-SHA-1", words.RFC5802.clientFirst) },
];
const proved: Line[] = [...upgraded, { server: ejabberd.mechanisms("SCRAM-SHA-1") }, ...words.proves];
const loggedIn: Line[] = [
  ...proved,
  { server: words.success(words.RFC5802.serverFinal) },
  words.evidence(false),
  ...words.opensSecure,
  { server: ejabberd.header },
];
const binding: Line[] = [...loggedIn, { server: ejabberd.bind }, { client: words.bindRequest }];
const phases: [name: string, lines: Line[]][] = [
  ["before features", beforeTls],
  [
    "in place of <proceed/>",
    [
      ...beforeTls,
      { server: ejabberd.starttls },
      { client: `<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>` },
    ],
  ],
  ["before features inside TLS", upgraded],
  ["in place of a challenge", asked],
  ["in place of success", proved],
  ["before features after the login", loggedIn],
  ["in place of the bound JID", binding],
  [
    "in place of <enabled/>",
    [
      ...binding,
      { server: words.bindResult(FULL) },
      { client: `<enable xmlns="urn:xmpp:sm:3" resume="true"/>` },
    ],
  ],
];
const config = { probeSalt: false };

describe("a stream error in every phase", () => {
  it.each(phases)("%s", (_name, lines) => {
    const error = `<stream:error><host-gone xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>We moved</text></stream:error>`;
    const text = "The server ended the stream: host-gone (We moved).";
    converse([...lines, { server: error }, words.ends("host-gone", "We moved", text)], config, []);
  });

  it("without a text, and without a condition that is known", () => {
    converse([
      ...beforeTls,
      { server: `<stream:error><strange xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>` },
      words.ends("strange", "", "The server ended the stream: strange."),
    ]);
    converse([
      ...beforeTls,
      { server: `<stream:error/>` },
      words.ends("undefined-condition", "", "The server ended the stream: undefined-condition."),
    ]);
  });
});

describe("the end of the stream in every phase", () => {
  it.each(phases)("%s", (_name, lines) => {
    const text = "The server closed the stream during negotiation.";
    converse([...lines, { server: `</stream:stream>` }, words.fails("server", "closed", text)], config, []);
  });
});

describe("something that does not belong there", () => {
  it.each([
    ["a stanza in place of features", beforeTls, "message", "features"],
    ["a stanza in place of features inside TLS", upgraded, "message", "features"],
    ["a stanza in place of features after the login", loggedIn, "message", "features"],
  ])("%s", (_name, lines, name, phase) => {
    const text = `The server sent <${name}/> in phase ${phase}.`;
    converse(
      [...lines, { server: `<${name}/>` }, words.fails("protocol", "unexpected-element", text)],
      config,
      [],
    );
  });

  it("keys that nobody asked for", () => {
    const text = "Keys arrived when none were asked for.";
    converse([...beforeTls, { keys: words.KEYS }, words.fails("protocol", "unexpected-keys", text)]);
  });

  it("a probe that the server takes for a refused login says nothing of the credentials", () => {
    converse([
      ...upgraded,
      { server: prosody.mechanisms("SCRAM-SHA-1") },
      { client: words.auth("SCRAM-SHA-1", "n,,n=user,r=theprobesnonce") },
      { server: words.challenge("r=theprobesnonceservers,s=QSXCR+Q6sek8bf92,i=4096") },
      { client: words.ABORT },
      { server: words.failure("not-authorized") },
      ...words.proves,
    ]);
  });
});

describe("after the end", () => {
  it.each([
    ["failed", [{ type: "close" }] as const],
    [
      "proved",
      [
        { type: "open", header: parse(`<stream version="1.0"/>`) },
        {
          type: "element",
          element: parse(
            `<features xmlns="http://etherx.jabber.org/streams"><mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>PLAIN</mechanism></mechanisms></features>`,
          ),
        },
        { type: "element", element: parse(`<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>`) },
      ] as const,
    ],
  ])("the machine takes nothing more once it has %s", (phase, events) => {
    const ports = { nonce: () => "n" };
    const state = startNegotiation({ ...USER, tls: "direct", proofOnly: true });
    negotiate(state, { type: "connected" }, ports);
    for (const event of events) negotiate(state, event, ports);
    expect(state.phase).toBe(phase);
    for (const event of [
      { type: "close" },
      { type: "element", element: parse(`<message/>`) },
      { type: "keys", keys: words.KEYS },
      { type: "open", header: parse(`<stream version="1.0"/>`) },
    ] as const) {
      expect(negotiate(state, event, ports)).toEqual([]);
    }
    expect(state.phase).toBe(phase);
  });
});
