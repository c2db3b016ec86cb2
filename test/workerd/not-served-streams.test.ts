// CFG-2: whatever is said on a stream for an account that is not served is answered as for one that is and whose password is wrong, at
// its own endpoint and at the one for every account (EDGE-4).

import { beforeAll, describe, expect, it } from "vitest";
import { encodeBase64Text } from "../../xmpp/sasl/base64.ts";
import { Client } from "./support/client.ts";
import { connect, open, plain } from "./support/deployment.ts";
import { SASL, SASL2, scramLogin } from "./support/scram-login.ts";

const ELSEWHERE = "https://chat.example.org";
/** Both have logged in; the password of both is another one. */
const ACCOUNTS = "ines@good.example,jutta@good.example";
const CLOSE = `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`;
const AGENT = `<user-agent id="d4565fa7-4d72-4749-b3d3-740edbf87770"><software>x</software></user-agent>`;
const INLINE =
  `<bind xmlns="urn:xmpp:bind:0"><tag>x</tag><enable xmlns="urn:xmpp:carbons:2"/><enable xmlns="urn:xmpp:sm:3"/></bind>` +
  `<resume xmlns="urn:xmpp:sm:3" previd="x" h="0"/><request-token xmlns="urn:xmpp:fast:0" mechanism="HT-SHA-256-NONE"/>`;

/** What is said for this localpart, once the stream is open; returns the last of the answers. */
type Talk = (client: Client, name: string, features: string) => Promise<unknown>;

const authenticate = (mechanism: string, initial: string, more = ""): string =>
  `<authenticate xmlns="${SASL2}" mechanism="${mechanism}"><initial-response>${initial}</initial-response>${more}</authenticate>`;

/** Says this, and waits for an answer to it. */
const says =
  (frame: (name: string) => string | ArrayBuffer): Talk =>
  async (client, name) => {
    client.send(frame(name));
    await client.until(/^<(failure|challenge|stream:error)|^closed/);
  };

const scram =
  (profile: typeof SASL | typeof SASL2, mechanism: string): Talk =>
  async (client, username, features) => {
    const [, end] = await scramLogin(client, { profile, features, username, password: "wrong", mechanism });
    expect(end).toContain("<not-authorized");
  };

const TALKS: readonly [string, Talk][] = [
  ["SASL2 with PLAIN", says((name) => authenticate("PLAIN", plain(name, "wrong")))],
  [
    "SASL2 with all that may go along",
    says((name) => authenticate("PLAIN", plain(name, "x"), AGENT + INLINE)),
  ],
  ["SASL with SCRAM-SHA-512", scram(SASL, "SCRAM-SHA-512")],
  ["SASL2 with SCRAM-SHA-256", scram(SASL2, "SCRAM-SHA-256")],
  [
    "a token",
    says((name) =>
      authenticate(
        "HT-SHA-256-NONE",
        encodeBase64Text(`${name}\0${"p".repeat(32)}`),
        `${AGENT}<fast xmlns="urn:xmpp:fast:0" count="1"/>`,
      ),
    ),
  ],
  [
    "a token without a device",
    says((name) => authenticate("HT-SHA-256-NONE", encodeBase64Text(`${name}\0p`))),
  ],
  ["a mechanism that is not there", says((name) => authenticate("EXTERNAL", encodeBase64Text(name)))],
  ["what is not base64", says(() => `<auth xmlns="${SASL}" mechanism="SCRAM-SHA-256">%</auth>`)],
  ["somebody else's name", says(() => `<auth xmlns="${SASL}" mechanism="PLAIN">${plain("eve", "x")}</auth>`)],
  ["a second <open/>", says(() => open("good.example"))],
  ["a stanza", says(() => `<message xmlns="jabber:client" to="bob@example.org"/>`)],
  ["Stream Management", says(() => `<resume xmlns="urn:xmpp:sm:3" previd="x" h="0"/>`)],
  ["bad XML", says(() => "<message")],
  ["a binary frame", says(() => new ArrayBuffer(3))],
];

interface Way {
  path: (jid: string) => string;
  opens: (jid: string) => string;
}

const WAYS: readonly [string, Way][] = [
  ["its own endpoint", { path: (jid) => `/${jid}`, opens: () => open("good.example") }],
  [
    "the endpoint for every account, which it names",
    { path: () => "", opens: (jid) => open("good.example", jid) },
  ],
  ["the endpoint for every account", { path: () => "", opens: () => open("good.example") }],
];

/** All that comes, with what is different each time made alike. */
async function transcript(
  name: string,
  { path, opens }: Way,
  talk: Talk,
  address: string,
): Promise<string[]> {
  const jid = `${name}@good.example`;
  const client = await connect(ACCOUNTS, { path: path(jid), origin: ELSEWHERE, address });
  client.send(opens(jid));
  await client.until(/^<open /);
  const features = await client.until(/^<stream:features/);
  await talk(client, name, features);
  if (!client.all.at(-1)?.startsWith("closed")) {
    client.send(CLOSE);
    await client.until(/^closed/);
  }
  return client.all.map((frame) =>
    frame.replace(/ id="[^"]*"/, "").replace(/(<challenge [^>]*>)[^<]*/, "$1…"),
  );
}

describe.each(WAYS)("CFG-2 an account that is not served, at %s", (_where, way) => {
  beforeAll(async () => {
    for (const jid of ACCOUNTS.split(",")) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      (await Client.online(jid)).drop();
    }
  });

  it.each(TALKS.map(([name, talk], index) => [name, talk, index] as const))(
    "CFG-2 SASL-15 is answered like one that is: %s",
    async (name, talk, index) => {
      // Each from an address of its own: what is counted of guesses is another matter (LOGIN-7).
      const address = `203.0.113.${100 + index}`;
      const served = await transcript("ines", way, talk, address);
      expect(served[0]).toContain("<open ");
      expect(await transcript("nobody", way, talk, address), name).toEqual(served);
    },
  );
});
