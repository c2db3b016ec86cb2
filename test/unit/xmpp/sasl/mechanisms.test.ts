// The choice of a mechanism.

import { describe, expect, it } from "vitest";
import { chooseMechanism, mechanismsByPreference } from "../../../../xmpp/sasl/mechanisms.ts";

const downgrade = (seen: string, now: string) =>
  `the server had ${seen} before and now offers at most ${now}: this may be a downgrade attack`;

describe("SASL-12 the choice of a mechanism", () => {
  it("SASL-12 prefers the strongest", () => {
    expect(mechanismsByPreference).toEqual(["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]);
  });

  it.each([
    [["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"], "SCRAM-SHA-512"],
    [["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"], "SCRAM-SHA-1"],
    [["X-OAUTH2", "SCRAM-SHA-256", "PLAIN", "DIGEST-MD5"], "SCRAM-SHA-256"],
    [["PLAIN"], "PLAIN"],
  ])("SASL-12 from %j takes %s", (offered, mechanism) => {
    expect(chooseMechanism(offered, { allowPlain: true })).toEqual({ ok: true, mechanism });
  });

  it.each([
    [[], "the server offers no known SASL mechanism (it offers nothing)"],
    [["GSSAPI", "EXTERNAL"], "the server offers no known SASL mechanism (it offers GSSAPI, EXTERNAL)"],
    [["scram-sha-1", "<script>", "OK_1"], "the server offers no known SASL mechanism (it offers OK_1)"],
    [
      Array.from({ length: 30 }, (_, index) => `X-${index}`),
      "the server offers no known SASL mechanism (it offers X-0, X-1, X-2, X-3, X-4, X-5, X-6, X-7, X-8, X-9)",
    ],
    [["PLAIN", "EXTERNAL"], "the server offers only PLAIN, which would tell it the password"],
  ])("SASL-12 from %j takes none", (offered, reason) => {
    expect(chooseMechanism(offered, { allowPlain: false })).toMatchObject({ ok: false, reason });
  });
});

describe("SASL-13 downgrades", () => {
  it.each([
    ["SCRAM-SHA-256", ["SCRAM-SHA-256", "PLAIN"], "SCRAM-SHA-256"],
    ["SCRAM-SHA-1", ["SCRAM-SHA-512"], "SCRAM-SHA-512"],
    ["PLAIN", ["PLAIN"], "PLAIN"],
  ])("SASL-13 after %s, %j gives %s", (strongestSeen, offered, mechanism) => {
    expect(chooseMechanism(offered, { allowPlain: true, strongestSeen })).toEqual({ ok: true, mechanism });
  });

  it.each([
    ["SCRAM-SHA-512", ["SCRAM-SHA-256", "SCRAM-SHA-1"], downgrade("SCRAM-SHA-512", "SCRAM-SHA-256")],
    ["SCRAM-SHA-256", ["SCRAM-SHA-1", "PLAIN"], downgrade("SCRAM-SHA-256", "SCRAM-SHA-1")],
    ["SCRAM-SHA-1", ["PLAIN"], downgrade("SCRAM-SHA-1", "PLAIN")],
    ["SCRAM-SHA3-512", ["SCRAM-SHA-512"], downgrade("SCRAM-SHA3-512", "SCRAM-SHA-512")],
  ])("SASL-13 after %s, %j is refused", (strongestSeen, offered, reason) => {
    expect(chooseMechanism(offered, { allowPlain: true, strongestSeen })).toEqual({ ok: false, reason });
  });
});
