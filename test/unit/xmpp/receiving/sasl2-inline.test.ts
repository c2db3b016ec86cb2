// RSASL2-4 to -6: what is asked for along with authentication, with the examples of XEP-0386 and XEP-0198 section 6.

import { describe, expect, it } from "vitest";
import * as d from "./dialogue.ts";
import { converse, type Line } from "./dialogue.ts";
import {
  SM,
  BIND,
  DEVICE,
  AGENT,
  BARE,
  FULL,
  VERIFIED,
  BIND_NONE,
  featuresOfBound,
  success,
  fails,
  scram,
  grants,
  nothingElse,
  upstream,
} from "./sasl2-words.ts";

const bind = (children: string): string => `<bind xmlns="${BIND}"><tag>AwesomeXMPP</tag>${children}</bind>`;

describe("RSASL2-4 Bind 2 (XEP-0386)", () => {
  it.each([
    ["nothing else", "", { carbons: false, active: true }],
    ["carbons", `<enable xmlns="urn:xmpp:carbons:2"/>`, { carbons: true, active: true }],
    ["an inactive client", `<inactive xmlns="urn:xmpp:csi:0"/>`, { carbons: false, active: false }],
    ["an active client", `<active xmlns="urn:xmpp:csi:0"/>`, { carbons: false, active: true }],
    ["what is not known here", `<enable xmlns="urn:example:x"/>`, { carbons: false, active: true }],
  ])("RSASL2-4 ID-1 with %s: the real address, whatever the tag", (_name, children, wishes) => {
    converse([
      ...scram(AGENT + bind(children)),
      ...upstream,
      ...nothingElse,
      success(VERIFIED + FULL + `<bound xmlns="${BIND}"/>`),
      { server: featuresOfBound(false) },
      { does: { type: "bound", device: DEVICE, ...wishes } },
      { client: `<presence xmlns="jabber:client"/>` },
      { stanza: `<presence/>` },
    ]);
  });

  it("RSASL2-4 with Stream Management (XEP-0198 section 6.1)", () => {
    const asked = `<enable xmlns="urn:xmpp:carbons:2"/><enable xmlns="${SM}" resume="true"/><inactive xmlns="urn:xmpp:csi:0"/>`;
    const bound = { device: DEVICE, carbons: true, active: false };
    converse([
      ...scram(AGENT + bind(asked)),
      ...upstream,
      { does: { type: "grant", token: undefined, management: bound } },
      grants({ management: { id: "sm-1", maxSeconds: 3600 } }),
      success(
        `${VERIFIED}${FULL}<bound xmlns="${BIND}"><enabled xmlns="${SM}" id="sm-1" resume="true" max="3600"/></bound>`,
      ),
      { server: featuresOfBound(true) },
      { does: { type: "bound", ...bound } },
      { client: `<r xmlns="${SM}"/>` },
      { does: { type: "ack-requested" } },
      { client: `<enable xmlns="${SM}"/>` },
      ...d.endsWith("policy-violation", "Stream Management out of order.", 1008),
    ]);
  });

  it("SM-12 with Stream Management that is not to be resumed", () => {
    const bound = { device: DEVICE, carbons: false, active: true };
    converse([
      ...scram(AGENT + bind(`<enable xmlns="${SM}"/>`)),
      ...upstream,
      { does: { type: "grant", token: undefined, management: bound } },
      grants({ management: { id: "sm-1", maxSeconds: 3600 } }),
      success(`${VERIFIED}${FULL}<bound xmlns="${BIND}"><enabled xmlns="${SM}"/></bound>`),
      { server: featuresOfBound(true) },
      { does: { type: "bound", ...bound } },
    ]);
  });

  it("SM-13 RSASL2-4 with Stream Management for as long as the client wants to be able to resume", () => {
    const bound = { device: DEVICE, carbons: false, active: true };
    converse([
      ...scram(AGENT + bind(`<enable xmlns="${SM}" resume="true" max="60"/>`)),
      ...upstream,
      { does: { type: "grant", token: undefined, management: { ...bound, maxSeconds: 60 } } },
      grants({ management: { id: "sm-1", maxSeconds: 60 } }),
      success(
        `${VERIFIED}${FULL}<bound xmlns="${BIND}"><enabled xmlns="${SM}" id="sm-1" resume="true" max="60"/></bound>`,
      ),
      { server: featuresOfBound(true) },
      { does: { type: "bound", ...bound } },
    ]);
  });

  it("SM-13 what is no positive integer: bound without Stream Management, which may be asked for again", () => {
    const failed = `<failed xmlns="${SM}"><bad-request xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></failed>`;
    const state = converse([
      ...scram(AGENT + bind(`<enable xmlns="${SM}" resume="true" max="0"/>`)),
      ...upstream,
      ...nothingElse,
      success(`${VERIFIED}${FULL}<bound xmlns="${BIND}">${failed}</bound>`),
      { server: featuresOfBound(false) },
      { does: { type: "bound", device: DEVICE, carbons: false, active: true } },
      { client: `<enable xmlns="${SM}" resume="true"/>` },
      { does: { type: "enable-sm", maxSeconds: undefined } },
    ]);
    expect(state.unresumable).toBeUndefined();
  });

  it("RSASL2-4 without a user agent the connection is the device: the tag names software", () => {
    converse([
      ...scram(bind("")),
      ...upstream,
      ...nothingElse,
      success(VERIFIED + FULL + `<bound xmlns="${BIND}"/>`),
      { server: featuresOfBound(false) },
      { does: { type: "bound", device: undefined, carbons: false, active: true } },
    ]);
  });

  it.each(["remote-server-timeout", "resource-constraint"] as const)(
    "RSASL2-5 nothing to bind to (%s): the login fails for now, with the reason, and may be tried again",
    (condition) => {
      const text = "example.org cannot be reached.";
      const state = converse([
        ...scram(AGENT + BIND_NONE),
        { does: { type: "await-upstream" } },
        { event: { type: "bind-refused", condition, text } },
        fails("temporary-auth-failure", text),
        ...scram(AGENT + BIND_NONE).slice(d.opened.length),
        ...upstream,
        ...nothingElse,
        success(VERIFIED + FULL + `<bound xmlns="${BIND}"/>`),
        { server: featuresOfBound(false) },
        { does: { type: "bound", device: DEVICE, carbons: false, active: true } },
      ]);
      expect(state.failedLogins).toBe(0);
    },
  );
});

