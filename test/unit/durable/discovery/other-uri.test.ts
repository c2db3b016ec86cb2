// UP-18: a WebSocket's address that the server itself names is connected to only under a name that was good before it spoke.

import { describe, expect, it } from "vitest";
import { type Endpoint, readEndpoint } from "../../../../durable/discovery/endpoint.ts";
import type { Candidate } from "../../../../durable/discovery/find-candidates.ts";
import type { HostMeta } from "../../../../durable/discovery/host-meta.ts";
import { followToUri } from "../../../../durable/discovery/other-uri.ts";
import { Route } from "../../../../durable/discovery/route.ts";

const WHY = "the server has sent us there";
const ADDRESSES: Record<string, string[]> = {
  "example.org": ["192.0.2.1"],
  "same.example.net": ["192.0.2.1"],
  "elsewhere.example.net": ["198.51.100.1"],
};
const resolver = {
  srv: async () => ({ ok: true as const, records: [], authenticated: false }),
  addresses: async (name: string) => ({
    ok: true as const,
    addresses: ADDRESSES[name] ?? [],
    authenticated: false,
  }),
};

function endpointOf(url: string): Endpoint {
  return readEndpoint(url) ?? expect.fail(url);
}

async function follow(text: string, urls: readonly string[], named = false) {
  const candidates = urls.map((url): Candidate => ({ ...endpointOf(url), why: "a test" }));
  const found = await followToUri(
    { kind: "uri", text, why: WHY },
    { domain: "example.org", named, candidates, resolver },
  );
  if ("what" in found) return found;
  return found.transport === "websocket" ? found.url : expect.fail("no WebSocket");
}

const META = ["wss://ws.example.net/xmpp"];

describe("UP-18 followed to, under a name that was good before", () => {
  it.each<[what: string, text: string, urls: string[], to: string]>([
    ["another path of the same host", "wss://ws.example.net/2", META, "wss://ws.example.net/2"],
    ["with another query", "wss://ws.example.net/xmpp?node=2", META, "wss://ws.example.net/xmpp?node=2"],
    ["another port of it", " WSS://WS.example.NET:5281/ws\n", META, "wss://ws.example.net:5281/ws"],
    ["the domain itself", "wss://example.org/ws", META, "wss://example.org/ws"],
    [
      "a name that signed SRV gave",
      "wss://xmpp.example.org/ws",
      ["xmpps://xmpp.example.org:5223"],
      "wss://xmpp.example.org/ws",
    ],
    ["the domain under another name", "wss://same.example.net:5281/ws", META, "wss://example.org:5281/ws"],
  ])("UP-18 %s", async (_what, text, urls, to) => {
    expect(await follow(text, urls)).toBe(to);
  });

  it("UP-18 plain where settings name a plain server on that host, and protected from there", async () => {
    const named = ["ws://127.0.0.1:5280/ws"];
    expect(await follow("ws://127.0.0.1:5299/ws", named, true)).toBe("ws://127.0.0.1:5299/ws");
    expect(await follow("wss://127.0.0.1:5299/ws", named, true)).toBe("wss://127.0.0.1:5299/ws");
  });
});

