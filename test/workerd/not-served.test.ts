// CFG-2 and OWNER-2: accounts that are not served, which nobody is to find out.

import { createExecutionContext, listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { DecoyGuesses } from "../../durable/clients/decoy-guesses.ts";
import { DecoyTurns } from "../../durable/clients/decoy-turns.ts";
import worker from "../../worker/index.ts";
import { encodeBase64Text } from "../../xmpp/sasl/base64.ts";
import { Client } from "./support/client.ts";
import { connect, open, plain } from "./support/deployment.ts";

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const ELSEWHERE = "https://chat.example.org";

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

/** Asks over HTTP for an account's status, with a wrong password. */
async function ask(account: string, address: string, password = "wrong"): Promise<Response> {
  const headers = {
    Authorization: `Basic ${encodeBase64Text(`${account}:${password}`)}`,
    "CF-Connecting-IP": address,
  };
  const request = new Request(`${ELSEWHERE}/accounts/${account}/status`, { headers });
  const settings = { ...env, ACCOUNTS: "", ALLOWED_ACCOUNTS: "frieda@good.example" };
  return await worker.fetch(request, settings, createExecutionContext());
}

/** What eleven guesses over HTTP get, and one more over WebSocket. */
async function guessedOverHttp(account: string): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (let n = 0; n < 11; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, as they are counted
    const answer = await ask(account, "203.0.113.77");
    // oxlint-disable-next-line no-await-in-loop -- with it
    answers.push([answer.status, [...answer.headers], await answer.text()]);
  }
  return [...answers, (await transcript(account, "SCRAM-SHA-1", "203.0.113.77")).at(-1)];
}

