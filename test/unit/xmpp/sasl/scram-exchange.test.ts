// Client against server: whatever the names, passwords and nonces, and whatever happens to the messages on their way.
// Every state goes through JSON between two steps, as it does when the object hibernates.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  onKeys,
  onServerFinal,
  onServerFirst,
  startScramClient,
} from "../../../../xmpp/sasl/scram-client.ts";
import { verifierFromKeys } from "../../../../xmpp/sasl/scram-keys.ts";
import type { ScramHash, ScramKeys, ScramParameters } from "../../../../xmpp/sasl/scram-keys.ts";
import { onClientFinal, onClientFirst } from "../../../../xmpp/sasl/scram-server.ts";
import { keysOf, stored } from "./scram-support.ts";

const seed = 20_261_122;
const salt = "W22ZaJ0SNY7soEsUEjb6gQ==";

interface Exchange {
  readonly hash: ScramHash;
  readonly username: string;
  readonly password: string;
  readonly guess: string;
  readonly nonces: readonly [string, string];
}

type Route = (message: string, index: number) => string;

const cache = new Map<string, ScramKeys>();

function cachedKeys(parameters: ScramParameters, password: string): ScramKeys {
  const name = JSON.stringify([parameters, password]);
  const keys = cache.get(name) ?? keysOf(parameters, password);
  cache.set(name, keys);
  return keys;
}

/** Runs an exchange; `route` carries message 0 to 3. Both sides must be content for "success". */
function run({ hash, username, password, guess, nonces }: Exchange, route: Route): "success" | "failed" {
  const parameters = { hash, salt, iterations: 4096 };
  const verifier = verifierFromKeys(parameters, cachedKeys(parameters, password));
  const account = { local: username, domain: "example.com", resource: "" };
  const start = startScramClient({ hash, username, nonce: nonces[0] });
  const challenge = onClientFirst(route(start.message, 0), {
    account,
    verifier,
    fake: () => verifier,
    serverNonce: nonces[1],
  });
  if (challenge.type === "failed") return "failed";
  const answered = onServerFirst(stored(start.state), route(challenge.message, 1));
  if (answered.type === "failed") return "failed";
  const proved = onKeys(stored(answered.state), cachedKeys(answered.parameters, guess));
  const outcome = onClientFinal(stored(challenge.state), route(proved.message, 2));
  if (outcome.type === "failed") return "failed";
  const end = onServerFinal(stored(proved.state), route(outcome.message, 3));
  return end.type === "done" ? "success" : "failed";
}

const untouched: Route = (message) => message;
const hash = fc.constantFrom<ScramHash>("SHA-1", "SHA-256", "SHA-512");
const printable = Array.from({ length: 94 }, (_, index) => String.fromCodePoint(33 + index));
const nonce = fc
  .array(fc.constantFrom(...printable.filter((character) => character !== ",")), {
    minLength: 1,
    maxLength: 40,
  })
  .map((characters) => characters.join(""));
const username = fc
  .array(fc.constantFrom(...Array.from("abcxyz0189.,=+-_%ßüπ名")), { minLength: 1, maxLength: 20 })
  .map((characters) => characters.join(""));
const password = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });

describe("SASL-9 SCRAM between client and server", () => {
  it("SASL-9 succeeds with the right password, over states that were stored", () => {
    fc.assert(
      fc.property(hash, username, password, nonce, nonce, (...[algorithm, name, secret, mine, theirs]) => {
        const exchange = { hash: algorithm, username: name, password: secret, guess: secret };
        expect(run({ ...exchange, nonces: [mine, theirs] }, untouched)).toBe("success");
      }),
      { seed, numRuns: 100 },
    );
  });

  it("SASL-9 fails with a wrong password", () => {
    fc.assert(
      fc.property(hash, password, password, nonce, nonce, (...[algorithm, secret, guess, mine, theirs]) => {
        fc.pre(secret !== guess);
        const exchange = { hash: algorithm, username: "user", password: secret, guess };
        expect(run({ ...exchange, nonces: [mine, theirs] }, untouched)).toBe("failed");
      }),
      { seed, numRuns: 100 },
    );
  });

  const fixed: Exchange = {
    hash: "SHA-256",
    username: "user",
    password: "pencil",
    guess: "pencil",
    nonces: ["rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"],
  };
  const messages: string[] = [];
  const recorded = run(fixed, (message) => {
    messages.push(message);
    return message;
  });

  it("SASL-9 takes four messages", () => {
    expect(recorded).toBe("success");
    expect(messages.length).toBe(4);
  });

  it.each([0, 1, 2, 3])("SASL-9 fails when any character of message %i is lost", (index) => {
    const survivors = Array.from(messages[index] ?? "", (_, position) => position).filter(
      (position) =>
        run(fixed, (message, at) =>
          at === index ? message.slice(0, position) + message.slice(position + 1) : message,
        ) === "success",
    );
    expect(survivors).toEqual([]);
  });

  it.each([0, 1, 2, 3])("SASL-9 fails when any character of message %i is another", (index) => {
    const length = messages[index]?.length ?? 0;
    fc.assert(
      fc.property(
        fc.nat({ max: length - 1 }),
        fc.oneof(fc.constantFrom(...printable), fc.constantFrom("\0", " ", "é", "\u00ad")),
        (position, character) => {
          fc.pre(messages[index]?.[position] !== character);
          const outcome = run(fixed, (message, at) =>
            at === index ? message.slice(0, position) + character + message.slice(position + 1) : message,
          );
          expect(outcome).toBe("failed");
        },
      ),
      { seed, numRuns: 300 },
    );
  });
});
