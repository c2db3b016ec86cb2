// What the SCRAM server accepts from a client, and what it refuses with which condition.

import { describe, expect, it } from "vitest";
import { saltBytes, type ScramVerifier, verifierFromKeys } from "../../../../xmpp/sasl/scram-keys.ts";
import { fakeVerifier, onClientFinal, onClientFirst } from "../../../../xmpp/sasl/scram-server.ts";
import { onKeys, onServerFirst, startScramClient } from "../../../../xmpp/sasl/scram-client.ts";
import { hashBytesOf, keysOf, stored } from "./scram-support.ts";

const parameters = { hash: "SHA-1", salt: "QSXCR+Q6sek8bf92", iterations: 4096 } as const;
const verifier = verifierFromKeys(parameters, keysOf(parameters, "pencil"));
const serverNonce = "3rfcNHYJY1ZVvWVs7j";
const account = { local: "jürgen", domain: "example.com", resource: "" };
const fake = (username: string): ScramVerifier => fakeVerifier("secret", username, "SHA-1", 4096);

describe("SASL-6 the server checks the client's first message", () => {
  it.each([
    ["n,,n=jürgen,r=abc", "biws"],
    ["y,,n=jürgen,r=abc", "eSws"],
    ["n,,n=JÜRGEN,r=abc", "biws"],
    ["n,,n=ju\u0308rgen,r=abc", "biws"],
    ["n,,n=jürgen,r=abc,x=later", "biws"],
    ["n,a=jürgen@example.com,n=jürgen,r=abc", "bixhPWrDvHJnZW5AZXhhbXBsZS5jb20s"],
    ["n,a=Jürgen@Example.COM.,n=jürgen,r=abc", "bixhPUrDvHJnZW5ARXhhbXBsZS5DT00uLA=="],
  ])("SASL-6 answers %j with a challenge", (message, channelBinding) => {
    const outcome = onClientFirst(message, { account, verifier, fake, serverNonce });
    expect(outcome).toMatchObject({
      type: "challenge",
      message: "r=abc3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
      state: { channelBinding, authenticate: true },
    });
  });

  it.each([
    ["", "malformed-request"],
    ["n", "malformed-request"],
    ["n,,", "malformed-request"],
    ["n=jürgen,r=abc", "malformed-request"],
    [",,n=jürgen,r=abc", "malformed-request"],
    ["N,,n=jürgen,r=abc", "malformed-request"],
    ["x,,n=jürgen,r=abc", "malformed-request"],
    ["p,,n=jürgen,r=abc", "malformed-request"],
    ["p=tls-exporter,,n=jürgen,r=abc", "malformed-request"],
    ["n,,n=jürgen", "malformed-request"],
    ["n,,n=,r=abc", "malformed-request"],
    ["n,,n=jürgen,r=", "malformed-request"],
    ["n,,r=abc,n=jürgen", "malformed-request"],
    ["n,,n=jürgen,r=a b", "malformed-request"],
    ["n,,n=jürgen,r=abc,", "malformed-request"],
    ["n,,n=jürgen,r=abc,r=abd", "malformed-request"],
    ["n,,n=jürgen=,r=abc", "malformed-request"],
    ["n,,n=j=2crgen,r=abc", "malformed-request"],
    ["n,,n=j\0rgen,r=abc", "malformed-request"],
    ["n,,m=new,n=jürgen,r=abc", "malformed-request"],
    ["n,,n=jürgen,r=abc,m=new", "malformed-request"],
    ["n,a=,n=jürgen,r=abc", "malformed-request"],
    ["n,b=jürgen@example.com,n=jürgen,r=abc", "malformed-request"],
    ["n,a=jürgen=40example.com,n=jürgen,r=abc", "malformed-request"],
    ["n,a=romeo@example.com,n=jürgen,r=abc", "invalid-authzid"],
    ["n,a=jürgen@example.net,n=jürgen,r=abc", "invalid-authzid"],
    ["n,a=jürgen@example.com/desk,n=jürgen,r=abc", "invalid-authzid"],
    ["n,a=jürgen,n=jürgen,r=abc", "invalid-authzid"],
  ])("SASL-6 refuses %j with %s", (message, condition) => {
    expect(onClientFirst(message, { account, verifier, fake, serverNonce })).toEqual({
      type: "failed",
      condition,
    });
  });

  it.each([
    ["a=2Cb=3Dc", "a,b=c"],
    ["=3D2C", "=2c"],
  ])("SASL-6 reads the username %j as %j", (saslname, local) => {
    const odd = { local, domain: "example.com", resource: "" };
    const outcome = onClientFirst(`n,,n=${saslname},r=abc`, { account: odd, verifier, fake, serverNonce });
    expect(outcome.type).toBe("challenge");
  });

  it("SASL-6 never sends a nonce that breaks its own message", () => {
    for (const bad of ["", "a,i=1", "a b"]) {
      const options = { account, verifier, fake, serverNonce: bad };
      expect(() => onClientFirst("n,,n=jürgen,r=abc", options)).toThrow(RangeError);
    }
  });
});

