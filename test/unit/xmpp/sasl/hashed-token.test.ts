// HT-SHA-256-NONE against Node's own HMAC.

import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { hashedTokenMessage, isHashedTokenAnswer } from "../../../../xmpp/sasl/hashed-token.ts";

const TOKEN = "WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm";

function hmac(token: string, text: string): Buffer {
  return createHmac("sha256", token).update(text).digest();
}

describe("HT-SHA-256-NONE", () => {
  it.each(["user", "jürgen", "a,=b"])("%s: the name, NUL, and the token's HMAC of Initiator", (name) => {
    const expected = Buffer.concat([Buffer.from(name), Buffer.from([0]), hmac(TOKEN, "Initiator")]);
    expect(hashedTokenMessage(name, TOKEN)).toBe(expected.toString("base64"));
  });

  it.each([
    ["the token's HMAC of Responder", hmac(TOKEN, "Responder"), true],
    ["our own message sent back", hmac(TOKEN, "Initiator"), false],
    ["another token's", hmac("another", "Responder"), false],
    ["cut short", hmac(TOKEN, "Responder").subarray(0, 31), false],
    ["with a byte more", Buffer.concat([hmac(TOKEN, "Responder"), Buffer.from([0])]), false],
    ["nothing", Buffer.alloc(0), false],
  ])("the server's answer: %s", (_name, answer, good) => {
    expect(isHashedTokenAnswer(TOKEN, answer.toString("base64"))).toBe(good);
  });

  it("an answer that is no base64", () => {
    expect(isHashedTokenAnswer(TOKEN, "not base64!")).toBe(false);
  });
});
