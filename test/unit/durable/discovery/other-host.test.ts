// UP-15: a host that the server itself names is connected to only under a name that was good before it spoke.

import { describe, expect, it } from "vitest";
import { formatEndpoint, readEndpoint } from "../../../../durable/discovery/endpoint.ts";
import type { Candidate } from "../../../../durable/discovery/find-candidates.ts";
import { followTo, readHostPort } from "../../../../durable/discovery/other-host.ts";
import { Route } from "../../../../durable/discovery/route.ts";

const WHY = "the server has sent us there";
const ADDRESSES: Record<string, string[]> = {
  "example.org": ["192.0.2.1", "2001:db8::1"],
  "xmpp.example.org": ["192.0.2.7"],
  "same.example.net": ["192.0.2.1", "2001:db8::1"],
  "some.example.net": ["192.0.2.1"],
  "elsewhere.example.net": ["198.51.100.1"],
};

function candidate(url: string): Candidate {
  const endpoint = readEndpoint(url);
  if (!endpoint) throw new Error(url);
  return { ...endpoint, why: "a test" };
}

const resolver = (asked: string[] = []) => ({
  srv: async () => ({ ok: true as const, records: [], authenticated: false }),
  addresses: async (name: string) => {
    asked.push(name);
    return { ok: true as const, addresses: ADDRESSES[name] ?? [], authenticated: false };
  },
});

async function follow(text: string, urls: readonly string[], named = false, asked: string[] = []) {
  const candidates = urls.map(candidate);
  const known = { domain: "example.org", named, candidates, resolver: resolver(asked) };
  const found = await followTo({ kind: "host", text, why: WHY }, known);
  return "what" in found ? found : formatEndpoint(found);
}

describe("UP-15 reading host and port (RFC 6120 section 4.9.3.19)", () => {
  it.each([
    ["example.org", { hostname: "example.org", port: undefined }],
    ["  EXAMPLE.org:5269\n", { hostname: "example.org", port: 5269 }],
    ["bücher.example:1", { hostname: "xn--bcher-kva.example", port: 1 }],
    ["192.0.2.1:5222", { hostname: "192.0.2.1", port: 5222 }],
    ["[2001:41D0:1:A49b::1]:9222", { hostname: "[2001:41d0:1:a49b::1]", port: 9222 }],
    ["[2001:db8::1]", { hostname: "[2001:db8::1]", port: undefined }],
    ["2001:db8::1", undefined],
    ["[2001:db8::1", undefined],
    ["[example.org]:1", undefined],
    ["example.org:0", undefined],
    ["example.org:65536", undefined],
    ["example.org:99999999", undefined],
    ["example.org:", undefined],
    ["example.org:52x", undefined],
    ["user@example.org", undefined],
    ["example.org/path", undefined],
    ["xmpp://example.org", undefined],
    ["", undefined],
    ["two words", undefined],
  ])("UP-15 %j", (text, expected) => {
    expect(readHostPort(text)).toEqual(expected);
  });
});

const ITSELF = ["xmpp://example.org:5222"];
const SIGNED = ["xmpps://xmpp.example.org:5223", "xmpp://xmpp.example.org:5222"];

describe("UP-15 followed to, under a name that was good before", () => {
  it.each<[what: string, text: string, urls: string[], to: string]>([
    ["another port of the domain", "example.org:5299", ITSELF, "xmpp://example.org:5299"],
    ["the domain without a port", "example.org", ITSELF, "xmpp://example.org:5222"],
    ["the domain, although SRV names others", "example.org:5230", SIGNED, "xmpp://example.org:5230"],
    ["a name that signed SRV gave", "xmpp.example.org:5223", SIGNED, "xmpps://xmpp.example.org:5223"],
    ["the same at its other port", "xmpp.example.org:5222", SIGNED, "xmpp://xmpp.example.org:5222"],
    [
      "the same at a new port, protected as there",
      "xmpp.example.org:1234",
      SIGNED,
      "xmpps://xmpp.example.org:1234",
    ],
    ["an address of that name", "192.0.2.7:5299", SIGNED, "xmpps://xmpp.example.org:5299"],
    ["a name at the domain's own addresses", "same.example.net:5299", ITSELF, "xmpp://example.org:5299"],
  ])("UP-15 %s", async (_what, text, urls, to) => {
    expect(await follow(text, urls)).toBe(to);
  });

  it("UP-15 what settings name stays the only name, at any port, and nobody is asked", async () => {
    const asked: string[] = [];
    const named = ["xmpp+plain://127.0.0.1:5222"];
    expect(await follow("127.0.0.1:5299", named, true, asked)).toBe("xmpp+plain://127.0.0.1:5299");
    expect(await follow("[::1]:5299", named, true, asked)).toMatchObject({ what: "[::1]:5299" });
    expect(await follow("example.org", named, true, asked)).toMatchObject({ what: "example.org" });
    expect(asked).toEqual([]);
  });
});

