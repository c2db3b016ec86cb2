// RSASL2-1 to -3: logging in with SASL2, frame by frame, with XEP-0388's examples as far as they concern a server without
// channel binding.

import { describe, expect, it } from "vitest";
import * as d from "./dialogue.ts";
import { converse, type Line } from "./dialogue.ts";
import {
  NS,
  SM,
  FAST,
  DEVICE,
  AGENT,
  BARE,
  VERIFIED,
  BIND_NONE,
  initial,
  authenticate,
  success,
  fails,
  guessedWrong,
  scram,
  plain,
  nothingElse,
  upstream,
} from "./sasl2-words.ts";

const open = (from: string): string => d.OPEN.replace("to=", `from="${from}" to=`);

describe("RSASL2-1 authentication", () => {
  it("RSASL2-1 SCRAM: success says who, features follow, no restart (XEP-0388 example 8)", () => {
    converse([
      ...scram(AGENT),
      ...nothingElse,
      success(VERIFIED + BARE),
      { server: d.BIND_FEATURES },
      d.bindRequest("<resource>phone</resource>"),
      ...upstream,
      {
        server: `<iq type="result" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>${d.FULL}</jid></bind></iq>`,
      },
      // ID-2: the installation names the device, not the resource.
      { does: { type: "bound", device: DEVICE, carbons: false, active: true } },
    ]);
  });

  it("RSASL2-1 PLAIN (XEP-0388 example 15)", () => {
    converse([...plain(""), ...nothingElse, success(BARE), { server: d.BIND_FEATURES }]);
  });

  it("RSASL2-1 the initial response may come later, and white space stand around base64 (XEP-0388 examples 4, 6)", () => {
    converse([
      ...d.opened,
      authenticate("PLAIN", AGENT),
      { server: `<challenge xmlns="${NS}"/>` },
      { client: `<response xmlns="${NS}">\n  ${btoa("\0user\0pencil")}\n</response>` },
      { does: { type: "check-password", password: "pencil" } },
    ]);
  });

  it("RSASL2-1 nothing is left of an attempt once it is through", () => {
    const state = converse([
      ...scram(AGENT),
      ...nothingElse,
      success(VERIFIED + BARE),
      { server: d.BIND_FEATURES },
    ]);
    expect(state).toEqual({ phase: "binding", failedLogins: 0, device: DEVICE });
  });

  it.each([
    ["a user agent without id", "<user-agent><software>x</software></user-agent>", undefined],
    ["an id in capitals", `<user-agent id="${DEVICE.toUpperCase()}"/>`, DEVICE],
    [
      "an id of another version",
      `<user-agent id="6ba7b810-9dad-11d1-80b4-00c04fd430c8"/>`,
      "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    ],
  ])("RSASL2-2 %s", (_name, agent, device) => {
    const state = converse([...plain(agent), ...nothingElse, success(BARE), { server: d.BIND_FEATURES }]);
    expect(state.device).toBe(device);
  });
});

describe("RSASL2-3 what fails, and that the stream goes on", () => {
  const ok = initial("\0user\0pencil");
  it.each([
    ["an unknown mechanism", authenticate("X", ok), [fails("invalid-mechanism")]],
    [
      "no mechanism",
      { client: `<authenticate xmlns="${NS}">${ok}</authenticate>` },
      [fails("invalid-mechanism")],
    ],
    ["a mechanism that was not offered", authenticate("SCRAM-SHA-256", ok), [fails("invalid-mechanism")]],
    [
      "no base64",
      authenticate("PLAIN", "<initial-response>!!!</initial-response>"),
      [fails("incorrect-encoding")],
    ],
    [
      "no UTF-8",
      authenticate("PLAIN", "<initial-response>AP8A/w==</initial-response>"),
      [fails("incorrect-encoding")],
    ],
    ["an empty message", authenticate("PLAIN", "<initial-response/>"), [fails("malformed-request")]],
    ["somebody else", authenticate("PLAIN", initial("\0eve\0pencil")), guessedWrong],
    [
      "acting for somebody else",
      authenticate("PLAIN", initial("eve@example.org\0user\0pencil")),
      [fails("invalid-authzid")],
    ],
    [
      "a response to nothing",
      { client: `<response xmlns="${NS}">eA==</response>` },
      [fails("malformed-request")],
    ],
    ["a next task", { client: `<next xmlns="${NS}" task="X"/>` }, [fails("malformed-request")]],
    ["an abort", { client: `<abort xmlns="${NS}"><text>no</text></abort>` }, [fails("aborted")]],
    [
      "a user agent that is no UUID",
      authenticate("PLAIN", `${ok}<user-agent id="phone"/>`),
      [fails("malformed-request", "The id of the user agent is no UUID.")],
    ],
    [
      "<resume/> without h",
      authenticate("PLAIN", `${ok}<resume xmlns="${SM}" previd="a"/>`),
      [fails("malformed-request", "&lt;resume/&gt; needs previd and h.")],
    ],
    [
      "<resume/> without previd",
      authenticate("PLAIN", `${ok}<resume xmlns="${SM}" h="1"/>`),
      [fails("malformed-request", "&lt;resume/&gt; needs previd and h.")],
    ],
    [
      "<resume/> of any length",
      authenticate("PLAIN", `${ok}<resume xmlns="${SM}" previd="${"x".repeat(2_000)}" h="1"/>`),
      [fails("malformed-request", "&lt;resume/&gt; needs previd and h.")],
    ],
    [
      "a count below zero",
      authenticate("HT-SHA-256-NONE", `${AGENT}<fast xmlns="${FAST}" count="-1"/>`),
      [fails("malformed-request", "The count of &lt;fast/&gt; is no positive integer.")],
    ],
  ] as [string, Line, Line[]][])("RSASL2-3 %s", (_name, line, failure) => {
    converse([
      ...d.opened,
      line,
      ...failure,
      ...plain("").slice(d.opened.length),
      ...nothingElse.slice(0, 1),
    ]);
  });

  it("RSASL2-3 a wrong proof: what was asked for along with it is not done (XEP-0388 section 2.6.2)", () => {
    converse([
      ...scram(`<resume xmlns="${SM}" previd="abc" h="1"/>${BIND_NONE}`).slice(0, -2),
      { client: `<response xmlns="${NS}">${btoa(d.SCRAM.clientFinal.replace("p=P", "p=Q"))}</response>` },
      ...guessedWrong,
      ...plain("").slice(d.opened.length),
      ...nothingElse,
      success(BARE),
      { server: d.BIND_FEATURES },
    ]);
  });

  it.each([
    ["a stanza", `<message xmlns="jabber:client"/>`, "Log in first."],
    [
      "the older SASL",
      `<auth xmlns="${d.SASL}" mechanism="PLAIN"/>`,
      "Another login is under way on this stream.",
    ],
    ["its response", `<response xmlns="${d.SASL}"/>`, "Another login is under way on this stream."],
    ["Stream Management", `<resume xmlns="${SM}" previd="a" h="0"/>`, "Log in first."],
  ])("RSASL2-3 %s in the middle of an exchange ends the stream", (_name, client, text) => {
    converse([...scram("").slice(0, -2), { client }, ...d.endsWith("not-authorized", text)]);
  });

  it("RSASL2-3 SASL2 in the middle of an older exchange ends the stream", () => {
    converse([
      ...d.opened,
      d.auth("SCRAM-SHA-1", d.SCRAM.clientFirst),
      d.challenge(d.SCRAM.serverFirst),
      { client: `<response xmlns="${NS}">${btoa(d.SCRAM.clientFinal)}</response>` },
      ...d.endsWith("not-authorized", "Another login is under way on this stream."),
    ]);
  });

  it.each([
    ["before a resource", [], "not-authorized", "Bind a resource first."],
    [
      "once bound",
      [
        d.bindRequest(""),
        ...upstream,
        {
          server: `<iq type="result" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>${d.FULL}</jid></bind></iq>`,
        },
        { does: { type: "bound", device: undefined, carbons: false, active: true } },
      ],
      "unsupported-stanza-type",
      "&lt;authenticate/&gt; is not a stanza.",
    ],
  ] as [string, Line[], string, string][])(
    "RSASL2-3 a second <authenticate/> %s ends the stream (XEP-0388 section 4.7)",
    (_name, lines, condition, text) => {
      const through = [...plain(""), ...nothingElse, success(BARE), { server: d.BIND_FEATURES }];
      converse([...through, ...lines, authenticate("PLAIN", ok), ...d.endsWith(condition, text)]);
    },
  );

  it.each([
    ["while the password is checked", plain("").slice(0, -2)],
    [
      "while an old stream is looked for",
      [
        ...plain(`<resume xmlns="${SM}" previd="abc" h="1"/>`),
        { does: { type: "resume", previd: "abc", h: 1 } },
      ],
    ],
    ["while there is no session to bind to", [...plain(BIND_NONE), { does: { type: "await-upstream" } }]],
    ["while success is prepared", [...plain(""), ...nothingElse.slice(0, 1)]],
  ] as [string, Line[]][])("RSASL2-3 nothing is taken %s", (_name, lines) => {
    const end = d.endsWith("not-authorized", "Too early: the stream is still being negotiated.");
    converse([...lines, { client: `<message xmlns="jabber:client"/>` }, ...end]);
    converse([...lines, authenticate("PLAIN", ok), ...end]);
  });
});

describe("WS-4 whose stream it is (XEP-0388 section 2.1)", () => {
  it.each([["user@example.org"], ["USER@example.org"], ["user@example.org/phone"], ["example.org"]])(
    "WS-4 from %j",
    (from) => {
      converse([{ client: open(from) }, ...d.opened.slice(1)]);
    },
  );
  it.each([["eve@example.org"], ["user@example.com"], ["@"], [""]])("WS-4 from %j: invalid-from", (from) => {
    const end = d.endsWith("invalid-from", "This endpoint serves user@example.org.");
    converse([{ client: open(from) }, { server: d.OPENED }, ...end]);
  });
});

describe("WS-12 five failed logins", () => {
  it("WS-12 count in both profiles together", () => {
    const older: Line[] = [d.auth("X", ""), d.fails("invalid-mechanism")];
    const newer: Line[] = [authenticate("X", ""), fails("invalid-mechanism")];
    const end = d.endsWith("policy-violation", "Too many failed logins.", 1008);
    converse([...d.opened, ...older, ...newer, ...older, ...newer, ...newer, ...end]);
  });
});