/** The server's state after the first message of RFC 5802 section 5, and the proof that goes with it. */
const exchange = onClientFirst("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", {
  account: { local: "user", domain: "example.com", resource: "" },
  verifier,
  fake,
  serverNonce,
});
if (exchange.type === "failed") throw new Error(exchange.condition);
const { state } = exchange;
const nonce = "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j";
const proof = "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=";

describe("SASL-7 the server checks the client's proof", () => {
  it("SASL-7 answers the right proof with its own signature", () => {
    expect(onClientFinal(stored(state), `c=biws,r=${nonce},p=${proof}`)).toEqual({
      type: "success",
      message: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    });
  });

  it.each([
    ["", "malformed-request"],
    ["c=biws", "malformed-request"],
    [`c=biws,r=${nonce}`, "malformed-request"],
    [`r=${nonce},c=biws,p=${proof}`, "malformed-request"],
    [`c=biws,p=${proof},r=${nonce}`, "malformed-request"],
    [`c=biws,r=${nonce},p=`, "malformed-request"],
    [`c=biws,r=${nonce},p=${proof.slice(0, -1)}`, "malformed-request"],
    [`c=biws,r=${nonce},p=v0X8v3Bz2T0CJGbJQyF0X+HI4Tt=`, "malformed-request"],
    [`c=biws,r=${nonce},p=v0X8v3Bz2T0CJGbJQyF0X+HI`, "malformed-request"],
    [`c=biws,r=${nonce},p=${proof},x=later`, "malformed-request"],
    [`c=biws,r=${nonce},m=new,p=${proof}`, "malformed-request"],
    [`c=biws,r=${nonce},r=${nonce},p=${proof}`, "malformed-request"],
    [`c=biws,r=${nonce},p=AAAAAAAAAAAAAAAAAAAAAAAAAAA=`, "not-authorized"],
    [`c=eSws,r=${nonce},p=${proof}`, "not-authorized"],
    [`c=biws,r=${nonce}x,p=${proof}`, "not-authorized"],
    [`c=biws,r=${nonce},x=later,p=${proof}`, "not-authorized"],
  ])("SASL-7 refuses %j with %s", (message, condition) => {
    expect(onClientFinal(stored(state), message)).toEqual({ type: "failed", condition });
  });

  it.each([
    ["the client's nonce alone", { nonce: "fyko+d2lbbFgONRv9qkxdawL" }],
    ["another gs2-header", { channelBinding: "eSws" }],
  ])("SASL-7 refuses a proof that is right over %s", (_, change) => {
    expect(onClientFinal({ ...state, ...change }, `c=biws,r=${nonce},p=${proof}`)).toEqual({
      type: "failed",
      condition: "not-authorized",
    });
  });

  it("SASL-7 accepts a proof over extensions that it does not know", () => {
    const start = startScramClient({ hash: "SHA-1", username: "user", nonce: "abc" });
    const challenge = onClientFirst(`${start.message},x=later`, {
      account: { local: "user", domain: "example.com", resource: "" },
      verifier,
      fake,
      serverNonce,
    });
    if (challenge.type === "failed" || start.state.step !== "started") throw new Error("no challenge");
    const extended = { ...start.state, clientFirstBare: `${start.state.clientFirstBare},x=later` };
    const answered = onServerFirst(extended, challenge.message);
    if (answered.type === "failed") throw new Error(answered.reason);
    const { message } = onKeys(answered.state, keysOf(parameters, "pencil"));
    expect(onClientFinal(challenge.state, message).type).toBe("success");
  });
});

