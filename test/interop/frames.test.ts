// Frames that no well-behaved client sends: each is answered with its standard stream error, never with silence
// (RFC 7395 section 3.3.3, RFC 6120 sections 4.9.3 and 11).

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Account, element, openTo, RawClient, type RawSession } from "../support/raw-client.ts";
import { missingProsody } from "../support/requirements.ts";
import { type Stage, startStage } from "./stage.ts";

const body = (content: string): string =>
  `<message xmlns="jabber:client" to="bob@localhost"><body>${content}</body></message>`;

describe.skipIf(missingProsody)("bad frames", () => {
  let stage: Stage;
  let alice: Account;

  beforeAll(async () => {
    stage = await startStage();
    alice = await stage.account("alice");
  });

  afterAll(async () => await stage?.stop());

  async function connect(): Promise<RawClient> {
    return await RawClient.connect(stage.worker.wsUrl(alice.jid));
  }

  async function login(): Promise<RawSession> {
    return await stage.attach(alice, "desk");
  }

  const BINARY = new TextEncoder().encode(openTo("localhost"));

  it("WS-2: a binary message ends the WebSocket with 1003, even if it reads as XML", async () => {
    for (const client of [await connect(), (await login()).client]) {
      client.send(BINARY);
      expect((await client.closed).code).toBe(1003);
    }
  });

  const OVERSIZE = body("x".repeat(1_048_576));
  const DEEP = `<message xmlns="jabber:client">${"<a>".repeat(100)}${"</a>".repeat(100)}</message>`;
  const MANY = Array.from({ length: 100 }, (_none, index) => `a${index}=""`).join(" ");

  const BAD: [name: string, condition: string, frame: string][] = [
    ["an end tag of another element", "not-well-formed", '<message xmlns="jabber:client"><body></message>'],
    [
      "a start tag only",
      "not-well-formed",
      '<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">',
    ],
    ["two elements", "not-well-formed", `${body("a")}${body("b")}`],
    ["text behind the element", "not-well-formed", `${body("a")}b`],
    ["an undeclared prefix", "not-well-formed", '<message xmlns="jabber:client"><x:y/></message>'],
    ["an attribute twice", "not-well-formed", '<message xmlns="jabber:client" to="a" to="b"/>'],
    ["a bare ampersand", "not-well-formed", body("salt & pepper")],
    ["a control character", "not-well-formed", body("\u0001")],
    ["a reference to a control character", "not-well-formed", body("&#0;")],
    ["a comment", "restricted-xml", body("<!-- hello -->")],
    ["a processing instruction", "restricted-xml", body("<?php echo 1 ?>")],
    ["a document type", "restricted-xml", `<!DOCTYPE message>${body("a")}`],
    ["an internal subset", "restricted-xml", `<!DOCTYPE m [<!ENTITY a "b">]>${body("&a;")}`],
    ["an entity reference", "restricted-xml", body("&nbsp;")],
    ["no element", "bad-format", "hello"],
    ["white space first", "bad-format", ` ${body("a")}`],
    ["no namespace", "invalid-namespace", '<message to="bob@localhost"/>'],
    ["more than a mebibyte", "policy-violation", OVERSIZE],
    ["deep nesting", "policy-violation", DEEP],
    ["many attributes", "policy-violation", `<message xmlns="jabber:client" ${MANY}/>`],
  ];

  it.each(BAD)("WS-10: %s is %s", async (_name, condition, frame) => {
    const code = condition === "policy-violation" ? 1008 : 1000;
    const session = await login();
    session.client.send(frame);
    expect(await session.client.ending()).toMatchObject({ condition, closedStream: true, code });

    // The same from a client that has not opened its stream: the error is preceded by <open/>.
    const client = await connect();
    client.send(frame);
    expect(await client.ending()).toMatchObject({ condition, closedStream: true, code });
    expect(element(client.frames.all[0] ?? "").getName()).toBe("open");
  });

  it("WS-10: the text of the error repeats nothing of what was sent", async () => {
    const session = await login();
    session.client.send(body("<secret-word/>&secret-word;"));
    const { text } = await session.client.ending();
    expect(text).not.toBe("");
    expect(text).not.toContain("secret-word");
  });

  it("XML-0: white space alone is a keepalive, an XML declaration is tolerated", async () => {
    const session = await login();
    session.client.send(" ");
    session.client.send("\n");
    const ping =
      '<iq xmlns="jabber:client" to="localhost" type="get" id="alive"><ping xmlns="urn:xmpp:ping"/></iq>';
    session.client.send(`<?xml version="1.0" encoding="UTF-8"?>${ping}`);
    const answer = await session.stanza("iq", ({ attrs }) => attrs.id === "alive");
    expect(answer.attrs.type).toBe("result");
    session.client.drop();
  });
});