describe("UP-18 not followed to", () => {
  it.each<[what: string, text: string, urls: string[], named: boolean]>([
    ["another host", "wss://elsewhere.example.net/ws", META, false],
    ["a host that nobody knows", "wss://nowhere.example/ws", META, false],
    ["an address", "wss://192.0.2.9/ws", META, false],
    ["another host than settings name", "wss://example.org/ws", ["wss://proxy.example.net/ws"], true],
    ["this machine", "ws://localhost:5280/ws", META, false],
  ])("UP-18 %s: the refusal names the setting", async (_what, text, urls, named) => {
    const refused = await follow(text, urls, named);
    expect(refused).toMatchObject({ what: text });
    const words = JSON.stringify(refused);
    expect(words).toContain(WHY);
    expect(words).toContain(`UPSTREAM_HOSTS = {\\"example.org\\":\\"${text}\\"}`);
  });

  it("UP-18 what is less protected than the server was", async () => {
    const refused = await follow("ws://127.0.0.1:5299/ws", ["wss://127.0.0.1:5280/ws"], true);
    expect(refused).toEqual({ what: "ws://127.0.0.1:5299/ws", why: `${WHY}, but it is not protected` });
  });

  it.each([
    ["ws://ws.example.net/xmpp", "ws://ws.example.net/xmpp"],
    ["https://ws.example.net/http-bind", "https://ws.example.net/http-bind"],
    ["xmpps://ws.example.net:5223", "xmpps://ws.example.net:5223"],
    ["ws.example.net", "ws.example.net"],
    ["/xmpp", "/xmpp"],
    ["wss://user:secret@ws.example.net/xmpp", "wss://ws.example.net/xmpp"],
    ["https://ws.example.net/x?token=secret", "https://ws.example.net/x"],
    ["//ws.example.net/x?token=secret", "//ws.example.net/x"],
    [`wss://ws.example.net/${"x".repeat(3_000)}`, `wss://ws.example.net/${"x".repeat(79)}`],
  ])("UP-18 %s is no address of a WebSocket, and told without what may be secret", async (text, what) => {
    expect(await follow(text, META)).toEqual({ what, why: `${WHY}, but it is no wss:// address` });
  });
});

function round(meta: HostMeta, prefer?: string): { route: Route; asked: string[] } {
  const asked: string[] = [];
  const route = new Route({
    domain: "example.org",
    config: { upstreamHosts: new Map() },
    resolver,
    fetchHostMeta: async (domain) => {
      asked.push(domain);
      return meta;
    },
    random: () => 0,
    prefer: prefer === undefined ? undefined : { kind: "uri", text: prefer, why: WHY },
  });
  return { route, asked };
}

/** All that is tried, when all of it fails. */
async function all(route: Route): Promise<string[]> {
  const tried: string[] = [];
  for (let next = await route.next(); next; next = await route.next()) {
    tried.push(next.transport === "tcp" ? `${next.hostname}:${next.port}` : next.url);
    route.failed("a test");
  }
  return tried;
}

const to = (text: string) => ({ kind: "uri", text }) as const;

describe("UP-18 in a round of attempts", () => {
  it("UP-18 what is preferred comes first where the domain's host-meta vouches for its host, then the usual way", async () => {
    const { route, asked } = round({ ok: true, urls: META }, "wss://ws.example.net/2");
    expect(await all(route)).toEqual(["wss://ws.example.net/2", "example.org:5222", ...META]);
    expect(asked).toEqual(["example.org"]);
  });

  it("UP-18 where it does not, that is noted and the usual way is taken", async () => {
    const { route, asked } = round({ ok: false, problem: "answered 404" }, "wss://ws.example.net/2?x=secret");
    expect(await all(route)).toEqual(["example.org:5222"]);
    expect(asked).toEqual(["example.org"]);
    expect(route.explain()).toContain(`wss://ws.example.net/2: ${WHY}, but nothing but the server itself`);
    expect(route.explain()).not.toContain("secret");
  });

  it("UP-18 three redirections are followed, and none to where we are", async () => {
    const { route } = round({ ok: true, urls: META });
    await route.next();
    route.failed("a test");
    await route.next();
    await route.redirected(to("wss://ws.example.net/xmpp"));
    expect(route.explain()).toContain("which is where we were");
    for (const node of [2, 3]) {
      await route.redirected(to(`wss://ws.example.net/xmpp?node=${node}`));
      expect(await route.next()).toMatchObject({ url: `wss://ws.example.net/xmpp?node=${node}` });
    }
    await route.redirected(to("wss://ws.example.net/xmpp?node=4"));
    expect(await route.next()).toBeUndefined();
    expect(route.explain()).toContain(
      "wss://ws.example.net/xmpp: wss://ws.example.net/xmpp sends us there, but there were too many",
    );
  });
});
