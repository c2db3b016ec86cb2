// Stream Management towards a client (XEP-0198): which nonza may come when.

import { describe, expect, it } from "vitest";
import * as d from "./dialogue.ts";
import { converse, type Line } from "./dialogue.ts";

const SM = "urn:xmpp:sm:3";
const outOfOrder = d.endsWith("policy-violation", "Stream Management out of order.", 1008);
const enabled: Line[] = [
  ...d.bound,
  { client: `<enable xmlns="${SM}" resume="true"/>` },
  { does: { type: "enable-sm", maxSeconds: undefined } },
  { event: { type: "sm-enabled", id: "abc", maxSeconds: 3600 } },
  { server: `<enabled xmlns="${SM}" id="abc" resume="true" max="3600"/>` },
];
const resuming: Line[] = [
  ...d.reopened,
  { client: `<resume xmlns="${SM}" previd="abc" h="7"/>` },
  { does: { type: "resume", previd: "abc", h: 7 } },
];
const condition = (name: string): string =>
  `<failed xmlns="${SM}"><${name} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></failed>`;

describe("enabling (section 3)", () => {
  it("after binding, and then requests and acknowledgements are taken", () => {
    converse([
      ...enabled,
      { client: `<r xmlns="${SM}"/>` },
      { does: { type: "ack-requested" } },
      { client: `<a xmlns="${SM}" h="4294967295"/>` },
      { does: { type: "acknowledged", h: 4_294_967_295 } },
    ]);
  });

  it.each(["", ' resume="false"'])(
    "SM-12 without asking to resume (%j) there is nothing to come back to",
    (resume) => {
      converse([
        ...d.bound,
        { client: `<enable xmlns="${SM}"${resume}/>` },
        { does: { type: "enable-sm", maxSeconds: undefined } },
        { event: { type: "sm-enabled", id: "abc", maxSeconds: 3600 } },
        { server: `<enabled xmlns="${SM}"/>` },
      ]);
    },
  );

  it.each([
    ["60", 60],
    ["+60", 60],
    ["0060", 60],
    [" 60\n", 60],
    ["9".repeat(400), Number.MAX_SAFE_INTEGER],
  ])("SM-13 for how long it wants to be able to resume (%j) is read", (max, maxSeconds) => {
    converse([
      ...d.bound,
      { client: `<enable xmlns="${SM}" resume="true" max="${max.replace("\n", "&#10;")}"/>` },
      { does: { type: "enable-sm", maxSeconds } },
      { event: { type: "sm-enabled", id: "abc", maxSeconds: 60 } },
      { server: `<enabled xmlns="${SM}" id="abc" resume="true" max="60"/>` },
    ]);
  });

  it.each(["0", "-1", "", "1.5", "1e3", "an hour"])(
    "SM-13 what is no positive integer (%j) fails, and the client may ask again",
    (max) => {
      converse([
        ...d.bound,
        { client: `<enable xmlns="${SM}" resume="true" max="${max}"/>` },
        { server: condition("bad-request") },
        { client: `<enable xmlns="${SM}" resume="true"/>` },
        { does: { type: "enable-sm", maxSeconds: undefined } },
        { event: { type: "sm-enabled", id: "abc", maxSeconds: 3600 } },
        { server: `<enabled xmlns="${SM}" id="abc" resume="true" max="3600"/>` },
      ]);
    },
  );

  it("before binding it fails, and the stream goes on", () => {
    converse([
      ...d.reopened,
      { client: `<enable xmlns="${SM}"/>` },
      { server: condition("unexpected-request") },
      d.bindRequest(""),
      { does: { type: "await-upstream" } },
    ]);
  });

  it.each([
    ["a second time", enabled, `<enable xmlns="${SM}"/>`],
    ["a request without it", d.bound, `<r xmlns="${SM}"/>`],
    ["an acknowledgement without it", d.bound, `<a xmlns="${SM}" h="1"/>`],
    ["an acknowledgement of nothing", enabled, `<a xmlns="${SM}"/>`],
    ["an acknowledgement that is no number", enabled, `<a xmlns="${SM}" h="-1"/>`],
    ["an unknown nonza", enabled, `<x xmlns="${SM}"/>`],
    ["our own nonza", enabled, `<enabled xmlns="${SM}"/>`],
    ["a request before binding", d.reopened, `<r xmlns="${SM}"/>`],
  ])("%s ends the stream", (_name, lines, client) => {
    converse([...lines, { client }, ...outOfOrder]);
  });
});

describe("resuming (section 5)", () => {
  it("in place of binding: the stream is bound as it was", () => {
    const state = converse([
      ...resuming,
      { event: { type: "sm-resumed", previd: "abc", h: 3, fullJid: d.FULL } },
      { server: `<resumed xmlns="${SM}" previd="abc" h="3"/>` },
      { client: `<message xmlns="jabber:client" from="${d.FULL}"/>` },
      { stanza: `<message from="${d.FULL}"/>` },
      { client: `<r xmlns="${SM}"/>` },
      { does: { type: "ack-requested" } },
    ]);
    const resumed = { phase: "bound", failedLogins: 0, managed: true, hasResumed: true, fullJid: d.FULL };
    expect(state).toEqual(resumed);
  });

  it("WS-7 regression: a client that believes in another resource of the account goes on, one in another account does not", () => {
    converse([
      ...resuming,
      { event: { type: "sm-resumed", previd: "abc", h: 3, fullJid: d.FULL } },
      { server: `<resumed xmlns="${SM}" previd="abc" h="3"/>` },
      { client: `<message xmlns="jabber:client" from="user@example.org/made-up"/>` },
      { stanza: `<message from="user@example.org/made-up"/>` },
      { client: `<message xmlns="jabber:client" from="eve@example.org/made-up"/>` },
      ...d.endsWith("invalid-from", "A stanza may only come from the account itself."),
    ]);
  });

  it("SM-15 a stream that is over and still known: how many stanzas were handled, and the client may bind", () => {
    converse([
      ...resuming,
      { event: { type: "sm-resume-failed", h: 4294967295 } },
      {
        server: `<failed xmlns="${SM}" h="4294967295"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></failed>`,
      },
      d.bindRequest(""),
      { does: { type: "await-upstream" } },
    ]);
  });

  it("a stream that is known no more: the client may bind", () => {
    converse([
      ...resuming,
      { event: { type: "sm-resume-failed" } },
      { server: condition("item-not-found") },
      d.bindRequest(""),
      { does: { type: "await-upstream" } },
    ]);
  });

  it.each([
    ["of nothing", d.reopened, `<resume xmlns="${SM}" h="1"/>`],
    ["without a counter", d.reopened, `<resume xmlns="${SM}" previd="abc"/>`],
    ["once bound", d.bound, `<resume xmlns="${SM}" previd="abc" h="1"/>`],
    ["once enabled", enabled, `<resume xmlns="${SM}" previd="abc" h="1"/>`],
  ])("a resumption %s ends the stream", (_name, lines, client) => {
    converse([...lines, { client }, ...outOfOrder]);
  });
});
