// Comparison of secrets: what it answers. How long it takes is a matter of reading it.

import { describe, expect, it } from "vitest";
import { constantTimeEqual } from "../../../../xmpp/sasl/constant-time.ts";

describe("SASL-15 comparison of secrets", () => {
  it.each([
    [[], [], true],
    [[1, 2, 3], [1, 2, 3], true],
    [[1, 2, 3], [1, 2, 2], false],
    [[0, 2, 3], [1, 2, 3], false],
    [[1, 2], [1, 2, 0], false],
    [[1, 2, 0], [1, 2], false],
    [[], [0], false],
    // 256 differences must not cancel out, nor 128 twice.
    [Array.from({ length: 256 }, () => 1), Array.from({ length: 256 }, () => 0), false],
    [[128, 128], [0, 0], false],
  ])("SASL-15 %j against %j is %s", (left, right, equal) => {
    expect(constantTimeEqual(Uint8Array.from(left), Uint8Array.from(right))).toBe(equal);
  });
});
