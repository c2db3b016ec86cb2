// EDGE-1 to EDGE-3: what the Worker decides before an account's object is involved.

import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Env } from "../../durable/env.ts";
import worker from "../../worker/index.ts";
import { addressOf } from "../../worker/rate-limit.ts";
import { upgrade } from "./support/client.ts";

const NAMED = { ACCOUNTS: "", ALLOWED_ACCOUNTS: "alice@good.example", CREDENTIALS_KEY: "k".repeat(32) };

interface Asked {
  origin?: string;
  address?: string;
  vars?: Partial<Env>;
}

/** An upgrade at https://chat.example.org: its status and, where it was refused, the words. */
async function connect({ origin, address, vars = {} }: Asked): Promise<[status: number, text: string]> {
  const request = upgrade("/xmpp-websocket", { origin: "https://chat.example.org" });
  if (origin !== undefined) request.headers.set("Origin", origin);
  if (address !== undefined) request.headers.set("CF-Connecting-IP", address);
  const response = await worker.fetch(request, { ...env, ...NAMED, ...vars }, createExecutionContext());
  response.webSocket?.accept();
  response.webSocket?.close();
  return [response.status, response.webSocket ? "" : await response.text()];
}

describe("EDGE-1 pages that may connect", () => {
  const ALLOWED_ORIGINS = "https://client.example, http://localhost:5173";

  it.each([
    ["any page while none are named", "https://elsewhere.example", ""],
    ["one that is named", "https://client.example", ALLOWED_ORIGINS],
    ["one with a port", "http://localhost:5173", ALLOWED_ORIGINS],
    ["the deployment's own", "https://chat.example.org", ALLOWED_ORIGINS],
    ["what is no browser", undefined, ALLOWED_ORIGINS],
  ])("%s", async (_name, origin, allowed) => {
    const asked = { vars: { ALLOWED_ORIGINS: allowed }, ...(origin === undefined ? {} : { origin }) };
    expect(await connect(asked)).toEqual([101, ""]);
  });

  it.each(["https://elsewhere.example", "http://client.example", "https://client.example:8443", "null"])(
    "not %s",
    async (origin) => {
      expect(await connect({ origin, vars: { ALLOWED_ORIGINS } })).toEqual([
        403,
        "Pages of this site may not connect here (ALLOWED_ORIGINS).",
      ]);
    },
  );
});

describe("EDGE-2 connections of one address", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:2::", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
  ])("%s counts as %s", (address, expected) => {
    expect(addressOf(new Request("https://h/", { headers: { "CF-Connecting-IP": address } }))).toBe(expected);
  });

  it("are counted by the platform, and refused beyond its limit", async () => {
    const keys: string[] = [];
    const CONNECTIONS = {
      limit: async ({ key = "" }: { key?: string }) => {
        keys.push(key);
        return await Promise.resolve({ success: keys.length < 3 });
      },
    };
    const asked = { address: "2001:db8:1:2::9", vars: { CONNECTIONS } };
    const outcomes = [await connect(asked), await connect(asked), await connect(asked)];
    expect(outcomes).toEqual([
      [101, ""],
      [101, ""],
      [429, "Too many connections from this address; try again in a minute."],
    ]);
    expect(keys).toEqual(Array.from({ length: 3 }, () => "2001:db8:1:2::/64"));
  });

  it("are not counted where no address is known, or no limit is bound", async () => {
    const CONNECTIONS = { limit: async () => await Promise.reject(new Error("asked")) };
    expect(await connect({ vars: { CONNECTIONS } })).toEqual([101, ""]);
  });
});

describe("EDGE-3 host-meta", () => {
  it("names the endpoint in XRD", async () => {
    const response = await exports.default.fetch("https://chat.example.org/.well-known/host-meta");
    expect(await response.text()).toBe(
      '<?xml version="1.0" encoding="utf-8"?>\n' +
        '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="urn:xmpp:alt-connections:websocket"' +
        ' href="wss://chat.example.org/xmpp-websocket"/></XRD>\n',
    );
    expect(response.headers.get("Content-Type")).toBe("application/xrd+xml; charset=utf-8");
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
  });

  it.each([
    ["https://chat.example.org", "wss://chat.example.org/xmpp-websocket"],
    ["http://localhost:8787", "ws://localhost:8787/xmpp-websocket"],
  ])("names the endpoint of %s in JSON", async (at, href) => {
    const response = await exports.default.fetch(`${at}/.well-known/host-meta.json`);
    expect(await response.json()).toEqual({ links: [{ rel: "urn:xmpp:alt-connections:websocket", href }] });
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
  });
});
