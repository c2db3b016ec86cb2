// The edge: /health in each state, what is refused before there is a stream, and what is refused in one (CFG-1 to CFG-3,
// CFG-5, WS-1).

import { createExecutionContext, listDurableObjectIds } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import worker from "../../worker/index.ts";
import { Client, upgrade } from "./support/client.ts";
import { opensAndEndsWith } from "./support/stream-end.ts";

type Vars = Partial<Record<keyof Cloudflare.Env, string | undefined>>;

const KEY = "k".repeat(32);
const NOTHING: Vars = { ALLOWED_ACCOUNTS: "", ACCOUNTS: "", CREDENTIALS_KEY: KEY };

/** The Worker under other settings than those of vitest.config.ts. */
async function ask(request: Request, vars: Vars): Promise<Response> {
  return await worker.fetch(request, { ...env, ...NOTHING, ...vars }, createExecutionContext());
}

async function health(
  vars: Vars,
  origin = "https://chat.example.org",
): Promise<[status: number, body: unknown]> {
  const response = await ask(new Request(`${origin}/health`), vars);
  return [response.status, await response.json()];
}

describe("/health", () => {
  it.each<[string, Vars, string, unknown]>([
    ["nobody", {}, "https://chat.example.org", "none"],
    ["one account", { ALLOWED_ACCOUNTS: "alice@example.org" }, "https://chat.example.org", "some"],
    ["a domain", { ALLOWED_ACCOUNTS: "*@example.org" }, "https://chat.example.org", "some"],
    ["anybody, but not on loopback", { ALLOWED_ACCOUNTS: "*" }, "https://chat.example.org", "none"],
    ["anybody, on loopback", { ALLOWED_ACCOUNTS: "*" }, "http://localhost:8787", "any"],
    ["anybody, on [::1]", { ALLOWED_ACCOUNTS: "*" }, "http://[::1]:8787", "any"],
    [
      "anybody, on a name that only looks local",
      { ALLOWED_ACCOUNTS: "*" },
      "http://127.0.0.1.example.org",
      "none",
    ],
  ])("CFG-1 %s", async (_name, vars, origin, accounts) => {
    expect(await health(vars, origin)).toEqual([200, { status: "ok", accounts }]);
  });

  it("CFG-3 names every mistake, and no secret", async () => {
    const [status, body] = await health({
      ALLOWED_ACCOUNTS: "alice",
      ACCOUNTS: `{"hunter2":"x"}`,
      CREDENTIALS_KEY: "hunter2",
    });
    expect(status).toBe(500);
    expect(body).toEqual({
      status: "misconfigured",
      problems: [
        expect.stringContaining(`ALLOWED_ACCOUNTS: "alice" is neither a bare JID`),
        "ACCOUNTS: the name of entry 1 is not a bare JID",
        expect.stringContaining("CREDENTIALS_KEY: must be a secret of at least 32 characters"),
      ],
    });
    expect(JSON.stringify(body)).not.toContain("hunter2");
  });

  it("runs as deployed", async () => {
    const response = await exports.default.fetch("http://localhost/health");
    expect(await response.json()).toEqual({ status: "ok", accounts: "any" });
  });
});

const vars: Vars = { ALLOWED_ACCOUNTS: "alice@example.org" };

describe("what is refused before there is a stream", () => {
  it("426 without an upgrade", async () => {
    const response = await ask(new Request("https://h/xmpp-websocket/alice@example.org"), vars);
    expect([response.status, response.headers.get("Upgrade")]).toEqual([426, "websocket"]);
  });

  it.each(["", "chat", "xmpp2", "XMPP"])("WS-1 400 for the subprotocol %j", async (protocol) => {
    const response = await ask(upgrade("/xmpp-websocket/alice@example.org", { protocol }), vars);
    expect([response.status, await response.text()]).toEqual([
      400,
      'The WebSocket subprotocol "xmpp" is required (RFC 7395 section 3.1).',
    ]);
  });

  it.each([
    "/alice",
    "/example.org",
    "/alice%40example.org%2Fphone",
    "/%40example.org",
    "/a%20b%40example.org",
    "?jid=alice",
  ])("400 for the address %s", async (path) => {
    const response = await ask(upgrade(`/xmpp-websocket${path}`), vars);
    expect([response.status, await response.text()]).toEqual([
      400,
      "Say which account: /xmpp-websocket/{bare JID}, percent-encoded.",
    ]);
  });

  it("CFG-5 400 without a JID while the settings name nobody", async () => {
    expect((await ask(upgrade("/xmpp-websocket"), {})).status).toBe(400);
  });

  it("an address that does not exist", async () => {
    expect((await ask(new Request("https://h/nothing"), vars)).status).toBe(404);
  });
});

