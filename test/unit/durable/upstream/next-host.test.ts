// UP-15: where the server would have us connect next, and for how long we let it lead us around.

import { describe, expect, it } from "vitest";
import { NextHost } from "../../../../durable/upstream/next-host.ts";
import type { Elsewhere } from "../../../../xmpp/initiating/state.ts";

const T = 1_000_000;
const host = (text: string): Elsewhere => ({ kind: "host", text });

describe("UP-15 the next host", () => {
  it("UP-15 is where we were sent, once; then where the session is to be resumed", () => {
    const next = new NextHost();
    next.ended(T, host("other.example:5223"));
    const where = { kind: "host", text: "other.example:5223", why: "the server has sent us there" };
    expect(next.take("here.example")).toEqual(where);
    const resume = { kind: "host", text: "here.example", why: "the server wants the session resumed there" };
    expect(next.take("here.example")).toEqual(resume);
    expect(next.take(undefined)).toBeUndefined();
    expect(next.take("")).toBeUndefined();
  });

  it("UP-15 after three times in a row it is not followed any more, until a session has stayed", () => {
    const next = new NextHost();
    const followed = Array.from({ length: 5 }, (_, index) => {
      next.established(T);
      next.ended(T + 1_000, host(`host${index}.example`));
      return next.take(undefined)?.text;
    });
    expect(followed).toEqual(["host0.example", "host1.example", "host2.example", undefined, undefined]);
    next.established(T);
    next.ended(T + 61_000, host("again.example"));
    expect(next.take(undefined)?.text).toBe("again.example");
  });
});
