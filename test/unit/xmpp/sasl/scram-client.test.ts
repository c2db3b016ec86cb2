// What the SCRAM client accepts from a server, and what it refuses.

import { describe, expect, it } from "vitest";
import {
  maximumIterations,
  onKeys,
  onServerFinal,
  onServerFirst,
  startScramClient,
} from "../../../../xmpp/sasl/scram-client.ts";
import { keysOf, stored } from "./scram-support.ts";

const nonce = "fyko+d2lbbFgONRv9qkxdawL";
const started = startScramClient({ hash: "SHA-1", username: "user", nonce }).state;

const malformed = "the server's SCRAM challenge is malformed";
const extension = "the server demands a SCRAM extension that is not known here";
const wrongNonce =
  "the server's SCRAM challenge does not answer this attempt: its nonce does not continue ours";
const notBase64 = "the server's SCRAM salt is not base64";

describe("SASL-3 the client's first message", () => {
  it.each([
    ["user", "n,,n=user,r=abc"],
    ["a,b=c", "n,,n=a=2Cb=3Dc,r=abc"],
    ["=2C", "n,,n==3D2C,r=abc"],
    ["jürgen", "n,,n=jürgen,r=abc"],
  ])("SASL-3 escapes the username %j", (username, message) => {
    expect(startScramClient({ hash: "SHA-1", username, nonce: "abc" }).message).toBe(message);
  });

  it.each([
    ["", "abc"],
    ["user", ""],
    ["user", "a,b"],
    ["user", "a b"],
    ["user", "ä"],
  ])("SASL-3 is not made from the username %j and the nonce %j", (username, badNonce) => {
    expect(() => startScramClient({ hash: "SHA-1", username, nonce: badNonce })).toThrow(RangeError);
  });
});

describe("SASL-4 the client checks the challenge", () => {
  it.each([
    [`r=${nonce}x,s=QSXC,i=4096`, 4096],
    [`r=${nonce}x,s=QSXC,i=10000000`, 10_000_000],
    [`r=${nonce}x,s=QSXC,i=5000,x=later,y==`, 5000],
  ])("SASL-4 accepts %j", (message, iterations) => {
    const outcome = onServerFirst(stored(started), message);
    expect(outcome).toMatchObject({
      type: "need-keys",
      parameters: { hash: "SHA-1", salt: "QSXC", iterations },
    });
  });

  it.each([
    ["", malformed],
    ["hello", malformed],
    [`r=${nonce}x,s=QSXC`, malformed],
    [`r=${nonce}x,i=4096,s=QSXC`, malformed],
    [`s=QSXC,r=${nonce}x,i=4096`, malformed],
    [`r=${nonce}x,s=QSXC,i=4096,`, malformed],
    [`,r=${nonce}x,s=QSXC,i=4096`, malformed],
    [`r=${nonce}x,s=,i=4096`, malformed],
    [`r=${nonce}x,s=QSXC,i=`, malformed],
    [`r=${nonce}x,s=QSXC,i=0`, malformed],
    [`r=${nonce}x,s=QSXC,i=-4096`, malformed],
    [`r=${nonce}x,s=QSXC,i=04096`, malformed],
    [`r=${nonce}x,s=QSXC,i=4096.5`, malformed],
    [`r=${nonce}x,s=QSXC,i=4e9`, malformed],
    [`r=${nonce}x,s=QSXC,i=0x1000`, malformed],
    [`r=${nonce}x,s=QSXC,i=4096,i=9999`, malformed],
    [`r=${nonce}x,s=QSXC,i=4096,x=a\0b`, malformed],
    [`r=${nonce} x,s=QSXC,i=4096`, malformed],
    ["e=other-error", malformed],
    [`m=new,r=${nonce}x,s=QSXC,i=4096`, extension],
    [`r=${nonce}x,s=QSXC,i=4096,m=new`, extension],
    [`r=${nonce},s=QSXC,i=4096`, wrongNonce],
    [`r=x${nonce},s=QSXC,i=4096`, wrongNonce],
    [`r=${nonce.slice(0, -1)},s=QSXC,i=4096`, wrongNonce],
    [`r=${nonce.toLowerCase()}x,s=QSXC,i=4096`, wrongNonce],
    [`r=${nonce}x,s=QSX,i=4096`, notBase64],
    [`r=${nonce}x,s=QS C,i=4096`, notBase64],
    [`r=${nonce}x,s=QSXD=,i=4096`, notBase64],
    [
      `r=${nonce}x,s=QSXC,i=4095`,
      "the server asks for only 4095 SCRAM iterations, at least 4096 are required",
    ],
    [
      `r=${nonce}x,s=QSXC,i=10000001`,
      "the server asks for more SCRAM iterations than the 10000000 that are possible here",
    ],
    [
      `r=${nonce}x,s=QSXC,i=${"9".repeat(400)}`,
      "the server asks for more SCRAM iterations than the 10000000 that are possible here",
    ],
  ])("SASL-4 refuses %j", (message, reason) => {
    expect(onServerFirst(stored(started), message)).toEqual({ type: "failed", reason });
  });

  it("SASL-4 refuses more iterations than the caller can do", () => {
    const message = `r=${nonce}x,s=QSXC,i=100001`;
    expect(onServerFirst(started, message, maximumIterations).type).toBe("need-keys");
    expect(onServerFirst(started, message, 100_000)).toEqual({
      type: "failed",
      reason: "the server asks for more SCRAM iterations than the 100000 that are possible here",
    });
  });
});

