// SM-14: when a client without Stream Management is asked whether it is there, and when it is given up.

import { expect, it } from "vitest";
import { dueAfter, isWorthRemembering } from "../../../../durable/clients/silence.ts";

it("SM-14 after five minutes without a word it is asked, and a minute after that given up", () => {
  expect(dueAfter({ heardAtMs: 1_000 }, 301_000)).toBeUndefined();
  expect(dueAfter({ heardAtMs: 1_000 }, 301_001)).toBe("ping");
  const asked = { heardAtMs: 1_000, askedAtMs: 320_000 };
  expect(dueAfter(asked, 380_000)).toBeUndefined();
  expect(dueAfter(asked, 380_001)).toBe("end");
});

it("SM-14 who was heard of after it was asked has five minutes again", () => {
  expect(dueAfter({ heardAtMs: 330_000 }, 600_000)).toBeUndefined();
});

it("SM-14 a client that is heard of all the time is remembered once a minute, an answer at once", () => {
  expect(isWorthRemembering({ heardAtMs: 0 }, 60_000)).toBe(false);
  expect(isWorthRemembering({ heardAtMs: 0 }, 60_001)).toBe(true);
  expect(isWorthRemembering({ heardAtMs: 0, askedAtMs: 1 }, 2)).toBe(true);
});
