// EDGE-4 and EDGE-5: the endpoint for every account, and CFG-2: accounts that are not served, which nobody is to find out.

import { createExecutionContext, listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Env } from "../../durable/env.ts";
import worker from "../../worker/index.ts";
import { encodeBase64Text } from "../../xmpp/sasl/base64.ts";
import { Client, upgrade } from "./support/client.ts";

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const SASL2 = "urn:xmpp:sasl:2";
const ELSEWHERE = "https://chat.example.org";

interface Asked {
  path?: string;
  origin?: string;
  vars?: Partial<Env>;
  address?: string | undefined;
}

/** A client of a deployment for these accounts. */
async function connect(
  accounts: string,
  { path = "", origin, vars = {}, address }: Asked = {},
): Promise<Client> {
  const request = upgrade(`/xmpp-websocket${path}`, origin === undefined ? {} : { origin });
  if (address !== undefined) request.headers.set("CF-Connecting-IP", address);
  const settings = { ...env, ACCOUNTS: "", ALLOWED_ACCOUNTS: accounts, ...vars };
  const [first = ""] = accounts.split(",");
  return Client.of(await worker.fetch(request, settings, createExecutionContext()), first);
}

function open(to: string, from?: string): string {
  const said = from === undefined ? "" : ` from="${from}"`;
  return `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="${to}"${said} version="1.0"/>`;
}

const plain = (name: string, password = "pencil"): string => encodeBase64Text(`\0${name}\0${password}`);

describe("EDGE-4 the endpoint for every account", () => {
  it("hands a client over once it has said in PLAIN who it is", async () => {
    const client = await connect("anna@good.example,berta@good.example");
    client.send(open("good.example"));
    expect(await client.next()).toContain('<open xmlns="urn:ietf:params:xml:ns:xmpp-framing"');
    const features = await client.next();
    expect(features).toContain("<mechanism>PLAIN</mechanism>");
    expect(features).not.toContain("SCRAM");
    client.send(`<auth xmlns="${SASL}" mechanism="PLAIN">${plain("berta")}</auth>`);
    expect(await client.next()).toContain("<success");
    expect(await client.bind("desk")).toContain("<jid>berta@good.example/");
    client.drop();
  });

  it("asks for an initial response that did not come along", async () => {
    const client = await connect("anna@good.example,berta@good.example");
    client.send(open("good.example"));
    await client.until(/^<stream:features/);
    client.send(`<auth xmlns="${SASL}" mechanism="PLAIN"/>`);
    expect(await client.next()).toBe(`<challenge xmlns="${SASL}"/>`);
    client.send(`<response xmlns="${SASL}">${plain("anna@good.example")}</response>`);
    expect(await client.next()).toContain("<success");
    client.drop();
  });

  it("hands a client over at once that says who it is when it opens", async () => {
    const client = await connect("anna@good.example,berta@good.example");
    client.send(open("good.example", "anna@good.example/desk"));
    expect(await client.next()).toContain('<open xmlns="urn:ietf:params:xml:ns:xmpp-framing"');
    expect(await client.next()).toContain("<mechanism>PLAIN</mechanism>");
    client.send(`<auth xmlns="${SASL}" mechanism="PLAIN">${plain("anna")}</auth>`);
    expect(await client.next()).toContain("<success");
    client.drop();
  });

  it("takes SASL2 with all that goes along with it", async () => {
    const client = await connect("anna@good.example,berta@good.example");
    client.send(open("good.example"));
    await client.until(/^<stream:features/);
    client.send(
      `<authenticate xmlns="${SASL2}" mechanism="PLAIN"><initial-response>${plain("anna")}</initial-response>` +
        `<bind xmlns="urn:xmpp:bind:0"/></authenticate>`,
    );
    const success = await client.next();
    expect(success).toContain("<authorization-identifier>anna@good.example/");
    expect(success).toContain("<bound ");
    client.drop();
  });

  it("offers SCRAM once all the accounts that it can be have logged in", async () => {
    const accounts = "clara@good.example,doris@good.example,elsewhere@many.example";
    const offered = async (): Promise<string> => {
      const client = await connect(accounts);
      client.send(open("good.example"));
      const features = await client.until(/^<stream:features/);
      client.drop();
      return features;
    };
    const first = await Client.online("clara@good.example");
    expect(await offered()).not.toContain("SCRAM");
    const second = await Client.online("doris@good.example");
    await expect.poll(offered).toContain("<mechanism>SCRAM-SHA-512</mechanism>");
    first.drop();
    second.drop();
  });

  it.each([
    ["a domain that is not served", open("elsewhere.example"), "host-unknown"],
    ["a stanza before the login", `<message xmlns="jabber:client"/>`, "not-authorized"],
    ["what is not well-formed", "<open", "not-well-formed"],
  ])("refuses %s", async (_name, frame, condition) => {
    const client = await connect("anna@good.example,berta@good.example");
    if (!frame.startsWith("<open")) {
      client.send(open("good.example"));
      await client.until(/^<stream:features/);
    }
    client.send(frame);
    const frames = await client.rest();
    expect(frames.join("")).toContain(`<${condition} xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>`);
    expect(frames.at(-1)).toMatch(/^closed/);
  });

  it("closes with 1003 on a binary frame", async () => {
    const client = await connect("anna@good.example,berta@good.example");
    client.send(new ArrayBuffer(3));
    expect(await client.rest()).toEqual(["closed 1003"]);
  });

  it("answers a close", async () => {
    const client = await connect("anna@good.example,berta@good.example");
    client.send(`<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`);
    expect(await client.rest()).toEqual([expect.stringContaining("<close "), "closed 1000"]);
  });
});