describe("SASL-8 an account that does not exist", () => {
  it("SASL-8 gets the same challenge at every attempt, another one for another name, hash or secret", () => {
    const salts = [
      fakeVerifier("secret", "user", "SHA-1", 4096),
      fakeVerifier("secret", "user", "SHA-1", 4096),
      fakeVerifier("secret", "romeo", "SHA-1", 4096),
      fakeVerifier("secret", "user", "SHA-256", 4096),
      fakeVerifier("other", "user", "SHA-1", 4096),
    ].map(({ salt }) => salt);
    expect(salts[1]).toBe(salts[0]);
    expect(new Set(salts).size).toBe(4);
  });

  it.each(["SHA-1", "SHA-256", "SHA-512"] as const)("SASL-8 has a %s verifier of the usual shape", (hash) => {
    const made = fakeVerifier("secret", "user", hash, 10_000);
    expect(Object.keys(made).toSorted()).toEqual(Object.keys(verifier).toSorted());
    expect(made).toMatchObject({ hash, iterations: 10_000 });
    expect(Buffer.from(made.salt, "base64").length).toBe(saltBytes);
    expect(Buffer.from(made.storedKey, "base64").length).toBe(hashBytesOf[hash]);
    expect(Buffer.from(made.serverKey, "base64").length).toBe(hashBytesOf[hash]);
    expect(made.storedKey).not.toBe(made.serverKey);
  });

  it.each([
    ["n,,n=romeo,r=abc", "romeo"],
    ["n,,n=ROMEO,r=abc", "romeo"],
    ["n,,n=jurgen,r=abc", "jurgen"],
    ["n,,n=jürgen@example.com,r=abc", "jürgen@example.com"],
    ["n,,n=j=2Crgen,r=abc", "j,rgen"],
  ])("SASL-8 SASL-6 another name than the account's: %j", (message, username) => {
    const { salt } = fake(username);
    expect(onClientFirst(message, { account, verifier, fake, serverNonce })).toMatchObject({
      type: "challenge",
      message: `r=abc3rfcNHYJY1ZVvWVs7j,s=${salt},i=4096`,
      state: { authenticate: false },
    });
  });

  it("SASL-8 ends in the words of a wrong password, even with a proof that is right", () => {
    const unknown = onClientFirst("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", {
      account: { local: "user", domain: "example.com", resource: "" },
      verifier: undefined,
      // Even if somebody had its keys.
      fake: () => verifier,
      serverNonce,
    });
    if (unknown.type === "failed") throw new Error(unknown.condition);
    expect(unknown.message).toBe(exchange.message);
    const wrong = onClientFinal(state, `c=biws,r=${nonce},p=AAAAAAAAAAAAAAAAAAAAAAAAAAA=`);
    expect(onClientFinal(stored(unknown.state), `c=biws,r=${nonce},p=${proof}`)).toEqual(wrong);
    expect(onClientFinal(stored(unknown.state), "c=biws")).toEqual(onClientFinal(state, "c=biws"));
  });
});