/** What the twenty-first connection from one address gets; there is room again as soon as the others are over. */
async function crowd(account: string): Promise<string[]> {
  const address = "203.0.113.78";
  const asked = { path: `/${account}`, origin: ELSEWHERE, address };
  const clients: Client[] = [];
  // oxlint-disable-next-line no-await-in-loop -- one after the other, as they are counted
  for (let n = 0; n < 21; n += 1) clients.push(await connect("frieda@good.example", asked));
  const told = await clients.at(-1)?.rest();
  for (const client of clients.slice(0, 20)) {
    client.send(`<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`);
    // oxlint-disable-next-line no-await-in-loop -- each by itself
    await client.until(/^<close /);
  }
  const late = await connect("frieda@good.example", asked);
  late.send(open("good.example"));
  const frame = await late.until(/^<stream:(features|error)/);
  expect(frame).toContain("<mechanisms");
  for (const client of [...clients, late]) client.drop();
  return (told ?? []).map((text) => text.replace(/ id="[^"]*"/, ""));
}

/** The answers to fourteen guesses at once, and how often each came. */
async function burst(account: string): Promise<Record<string, number>> {
  const answers = await Promise.all(
    Array.from({ length: 14 }, async () => await (await ask(account, "203.0.113.79")).text()),
  );
  const counts: Record<string, number> = {};
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1;
  return counts;
}

/** What somebody is told over HTTP whose password nobody can have. */
async function toldOfBell(account: string): Promise<unknown> {
  const answer = await ask(account, "203.0.113.80", "bell\u0007");
  return [answer.status, await answer.text()];
}

/** The salt that an account shows to somebody who calls himself so. */
async function saltOf(username: string, account: string): Promise<string> {
  const client = await connect("frieda@good.example", { path: `/${account}`, origin: ELSEWHERE });
  client.send(open("good.example"));
  await client.until(/^<stream:features/);
  const first = encodeBase64Text(`n,,n=${username},r=abc`);
  client.send(`<auth xmlns="${SASL}" mechanism="SCRAM-SHA-256">${first}</auth>`);
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

  it("CFG-2 OWNER-2 regression: too many guesses over HTTP are refused alike, and count for both ways", async () => {
    const known = await Client.online("frieda@good.example");
    known.drop();
    const ofServed = await guessedOverHttp("frieda@good.example");
    expect(ofServed[9]).toEqual([401, expect.any(Array), expect.any(String)]);
    expect(ofServed[10]).toEqual([
      503,
      expect.any(Array),
      expect.stringContaining("Too many wrong passwords"),
    ]);
    expect(ofServed[11]).toContain("temporary-auth-failure");
    expect(await guessedOverHttp("nobody-http@good.example")).toEqual(ofServed);
  }, 30_000);

  it("CFG-2 LOGIN-7 guesses from everywhere together are too many at some time", () => {
    const guesses = new DecoyGuesses();
    const [a, b] = [guesses.throttleOf("a@good.example"), guesses.throttleOf("b@good.example")];
    for (let n = 0; n < 100; n += 1) {
      expect(a.refusal(`203.0.113.${n % 50}`, n)).toBeUndefined();
      a.failed(`203.0.113.${n % 50}`, n);
    }
    expect(a.refusal("198.51.100.1", 100)).toContain("try again in 10 minutes");
    expect(b.refusal("198.51.100.1", 100)).toBeUndefined();
    expect(a.refusal("198.51.100.1", 600_100)).toBeUndefined();
  });

  it("CFG-2 LOGIN-7 regression: guesses at once get the same answers, and count the same", async () => {
    const known = await Client.online("frieda@good.example");
    known.drop();
    const ofServed = await burst("frieda@good.example");
    expect(Object.keys(ofServed).join("")).toContain("Too many logins at once");
    expect(await burst("nobody-burst@good.example")).toEqual(ofServed);
  }, 30_000);

  it("CFG-2 regression: one whose request is broken off does not keep the next waiting", async () => {
    const turns = new DecoyTurns();
    // Nobody looks at these any more, and their timers go with their requests.
    const wait = vi.spyOn(scheduler, "wait").mockReturnValue(new Promise(() => undefined));
    for (let n = 0; n < 8; n += 1) void turns.take(async () => await Promise.resolve());
    expect(turns.take(async () => await Promise.resolve())).toBeUndefined();
    wait.mockRestore();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 8 * 700 });
    const next = turns.take(async () => await Promise.resolve("looked at"));
    vi.useRealTimers();
    expect(await next).toBe("looked at");
  });

  it("CFG-2 LOGIN-5 regression: a password that nobody can have is a wrong one, wherever", async () => {
    const known = await Client.online("frieda@good.example");
    known.drop();
    expect(await toldOfBell("frieda@good.example")).toEqual([401, expect.any(String)]);
    expect(await toldOfBell("nobody-bell@good.example")).toEqual(await toldOfBell("frieda@good.example"));
  });

  it("CFG-2 SASL-8 regression: somebody else's salt is another one at each account, served or not", async () => {
    const known = await Client.online("frieda@good.example");
    known.drop();
    const accounts = ["frieda@good.example", "nobody@good.example", "nobody-else@good.example"];
    const salts = await Promise.all(accounts.map((account) => saltOf("zzz", account)));
    expect(new Set(salts).size).toBe(accounts.length);
    expect(await Promise.all(accounts.map((account) => saltOf("zzz", account)))).toEqual(salts);
  });

  it("CFG-2 OWNER-8 EDGE-1 regression: a question that would be a client is a question", async () => {
    const known = await Client.online("frieda@good.example");
    known.drop();
    const before = (await listDurableObjectIds(env.ACCOUNT)).length;
    const headers = { Upgrade: "websocket", "xmpproxy-secure": "1", "CF-Connecting-IP": "203.0.113.81" };
    const statuses = ["frieda@good.example", "nobody-upgrade@good.example"].map(async (account) => {
      const request = new Request(`${ELSEWHERE}/accounts/${account}/status`, { headers });
      const settings = { ...env, ACCOUNTS: "", ALLOWED_ACCOUNTS: "frieda@good.example" };
      return (await worker.fetch(request, settings, createExecutionContext())).status;
    });
    expect(await Promise.all(statuses)).toEqual([401, 401]);
    expect(await listDurableObjectIds(env.ACCOUNT)).toHaveLength(before);
  });

  it("CFG-2 WS-13 regression: more connections than may log in at once are refused alike", async () => {
    const known = await Client.online("frieda@good.example");
    known.drop();
    const ofServed = await crowd("frieda@good.example");
    expect(ofServed.join("")).toContain("<resource-constraint ");
    expect(await crowd("nobody-crowd@good.example")).toEqual(ofServed);
  });

  it("has the same salt each time", async () => {
    const salt = await saltOf("nobody", "nobody@good.example");
    expect(salt).toMatch(/^,s=.{24}$/);
    expect(await saltOf("nobody", "nobody@good.example")).toBe(salt);
  });

  it("gets no object, however often it is tried", async () => {
    const before = await listDurableObjectIds(env.ACCOUNT);
    await transcript("nobody-at-all@good.example", "PLAIN");
    expect(await listDurableObjectIds(env.ACCOUNT)).toHaveLength(before.length);
  });
});