/** All that somebody gets to see who tries a wrong password, with what is different each time made alike. */
async function transcript(
  account: string,
  mechanism: "PLAIN" | "SCRAM-SHA-1",
  address?: string,
): Promise<string[]> {
  const client = await connect("frieda@good.example", { path: `/${account}`, origin: ELSEWHERE, address });
  const [name = "", domain = ""] = account.split("@");
  client.send(open(domain));
  const frames = [await client.next(), await client.next()];
  const first = mechanism === "PLAIN" ? plain(name, "wrong") : encodeBase64Text(`n,,n=${name},r=abc`);
  client.send(`<auth xmlns="${SASL}" mechanism="${mechanism}">${first}</auth>`);
  if (mechanism !== "PLAIN") {
    const challenge = await client.next();
    if (challenge.startsWith("<failure")) return [challenge];
    frames.push(challenge.replace(/>[^<]+</, ">…<"));
    const text = atob(/>([^<]+)</.exec(challenge)?.[1] ?? "");
    expect(text).toMatch(/^r=abc[^,]{20,},s=[A-Za-z0-9+/]{22}==,i=10000/);
    const final = encodeBase64Text(`c=biws,${text.split(",")[0]},p=${btoa("p".repeat(20))}`);
    client.send(`<response xmlns="${SASL}">${final}</response>`);
  }
  frames.push(await client.next());
  client.drop();
  return frames.map((frame) => frame.replace(/ id="[^"]*"/, ""));
}

async function saltOfNobody(): Promise<string> {
  const client = await connect("frieda@good.example", {
    path: "/nobody@good.example",
    origin: ELSEWHERE,
  });
  client.send(open("good.example"));
  await client.until(/^<stream:features/);
  client.send(
    `<auth xmlns="${SASL}" mechanism="SCRAM-SHA-256">${encodeBase64Text("n,,n=nobody,r=abc")}</auth>`,
  );
  const frame = await client.next();
  client.drop();
  return /,s=[^,]*/.exec(atob(/>([^<]+)</.exec(frame)?.[1] ?? ""))?.[0] ?? "";
}

describe("CFG-2 an account that is not served", () => {
  it.each(["PLAIN", "SCRAM-SHA-1"] as const)(
    "is like one whose password is wrong (%s)",
    async (mechanism) => {
      const known = await Client.online("frieda@good.example");
      known.drop();
      expect(await transcript("nobody@good.example", mechanism)).toEqual(
        await transcript("frieda@good.example", mechanism),
      );
    },
  );

  it.each(["PLAIN", "SCRAM-SHA-1"] as const)(
    "CFG-2 LOGIN-7 regression: too many guesses are refused alike (%s)",
    async (mechanism) => {
      const known = await Client.online("frieda@good.example");
      known.drop();
      const address = `203.0.113.${mechanism.length}`;
      const guessed = async (account: string): Promise<string[]> => {
        const answers: string[] = [];
        for (let n = 0; n < 12; n += 1) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other, as they are counted
          const answer = (await transcript(account, mechanism, address)).at(-1) ?? "";
          answers.push(answer);
          if (answer.includes("temporary-auth-failure")) break;
        }
        return answers;
      };
      const ofServed = await guessed("frieda@good.example");
      expect(ofServed.at(-1)).toContain("Too many wrong passwords");
      expect(await guessed(`nobody-${mechanism.toLowerCase()}@good.example`)).toEqual(ofServed);
    },
    30_000,
  );

  it("has the same salt each time", async () => {
    const salt = await saltOfNobody();
    expect(salt).toMatch(/^,s=.{24}$/);
    expect(await saltOfNobody()).toBe(salt);
  });

  it("gets no object, however often it is tried", async () => {
    const before = await listDurableObjectIds(env.ACCOUNT);
    await transcript("nobody-at-all@good.example", "PLAIN");
    expect(await listDurableObjectIds(env.ACCOUNT)).toHaveLength(before.length);
  });
});