describe("UP-15 not followed to", () => {
  it.each<[what: string, text: string, urls: string[]]>([
    ["another host", "elsewhere.example.net:5222", ITSELF],
    ["a name that shares only some addresses", "some.example.net", ITSELF],
    ["a name that nobody knows", "nowhere.example.net", ITSELF],
    ["one of several addresses", "192.0.2.1:5222", ITSELF],
    ["this machine", "127.0.0.1:5222", ITSELF],
    ["this machine by name", "localhost", SIGNED],
    ["another host, from a WebSocket", "elsewhere.example.net", ["wss://example.org/ws"]],
  ])("UP-15 %s: the refusal names the setting", async (_what, text, urls) => {
    const refused = await follow(text, urls);
    expect(refused).toMatchObject({ what: text });
    const words = JSON.stringify(refused);
    expect(words).toContain(WHY);
    expect(words).toContain("UPSTREAM_HOSTS");
  });

  it("UP-15 what is no host", async () => {
    expect(await follow("http://example.org/", ITSELF)).toEqual({
      what: "http://example.org/",
      why: `${WHY}, but it is neither a host name nor an address with a port`,
    });
  });
});

const round = (prefer?: string): Route =>
  new Route({
    domain: "example.org",
    config: { upstreamHosts: new Map() },
    resolver: resolver(),
    fetchHostMeta: async () => ({ ok: false, problem: "answered 404" }),
    random: () => 0,
    prefer: prefer === undefined ? undefined : { kind: "host", text: prefer, why: WHY },
  });
const toHost = (text: string) => ({ kind: "host", text }) as const;
const url = async (route: Route): Promise<string | undefined> => {
  const next = await route.next();
  return next && formatEndpoint(next);
};

describe("UP-15 in a round of attempts", () => {
  it("UP-15 what is preferred comes first, then the usual way", async () => {
    const route = round("example.org:5299");
    expect(await url(route)).toBe("xmpp://example.org:5299");
    route.failed("gone");
    expect(await url(route)).toBe("xmpp://example.org:5222");
  });

  it("UP-15 what may not be preferred is only noted", async () => {
    const route = round("elsewhere.example.net");
    expect(await url(route)).toBe("xmpp://example.org:5222");
    expect(route.log).toMatchObject([{ what: "elsewhere.example.net" }]);
  });

  it("UP-15 three redirections are followed, and none to where we are", async () => {
    const route = round();
    expect(await url(route)).toBe("xmpp://example.org:5222");
    for (const port of [5301, 5302, 5303]) {
      route.failed("see-other-host");
      await route.redirected(toHost(`example.org:${port}`));
      expect(await url(route)).toBe(`xmpp://example.org:${port}`);
    }
    route.failed("see-other-host");
    await route.redirected(toHost("example.org:5304"));
    expect(await url(route)).toBeUndefined();
    expect(route.explain()).toContain(
      "example.org:5304: xmpp://example.org:5303 sends us there, but there were too many",
    );

    const circle = round();
    await url(circle);
    await circle.redirected(toHost("example.org:5222"));
    expect(await url(circle)).toBeUndefined();
    expect(circle.explain()).toContain("which is where we were");
  });
});
