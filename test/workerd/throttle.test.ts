// LOGIN-7, LOGIN-9 and WS-15: strangers who guess, and that they cannot keep the owner out.

import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { LoginThrottle } from "../../durable/clients/login-throttle.ts";
import { hashedTokenMessage } from "../../xmpp/sasl/hashed-token.ts";
import { Client, upgrade } from "./support/client.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const START_MS = 1_800_000_000_000;
const MANY = "Too many wrong passwords; try again in";

/** A throttle in a fresh object's database. */
async function throttled(use: (throttle: LoginThrottle, sql: SqlStorage) => void): Promise<void> {
  const stub = env.ACCOUNT.get(env.ACCOUNT.newUniqueId());
  await runInDurableObject(stub, (_instance, { storage: { sql } }) =>
    use(new LoginThrottle(sql, "a secret"), sql),
  );
}

function fail(throttle: LoginThrottle, key: string, times: number, nowMs = START_MS): void {
  for (let count = 0; count < times; count += 1) throttle.failed(key, nowMs);
}

describe("LOGIN-7 LOGIN-9 what is counted", () => {
  it("LOGIN-7 one address: ten wrong guesses within ten minutes, also for another process", async () => {
    await throttled((throttle, sql) => {
      const key = throttle.keyOf("192.0.2.1");
      fail(throttle, key, 9);
      expect(throttle.refusal(key, START_MS)).toBeUndefined();
      fail(throttle, key, 1, START_MS + MINUTE_MS);
      const later = new LoginThrottle(sql, "a secret");
      expect(later.refusal(key, START_MS + MINUTE_MS)).toBe(`${MANY} 9 minutes.`);
      expect(later.refusal(key, START_MS + 10 * MINUTE_MS - 1)).toBe(`${MANY} a minute.`);
      expect(later.refusal(key, START_MS + 10 * MINUTE_MS)).toBeUndefined();
      fail(later, key, 1, START_MS + 10 * MINUTE_MS);
      expect(later.refusal(key, START_MS + 10 * MINUTE_MS)).toBeUndefined();
    });
  });

  it("LOGIN-9 other addresses go on, until there were a hundred from all of them", async () => {
    await throttled((throttle) => {
      for (let host = 0; host < 9; host += 1) fail(throttle, throttle.keyOf(`192.0.2.${host}`), 10);
      fail(throttle, throttle.keyOf("198.51.100.1"), 9);
      const fresh = throttle.keyOf("203.0.113.1");
      expect(throttle.refusal(fresh, START_MS)).toBeUndefined();
      fail(throttle, throttle.keyOf("198.51.100.1"), 1);
      expect(throttle.refusal(fresh, START_MS)).toBe(`${MANY} 10 minutes.`);
    });
  });

  it("LOGIN-9 an address that the owner has logged in from lately is not kept out by others, and may err more often", async () => {
    await throttled((throttle) => {
      const home = throttle.keyOf("203.0.113.1");
      throttle.succeeded(home, START_MS - 29 * DAY_MS);
      for (let host = 0; host < 20; host += 1) fail(throttle, throttle.keyOf(`192.0.2.${host}`), 10);
      expect(throttle.refusal(home, START_MS)).toBeUndefined();
      fail(throttle, home, 10);
      expect(throttle.refusal(home, START_MS)).toBeUndefined();
      // LOGIN-7: the account's server has heard enough all the same.
      expect(throttle.serverRefusal(home, START_MS)).toContain(MANY);
      fail(throttle, home, 50);
      expect(throttle.refusal(home, START_MS)).toContain(MANY);
      // A month later it is an address like any other.
      expect(throttle.refusal(home, START_MS + DAY_MS)).toBeUndefined();
      fail(throttle, home, 10, START_MS + 2 * DAY_MS);
      expect(throttle.refusal(home, START_MS + 2 * DAY_MS)).toContain(MANY);
    });
  });

  it("LOGIN-9 a login forgives what went wrong before it", async () => {
    await throttled((throttle) => {
      const key = throttle.keyOf("192.0.2.1");
      fail(throttle, key, 9);
      throttle.succeeded(key, START_MS);
      fail(throttle, key, 9);
      expect(throttle.serverRefusal(key, START_MS)).toBeUndefined();
    });
  });

  it("LOGIN-9 the table is bounded and tells no address", async () => {
    await throttled((throttle, sql) => {
      const rows = (): number => sql.exec<{ n: number }>("SELECT count(*) AS n FROM login_address").one().n;
      for (let host = 0; host < 200; host += 1)
        throttle.succeeded(throttle.keyOf(`known ${host}`), START_MS + host);
      expect(rows()).toBe(50);
      for (let host = 0; host < 99; host += 1) fail(throttle, throttle.keyOf(`192.0.2.${host}`), 1);
      expect(rows()).toBe(50 + 99 + 1);
      fail(throttle, throttle.keyOf("203.0.113.1"), 1, START_MS + 40 * DAY_MS);
      expect(rows()).toBe(2);
      const text = JSON.stringify(sql.exec("SELECT * FROM login_address").toArray());
      expect(text).not.toContain("203.0.113.1");
    });
  });
});

