// SASL-16: what was offered is part of what SCRAM signs (XEP-0474).

import { describe, expect, it } from "vitest";
import { downgradeProtection } from "../../../../xmpp/sasl/downgrade-protection.ts";
import { onServerFirst, startScramClient } from "../../../../xmpp/sasl/scram-client.ts";
import { fakeVerifier, onClientFirst } from "../../../../xmpp/sasl/scram-server.ts";

const PLUS = ["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"];

const fake = (username: string) => fakeVerifier("a secret", username, "SHA-1", 4096);

describe("SASL-16 the hash", () => {
  it("SASL-16 is XEP-0474's own example's", () => {
    const bindings = ["tls-server-end-point", "tls-exporter"];
    expect(downgradeProtection("SHA-1", PLUS, bindings)).toBe("G6k/rBLDqgOhRRaCuuatSDFkJ08=");
  });

  it.each([
    // printf 'PLAIN\\036SCRAM-SHA-1' | openssl dgst -sha256 -binary | base64, and so on.
    ["SHA-256", ["SCRAM-SHA-1", "PLAIN"], undefined, "aE0ZQpXO33awheXK+2X8RthcH6Xsl7MDkkir/XU/hKY="],
    [
      "SHA-512",
      ["PLAIN"],
      undefined,
      "HwjWT0saMSXpHAdbGQBk717um2214NUN6cjiqgb431uJlbjlzDecNrMq1c8G+cgfTP5Dxl+Sbg2DnaujEVMahQ==",
    ],
    ["SHA-1", ["PLAIN"], [], "ew+mLkkdQGW8eM/exQSJD0wvKJk="],
  ] as const)("SASL-16 %s of %j and %j", (hash, mechanisms, bindings, expected) => {
    expect(downgradeProtection(hash, mechanisms, bindings)).toBe(expected);
  });

  it("SASL-16 does not depend on the order", () => {
    expect(downgradeProtection("SHA-1", PLUS.toReversed())).toBe(downgradeProtection("SHA-1", PLUS));
  });
});

describe("SASL-16 SCRAM with it", () => {
  const expected = downgradeProtection("SHA-1", ["SCRAM-SHA-1"]);
  const { state, message } = startScramClient({ hash: "SHA-1", username: "user", nonce: "abc" });
  const challenge = (said: string | undefined): string => {
    const outcome = onClientFirst(message, {
      account: { local: "user", domain: "example.org", resource: "" },
      verifier: fake("user"),
      fake,
      serverNonce: "def",
      ...(said === undefined ? {} : { downgradeProtection: said }),
    });
    return outcome.type === "challenge" ? outcome.message : expect.fail(outcome.condition);
  };

  it("SASL-16 the server says it last", () => {
    expect(challenge(expected)).toBe(`${challenge(undefined)},h=${expected}`);
  });

  it.each([
    ["the same", expected, "need-keys"],
    ["nothing: an older server", undefined, "need-keys"],
    ["another", downgradeProtection("SHA-1", PLUS), "failed"],
  ])("SASL-16 a server that says %s", (_name, said, outcome) => {
    expect(onServerFirst(state, challenge(said), undefined, expected).type).toBe(outcome);
  });
});
