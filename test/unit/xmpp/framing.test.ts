// The two framings as the initiating entity writes and reads them: RFC 6120 and RFC 7395.

import xml from "@xmpp/xml";
import { describe, expect, it } from "vitest";
import { elementFrame, openFrame, readFramed, streamHeader } from "../../../xmpp/framing.ts";
import { NS } from "../../../xmpp/namespaces.ts";
import { parseFrame } from "../../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../../xmpp/xml/limits.ts";
import { serialize } from "../../../xmpp/xml/serialize.ts";
import { frameElement } from "./xml/support.ts";

describe("LINK-2 the beginning of a stream", () => {
  it("names who logs in only when told to", () => {
    expect(streamHeader({ to: "example.org" })).toBe(
      '<?xml version="1.0"?><stream:stream to="example.org" version="1.0" xml:lang="en"' +
        ' xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">',
    );
    expect(openFrame({ to: "example.org" })).toBe(
      '<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="example.org" version="1.0" xml:lang="en"/>',
    );
  });

  it.each([streamHeader, openFrame])("escapes both names", (write) => {
    expect(write({ to: "a'b", from: 'a<&"@b' })).toContain(
      ' to="a&apos;b" from="a&lt;&amp;&quot;@b" version="1.0"',
    );
  });
});

describe("LINK-3 one element, one frame", () => {
  it.each([
    ["<message/>", '<message xmlns="jabber:client"/>'],
    [
      '<message to="b@c"><body>x</body></message>',
      '<message xmlns="jabber:client" to="b@c"><body>x</body></message>',
    ],
    ["<presence></presence>", '<presence xmlns="jabber:client"></presence>'],
    [
      '<iq id="1"><ping xmlns="urn:xmpp:ping"/></iq>',
      '<iq xmlns="jabber:client" id="1"><ping xmlns="urn:xmpp:ping"/></iq>',
    ],
    ['<r xmlns="urn:xmpp:sm:3"/>', '<r xmlns="urn:xmpp:sm:3"/>'],
    ['<a h="1" xmlns="urn:xmpp:sm:3"/>', '<a h="1" xmlns="urn:xmpp:sm:3"/>'],
    ['<stream:error xmlns:stream="s"/>', '<stream:error xmlns:stream="s"/>'],
    ['<message id=" xmlns=&quot;x&gt;"/>', '<message xmlns="jabber:client" id=" xmlns=&quot;x&gt;"/>'],
  ])("%s", (element, frame) => {
    expect(elementFrame(element)).toBe(frame);
  });

  it("means the same as inside a stream, whatever stands in it", () => {
    const element = xml(
      "message",
      { xmlns: NS.client, id: ' >/" xmlns="y"' },
      xml("body", {}, '<a xmlns="z">'),
    );
    const framed = parseFrame(elementFrame(serialize(element, NS.client)), DEFAULT_LIMITS);
    expect(framed.ok && framed.element && serialize(framed.element)).toBe(serialize(element));
  });

  it.each([
    ['<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>', undefined],
    ['<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" see-other-uri=" "/>', undefined],
    [
      '<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" see-other-uri="wss://elsewhere.example/"/>',
      "wss://elsewhere.example/",
    ],
  ])("UP-18 %s leads to %s", (frame, otherUri) => {
    expect(readFramed(frameElement(frame))).toEqual({ type: "close", ...(otherUri && { otherUri }) });
  });

  it.each([
    ['<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" version="1.0"/>', "open"],
    ['<open xmlns="jabber:client"/>', "element"],
    ['<stream:error xmlns:stream="http://etherx.jabber.org/streams"/>', "element"],
  ])("%s is read as %s", (frame, type) => {
    expect(readFramed(frameElement(frame)).type).toBe(type);
  });
});
