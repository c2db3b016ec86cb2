// UP-14: every condition of RFC 6120 section 4.9.3 has its policy, read from the very elements that servers send.

import { describe, expect, it } from "vitest";
import {
  endingPolicy,
  STREAM_ERROR_POLICIES,
  type StreamErrorPolicy,
  streamErrorPolicy,
} from "../../../../durable/upstream/stream-error-policy.ts";
import { describeStreamError, readStreamError } from "../../../../xmpp/stream-error.ts";
import { parseFrame } from "../../../../xmpp/xml/frame.ts";
import { DEFAULT_LIMITS } from "../../../../xmpp/xml/limits.ts";

function read(children: string): ReturnType<typeof readStreamError> {
  const xml = `<stream:error xmlns:stream="http://etherx.jabber.org/streams">${children}</stream:error>`;
  const frame = parseFrame(xml, DEFAULT_LIMITS);
  if (!frame.ok || !frame.element) throw new Error(xml);
  return readStreamError(frame.element);
}
const condition = (name: string, content = ""): string =>
  `<${name} xmlns="urn:ietf:params:xml:ns:xmpp-streams">${content}</${name}>`;

const OUR_XML = { session: "resume", pace: "backoff", suspect: true, contested: false } as const;
const RARELY = { session: "resume", pace: "rarely", suspect: false } as const;

const CASES: [string, Partial<StreamErrorPolicy>][] = [
  ["bad-format", OUR_XML],
  ["bad-namespace-prefix", OUR_XML],
  ["conflict", { session: "resume", pace: "backoff", contested: true, suspect: false }],
  ["connection-timeout", { session: "resume", pace: "at-once" }],
  ["host-gone", RARELY],
  ["host-unknown", RARELY],
  ["improper-addressing", OUR_XML],
  ["internal-server-error", { pace: "backoff", suspect: false }],
  ["invalid-from", OUR_XML],
  ["invalid-namespace", OUR_XML],
  ["invalid-xml", OUR_XML],
  ["not-authorized", { pace: "backoff", suspect: false }],
  ["not-well-formed", OUR_XML],
  ["policy-violation", OUR_XML],
  ["remote-connection-failed", { pace: "slowly" }],
  ["reset", { session: "resume", pace: "at-once" }],
  ["resource-constraint", { pace: "slowly", suspect: false }],
  ["restricted-xml", OUR_XML],
  ["see-other-host", { pace: "at-once", redirect: true }],
  ["system-shutdown", { session: "resume", pace: "backoff" }],
  ["undefined-condition", { session: "resume", pace: "backoff", words: "" }],
  ["unsupported-encoding", RARELY],
  ["unsupported-feature", RARELY],
  ["unsupported-stanza-type", OUR_XML],
  ["unsupported-version", RARELY],
];

describe("UP-14 stream errors", () => {
  it("UP-14 the table has all 25 conditions, and no other", () => {
    expect([...STREAM_ERROR_POLICIES.keys()]).toEqual(CASES.map(([name]) => name));
    expect(CASES).toHaveLength(25);
  });

  it.each(CASES)("UP-14 %s", (name, expected) => {
    expect(streamErrorPolicy(read(condition(name)))).toMatchObject(expected);
  });

  it("UP-14 one that nobody knows is undefined-condition", () => {
    const policy = streamErrorPolicy(read(condition("tired")));
    expect(policy).toEqual(STREAM_ERROR_POLICIES.get("undefined-condition"));
  });

  it("UP-14 a count that the server takes for too high drops the session (XEP-0198, example 18)", () => {
    const error = read(
      `${condition("undefined-condition")}<handled-count-too-high xmlns="urn:xmpp:sm:3" h="10" send-count="8"/>`,
    );
    expect(streamErrorPolicy(error)).toMatchObject({ session: "drop", pace: "backoff" });
  });

  it("UP-18 a stream that is closed with another address is like see-other-host; without one nothing is known", () => {
    const elsewhere = { kind: "uri", text: "wss://other.example/" } as const;
    expect(endingPolicy({ elsewhere })).toMatchObject({ session: "resume", pace: "at-once", redirect: true });
    expect(endingPolicy({})).toBeUndefined();
    const streamError = read(condition("see-other-host", "other.example"));
    expect(endingPolicy({ streamError })).toEqual(STREAM_ERROR_POLICIES.get("see-other-host"));
  });

  it("UP-14 what it says is told in bounds", () => {
    const error = read(
      `${condition("conflict")}${condition("text", `Replaced${" by another".repeat(100)}`)}`,
    );
    expect(describeStreamError(error)).toMatch(
      /^The server ended the stream: conflict \(Replaced by .{188}\)\.$/,
    );
    expect(describeStreamError(error)).toHaveLength(241);
  });
});
