// Whole negotiations, from the TCP connection to the bound resource, as real servers lead them.

import { describe, expect, it } from "vitest";
import { streamHeader } from "../../../../xmpp/framing.ts";
import { negotiate, startNegotiation } from "../../../../xmpp/initiating/negotiation.ts";
import { converse, type Line, USER } from "./dialogue.ts";
import * as words from "./words.ts";
import { ejabberd, prosody } from "./words.ts";

/** Code unit by code unit. */
const inPieces = (text: string): Line[] => text.split("").map((server) => ({ server }));

const FULL = "user@example.org/xmpproxy-1";

describe("a whole negotiation", () => {
  it("Prosody 0.12: STARTTLS, SCRAM-SHA-1 with the salt asked twice, bind", () => {
    converse([
      ...words.upgrades(prosody),
      { server: prosody.mechanisms("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "PLAIN") },
      ...words.probes(),
      ...words.proves,
      { server: words.success(words.RFC5802.serverFinal) },
      words.evidence(true),
      ...words.opensSecure,
      { server: prosody.header },
      { server: prosody.bind },
      { client: words.bindRequest },
      { server: words.bindResult(FULL) },
      { does: { type: "bound", fullJid: FULL, features: prosody.features, sm: undefined } },
    ]);
  });

  it("ejabberd 23 with plain storage: another salt each time, so that the password has to be kept; Stream Management", () => {
    converse([
      ...words.upgrades(ejabberd),
      { server: ejabberd.mechanisms("PLAIN", "SCRAM-SHA-1", "X-OAUTH2") },
      ...words.probes("YW5vdGhlciBzYWx0"),
      ...words.proves,
      { server: words.success(words.RFC5802.serverFinal) },
      words.evidence(false),
      ...words.opensSecure,
      { server: ejabberd.header },
      { server: ejabberd.bind },
      { client: words.bindRequest },
      { server: words.bindResult(FULL) },
      { client: `<enable xmlns="urn:xmpp:sm:3" resume="true"/>` },
      { server: `<enabled max='300' id='g2gCbQAAAAo=' resume='true' xmlns='urn:xmpp:sm:3'/>` },
      {
        does: {
          type: "bound",
          fullJid: FULL,
          features: ejabberd.features,
          sm: { id: "g2gCbQAAAAo=", location: undefined },
        },
      },
    ]);
  });

  it("direct TLS: the first header names the account already, STARTTLS is not looked for", () => {
    converse(
      [
        ...words.opensSecure,
        { server: prosody.header + prosody.mechanisms("SCRAM-SHA-1") },
        ...words.probes(),
        ...words.proves,
        { server: words.success(words.RFC5802.serverFinal) },
        words.evidence(true),
        ...words.opensSecure,
        { server: prosody.header + prosody.bind },
        { client: words.bindRequest },
        { server: words.bindResult(FULL) },
        { does: { type: "bound", fullJid: FULL, features: prosody.features, sm: undefined } },
      ],
      { tls: "direct" },
    );
  });

  it("stored keys: no probe, no question for a password", () => {
    converse(
      [
        ...words.upgrades(prosody),
        { server: prosody.mechanisms("SCRAM-SHA-1", "PLAIN") },
        { client: words.auth("SCRAM-SHA-1", words.RFC5802.clientFirst) },
        { server: words.challenge(words.RFC5802.serverFirst) },
        { client: words.response(words.RFC5802.clientFinal) },
        { server: words.success(words.RFC5802.serverFinal) },
        words.evidence(true),
        ...words.opensSecure,
        { server: prosody.header + prosody.bind },
        { client: words.bindRequest },
        { server: words.bindResult(FULL) },
        { does: { type: "bound", fullJid: FULL, features: prosody.features, sm: undefined } },
      ],
      { credentials: { type: "scram", parameters: words.PARAMETERS, keys: words.KEYS }, probeSalt: true },
      [],
    );
  });

  it("LOGIN-5 only the password is to be proved: it ends with the proof", () => {
    converse(
      [
        ...words.upgrades(prosody),
        { server: prosody.mechanisms("SCRAM-SHA-1") },
        ...words.proves,
        { server: words.success(words.RFC5802.serverFinal) },
        words.evidence(false),
      ],
      { proofOnly: true, probeSalt: false },
      [],
    );
  });

  it("the text comes in single characters", () => {
    converse([
      ...words.opensPlain,
      ...inPieces(prosody.header + prosody.starttls),
      { client: `<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>` },
      ...inPieces(`<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`),
      { does: { type: "start-tls" } },
      { event: "tls-established" },
      ...words.opensSecure,
      ...inPieces(prosody.header + prosody.mechanisms("PLAIN")),
      { client: words.auth("PLAIN", "\0user\0pencil") },
    ]);
  });

  it("what the account's name has of markup is escaped in the header", () => {
    const state = startNegotiation({
      ...USER,
      tls: "direct",
      account: { local: `o'neil&"<x>`, domain: "example.org", resource: "" },
    });
    const [, header] = negotiate(state, { type: "connected" }, { nonce: () => "" });
    expect(header?.type === "open" && streamHeader(header.opening)).toBe(
      words.SECURE_HEADER.replace("user@", "o&apos;neil&amp;&quot;&lt;x&gt;@"),
    );
  });
});