async function refusal(path: string, settings: Vars, origin?: string): Promise<string[]> {
  const response = await ask(upgrade(path, origin === undefined ? {} : { origin }), settings);
  expect([response.status, response.headers.get("Sec-WebSocket-Protocol")]).toEqual([101, "xmpp"]);
  const client = Client.of(response, "alice@example.org");
  client.send(`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="example.org" version="1.0"/>`);
  return await client.rest();
}

const error = (condition: string, text: string): string[] => opensAndEndsWith(condition, text, 1008);

describe("what is refused in the stream, so that clients can show it", () => {
  it.each<[string, string, Vars, string[]]>([
    [
      "CFG-2 an account that is not among those named",
      "/xmpp-websocket/eve@example.org",
      vars,
      error(
        "not-authorized",
        "eve@example.org is not among the accounts that this proxy serves (ALLOWED_ACCOUNTS).",
      ),
    ],
    [
      "CFG-2 anybody while nobody is named",
      "/xmpp-websocket?jid=alice%40example.org",
      {},
      error(
        "not-authorized",
        "This proxy serves nobody yet: its owner has to name accounts in ALLOWED_ACCOUNTS.",
      ),
    ],
    [
      "CFG-3 a mistake in the settings",
      "/xmpp-websocket/alice@example.org",
      { CREDENTIALS_KEY: "hunter2" },
      error(
        "internal-server-error",
        "The proxy is misconfigured. CREDENTIALS_KEY: must be a secret of at least 32 characters, for example from: openssl rand -base64 32.",
      ),
    ],
  ])("%s", async (_name, path, settings, expected) => {
    expect(await refusal(path, settings)).toEqual(expected);
  });

  it("CFG-1 * is for loopback only", async () => {
    const frames = await refusal(
      "/xmpp-websocket/eve@example.org",
      { ALLOWED_ACCOUNTS: "*" },
      "https://chat.example.org",
    );
    expect(frames).toEqual(
      error("not-authorized", expect.any(String)).with(1, expect.stringContaining("<not-authorized ")),
    );
  });

  it("CFG-2 and no object is made for it", async () => {
    const before = await listDurableObjectIds(env.ACCOUNT);
    await refusal("/xmpp-websocket/nobody-knows@example.org", vars);
    expect(await listDurableObjectIds(env.ACCOUNT)).toHaveLength(before.length);
  });
});

describe("what is taken", () => {
  it.each([
    ["the address in the path", "/xmpp-websocket/Alice%40good.example"],
    ["unescaped", "/xmpp-websocket/alice@good.example"],
    ["in the query", "/xmpp-websocket?jid=alice@good.example"],
    ["CFG-5 nowhere, while the settings name one account", "/xmpp-websocket"],
  ])("WS-1 %s", async (_name, path) => {
    const settings = { ALLOWED_ACCOUNTS: "alice@good.example" };
    const response = await ask(upgrade(path, { protocol: "chat, xmpp" }), settings);
    expect([response.status, response.headers.get("Sec-WebSocket-Protocol")]).toEqual([101, "xmpp"]);
    expect(await Client.of(response, "alice@good.example").open()).toContain("<mechanism>PLAIN</mechanism>");
  });

  it("LOGIN-3 a first login over an unencrypted connection from elsewhere is refused with the reason", async () => {
    const settings = { ALLOWED_ACCOUNTS: "carol@good.example" };
    const response = await ask(upgrade("/xmpp-websocket", { origin: "http://chat.example.org" }), settings);
    const client = Client.of(response, "carol@good.example");
    expect(await client.open()).toContain(
      "The first login of this account needs a secure connection (wss:).",
    );
    expect(await client.rest()).toEqual([expect.stringContaining("<close "), "closed 1008"]);
  });
});
