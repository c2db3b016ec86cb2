// CFG-1, CFG-3, CFG-5: the settings. UPSTREAM_HOSTS and DOH_URL are with discovery (discovery/endpoint.test.ts).

import { describe, expect, it } from "vitest";
import { type Config, isAllowed, onlyAccount, readConfig } from "../../../durable/config.ts";

const KEY = "k".repeat(32);

function config(vars: Record<string, string> = {}): Config {
  const result = readConfig({ CREDENTIALS_KEY: KEY, ...vars });
  return result.ok ? result.config : expect.fail(result.problems.join("; "));
}

function problems(vars: Record<string, unknown>): string[] {
  const result = readConfig({ CREDENTIALS_KEY: KEY, ...vars });
  return result.ok ? expect.fail("no problem was found") : result.problems;
}

const notBare = (entry: string): string =>
  `ALLOWED_ACCOUNTS: "${entry}" is neither a bare JID (alice@example.org) nor *@domain`;

describe("settings that are well", () => {
  it("CFG-1 without any, nobody is allowed", () => {
    expect(config()).toMatchObject({ allowed: [], accounts: new Map(), credentialsKey: KEY });
  });

  it.each([
    ["alice@example.org", ["alice@example.org"]],
    [" Alice@Example.ORG , bob@example.org,, ", ["alice@example.org", "bob@example.org"]],
    ["*@Example.org", ["*@example.org"]],
    ["*", ["*"]],
    ["", []],
    [" , ", []],
  ])("CFG-1 ALLOWED_ACCOUNTS %j", (text, allowed) => {
    expect(config({ ALLOWED_ACCOUNTS: text }).allowed).toEqual(allowed);
  });

  it.each([
    ["", []],
    [
      " https://chat.example.org ,http://localhost:5173,",
      ["https://chat.example.org", "http://localhost:5173"],
    ],
    ["HTTPS://Chat.Example.org", ["https://chat.example.org"]],
  ])("EDGE-1 ALLOWED_ORIGINS %j", (text, origins) => {
    expect(config({ ALLOWED_ORIGINS: text }).allowedOrigins).toEqual(origins);
  });

  it.each([
    [{}, 24],
    [{ RESUME_HOURS: " " }, 24],
    [{ RESUME_HOURS: "1" }, 1],
    [{ RESUME_HOURS: " 168 " }, 168],
  ])("SM-1 %j", (vars, hours) => {
    expect(config(vars).resumeSeconds).toBe(hours * 3600);
  });

  it.each([
    [
      `{"Alice@example.org":"secret","bob@example.org":" "}`,
      [
        ["alice@example.org", "secret"],
        ["bob@example.org", " "],
      ],
    ],
    [`{}`, []],
    [` `, []],
  ])("CFG-4 ACCOUNTS %j", (text, accounts) => {
    expect([...config({ ACCOUNTS: text }).accounts]).toEqual(accounts);
  });
});

