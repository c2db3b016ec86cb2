// Whatever a client does: hibernation between any two events changes nothing, and nothing happens out of turn.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { receive, startReceiving } from "../../../../xmpp/receiving/stream.ts";
import type { ReceivingEffect, ReceivingEvent, ReceivingState } from "../../../../xmpp/receiving/state.ts";
import { parseFrame } from "../../../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../../../xmpp/xml/limits.ts";
import * as d from "./dialogue.ts";

/** Pinned; fast-check prints it with the failing example. */
const SEED = 20_261_122;

const inline =
  `<user-agent id="d4565fa7-4d72-4749-b3d3-740edbf87770"/><resume xmlns="urn:xmpp:sm:3" previd="abc" h="1"/>` +
  `<bind xmlns="urn:xmpp:bind:0"><enable xmlns="urn:xmpp:sm:3"/></bind>` +
  `<request-token xmlns="urn:xmpp:fast:0" mechanism="HT-SHA-256-NONE"/><fast xmlns="urn:xmpp:fast:0" count="1"/>`;
const authenticate = (mechanism: string, message: string): d.Line => ({
  client:
    `<authenticate xmlns="urn:xmpp:sasl:2" mechanism="${mechanism}">` +
    `<initial-response>${btoa(message)}</initial-response>${inline}</authenticate>`,
});
const sasl2Scripted: d.Line[] = [
  authenticate("SCRAM-SHA-1", d.SCRAM.clientFirst),
  { client: `<response xmlns="urn:xmpp:sasl:2">${btoa(d.SCRAM.clientFinal)}</response>` },
  authenticate("PLAIN", "\0user\0pencil"),
  authenticate("HT-SHA-256-NONE", `user\0${"p".repeat(32)}`),
  { client: `<abort xmlns="urn:xmpp:sasl:2"/>` },
  { event: { type: "token-accepted", answer: "eA==" } },
  { event: { type: "sm-resumed", previd: "abc", h: 3, fullJid: d.FULL } },
  {
    event: {
      type: "granted",
      management: { id: "def", maxSeconds: 60 },
      token: { token: "t", expiry: "2030-01-01T00:00:00Z" },
    },
  },
];
/** All of SASL2's phases in turn: with a bind, and with the old stream in its place. */
const sasl2Bound: d.Line[] = [
  ...d.opened,
  authenticate("SCRAM-SHA-1", d.SCRAM.clientFirst),
  { client: `<response xmlns="urn:xmpp:sasl:2">${btoa(d.SCRAM.clientFinal)}</response>` },
  { event: { type: "sm-resume-failed" } },
  { event: { type: "upstream-bound", fullJid: d.FULL } },
  { event: { type: "granted", management: { id: "def", maxSeconds: 60 } } },
];
const sasl2Resumed: d.Line[] = [
  ...d.opened,
  authenticate("HT-SHA-256-NONE", `user\0${"p".repeat(32)}`),
  { event: { type: "token-accepted", answer: "eA==" } },
  { event: { type: "sm-resumed", previd: "abc", h: 3, fullJid: d.FULL } },
  { event: { type: "granted", token: { token: "t", expiry: "2030-01-01T00:00:00Z" } } },
];
const scripted: d.Line[] = [
  ...d.bound,
  d.auth("SCRAM-SHA-1", d.SCRAM.clientFirst),
  d.response(d.SCRAM.clientFinal),
  d.response("nonsense"),
  { client: `<message xmlns="jabber:client"/>` },
  { client: `<message xmlns="jabber:client" from="eve@example.org"/>` },
  { client: `<enable xmlns="urn:xmpp:sm:3"/>` },
  { client: `<resume xmlns="urn:xmpp:sm:3" previd="abc" h="1"/>` },
  { client: `<r xmlns="urn:xmpp:sm:3"/>` },
  { client: `<inactive xmlns="urn:xmpp:csi:0"/>` },
  ...sasl2Scripted,
  { client: d.CLOSE },
  { client: "<" },
  { event: { type: "login-refused", condition: "not-authorized" } },
  { event: { type: "sm-resume-failed" } },
  { event: { type: "bind-refused", condition: "resource-constraint", text: "x" } },
  { event: { type: "shutdown", condition: "reset", text: "x" } },
];
const eventsOf = (line: d.Line): ReceivingEvent[] => {
  if ("event" in line) return [line.event];
  if (!("client" in line)) return [];
  const frame = parseFrame(line.client, DEFAULT_LIMITS);
  if (!frame.ok) return [{ type: "problem", problem: frame.problem }];
  return frame.element ? [{ type: "element", element: frame.element }] : [];
};
const pool = scripted.flatMap(eventsOf);
/** Many runs get far, some as far as a bound stream, before anything odd comes. */
const begins = fc
  .tuple(fc.constantFrom(d.bound, sasl2Bound, sasl2Resumed), fc.nat(d.bound.length))
  .map(([lines, length]) => lines.slice(0, length).flatMap(eventsOf));
const conversations = fc
  .tuple(begins, fc.array(fc.constantFrom(...pool), { maxLength: 12 }))
  .map(([begin, rest]) => begin.concat(rest));

function run(
  events: readonly ReceivingEvent[],
  between: (state: ReceivingState) => ReceivingState,
): ReceivingEffect[][] {
  let state = startReceiving();
  return events.map((event) => {
    state = between(state);
    return receive(state, event, d.CONTEXT);
  });
}

describe("any conversation", () => {
  it("goes on after hibernation as it would have without", () => {
    fc.assert(
      fc.property(conversations, (events) => {
        const revived = run(events, (state) => JSON.parse(JSON.stringify(state)));
        expect(revived).toEqual(run(events, (state) => state));
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  it("WS-5 lets no stanza through before a resource is bound, and nothing out after the end", () => {
    fc.assert(
      fc.property(conversations, (events) => {
        const effects = run(events, (state) => state).flat();
        const types = effects.map(({ type }) => type);
        const ready = types.findIndex((type) => type === "bound" || type === "resume");
        // Only who has logged in can be any of these.
        const reached = types.findIndex((type) =>
          ["grant", "bound", "resume", "await-upstream"].includes(type),
        );
        if (reached !== -1) expect(types.slice(0, reached)).toContain("authenticated");
        const before = ready === -1 ? types : types.slice(0, ready);
        expect(before).not.toContain("stanza");
        const authenticated = types.indexOf("authenticated");
        expect(types.slice(0, authenticated === -1 ? types.length : authenticated)).not.toContain(
          "await-upstream",
        );
        const end = types.indexOf("end");
        if (end !== -1) expect(effects.slice(end + 1)).toEqual([]);
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });
});
