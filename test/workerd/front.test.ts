// EDGE-4 and EDGE-5: the endpoint for every account.

import { describe, expect, it } from "vitest";
import { openFront } from "../../worker/front/front.ts";
import type { ReceivingContext } from "../../xmpp/receiving/state.ts";
import { Client } from "./support/client.ts";
import { connect, open, plain } from "./support/deployment.ts";
import { SASL, SASL2, scramLogin } from "./support/scram-login.ts";
import { endsWith, opensAndEndsWith } from "./support/stream-end.ts";

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
    ["SASL", SASL],
    ["SASL2", SASL2],
  ] as const)(
    "EDGE-4 SASL-16 RSASL2-1 takes SCRAM there by %s, and stands by what it has offered",
    async (name, profile) => {
      const account = `edna-${name.toLowerCase()}@good.example`;
      const accounts = `${account},fanny-${name.toLowerCase()}@good.example`;
      for (const known of accounts.split(",")) (await Client.online(known)).drop();
      const begin = async (): Promise<[Client, string]> => {
        const client = await connect(accounts);
        client.send(open("good.example"));
        return [client, await client.until(/^<stream:features/)];
      };
      await expect.poll(async () => (await begin())[1]).toContain("<mechanism>SCRAM-SHA-256</mechanism>");
      const login = { profile, username: account.split("@")[0] ?? "", mechanism: "SCRAM-SHA-256" };
      const [client, features] = await begin();
      const [challenge, success] = await scramLogin(client, { ...login, features, password: "pencil" });
      // XEP-0474: there was something to check the offer against.
      expect(atob(/>([^<]+)</.exec(challenge)?.[1] ?? "")).toContain(",h=");
      expect(success).toMatch(/^<success/);
      const [stranger, offered] = await begin();
      const [, failure] = await scramLogin(stranger, { ...login, features: offered, password: "pen" });
      expect(failure).toContain("<not-authorized");
      // It may try again.
      const [, second] = await scramLogin(stranger, { ...login, features: offered, password: "pencil" });
      expect(second).toMatch(/^<success/);
      for (const each of [client, stranger]) each.drop();
    },
  );

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

const context = (domain: string): ReceivingContext => ({
  account: { local: "", domain, resource: "" },
  secure: true,
  mechanisms: ["PLAIN"],
  verifierFor: () => undefined,
  fakeVerifierFor: () => expect.fail("nobody logs in here"),
  refusal: () => undefined,
  nonce: () => "n".repeat(24),
  rosterVersioning: false,
});

describe("EDGE-4 an account that is not reached", () => {
  const NAMES = "vera@good.example";
  const begin = (reach: () => Promise<WebSocket>): Client =>
    Client.of(openFront({ context, connect: reach }, "192.0.2.30"), NAMES);

  it.each([
    ["it has said so when it opened", true],
    ["it has said so when it logged in", false],
  ])("EDGE-4 WS-16 the client is told, whether %s", async (_how, atOpen) => {
    const client = begin(() => Promise.reject(new Error("out of reach")));
    client.send(open("good.example", atOpen ? NAMES : undefined));
    if (!atOpen) {
      await client.until(/^<stream:features/);
      client.send(`<auth xmlns="${SASL}" mechanism="PLAIN">${plain("vera")}</auth>`);
    }
    const words = "The account cannot be reached right now; try again in a moment.";
    const end = [endsWith, opensAndEndsWith][Number(atOpen)]?.("internal-server-error", words);
    expect(await client.rest()).toEqual(end);
  });

  it("EDGE-4 WS-16 who says too much until then is told so, and the account is let go", async () => {
    const { 0: near, 1: far } = new WebSocketPair();
    far.accept();
    const left = new Promise((resolve) => far.addEventListener("close", ({ code }) => resolve(code)));
    let reached: ((account: WebSocket) => void) | undefined;
    const client = begin(() => new Promise((resolve) => (reached = resolve)));
    client.send(open("good.example", NAMES));
    for (let count = 0; count <= 20; count += 1) client.send("<early xmlns='urn:x'/>");
    const words = "Too much was said before the account could be reached.";
    expect(await client.rest()).toEqual(opensAndEndsWith("policy-violation", words, 1008));
    reached?.(near);
    expect(await left).toBe(1001);
  });

  it("EDGE-4 WS-16 regression: one that was sent away and does not close is closed, although the account is reached then", async () => {
    const { 0: near, 1: far } = new WebSocketPair();
    far.accept();
    let reached: ((account: WebSocket) => void) | undefined;
    const client = begin(() => new Promise((resolve) => (reached = resolve)));
    client.answersClose = false;
    client.send(open("good.example", NAMES));
    for (let count = 0; count <= 20; count += 1) client.send("<early xmlns='urn:x'/>");
    await client.until(/^<close /);
    reached?.(near);
    expect(await client.rest()).toEqual(["closed 1008"]);
  }, 15_000);
});

describe("WS-13 connections that have yet to say for which account they are", () => {
  const ACCOUNTS = "vera@good.example,wilma@good.example";
  const begin = (address: string): Promise<Client> => connect(ACCOUNTS, { address });
  const words = "Too many connections from this address are logging in.";
  const TOO_MANY = opensAndEndsWith("resource-constraint", words);

  it("WS-13 are twenty of one address at most; one that leaves or is handed over makes room", async () => {
    const address = "192.0.2.20";
    const crowd = [];
    // oxlint-disable-next-line no-await-in-loop -- in this order
    while (crowd.length < 20) crowd.push(await begin(address));
    expect(await (await begin(address)).rest()).toEqual(TOO_MANY);
    const elsewhere = await begin("192.0.2.21");
    elsewhere.send(open("good.example"));
    expect(await elsewhere.until(/^<stream:/)).toContain("<mechanisms");

    const [first, second] = crowd;
    first?.send(`<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`);
    expect((await first?.rest())?.at(-1)).toBe("closed 1000");
    second?.send(open("good.example", "vera@good.example"));
    expect(await second?.until(/^<stream:/)).toContain("<mechanisms");
    for (const more of [await begin(address), await begin(address)]) {
      more.send(open("good.example"));
      // oxlint-disable-next-line no-await-in-loop -- each by itself
      expect(await more.until(/^<stream:/)).toContain("<mechanisms");
    }
    expect(await (await begin(address)).rest()).toEqual(TOO_MANY);
    for (const client of [...crowd, elsewhere]) client.drop();
  });
});