describe("CFG-3 a mistake is named in words, with its setting", () => {
  const notRecord = "ACCOUNTS: must be a JSON object from bare JID to password";
  const shortKey =
    "CREDENTIALS_KEY: must be a secret of at least 32 characters, for example from: openssl rand -base64 32";

  it.each<[Record<string, unknown>, string[]]>([
    [{ ALLOWED_ACCOUNTS: "alice" }, [notBare("alice")]],
    [{ ALLOWED_ACCOUNTS: "alice@example.org/phone" }, [notBare("alice@example.org/phone")]],
    [{ ALLOWED_ACCOUNTS: "*@" }, [notBare("*@")]],
    [
      { ALLOWED_ORIGINS: "chat.example.org, https://chat.example.org/, *" },
      ["chat.example.org", "https://chat.example.org/", "*"].map(
        (entry) => `ALLOWED_ORIGINS: "${entry}" is not a web origin (https://chat.example.org)`,
      ),
    ],
    [{ ALLOWED_ACCOUNTS: "*@alice@example.org" }, [notBare("*@alice@example.org")]],
    [{ ALLOWED_ACCOUNTS: "**, a@b, x" }, [notBare("**"), notBare("x")]],
    [{ ACCOUNTS: "hunter2" }, [notRecord]],
    [{ ACCOUNTS: `["hunter2"]` }, ["ACCOUNTS: the name of entry 1 is not a bare JID"]],
    [{ ACCOUNTS: `"hunter2"` }, [notRecord]],
    [{ ACCOUNTS: `{"alice@example.org":7}` }, [notRecord]],
    [
      { ACCOUNTS: `{"alice@example.org":"x","hunter2":"alice@example.org"}` },
      ["ACCOUNTS: the name of entry 2 is not a bare JID"],
    ],
    [{ ACCOUNTS: `{"example.org":"hunter2"}` }, ["ACCOUNTS: the name of entry 1 is not a bare JID"]],
    [{ ACCOUNTS: `{"alice@example.org":""}` }, ["ACCOUNTS: the password of entry 1 is empty"]],
    ...["0", "169", "1.5", "-1", "a day", "Infinity"].map((hours): [Record<string, unknown>, string[]] => [
      { RESUME_HOURS: hours },
      ["RESUME_HOURS: must be a whole number of hours from 1 to 168"],
    ]),
    [{ CREDENTIALS_KEY: "hunter2" }, [shortKey]],
    [{ CREDENTIALS_KEY: undefined }, [shortKey]],
    [{ CREDENTIALS_KEY: "hunter2", ALLOWED_ACCOUNTS: "x" }, [notBare("x"), shortKey]],
  ])("CFG-3 %j", (vars, expected) => {
    expect(problems(vars)).toEqual(expected);
  });

  it("CFG-3 no problem ever holds what is in a secret, even where names and passwords were exchanged", () => {
    const secrets: Record<string, unknown>[] = [
      { ACCOUNTS: `{"hunter2":"alice@example.org"}` },
      { ACCOUNTS: `{"hunter2":""}` },
      { ACCOUNTS: `{"alice@example.org":{"hunter2":1}}` },
      { ACCOUNTS: `{"alice@example.org":"hunter2"` },
      { CREDENTIALS_KEY: "hunter2" },
    ];
    for (const vars of secrets) expect(problems(vars).join()).not.toMatch(/hunter2|alice@example\.org"/);
  });

  it("CFG-3 an environment that is none at all", () => {
    expect(readConfig(undefined).ok).toBe(false);
  });
});

describe("CFG-1 who may use it", () => {
  const accounts = `{"eve@example.com":"x"}`;
  it.each([
    ["", "alice@example.org", false, false],
    ["alice@example.org", "alice@example.org", false, true],
    ["alice@example.org", "bob@example.org", false, false],
    ["alice@example.org", "alice@example.org.evil", false, false],
    ["*@example.org", "bob@example.org", false, true],
    ["*@example.org", "bob@sub.example.org", false, false],
    ["*@example.org", "bob@notexample.org", false, false],
    ["*", "bob@example.org", false, false],
    ["*", "bob@example.org", true, true],
    ["*, bob@example.org", "bob@example.org", false, true],
    ["", "bob@example.org", true, false],
    ["", "eve@example.com", false, true],
  ])("CFG-1 %j: %s, on loopback %j: %j", (allowed, bareJid, onLoopback, expected) => {
    const read = config({ ALLOWED_ACCOUNTS: allowed, ACCOUNTS: accounts });
    expect(isAllowed(read, bareJid, onLoopback)).toBe(expected);
  });
});

describe("CFG-5 the one account that the settings name", () => {
  it.each([
    ["", "", undefined],
    ["alice@example.org", "", "alice@example.org"],
    ["", `{"alice@example.org":"x"}`, "alice@example.org"],
    ["alice@example.org", `{"Alice@example.org":"x"}`, "alice@example.org"],
    ["alice@example.org, bob@example.org", "", undefined],
    ["alice@example.org", `{"bob@example.org":"x"}`, undefined],
    ["*@example.org", "", undefined],
    ["*", "", undefined],
    ["*, alice@example.org", "", undefined],
  ])("CFG-5 %j %s: %s", (allowed, accounts, expected) => {
    expect(onlyAccount(config({ ALLOWED_ACCOUNTS: allowed, ACCOUNTS: accounts }))).toBe(expected);
  });
});

describe("settings of the upstream session", () => {
  it.each([
    ["", true],
    ["true", true],
    ["false", false],
  ])("UP-4 ALLOW_SASL_PLAIN %j: %j", (text, expected) => {
    expect(config({ ALLOW_SASL_PLAIN: text }).allowPlain).toBe(expected);
  });

  it.each([
    ["", 25],
    ["1", 1],
    ["300", 300],
  ])("UP-12 SERVER_SILENCE_SECONDS %j: %i", (text, expected) => {
    expect(config({ SERVER_SILENCE_SECONDS: text }).serverSilenceSeconds).toBe(expected);
  });

  it.each([
    ["", "away"],
    ["available", ""],
    ["xa", "xa"],
    [" dnd ", "dnd"],
  ])("PRES-1 DETACHED_PRESENCE %j: %j", (text, expected) => {
    expect(config({ DETACHED_PRESENCE: text }).detachedShow).toBe(expected);
  });

  it("CFG-3 what it cannot be is named", () => {
    expect(problems({ DETACHED_PRESENCE: "offline" })).toEqual([
      "DETACHED_PRESENCE: must be available, away, chat, dnd or xa",
    ]);
  });

  it("CFG-3 what neither can be is named", () => {
    expect(problems({ ALLOW_SASL_PLAIN: "yes" })).toEqual([`ALLOW_SASL_PLAIN: must be "true" or "false"`]);
    for (const text of ["0", "301", "2.5", "soon", "-1"]) {
      expect(problems({ SERVER_SILENCE_SECONDS: text })).toContain(
        "SERVER_SILENCE_SECONDS: must be a whole number of seconds from 1 to 300",
      );
    }
  });
});

describe("settings of the log", () => {
  const DAY_MS = 86_400_000;
  const MAX = Number.MAX_SAFE_INTEGER;

  it.each([
    ["", 365],
    ["30", 30],
    ["forever", undefined],
  ])("LOG-9 LOG_DAYS %j: %j", (text, days) => {
    expect(config({ LOG_DAYS: text }).logRetention.days).toBe(days);
  });

  it.each([
    ["", 1_000],
    ["9000", 9_000],
  ])("LOG-9 LOG_MEGABYTES %j: %j", (text, megabytes) => {
    expect(config({ LOG_MEGABYTES: text }).logRetention.megabytes).toBe(megabytes);
  });

  it.each([
    ["", { count: 200, ageMs: 3 * DAY_MS }],
    ["none", { count: 0, ageMs: 0 }],
    ["1 day", { count: MAX, ageMs: DAY_MS }],
    [" 50 messages ", { count: 50, ageMs: MAX }],
    ["10 messages,7 days", { count: 10, ageMs: 7 * DAY_MS }],
  ])("LOG-7 REPLAY_NEW_DEVICE %j", (text, window) => {
    expect(config({ REPLAY_NEW_DEVICE: text }).newDevice).toEqual(window);
  });

  it.each([
    ["LOG_DAYS", "0", 'must be a whole number of days, or "forever"'],
    ["LOG_DAYS", "1.5", 'must be a whole number of days, or "forever"'],
    ["LOG_MEGABYTES", "9001", "must be a whole number of megabytes from 1 to 9000"],
    ["LOG_MEGABYTES", "1 GB", "must be a whole number of megabytes from 1 to 9000"],
    ["REPLAY_NEW_DEVICE", "3 weeks", 'must be like "3 days, 200 messages", one of the two, or "none"'],
    ["REPLAY_NEW_DEVICE", "3 days,", 'must be like "3 days, 200 messages", one of the two, or "none"'],
  ])("CFG-3 %s = %j", (name, text, words) => {
    expect(problems({ [name]: text })).toContain(`${name}: ${words}`);
  });
});
