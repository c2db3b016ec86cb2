// Which name a server has to prove itself by, case by case: settings, SRV, DNSSEC, host-meta, refusal.

import { describe, expect, it } from "vitest";
import { formatEndpoint, readEndpoint } from "../../../../durable/discovery/endpoint.ts";
import type { Endpoint } from "../../../../durable/discovery/endpoint.ts";
import { findCandidates } from "../../../../durable/discovery/find-candidates.ts";
import type { FindOptions } from "../../../../durable/discovery/find-candidates.ts";
import type { HostMeta } from "../../../../durable/discovery/host-meta.ts";
import type { Resolver } from "../../../../durable/discovery/resolver.ts";
import { Route } from "../../../../durable/discovery/route.ts";

const PROBLEM = "fails";

/** Records as text; `AD` among them makes the answer authenticated, `fails` a failure. */
type Dns = Record<string, string[]>;

function resolverOf(dns: Dns, asked: string[] = []): Resolver {
  const look = (name: string) => {
    asked.push(name);
    const data = dns[name] ?? [];
    if (data.includes(PROBLEM)) return { ok: false as const, problem: "the resolver answered SERVFAIL" };
    return {
      ok: true as const,
      authenticated: data.includes("AD"),
      data: data.filter((text) => text !== "AD"),
    };
  };
  return {
    srv: async (name) => {
      const found = look(name);
      if (!found.ok) return found;
      const records = found.data.map((text) => {
        const [priority = "", port = "", target = ""] = text.split(" ");
        return {
          priority: Number(priority),
          weight: 0,
          port: Number(port),
          target: target.replace(/\.$/, ""),
        };
      });
      return { ok: true, authenticated: found.authenticated, records };
    },
    addresses: async (name) => {
      const found = look(name);
      return found.ok ? { ok: true, authenticated: found.authenticated, addresses: found.data } : found;
    },
  };
}

const endpoint = (text: string): Endpoint => {
  const read = readEndpoint(text);
  if (!read) throw new Error(text);
  return read;
};

const NO_META: HostMeta = { ok: false, problem: "answered 404" };

interface World {
  domain?: string;
  hosts?: Record<string, string>;
  dns?: Dns;
  meta?: HostMeta;
}

function options(world: World, asked: string[] = []): FindOptions {
  return {
    domain: world.domain ?? "example.org",
    config: {
      upstreamHosts: new Map(
        Object.entries(world.hosts ?? {}).map(([domain, url]) => [domain, endpoint(url)]),
      ),
    },
    resolver: resolverOf(world.dns ?? {}, asked),
    fetchHostMeta: async (domain) => {
      asked.push(`host-meta ${domain}`);
      return world.meta ?? NO_META;
    },
    random: () => 0,
  };
}

async function find(world: World) {
  const asked: string[] = [];
  const found = await findCandidates(options(world, asked));
  return {
    asked,
    candidates: found.candidates.map((each) => [formatEndpoint(each), each.why]),
    refused: found.refused.map(({ what, why }) => `${what}: ${why}`),
    thenHostMeta: found.thenHostMeta,
  };
}

const DIRECT = "_xmpps-client._tcp.example.org";
const STARTTLS = "_xmpp-client._tcp.example.org";
const META: HostMeta = { ok: true, urls: ["wss://ws.example.net/xmpp"] };
const BY_META = ["wss://ws.example.net/xmpp", "the host-meta of example.org names it"];

const refusal = (url: string, domain = "example.org", host = domain): string =>
  `${url}: only DNS without DNSSEC says that the server of ${host} is there, so a certificate for that name proves` +
  ` nothing; if you know that it is right, set UPSTREAM_HOSTS = {"${domain}":"${url}"}`;

describe("FIND-1 the owner's word", () => {
  it.each(["xmpps://elsewhere.example:443", "wss://elsewhere.example/ws", "xmpp+plain://127.0.0.1:5222"])(
    "FIND-1 %s is the only one, and nobody is asked",
    async (url) => {
      const dns = { [DIRECT]: ["0 5223 example.org."] };
      expect(await find({ hosts: { "example.org": url }, dns, meta: META })).toEqual({
        asked: [],
        candidates: [[url, "UPSTREAM_HOSTS names it"]],
        refused: [],
        thenHostMeta: false,
      });
    },
  );

  it("FIND-1 concerns that domain only", async () => {
    const { candidates } = await find({ hosts: { "example.net": "xmpp://a.example" } });
    expect(candidates).toEqual([["xmpp://example.org:5222", "example.org has no SRV records"]]);
  });
});

