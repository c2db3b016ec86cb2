// UP-9, UP-10, SM: XEP-0198's nonzas as its examples have them, and the arithmetic of its counters (section 4).

import { describe, expect, it } from "vitest";
import {
  ackNonza,
  enableNonza,
  handledCountTooHigh,
  increment,
  newlyAcknowledged,
  readEnable,
  readEnabled,
  readHandled,
  REQUEST_ACK,
  resumeNonza,
} from "../../../xmpp/stream-management.ts";
import { serialize } from "../../../xmpp/xml/serialize.ts";
import { parse, shapeOf } from "../../support/xml-shape.ts";

const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const WORDS = "urn:ietf:params:xml:ns:xmpp-streams";

describe("XEP-0198's examples", () => {
  it.each([
    ["section 3: without resumption", `<enabled xmlns='urn:xmpp:sm:3'/>`, undefined, undefined],
    [
      "section 3: with resumption",
      `<enabled xmlns='urn:xmpp:sm:3' id='some-long-sm-id' resume='true'/>`,
      "some-long-sm-id",
      undefined,
    ],
    [
      "section 5: an id, but no resumption",
      `<enabled xmlns='urn:xmpp:sm:3' id='some-long-sm-id'/>`,
      undefined,
      undefined,
    ],
    [
      "section 5: a particular location",
      `<enabled xmlns='urn:xmpp:sm:3' id='some-long-sm-id' location='[2001:41D0:1:A49b::1]:9222' resume='true'/>`,
      "some-long-sm-id",
      "[2001:41D0:1:A49b::1]:9222",
    ],
    ["an xs:boolean is 1 as well", `<enabled xmlns='urn:xmpp:sm:3' id='x' resume='1'/>`, "x", undefined],
  ])("UP-9 <enabled/>, %s", (_name, enabled, id, location) => {
    expect(readEnabled(parse(enabled))).toEqual({ id, location });
  });

  it.each([
    ["section 3", `<enable xmlns='urn:xmpp:sm:3'/>`, { resumable: false }],
    ["section 5", `<enable xmlns='urn:xmpp:sm:3' resume='true'/>`, { resumable: true }],
    [
      "section 5, with a time",
      `<enable xmlns='urn:xmpp:sm:3' resume='true' max='300'/>`,
      { resumable: true, maxSeconds: 300 },
    ],
    ["with a time that is none", `<enable xmlns='urn:xmpp:sm:3' resume='true' max='soon'/>`, undefined],
  ])("SM-1 SM-13 <enable/>, %s", (_name, enable, expected) => {
    expect(readEnable(parse(enable))).toEqual(expected);
  });

  it.each([
    ["section 5: <enable/>", enableNonza(), `<enable xmlns='urn:xmpp:sm:3' resume='true'/>`],
    [
      "section 5: <resume/>",
      resumeNonza("some-long-sm-id", 12),
      `<resume xmlns='urn:xmpp:sm:3' h='12' previd='some-long-sm-id'/>`,
    ],
    ["section 7.1: <r/>", REQUEST_ACK, `<r xmlns='urn:xmpp:sm:3'/>`],
    ["section 7.1: <a/>", ackNonza(1), `<a xmlns='urn:xmpp:sm:3' h='1'/>`],
    [
      "section 6: too high",
      serialize(handledCountTooHigh(10, 8)),
      `<handled-count-too-high xmlns='urn:xmpp:sm:3' h='10' send-count='8'/>`,
    ],
  ])("UP-9 UP-10 what is said, %s", (_name, said, expected) => {
    expect(shapeOf(parse(said))).toEqual(shapeOf(parse(expected)));
  });

  it.each([
    ["section 7.1", `<a xmlns='urn:xmpp:sm:3' h='3'/>`, 3],
    ["section 5", `<resumed xmlns='urn:xmpp:sm:3' h='7' previd='some-long-sm-id'/>`, 7],
    [
      "section 5, timed out",
      `<failed xmlns='urn:xmpp:sm:3' h='5'><item-not-found xmlns='${STANZAS}'/></failed>`,
      5,
    ],
    [
      "section 6, an error",
      `<failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='${STANZAS}'/></failed>`,
      undefined,
    ],
    ["the highest there is", `<a xmlns='urn:xmpp:sm:3' h='4294967295'/>`, 4_294_967_295],
    ["one more", `<a xmlns='urn:xmpp:sm:3' h='4294967296'/>`, undefined],
    ["no number", `<a xmlns='urn:xmpp:sm:3' h='-1'/>`, undefined],
    ["none", `<a xmlns='urn:xmpp:sm:3'/>`, undefined],
    ["of something else", `<error xmlns='${WORDS}' h=''/>`, undefined],
  ])("UP-9 UP-11 h, %s", (_name, nonza, h) => {
    expect(readHandled(parse(nonza))).toBe(h);
  });
});

describe("section 4: counters", () => {
  it.each([
    { h: 3, last: 1, outstanding: 2, count: 2 },
    { h: 1, last: 1, outstanding: 2, count: 0 },
    { h: 4, last: 1, outstanding: 2, count: undefined },
    // Section 6: less than before is more than was sent.
    { h: 0, last: 1, outstanding: 2, count: undefined },
    { h: 1, last: 2 ** 32 - 1, outstanding: 2, count: 2 },
    { h: 2, last: 2 ** 32 - 1, outstanding: 2, count: undefined },
  ])("UP-10 h $h after $last, with $outstanding outstanding", ({ h, last, outstanding, count }) => {
    expect(newlyAcknowledged(h, last, outstanding)).toBe(count);
  });

  it("UP-9 begin anew behind 2^32 - 1", () => {
    expect([0, 2 ** 32 - 2, 2 ** 32 - 1].map(increment)).toEqual([1, 2 ** 32 - 1, 0]);
  });
});