describe("SASL-5 the client lets the server prove itself", () => {
  const challenged = onServerFirst(started, `r=${nonce}3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096`);
  if (challenged.type === "failed") throw new Error(challenged.reason);
  const proved = onKeys(challenged.state, keysOf(challenged.parameters, "pencil")).state;

  const wrongSignature = "the server could not prove that it knows the account: its SCRAM signature is wrong";
  const malformedEnd = "the server's last SCRAM message is malformed";

  it.each(["v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=,x=later"])(
    "SASL-5 accepts %j",
    (message) => {
      expect(onServerFinal(stored(proved), message)).toEqual({ type: "done" });
    },
  );

  it.each([
    ["", malformedEnd],
    ["v=", malformedEnd],
    ["v", malformedEnd],
    ["rmF9pqV8S7suAoZWja4dJRkFsKQ=", malformedEnd],
    ["v=rmF9pqV8S7suAoZWja4dJRkFsKQ", malformedEnd],
    ["x=later,v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", malformedEnd],
    ["v=rmF9pqV8S7suAoZWja4dJRkFsKQ=,m=new", malformedEnd],
    ["v=rmF9pqV8S7suAoZWja4dJRkFsKQ=,v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", malformedEnd],
    ["v=rmF9pqV8S7suAoZWja4dJRkFsKU=", wrongSignature],
    ["v=rmF9pqV8S7suAoZWja4dJRkF", wrongSignature],
    ["v=rmF9pqV8S7suAoZWja4dJRkFsKQA", wrongSignature],
    ["e=invalid-proof", "the server refused: invalid-proof"],
    ["e=unknown-user,x=later", "the server refused: unknown-user"],
    ["e=<b>You & me</b>", "the server refused: other-error"],
  ])("SASL-5 refuses %j", (message, reason) => {
    expect(onServerFinal(stored(proved), message)).toEqual({ type: "failed", reason });
  });

  it("SASL-5 refuses messages out of turn", () => {
    const reason = "the server's SCRAM message comes out of turn";
    expect(onServerFinal(started, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")).toEqual({ type: "failed", reason });
    expect(onServerFinal(challenged.state, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")).toEqual({
      type: "failed",
      reason,
    });
    expect(onServerFirst(proved, `r=${nonce}x,s=QSXC,i=4096`)).toEqual({ type: "failed", reason });
    expect(() => onKeys(started, { clientKey: "", serverKey: "" })).toThrow(RangeError);
  });
});
