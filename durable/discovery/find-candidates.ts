/**
 * Where an account's server may be connected to, and by which name it has to prove itself: the one place that decides
 * what of DNS is believed. TLS on this platform only verifies the very name that is connected to, so the choice of that
 * name is the reference identity (RFC 6120 section 13.7.2.1). It fails closed: a name that only unsigned DNS has said is
 * refused, and the refusal names the setting that would allow it. Connects to nothing.
 */
import { asciiHostname, type Endpoint, formatEndpoint, isAddress, type TcpEndpoint } from "./endpoint.ts";
import type { FetchHostMeta } from "./host-meta.ts";
import type { AddressAnswer, Resolver, SrvAnswer } from "./resolver.ts";
import { orderServices, type Service, type SrvEntry } from "./srv-order.ts";

/** `why`: what makes it the right place, in words for the owner. */
export type Candidate = Endpoint & { why: string };

/** What is not tried, and why; in words for the owner. */
export interface Refused {
  what: string;
  why: string;
}

export interface Found {
  /** To be tried in this order. */
  candidates: Candidate[];
  refused: Refused[];
  /** May `findWebSocket` still be asked when all of these have failed? */
  thenHostMeta: boolean;
}

export interface FindOptions {
  /** The domainpart, normalised. */
  domain: string;
  config: { upstreamHosts: ReadonlyMap<string, Endpoint> };
  resolver: Resolver;
  fetchHostMeta: FetchHostMeta;
  /** In [0, 1). */
  random: () => number;
}

const CLIENT_PORT = 5222;
/** A bound on questions to the resolver; no honest domain has as many servers. */
const MAX_ENTRIES = 10;

/** Never rejects. */
export async function findCandidates(options: FindOptions): Promise<Found> {
  const { domain, config } = options;
  const named = config.upstreamHosts.get(domain);
  if (named) return only({ ...named, why: "UPSTREAM_HOSTS names it" });
  const host = asciiHostname(domain);
  if (host === undefined) return refuse(domain, "it is neither a host name nor an address");
  // RFC 6120 section 3.2: an address is connected to as it is.
  if (isAddress(host)) return only(itself(host, "the account's domain is an address"));
  const found = await findBySrv(host, options);
  if (found.candidates.length > 0) return found;
  const web = await findWebSocket(options);
  return { ...web, refused: [...found.refused, ...web.refused] };
}

/**
 * (d) The domain's host-meta over HTTPS. By XEP-0156 only after everything that DNS names has failed, which is why
 * `findCandidates` asks it only when that leaves nothing to try.
 */
export async function findWebSocket({ domain, fetchHostMeta }: FindOptions): Promise<Found> {
  const host = asciiHostname(domain) ?? domain;
  const meta = await fetchHostMeta(host);
  if (!meta.ok) return refuse(`host-meta of ${host}`, meta.problem);
  const candidates = meta.urls.map((url): Candidate => ({
    transport: "websocket",
    url,
    why: `the host-meta of ${host} names it`,
  }));
  return { candidates, refused: [], thenHostMeta: false };
}

async function findBySrv(host: string, { domain, resolver, random }: FindOptions): Promise<Found> {
  const [direct, starttls] = await Promise.all([
    resolver.srv(`_xmpps-client._tcp.${host}`),
    resolver.srv(`_xmpp-client._tcp.${host}`),
  ]);
  const refused = [
    ...unanswered(`_xmpps-client._tcp.${host}`, direct),
    ...unanswered(`_xmpp-client._tcp.${host}`, starttls),
  ];
  const plan = orderServices({ direct: serviceOf(direct), starttls: serviceOf(starttls) }, random);
  if (plan.kind === "unavailable") {
    const why = 'its SRV records say "." (no such service), or none of them has a port';
    return { candidates: [], refused: [...refused, { what: `${host} over TCP`, why }], thenHostMeta: false };
  }
  if (plan.kind === "absent") {
    const why = refused.length > 0 ? "DNS did not say where else" : `${host} has no SRV records`;
    return { candidates: [itself(host, why)], refused, thenHostMeta: true };
  }
  const judged = await judge(domain, host, plan.entries.slice(0, MAX_ENTRIES), resolver);
  return { ...judged, refused: [...refused, ...judged.refused], thenHostMeta: true };
}

/** Decides for each server that SRV names which name to connect to, in the order (b), (c), (e). */
async function judge(domain: string, host: string, entries: SrvEntry[], resolver: Resolver): Promise<Found> {
  const foreign = new Set(entries.map(({ hostname }) => hostname).filter((name) => name !== host));
  const names = foreign.size > 0 ? [host, ...foreign] : [];
  const addresses = new Map(
    await Promise.all(names.map(async (name) => [name, await resolver.addresses(name)] as const)),
  );
  const candidates = new Map<string, Candidate>();
  const refused = new Map<string, Refused>();
  for (const entry of entries) {
    const { authenticated, ...target } = entry;
    const why = whyTheDomain(host, target.hostname, addresses, authenticated);
    const endpoint: TcpEndpoint = { transport: "tcp", ...target, ...(why && { hostname: host }) };
    const url = formatEndpoint(endpoint);
    if (why !== undefined || authenticated) {
      // Several targets may come down to the domain itself: it is tried once, at its best place.
      if (!candidates.has(url))
        candidates.set(url, { ...endpoint, why: why ?? `a DNSSEC-signed SRV record of ${host} names it` });
      continue;
    }
    refused.set(url, { what: url, why: howToAllow(domain, host, url) });
  }
  return { candidates: [...candidates.values()], refused: [...refused.values()], thenHostMeta: true };
}

/** Why this target may be connected to under the domain's own name, or undefined. */
function whyTheDomain(
  host: string,
  target: string,
  addresses: ReadonlyMap<string, AddressAnswer>,
  authenticated: boolean,
): string | undefined {
  if (target === host) return "its SRV record names the domain itself";
  const own = addressesOf(addresses.get(host));
  const theirs = new Set(addressesOf(addresses.get(target)));
  const shared = own.filter((address) => theirs.has(address));
  if (shared.length === 0) return undefined;
  if (shared.length === own.length) return `${host} has the same address as its SRV target ${target}`;
  // The connection may go to the wrong one of several addresses. That is not unsafe, only worse than a signed name.
  return authenticated ? undefined : `${host} shares an address with its SRV target ${target}`;
}

function howToAllow(domain: string, host: string, url: string): string {
  const setting = JSON.stringify({ [domain]: url });
  return (
    `only DNS without DNSSEC says that the server of ${host} is there, so a certificate for that name proves` +
    ` nothing; if you know that it is right, set UPSTREAM_HOSTS = ${setting}`
  );
}

function itself(host: string, why: string): Candidate {
  return { transport: "tcp", hostname: host, port: CLIENT_PORT, tls: "starttls", why };
}

function only(candidate: Candidate): Found {
  return { candidates: [candidate], refused: [], thenHostMeta: false };
}

function refuse(what: string, why: string): Found {
  return { candidates: [], refused: [{ what, why }], thenHostMeta: false };
}

function unanswered(name: string, answer: SrvAnswer): Refused[] {
  return answer.ok ? [] : [{ what: `SRV ${name}`, why: answer.problem }];
}

function serviceOf(answer: SrvAnswer): Service {
  return answer.ok ? answer : { records: [], authenticated: false };
}

function addressesOf(answer: AddressAnswer | undefined): string[] {
  return answer?.ok ? answer.addresses : [];
}
