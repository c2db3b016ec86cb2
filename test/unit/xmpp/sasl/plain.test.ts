// PLAIN and the base64 around every mechanism.

import { describe, expect, it } from "vitest";
import { decodeBase64, decodeBase64Text, encodeBase64Text } from "../../../../xmpp/sasl/base64.ts";
import { encodePlain, parsePlain } from "../../../../xmpp/sasl/plain.ts";

describe("SASL-10 PLAIN", () => {
  it.each([
    // RFC 4616 section 4.
    ["\0tim\0tanstaaftanstaaf", { authzid: "", authcid: "tim", password: "tanstaaftanstaaf" }],
    ["Ursel\0Kurt\0xipj3plmq", { authzid: "Ursel", authcid: "Kurt", password: "xipj3plmq" }],
    ["\0jürgen\0 pässwörd ", { authzid: "", authcid: "jürgen", password: " pässwörd " }],
  ])("SASL-10 reads %j", (message, credentials) => {
    expect(parsePlain(message)).toEqual(credentials);
  });

  it.each([
    "",
    "tim",
    "tim\0secret",
    "\0\0",
    "\0tim\0",
    "\0\0secret",
    "\0tim\0sec\0ret",
    "\0tim\0secret\0",
    "\0\0\0",
  ])("SASL-10 refuses %j", (message) => {
    expect(parsePlain(message)).toBeUndefined();
  });

  it("SASL-10 writes what it reads, without an authzid", () => {
    expect(encodePlain({ authcid: "tim", password: "tanstaaftanstaaf" })).toBe("\0tim\0tanstaaftanstaaf");
  });

  it.each([
    ["", "secret"],
    ["tim", ""],
    ["t\0im", "secret"],
    ["tim", "sec\0ret"],
  ])("SASL-10 does not write the authcid %j with the password %j", (authcid, password) => {
    expect(() => encodePlain({ authcid, password })).toThrow(RangeError);
  });
});

describe("SASL-11 base64", () => {
  it.each([
    ["", "="],
    ["n,,n=user,r=abc", "biwsbj11c2VyLHI9YWJj"],
    ["\0tim\0tanstaaftanstaaf", "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"],
    ["ü♚😀", "w7zimZrwn5iA"],
    ["\ufeffx", "77u/eA=="],
  ])("SASL-11 carries %j as %s", (message, text) => {
    expect(encodeBase64Text(message)).toBe(text);
    expect(decodeBase64Text(text)).toBe(message);
  });

  it("SASL-11 takes no text for an empty message", () => {
    expect(decodeBase64Text("")).toBe("");
  });

  it.each([
    ["no padding", "eA"],
    ["half a padding", "eA="],
    ["too much padding", "eA==="],
    ["padding in the middle", "eA==eA=="],
    ["bits left over", "eB=="],
    ["a space", "eA== "],
    ["a line break", "dGlt\ndGlt"],
    ["the URL alphabet", "77-_"],
    ["another character", "e*=="],
    ["only padding", "=="],
  ])("SASL-11 refuses %s: %j", (_, text) => {
    expect(decodeBase64Text(text)).toBeUndefined();
    expect(decodeBase64(text)).toBeUndefined();
  });

  it.each([
    ["a lone continuation byte", "gA=="],
    ["an overlong NUL", "wIA="],
    ["a surrogate", "7aCA"],
    ["a truncated sequence", "8J+Y"],
  ])("SASL-11 refuses %s, which is not UTF-8: %j", (_, text) => {
    expect(decodeBase64Text(text)).toBeUndefined();
    expect(decodeBase64(text)).toBeInstanceOf(Uint8Array);
  });
});
