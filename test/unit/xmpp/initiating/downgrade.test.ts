// SASL-16: a server that signs what it offers (XEP-0474) is believed only if that is what we have heard.

import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { describe, it } from "vitest";
import { converse, type Line, NONCE } from "./dialogue.ts";
import { authenticate, challenge2, response2, SASL2, storedKeys } from "./sasl2-words.ts";
import * as words from "./words.ts";

const OLDER = ["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"];
const NEWER = ["PLAIN", "SCRAM-SHA-1"];
const BINDINGS = ["tls-server-end-point", "tls-exporter"];

const names = (list: readonly string[]): string =>
  list.map((name) => `<mechanism>${name}</mechanism>`).join("");

/** Both profiles, with lists of their own, and XEP-0440's list where there is one. */
function features(sasl2: readonly string[], sasl: readonly string[], bindings: readonly string[]): string {
  const types = bindings.map((type) => `<channel-binding type='${type}'/>`).join("");
  return (
    `<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${names(sasl)}</mechanisms>` +
    (sasl2.length === 0 ? "" : `<authentication xmlns='${SASL2}'>${names(sasl2)}</authentication>`) +
    (types === "" ? "" : `<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>${types}</sasl-channel-binding>`) +
    `</stream:features>`
  );
}

/** What the server says of its lists, already sorted. */
const saying = (text: string): string =>
  `${words.RFC5802.serverFirst},h=${createHash("sha1").update(text).digest("base64")}`;

const hmac = (key: Buffer, text: string): Buffer => createHmac("sha1", key).update(text).digest();

/** The client's last message to a challenge, by OpenSSL. */
function proofOver(serverFirst: string): { clientFinal: string } {
  const salted = pbkdf2Sync("pencil", Buffer.from("QSXCR+Q6sek8bf92", "base64"), 4096, 20, "sha1");
  const clientKey = hmac(salted, "Client Key");
  const stored = createHash("sha1").update(clientKey).digest();
  const [nonce = ""] = serverFirst.split(",");
  const withoutProof = `c=biws,${nonce}`;
  const signature = hmac(stored, `n=user,r=${NONCE},${serverFirst},${withoutProof}`);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
  return { clientFinal: `${withoutProof},p=${proof.toString("base64")}` };
}

const attack = words.fails(
  "identity",
  "scram",
  "what the server offers has been changed on its way here: this is a downgrade attack",
);
const config = { tls: "direct", probeSalt: false, credentials: storedKeys } as const;
const first = `n,,n=user,r=${NONCE}`;

const older = (said: string, bindings: readonly string[] = []): Line[] => [
  ...words.opensSecure,
  { server: words.prosody.header + features([], OLDER, bindings) },
  { client: words.auth("SCRAM-SHA-1", first) },
  { server: words.challenge(saying(said)) },
];

const newer = (said: string): Line[] => [
  ...words.opensSecure,
  { server: words.prosody.header + features(NEWER, OLDER, []) },
  { client: authenticate("SCRAM-SHA-1", btoa(first)) },
  { server: challenge2(saying(said)) },
];

describe("SASL-16 as a client", () => {
  it.each([
    ["a list that lost its best", older("SCRAM-SHA-1\u{1E}SCRAM-SHA-1-PLUS\u{1E}SCRAM-SHA-512")],
    ["channel bindings that were taken out", older("SCRAM-SHA-1\u{1E}SCRAM-SHA-1-PLUS\u{1F}tls-exporter")],
    [
      "channel bindings that were exchanged",
      older("SCRAM-SHA-1\u{1E}SCRAM-SHA-1-PLUS\u{1F}tls-exporter", BINDINGS),
    ],
    ["the other profile's list", newer("SCRAM-SHA-1\u{1E}SCRAM-SHA-1-PLUS")],
  ])("SASL-16 %s: nothing is proved", (_name, lines) => {
    converse([...lines, attack], config, []);
  });

  it.each([
    ["the same", older("SCRAM-SHA-1\u{1E}SCRAM-SHA-1-PLUS")],
    [
      "the same with channel bindings",
      older("SCRAM-SHA-1\u{1E}SCRAM-SHA-1-PLUS\u{1F}tls-exporter\u{1E}tls-server-end-point", BINDINGS),
    ],
    ["the same, of SASL2's own list", newer("PLAIN\u{1E}SCRAM-SHA-1")],
  ])("SASL-16 %s: the proof covers it", (_name, lines) => {
    const challenge = lines.at(-1);
    const text = challenge && "server" in challenge ? challenge.server : "";
    const message = atob(/>\s*([^<\s]+)\s*</.exec(text)?.[1] ?? "");
    const { clientFinal } = proofOver(message);
    const element = text.includes(SASL2) ? response2(clientFinal) : words.response(clientFinal);
    converse([...lines, { client: element }], config, []);
  });
});