describe("FIND-4 names that DNS says", () => {
  it("FIND-4 the domain itself needs no addresses", async () => {
    const dns = { [DIRECT]: ["0 443 example.org."], [STARTTLS]: ["1 5222 example.org."] };
    const why = "its SRV record names the domain itself";
    expect(await find({ dns })).toEqual({
      asked: [DIRECT, STARTTLS],
      candidates: [
        ["xmpps://example.org:443", why],
        ["xmpp://example.org:5222", why],
      ],
      refused: [],
      thenHostMeta: true,
    });
  });

  it("FIND-4 a target at the domain's addresses is connected to as the domain, once", async () => {
    const dns = {
      [STARTTLS]: ["0 5222 xmpp.example.net.", "1 5222 two.example.net."],
      "example.org": ["192.0.2.1", "2001:db8::1"],
      "xmpp.example.net": ["2001:db8::1", "192.0.2.1", "192.0.2.7"],
      "two.example.net": ["192.0.2.1", "2001:db8::1"],
    };
    expect(await find({ dns })).toMatchObject({
      candidates: [
        ["xmpp://example.org:5222", "example.org has the same address as its SRV target xmpp.example.net"],
      ],
      refused: [],
    });
  });

  it("FIND-4 the domain's own name goes before a signed one", async () => {
    const dns = {
      [STARTTLS]: ["AD", "0 5222 xmpp.example.net."],
      "example.org": ["192.0.2.1"],
      "xmpp.example.net": ["192.0.2.1"],
    };
    expect((await find({ dns })).candidates.map(([url]) => url)).toEqual(["xmpp://example.org:5222"]);
  });

  it.each([
    ["with a shared address and a signature", ["AD"], "xmpp://xmpp.example.net:5222"],
    ["with a shared address only", [], "xmpp://example.org:5222"],
  ])("FIND-4 %s", async (_what, flags, url) => {
    const dns = {
      [STARTTLS]: [...flags, "0 5222 xmpp.example.net."],
      "example.org": ["192.0.2.1", "192.0.2.2"],
      "xmpp.example.net": ["192.0.2.1"],
    };
    expect((await find({ dns })).candidates.map(([candidate]) => candidate)).toEqual([url]);
  });

  it("FIND-5 a signed target is connected to by its own name", async () => {
    const dns = { [DIRECT]: ["AD", "0 443 xmpp.example.net."], "xmpp.example.net": ["192.0.2.9"] };
    expect(await find({ dns })).toMatchObject({
      candidates: [["xmpps://xmpp.example.net:443", "a DNSSEC-signed SRV record of example.org names it"]],
      refused: [],
    });
  });

  it("FIND-5 the signature of one service is none for the other, nor is that of an address", async () => {
    const dns = {
      [DIRECT]: ["AD", "0 443 a.example.net."],
      [STARTTLS]: ["1 5222 b.example.net."],
      "b.example.net": ["AD", "192.0.2.9"],
    };
    const { candidates, refused } = await find({ dns });
    expect(candidates.map(([url]) => url)).toEqual(["xmpps://a.example.net:443"]);
    expect(refused).toEqual([refusal("xmpp://b.example.net:5222")]);
  });

  it("FIND-5 asks about ten servers at most", async () => {
    const targets = Array.from({ length: 40 }, (_, index) => `${index} 5222 h${index}.example.net.`);
    const { asked, refused } = await find({ dns: { [STARTTLS]: targets } });
    expect(asked).toHaveLength(2 + 1 + 10 + 1);
    expect(refused).toHaveLength(10 + 1);
  });
});

