// The upstream session in a world that is played: a server at the other end, a clock that moves when told, and real tables.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Vault } from "../../../durable/credentials/vault.ts";
import { readEndpoint } from "../../../durable/discovery/endpoint.ts";
import type { OtherHost } from "../../../durable/discovery/other-host.ts";
import { Route } from "../../../durable/discovery/route.ts";
import { Outbound } from "../../../durable/storage/outbound.ts";
import { atOnce } from "../../../durable/storage/postponed.ts";
import { Settings } from "../../../durable/storage/settings.ts";
import { UndeliveredTable } from "../../../durable/storage/undelivered.ts";
import { UpstreamRows } from "../../../durable/storage/upstream-row.ts";
import { patienceOf } from "../../../durable/upstream/liveness.ts";
import { ManagedSession } from "../../../durable/upstream/managed-session.ts";
import { Upstream } from "../../../durable/upstream/upstream.ts";
import type { FastToken } from "../../../xmpp/initiating/state.ts";
import { type Behaviour, PlayedClock, PlayedServer } from "./played-server.ts";

const DOMAIN = "played.example";
interface World {
  upstream: Upstream;
  server: PlayedServer;
  clock: PlayedClock;
  /** What the account was told, in order. */
  told: string[];
  /** How often a token was to be used. */
  tokensUsed: () => number;
}

/** The domain's SRV records, signed, lead to these hosts in this order. */
function routeByDns(hosts: readonly string[], prefer?: OtherHost): Route {
  const records = hosts.map((target, priority) => ({ priority, weight: 0, port: 5223, target }));
  return new Route({
    domain: DOMAIN,
    config: { upstreamHosts: new Map() },
    resolver: {
      srv: async (name) =>
        await Promise.resolve({
          ok: true,
          records: name.startsWith("_xmpps-client.") ? records : [],
          authenticated: true,
        }),
      addresses: async (name) =>
        await Promise.resolve({
          ok: true,
          addresses: [`192.0.2.${hosts.indexOf(name) + 2}`],
          authenticated: true,
        }),
    },
    fetchHostMeta: () => Promise.reject(new Error("nobody is asked")),
    random: () => 0,
    prefer,
  });
}

/** Names its server, so that nobody is asked. */
function routeTo(prefer?: OtherHost): Route {
  const endpoint = readEndpoint("xmpps://server.example:5223");
  if (!endpoint) throw new Error("no endpoint");
  return new Route({
    domain: DOMAIN,
    config: { upstreamHosts: new Map([[DOMAIN, endpoint]]) },
    resolver: {
      srv: () => Promise.reject(new Error("nobody is asked")),
      addresses: () => Promise.reject(new Error("nobody is asked")),
    },
    fetchHostMeta: () => Promise.reject(new Error("nobody is asked")),
    random: () => 0,
    prefer,
  });
}

/** A world of its own for each name; the account has logged in before, and begins to connect. `hosts`: found by DNS. */
export async function inWorld(
  name: string,
  behaviour: Behaviour,
  test: (world: World) => Promise<void>,
  {
    allowPlain = true,
    token,
    hosts,
  }: { allowPlain?: boolean; token?: FastToken; hosts?: readonly string[] } = {},
): Promise<void> {
  const stub = env.ACCOUNT.getByName(`upstream-${name}@${DOMAIN}`);
  await runInDurableObject(stub, async (_instance, { storage: { sql } }) => {
    const server = new PlayedServer();
    server.behaviour = behaviour;
    const clock = new PlayedClock();
    const vault = new Vault(sql, "the key of the tests, long enough", `user@${DOMAIN}`, () => undefined);
    await vault.accept("pencil", { type: "password", password: "pencil" }, "PLAIN", token);
    const told: string[] = [];
    let [resources, ids] = [1, 0];
    const upstream = new Upstream({
      account: { local: "user", domain: DOMAIN, resource: "" },
      route: (prefer) => (hosts ? routeByDns(hosts, prefer) : routeTo(prefer)),
      resource: () => `r${resources}`,
      giveWay: () => void (resources += 1),
      userAgent: "d4565fa7-4d72-4749-b3d3-740edbf87770",
      hasClients: () => false,
      allowPlain,
      vault,
      session: new ManagedSession({
        rows: new UpstreamRows(sql),
        outbound: new Outbound(sql),
        undelivered: new UndeliveredTable(sql),
        postponed: { later: atOnce, save: () => undefined },
        newId: () => `p${(ids += 1)}`,
        isGivenUp: () => false,
      }),
      patience: patienceOf(25),
      platform: { open: server.open, clock },
      random: () => 1,
      handlers: {
        onBound: (fullJid) => void told.push(`bound ${fullJid}`),
        onResumed: () => void told.push("resumed"),
        onTurnEnd: () => undefined,
        onStanza: (stanza) => void told.push(stanza.getName()),
        onLost: (reason) => void told.push(reason),
        onRefused: (reason) => void told.push(`refused: ${reason}`),
      },
    });
    upstream.start();
    const tokensUsed = (): number => Number(new Settings(sql).get("token-count") ?? "0");
    await test({ upstream, server, clock, told, tokensUsed });
  });
}
