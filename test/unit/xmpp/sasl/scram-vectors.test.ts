// SCRAM against published exchanges, and SCRAM-SHA-512, which has none, against two other implementations.

import { createHash, createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  onKeys,
  onServerFinal,
  onServerFirst,
  startScramClient,
} from "../../../../xmpp/sasl/scram-client.ts";
import {
  hashOfMechanism,
  keysFromSaltedPassword,
  keysMatchVerifier,
  mechanismOfHash,
  verifierFromKeys,
} from "../../../../xmpp/sasl/scram-keys.ts";
import type { ScramHash } from "../../../../xmpp/sasl/scram-keys.ts";
import { fakeVerifier, onClientFinal, onClientFirst } from "../../../../xmpp/sasl/scram-server.ts";
import { keysOf, saltedPasswordOf, stored } from "./scram-support.ts";

interface Vector {
  readonly source: string;
  readonly hash: ScramHash;
  readonly clientNonce: string;
  readonly serverNonce: string;
  readonly salt: string;
  readonly clientFirst: string;
  readonly serverFirst: string;
  readonly clientFinal: string;
  readonly serverFinal: string;
}

const vectors: Vector[] = [
  {
    source: "RFC 5802 section 5",
    hash: "SHA-1",
    clientNonce: "fyko+d2lbbFgONRv9qkxdawL",
    serverNonce: "3rfcNHYJY1ZVvWVs7j",
    salt: "QSXCR+Q6sek8bf92",
    clientFirst: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    serverFirst: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    clientFinal: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    serverFinal: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
  },
  {
    source: "RFC 7677 section 3",
    hash: "SHA-256",
    clientNonce: "rOprNGfwEbeRWgbNEkqO",
    serverNonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
    salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
    clientFirst: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    serverFirst: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    clientFinal:
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
  },
  {
    source: "Python 3's hashlib and hmac",
    hash: "SHA-512",
    clientNonce: "rOprNGfwEbeRWgbNEkqO",
    serverNonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
    salt: "Yr2bV8pXWxqBGzJc6e0xJg==",
    clientFirst: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    serverFirst: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=Yr2bV8pXWxqBGzJc6e0xJg==,i=4096",
    clientFinal:
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=UbCTAz2q5r0d9nZXx7POX3YxE26ru9G8Shy0cGRSsaDS/L/g7O5ZJo3+WJJIFedqVjVMdXL4GdnWBj2X0MWzLQ==",
    serverFinal: "v=4NTcPJjv1he39bhfGsCRK9ArSBjijOXyWd9fu81MJFlCsGZf5kGsbatxrfTeeAniVeraosmdPzRREyi1gIqHew==",
  },
];

describe.each(vectors)("SASL-1 the SCRAM exchange of $source ($hash)", (vector) => {
  const parameters = { hash: vector.hash, salt: vector.salt, iterations: 4096 };
  const keys = keysOf(parameters, "pencil");

  it("SASL-1 is what the client says, message for message", () => {
    const start = startScramClient({ hash: vector.hash, username: "user", nonce: vector.clientNonce });
    expect(start.message).toBe(vector.clientFirst);
    const challenged = onServerFirst(stored(start.state), vector.serverFirst);
    if (challenged.type === "failed") throw new Error(challenged.reason);
    expect(challenged.parameters).toEqual(parameters);
    const proved = onKeys(stored(challenged.state), stored(keys));
    expect(proved.message).toBe(vector.clientFinal);
    expect(onServerFinal(stored(proved.state), vector.serverFinal)).toEqual({ type: "done" });
  });

  it("SASL-1 is what the server says, message for message", () => {
    const challenge = onClientFirst(vector.clientFirst, {
      account: { local: "user", domain: "example.com", resource: "" },
      verifier: stored(verifierFromKeys(parameters, keys)),
      fake: (username) => fakeVerifier("a secret", username, parameters.hash, 4096),
      serverNonce: vector.serverNonce,
    });
    if (challenge.type === "failed") throw new Error(challenge.condition);
    expect(challenge.message).toBe(vector.serverFirst);
    expect(onClientFinal(stored(challenge.state), vector.clientFinal)).toEqual({
      type: "success",
      message: vector.serverFinal,
    });
  });
});

describe("SASL-1 SCRAM keys", () => {
  it("SASL-1 follow RFC 5802 section 3 for SHA-512, computed with node:crypto", () => {
    const parameters = { hash: "SHA-512", salt: "Yr2bV8pXWxqBGzJc6e0xJg==", iterations: 4096 } as const;
    const salted = Buffer.from(saltedPasswordOf(parameters, "pencil"), "base64");
    const clientKey = createHmac("sha512", salted).update("Client Key").digest();
    const serverKey = createHmac("sha512", salted).update("Server Key").digest();
    const storedKey = createHash("sha512").update(clientKey).digest();
    const keys = keysOf(parameters, "pencil");
    expect(keys).toEqual({
      clientKey: clientKey.toString("base64"),
      serverKey: serverKey.toString("base64"),
    });
    expect(verifierFromKeys(parameters, keys)).toEqual({
      ...parameters,
      storedKey: storedKey.toString("base64"),
      serverKey: serverKey.toString("base64"),
    });
  });

  it("SASL-1 come only from a SaltedPassword of the hash's length", () => {
    const saltedForSha1 = saltedPasswordOf(
      { hash: "SHA-1", salt: "QSXCR+Q6sek8bf92", iterations: 1 },
      "pencil",
    );
    expect(() => keysFromSaltedPassword("SHA-256", saltedForSha1)).toThrow(RangeError);
  });

  it.each([
    ["SCRAM-SHA-1", "SHA-1"],
    ["SCRAM-SHA-256", "SHA-256"],
    ["SCRAM-SHA-512", "SHA-512"],
    ["SCRAM-SHA-384", undefined],
    ["SCRAM-SHA-256-PLUS", undefined],
    ["scram-sha-256", undefined],
    ["PLAIN", undefined],
  ] as const)("SASL-1 belong to the mechanism %s by its exact name", (mechanism, hash) => {
    expect(hashOfMechanism(mechanism)).toBe(hash);
    if (hash !== undefined) expect(mechanismOfHash(hash)).toBe(mechanism);
  });
});

describe("SASL-2 a verifier", () => {
  const parameters = { hash: "SHA-256", salt: "W22ZaJ0SNY7soEsUEjb6gQ==", iterations: 4096 } as const;
  const keys = keysOf(parameters, "pencil");
  const verifier = verifierFromKeys(parameters, keys);

  it("SASL-2 does not hold the ClientKey", () => {
    expect(Object.keys(verifier).toSorted()).toEqual([
      "hash",
      "iterations",
      "salt",
      "serverKey",
      "storedKey",
    ]);
    expect(JSON.stringify(verifier)).not.toContain(keys.clientKey);
  });

  it("SASL-2 recognises the keys of its password and no others", () => {
    expect(keysMatchVerifier(keys, verifier)).toBe(true);
    expect(keysMatchVerifier(keysOf(parameters, "pencils"), verifier)).toBe(false);
    expect(keysMatchVerifier({ ...keys, clientKey: keys.serverKey }, verifier)).toBe(false);
  });
});
