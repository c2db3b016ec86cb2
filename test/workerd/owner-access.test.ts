// OWNER-1, OWNER-2: who may ask, by RFC 7617.

import { describe, expect, it } from "vitest";
import { DecoyGuards } from "../../durable/clients/decoy-guards.ts";
import type { PasswordVerdict } from "../../durable/clients/login-guard.ts";
import { refuseOthers, refuseStranger } from "../../durable/owner/access.ts";
import { encodeBase64Text } from "../../xmpp/sasl/base64.ts";

const ACCOUNT = "alice@example.org";
const nobody = (): Parameters<typeof refuseStranger>[2] => ({
  guards: new DecoyGuards(),
  address: "203.0.113.1",
});
const basic = (text: string): string => `Basic ${encodeBase64Text(text)}`;

function request(authorization?: string): Request {
  const headers = authorization === undefined ? {} : { Authorization: authorization };
  return new Request("https://chat.example.org/accounts/alice@example.org/status", { headers });
}

/** The passwords that were asked about, and the refusal. */
async function ask(
  authorization: string | undefined,
  verdict: PasswordVerdict = { ok: true },
): Promise<{ asked: string[]; refusal: Response | undefined }> {
  const asked: string[] = [];
  const refusal = await refuseOthers(request(authorization), ACCOUNT, async (password) => {
    asked.push(password);
    return verdict;
  });
  return { asked, refusal };
}

describe("OWNER-1 the owner is whoever has the password", () => {
  it.each([
    ["the bare JID", "alice@example.org:secret", "secret"],
    ["the localpart", "alice:secret", "secret"],
    ["written otherwise", "ALICE@Example.ORG:secret", "secret"],
    ["a password with colons", "alice:a:b:", "a:b:"],
    ["in UTF-8", "alice:pässwörd", "pässwörd"],
  ])("OWNER-1 %s", async (_name, text, password) => {
    const { asked, refusal } = await ask(basic(text));
    expect([asked, refusal]).toEqual([[password], undefined]);
  });

  it.each<[string, string | undefined]>([
    ["nothing", undefined],
    ["another scheme", "Bearer abc"],
    ["no base64", "Basic !!!"],
    ["no colon", basic("alice")],
    ["no name", basic(":secret")],
    ["bytes that are no UTF-8", `Basic ${btoa("a:\u{ff}")}`],
    ["another account", basic("bob@example.org:secret")],
    ["a full JID", basic("alice@example.org/phone:secret")],
    ["another domain", basic("alice@example.net:secret")],
    ["more than anybody has", basic(`alice:${"x".repeat(5_000)}`)],
  ])("OWNER-1 %s: nobody is asked about a password", async (_name, authorization) => {
    const { asked, refusal } = await ask(authorization);
    expect([asked, refusal?.status]).toEqual([[], 401]);
  });
});

describe("OWNER-2 refusals", () => {
  it("OWNER-2 a wrong password and an account that is not served look the same", async () => {
    const wrong = (await ask(basic("alice:wrong"), { ok: false, condition: "not-authorized" })).refusal;
    const stranger = await refuseStranger(request(basic("alice:wrong")), ACCOUNT, nobody());
    const nothing = await refuseStranger(request(), ACCOUNT, nobody());
    for (const refusal of [wrong, stranger, nothing]) {
      expect(refusal?.status).toBe(401);
      expect(refusal?.headers.get("WWW-Authenticate")).toBe('Basic realm="xmpproxy", charset="UTF-8"');
      expect(refusal?.headers.get("Cache-Control")).toBe("no-store");
    }
    expect([...(wrong?.headers ?? [])]).toEqual([...stranger.headers]);
    expect(await wrong?.text()).toBe(await stranger.text());
  });

  it(
    "OWNER-2 LOGIN-7 only guesses at the account itself are counted where it is not",
    { timeout: 20_000 },
    async () => {
      const stranger = nobody();
      const guess = async (name: string): Promise<number> =>
        (await refuseStranger(request(basic(`${name}:wrong`)), ACCOUNT, stranger)).status;
      expect(await Promise.all(Array.from({ length: 12 }, () => guess("bob")))).toEqual(
        Array.from({ length: 12 }, () => 401),
      );
      const statuses: number[] = [];
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as they are counted
      for (let n = 0; n < 12; n += 1) statuses.push(await guess("alice"));
      expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 503, 503]);
    },
  );

  it("OWNER-2 a server that cannot be asked is said to be that", async () => {
    const { refusal } = await ask(basic("alice:x"), {
      ok: false,
      condition: "temporary-auth-failure",
      text: "The server cannot be reached.",
    });
    expect([refusal?.status, await refusal?.json()]).toEqual([
      503,
      { error: "The server cannot be reached." },
    ]);
  });
});
