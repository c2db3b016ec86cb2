// UP-1: TLS before anything that tells who logs in.

import { describe, it } from "vitest";
import { converse, type Line } from "./dialogue.ts";
import * as words from "./words.ts";
import { ejabberd, prosody } from "./words.ts";

const starttls: Line = { client: `<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>` };
const noStarttls = words.fails(
  "identity",
  "no-starttls",
  "The server does not offer STARTTLS, which is required; no setting allows to go without.",
);

describe("UP-1 STARTTLS is required", () => {
  it.each([
    ["SCRAM at once", prosody.mechanisms("SCRAM-SHA-1", "PLAIN")],
    ["nothing at all", `<stream:features/>`],
    ["to bind at once", prosody.bind],
    ["a starttls of another namespace", `<stream:features><starttls xmlns='urn:example'/></stream:features>`],
  ])("UP-1 a server that offers %s without TLS is left", (_name, features) => {
    converse([...words.opensPlain, { server: prosody.header + features }, noStarttls]);
  });

  it("UP-1 taken also where it is optional and SCRAM is offered beside it", () => {
    converse([
      ...words.opensPlain,
      { server: ejabberd.header },
      {
        server: `<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>`,
      },
      starttls,
    ]);
  });

  it.each([
    ["a failure", `<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`],
    ["a proceed of another namespace", `<proceed xmlns='jabber:client'/>`],
    ["something else", `<message><body>x</body></message>`],
  ])("UP-1 %s in place of <proceed/> ends it", (_name, answer) => {
    converse([
      ...words.opensPlain,
      { server: prosody.header + prosody.starttls },
      starttls,
      { server: answer },
      words.fails("identity", "starttls", "The server refused STARTTLS."),
    ]);
  });

  it("UP-1 not offered again inside TLS: features there are taken as they are", () => {
    converse([
      ...words.upgrades(prosody),
      { server: prosody.mechanisms("PLAIN") },
      { client: words.auth("PLAIN", "\0user\0pencil") },
    ]);
  });
});

describe("the stream's version (RFC 6120 section 4.7.5)", () => {
  it.each([
    ["none", ` version='1.0'`, ``],
    ["0.9", ` version='1.0'`, ` version='0.9'`],
    ["no number", ` version='1.0'`, ` version='x'`],
  ])("%s is before 1.0", (_name, version, instead) => {
    const text = "The server does not speak XMPP 1.0.";
    converse([
      ...words.opensPlain,
      { server: prosody.header.replace(`<?xml version='1.0'?>`, "").replace(version, instead) },
      words.fails("protocol", "unsupported-version", text),
    ]);
  });

  it("1.1 is not", () => {
    converse([
      ...words.opensPlain,
      { server: prosody.header.replace(` version='1.0' from`, ` version='1.1' from`) + prosody.starttls },
      starttls,
    ]);
  });
});