describe("RSASL2-6 an old stream along with authentication (XEP-0198 section 6.2)", () => {
  const resume = `<resume xmlns="${SM}" h="7" previd="sm-0"/>`;
  const asks: Line = { does: { type: "resume", previd: "sm-0", h: 7 } };
  const failed = `<failed xmlns="${SM}"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></failed>`;
  const resumed: Line = { event: { type: "sm-resumed", previd: "sm-0", h: 3, fullJid: d.FULL } };

  it.each([
    ["alone", resume],
    [
      "with a bind, which is then ignored entirely",
      `${resume}<bind xmlns="${BIND}"><enable xmlns="${SM}"/></bind>`,
    ],
  ])("RSASL2-6 %s: the stream goes on, and no features follow", (_name, inline) => {
    const state = converse([
      ...scram(AGENT + inline),
      asks,
      resumed,
      ...nothingElse,
      success(`${VERIFIED}${FULL}<resumed xmlns="${SM}" previd="sm-0" h="3"/>`),
      { client: `<message xmlns="jabber:client" from="${d.FULL}"/>` },
      { stanza: `<message from="${d.FULL}"/>` },
      { client: `<r xmlns="${SM}"/>` },
      { does: { type: "ack-requested" } },
    ]);
    expect(state).toEqual({
      phase: "bound",
      failedLogins: 0,
      managed: true,
      hasResumed: true,
      fullJid: d.FULL,
      device: DEVICE,
    });
  });

  it("RSASL2-6 not known any more, with a bind: a new stream", () => {
    const bound = { device: DEVICE, carbons: false, active: true };
    converse([
      ...scram(`${AGENT}${resume}<bind xmlns="${BIND}"><enable xmlns="${SM}" resume="1"/></bind>`),
      asks,
      { event: { type: "sm-resume-failed" } },
      ...upstream,
      { does: { type: "grant", token: undefined, management: bound } },
      grants({ management: { id: "sm-1", maxSeconds: 60 } }),
      success(
        `${VERIFIED}${FULL}${failed}<bound xmlns="${BIND}"><enabled xmlns="${SM}" id="sm-1" resume="true" max="60"/></bound>`,
      ),
      { server: featuresOfBound(true) },
      { does: { type: "bound", ...bound } },
    ]);
  });

  it("SM-15 RSASL2-6 over and still known, with a bind: how many stanzas were handled", () => {
    const bound = { device: DEVICE, carbons: false, active: true };
    converse([
      ...scram(`${AGENT}${resume}<bind xmlns="${BIND}"><enable xmlns="${SM}" resume="1"/></bind>`),
      asks,
      { event: { type: "sm-resume-failed", h: 0 } },
      ...upstream,
      { does: { type: "grant", token: undefined, management: bound } },
      grants({ management: { id: "sm-1", maxSeconds: 60 } }),
      success(
        `${VERIFIED}${FULL}${failed.replace("<failed", `<failed h="0"`)}<bound xmlns="${BIND}"><enabled xmlns="${SM}" id="sm-1" resume="true" max="60"/></bound>`,
      ),
      { server: featuresOfBound(true) },
      { does: { type: "bound", ...bound } },
    ]);
  });

  it("RSASL2-6 not known any more, without: authenticated, and a resource may be bound", () => {
    converse([
      ...scram(AGENT + resume),
      asks,
      { event: { type: "sm-resume-failed" } },
      ...nothingElse,
      success(VERIFIED + BARE + failed),
      { server: d.BIND_FEATURES },
      d.bindRequest(""),
      { does: { type: "await-upstream" } },
    ]);
  });
});
