// EDGE-5: whose login a first SASL message is.

import { describe, expect, it } from "vitest";
import { whoseLogin } from "../../../../xmpp/receiving/whose-login.ts";
import { hashedTokenMessage } from "../../../../xmpp/sasl/hashed-token.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("EDGE-5 the account is read from", () => {
  it.each([
    ["PLAIN, a localpart", "PLAIN", base64("\0alice\0pencil"), "alice"],
    ["PLAIN, a bare JID", "PLAIN", base64("\0Alice@Example.org\0pencil"), "alice"],
    ["PLAIN, with an authzid", "PLAIN", base64("alice@example.org\0alice\0pencil"), "alice"],
    ["SCRAM", "SCRAM-SHA-256", base64("n,,n=alice,r=abc"), "alice"],
    ["SCRAM that knows channel binding", "SCRAM-SHA-1", base64("y,,n=alice,r=abc"), "alice"],
    ["SCRAM with an authzid", "SCRAM-SHA-1", base64("n,a=alice@example.org,n=alice,r=abc"), "alice"],
    ["SCRAM, escaped", "SCRAM-SHA-512", base64("n,,n=a=2Cb=3Dc,r=abc"), "a,b=c"],
    ["a token", "HT-SHA-256-NONE", hashedTokenMessage("alice", "secret"), "alice"],
    ["a token of an address beyond ASCII", "HT-SHA-256-NONE", hashedTokenMessage("älice", "secret"), "älice"],
  ])("%s", (_name, mechanism, message, local) => {
    expect(whoseLogin(mechanism, message, "example.org")).toEqual({
      local,
      domain: "example.org",
      resource: "",
    });
  });

  it.each([
    ["another domain", "PLAIN", base64("\0alice@elsewhere.example\0pencil")],
    ["a full JID", "PLAIN", base64("\0alice@example.org/phone\0pencil")],
    ["nobody", "PLAIN", base64("\0\0pencil")],
    ["what is no localpart", "PLAIN", base64("\0a/b\0pencil")],
    ["what is no base64", "PLAIN", "%%%"],
    ["a message of another mechanism", "SCRAM-SHA-1", base64("\0alice\0pencil")],
    ["an empty name", "SCRAM-SHA-1", base64("n,,n=,r=abc")],
    ["a broken escape", "SCRAM-SHA-1", base64("n,,n=a=2,r=abc")],
    ["a token without NUL", "HT-SHA-256-NONE", base64("alice")],
    ["a token of nobody", "HT-SHA-256-NONE", base64("\0abc")],
    ["a token of what is no text", "HT-SHA-256-NONE", Buffer.from([0xff, 0xfe, 0, 1]).toString("base64")],
    ["a mechanism that nobody knows", "X-OTHER", base64("\0alice\0pencil")],
  ])("and not from %s", (_name, mechanism, message) => {
    expect(whoseLogin(mechanism, message, "example.org")).toBeUndefined();
  });
});