describe("FIND-7 refusing, and what is left", () => {
  const unsigned = { [STARTTLS]: ["0 5222 xmpp.example.net."], "xmpp.example.net": ["192.0.2.9"] };

  it("FIND-7 names the setting that would allow it", async () => {
    const dns = {
      ...unsigned,
      [DIRECT]: ["1 443 xmpp.example.net."],
      "example.org": ["192.0.2.1"],
    };
    expect(await find({ dns })).toEqual({
      asked: [DIRECT, STARTTLS, "example.org", "xmpp.example.net", "host-meta example.org"],
      candidates: [],
      refused: [
        refusal("xmpp://xmpp.example.net:5222"),
        refusal("xmpps://xmpp.example.net:443"),
        "host-meta of example.org: answered 404",
      ],
      thenHostMeta: false,
    });
  });

  it("FIND-7 is not softened by a resolver that fails", async () => {
    const dns = { ...unsigned, "example.org": [PROBLEM], "xmpp.example.net": [PROBLEM] };
    expect((await find({ dns })).candidates).toEqual([]);
  });

  it("FIND-6 goes to the domain's host-meta instead", async () => {
    expect(await find({ dns: unsigned, meta: META })).toMatchObject({
      candidates: [BY_META],
      refused: [refusal("xmpp://xmpp.example.net:5222")],
    });
  });

  it("FIND-8 without SRV records it is the domain itself, and host-meta waits its turn", async () => {
    expect(await find({ meta: META })).toEqual({
      asked: [DIRECT, STARTTLS],
      candidates: [["xmpp://example.org:5222", "example.org has no SRV records"]],
      refused: [],
      thenHostMeta: true,
    });
  });

  it("FIND-8 without any answer it is the domain itself too, which is safe", async () => {
    const dns = { [DIRECT]: [PROBLEM], [STARTTLS]: [PROBLEM] };
    expect(await find({ dns })).toMatchObject({
      candidates: [["xmpp://example.org:5222", "DNS did not say where else"]],
      refused: [
        `SRV ${DIRECT}: the resolver answered SERVFAIL`,
        `SRV ${STARTTLS}: the resolver answered SERVFAIL`,
      ],
    });
  });

  it("FIND-3 '.' leaves only host-meta", async () => {
    const dns = { [DIRECT]: ["0 0 ."], [STARTTLS]: ["0 0 ."], "example.org": ["192.0.2.1"] };
    const refused = [
      'example.org over TCP: its SRV records say "." (no such service), or none of them has a port',
    ];
    expect(await find({ dns, meta: META })).toMatchObject({ candidates: [BY_META], refused });
    expect(await find({ dns })).toMatchObject({
      candidates: [],
      refused: [...refused, "host-meta of example.org: answered 404"],
    });
  });

  it("FIND-7 asks about A-labels and refuses with the domain as it is written in JIDs", async () => {
    const host = "xn--bcher-kva.example";
    const dns = { [`_xmpp-client._tcp.${host}`]: ["0 5222 xmpp.example.net."] };
    const { asked, refused } = await find({ domain: "bücher.example", dns });
    expect(asked).toContain(`_xmpps-client._tcp.${host}`);
    expect(refused[0]).toBe(refusal("xmpp://xmpp.example.net:5222", "bücher.example", host));
  });

  it.each([
    ["192.0.2.1", "xmpp://192.0.2.1:5222"],
    ["[2001:db8::1]", "xmpp://[2001:db8::1]:5222"],
  ])("FIND-8 a domain that is the address %s is connected to as it is", async (domain, url) => {
    expect(await find({ domain })).toMatchObject({
      asked: [],
      candidates: [[url, "the account's domain is an address"]],
    });
  });
});

/** Lets every attempt fail. */
async function walk(world: World) {
  const asked: string[] = [];
  const route = new Route(options(world, asked));
  const given: string[] = [];
  for (let next = await route.next(); next; next = await route.next()) {
    given.push(formatEndpoint(next));
    route.failed(`attempt ${given.length} failed`);
  }
  return { asked, given, route };
}

describe("FIND-9 one round of attempts", () => {
  it("FIND-9 tries one after the other, host-meta only when all else has failed, and keeps why", async () => {
    const dns = { [STARTTLS]: ["0 5222 example.org.", "1 80 example.org.", "2 5222 x.example.net."] };
    const { asked, given, route } = await walk({ dns, meta: META });
    expect(given).toEqual(["xmpp://example.org:5222", "xmpp://example.org:80", "wss://ws.example.net/xmpp"]);
    expect(asked.at(-1)).toBe("host-meta example.org");
    expect(asked.filter((what) => what.startsWith("host-meta"))).toHaveLength(1);
    expect(route.explain()).toBe(
      [
        "No server of example.org could be used.",
        refusal("xmpp://x.example.net:5222"),
        "xmpp://example.org:5222: attempt 1 failed",
        "xmpp://example.org:80: attempt 2 failed",
        "wss://ws.example.net/xmpp: attempt 3 failed",
      ].join("\n"),
    );
  });

  it("FIND-9 asks nothing before it is used, and host-meta not while something works", async () => {
    const asked: string[] = [];
    const route = new Route(options({ meta: META }, asked));
    expect(asked).toEqual([]);
    expect(await route.next()).toMatchObject({ hostname: "example.org" });
    expect(asked).toEqual([DIRECT, STARTTLS]);
    expect(route.log).toEqual([]);
  });

  it("FIND-1 never leaves what the owner has named", async () => {
    const { asked, given } = await walk({ hosts: { "example.org": "xmpp://a.example" }, meta: META });
    expect(given).toEqual(["xmpp://a.example:5222"]);
    expect(asked).toEqual([]);
  });
});