async function connect(account: string, address: string): Promise<Client> {
  const request = upgrade(`/xmpp-websocket/${encodeURIComponent(account)}`);
  request.headers.set("CF-Connecting-IP", address);
  // What a client puts there itself is worth nothing.
  request.headers.set("xmpproxy-address", "203.0.113.200");
  return Client.of(await exports.default.fetch(request), account);
}

async function guess(account: string, address: string, times: number): Promise<string[]> {
  const answers: string[] = [];
  let client: Client | undefined;
  for (let count = 0; count < times; count += 1) {
    if (count % 4 === 0) {
      client?.drop();
      client = await connect(account, address);
      await client.open();
    }
    answers.push((await client?.plain(`guess ${count}`)) ?? "");
  }
  client?.drop();
  return answers;
}

describe("a stranger who guesses", () => {
  it("LOGIN-7 LOGIN-9 is stopped, while the owner gets in from elsewhere, and by token from the very same address", async () => {
    const account = "besieged@good.example";
    const home = await connect(account, "203.0.113.1");
    await home.open();
    const device = `<user-agent id="d4565fa7-4d72-4749-b3d3-740edbf87770"/>`;
    home.send(
      `<authenticate xmlns="urn:xmpp:sasl:2" mechanism="PLAIN"><initial-response>${btoa("\0besieged\0pencil")}</initial-response>${device}<request-token xmlns="urn:xmpp:fast:0" mechanism="HT-SHA-256-NONE"/></authenticate>`,
    );
    const token = /token="([^"]+)"/.exec(await home.until(/^<success/))?.[1] ?? "";

    const answers = await guess(account, "192.0.2.1", 12);
    expect(answers.slice(0, 10).every((answer) => answer.includes("<not-authorized/>"))).toBe(true);
    expect(answers.slice(10).every((answer) => answer.includes(MANY))).toBe(true);
    // Not even the right one is looked at: nobody learns which it is.
    const stranger = await connect(account, "192.0.2.1");
    expect(await stranger.login("pencil")).toContain(MANY);

    const elsewhere = await connect(account, "198.51.100.1");
    expect(await elsewhere.login("pencil")).toContain("<success");
    const message = hashedTokenMessage("besieged", token);
    stranger.send(
      `<authenticate xmlns="urn:xmpp:sasl:2" mechanism="HT-SHA-256-NONE"><initial-response>${message}</initial-response>${device}<fast xmlns="urn:xmpp:fast:0"/></authenticate>`,
    );
    expect(await stranger.until(/^<success|^<failure/)).toContain("<success ");
  });

  it("LOGIN-7 guesses by SCRAM and by token count too", async () => {
    const account = "scrammed@good.example";
    await Client.online(account);
    for (let count = 0; count < 10; count += 1) {
      const client = await connect(account, "192.0.2.7");
      await client.open();
      const message =
        count % 2 === 0 ? hashedTokenMessage("scrammed", `guess ${count}`) : btoa("n,,n=nobody,r=abc");
      const rest = `<user-agent id="d4565fa7-4d72-4749-b3d3-740edbf87770"/><fast xmlns="urn:xmpp:fast:0"/>`;
      const mechanism = count % 2 === 0 ? "HT-SHA-256-NONE" : "SCRAM-SHA-1";
      client.send(
        `<authenticate xmlns="urn:xmpp:sasl:2" mechanism="${mechanism}"><initial-response>${message}</initial-response>${rest}</authenticate>`,
      );
      if (count % 2 === 1) {
        const [, text = ""] = />([^<]+)</.exec(await client.until(/^<challenge/)) ?? [];
        const [, nonce = ""] = /r=([^,]+)/.exec(atob(text)) ?? [];
        const proof = btoa(`c=biws,r=${nonce},p=${btoa("x".repeat(20))}`);
        client.send(`<response xmlns="urn:xmpp:sasl:2">${proof}</response>`);
      }
      expect(await client.until(/^<failure/)).toContain("<not-authorized ");
      client.drop();
    }
    const client = await connect(account, "192.0.2.7");
    expect(await client.login("pencil")).toContain(MANY);
  });
});

it("WS-15 only so many clients may be attached at once", async () => {
  const account = "attached@good.example";
  await Client.online(account);
  for (let count = 1; count < 100; count += 1) await Client.online(account, { resource: `client-${count}` });
  const late = await Client.connect(account);
  await late.login("pencil");
  expect(await late.bind("late")).toBe(
    `<iq xmlns="jabber:client" id="bind" type="error"><error type="wait">` +
      `<resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>` +
      `<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">Too many clients are attached to this account.</text></error></iq>`,
  );
}, 20_000);

it("WS-13 only so many connections of one address, and of all strangers, may be logging in at once", async () => {
  const account = "surrounded@good.example";
  const home = await connect(account, "203.0.113.1");
  expect(await home.login("pencil")).toContain("<success");
  await home.bind("home");
  const open: Client[] = [];
  for (let host = 0; host < 5; host += 1) {
    for (let count = 0; count < 20; count += 1) open.push(await connect(account, `192.0.2.${host}`));
  }
  const refused = async (address: string): Promise<boolean> =>
    (await (await connect(account, address)).rest()).join("").includes("<resource-constraint ");
  expect(await refused("192.0.2.0")).toBe(true);
  expect(await refused("198.51.100.1")).toBe(true);
  const again = await connect(account, "203.0.113.1");
  expect(await again.login("pencil")).toContain("<success");
  for (const client of open) client.drop();
}, 20_000);
