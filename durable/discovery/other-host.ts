/**
 * UP-15: a host that the server itself sends us to, by see-other-host (RFC 6120 section 4.9.3.19) or as the place to resume at
 * (XEP-0198 section 5), under the rules of find-candidates.ts. RFC 6120 wants the other host to prove itself by the very name
 * that would have been accepted before, and on this platform that is the name that is connected to: so a host is followed to
 * only under a name that settings, the domain or signed DNS have given already. Whatever a server says, it cannot make
 * another name trustworthy, nor a connection less protected. Connects to nothing.
 */
import type { Elsewhere } from "../../xmpp/initiating/state.ts";
import { asciiHostname, type Endpoint, formatEndpoint, isAddress, type TcpEndpoint } from "./endpoint.ts";
import type { Candidate, Refused } from "./find-candidates.ts";
import type { Resolver } from "./resolver.ts";

/** `why`: who said so, in words for the owner. */
export interface OtherHost extends Elsewhere {
  why: string;
}

export interface KnownServers {
  domain: string;
  /** Settings name the domain's server: it is the only one, and DNS is not asked. */
  named: boolean;
  /** What may be connected to without being sent there. */
  candidates: readonly Candidate[];
  resolver: Resolver;
}

const CLIENT_PORT = 5222;
/** A bound on questions to the resolver. */
const MAX_NAMES = 4;
/** What a server says is no longer than that, if it is honest. */
const MAX_SHOWN = 100;

/** Reads `domainpart[:port]`; undefined when it is neither a host name nor an address. */
export function readHostPort(text: string): { hostname: string; port: number | undefined } | undefined {
  const [, host = "", digits] = /^(\[[^\]]*\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
  const hostname = asciiHostname(host);
  const port = digits === undefined ? undefined : Number(digits);
  return hostname === undefined || port === 0 || (port ?? 1) > 65_535 ? undefined : { hostname, port };
}

/** `text`: host, host:port or [IPv6]:port. The endpoint to connect to, or why that host is not followed to. Never rejects. */
export async function followTo(other: OtherHost, known: KnownServers): Promise<Candidate | Refused> {
  const target = readHostPort(other.text);
  if (!target) return refuse(other, "it is neither a host name nor an address with a port");
  const servers = known.candidates.flatMap((candidate) => (candidate.transport === "tcp" ? [candidate] : []));
  const names = servers.map(({ hostname }) => hostname);
  const name = await acceptedName(target.hostname, names, known);
  if (name === undefined) {
    const port = target.port ?? CLIENT_PORT;
    const endpoint = { transport: "tcp", hostname: target.hostname, port, tls: "starttls" } as const;
    return refuse(other, howToAllow(known.domain, endpoint));
  }
  const port = target.port ?? servers.find(({ hostname }) => hostname === name)?.port ?? CLIENT_PORT;
  return { transport: "tcp", hostname: name, port, tls: protection(name, port, servers), why: other.why };
}

/**
 * The name that the certificate has to be valid for, and so that is connected to: one of `good` or the domain's own; undefined
 * when there is none.
 */
export async function acceptedName(
  target: string,
  good: readonly string[],
  { domain, named, resolver }: KnownServers,
): Promise<string | undefined> {
  const host = asciiHostname(domain);
  const own = named || host === undefined ? [] : [host];
  const names = [...new Set([...good, ...own])];
  if (names.includes(target)) return target;
  if (named) return undefined;
  const theirs = await addressesOf(target, resolver);
  for (const name of names.slice(0, MAX_NAMES)) {
    // oxlint-disable-next-line no-await-in-loop -- most often the first one is it
    const ours = await addressesOf(name, resolver);
    if (ours.length > 0 && ours.every((address) => theirs.includes(address))) return name;
  }
  return undefined;
}

async function addressesOf(name: string, resolver: Resolver): Promise<string[]> {
  if (isAddress(name)) return [name.replace(/^\[|\]$/g, "")];
  const answer = await resolver.addresses(name);
  return answer.ok ? answer.addresses : [];
}

/** As at that very port, else as elsewhere on that host; nothing that begins unprotected unless all of it does. */
function protection(name: string, port: number, servers: readonly TcpEndpoint[]): TcpEndpoint["tls"] {
  const there = servers.filter(({ hostname }) => hostname === name);
  return (there.find((server) => server.port === port) ?? there[0])?.tls ?? "starttls";
}

export function howToAllow(domain: string, endpoint: Endpoint): string {
  const setting = JSON.stringify({ [domain]: formatEndpoint(endpoint) });
  return (
    `nothing but the server itself says that ${domain} is there, so a certificate for that name proves nothing;` +
    ` if you know that it is right, set UPSTREAM_HOSTS = ${setting}`
  );
}

export function refuse({ kind, text, why }: OtherHost, reason: string): Refused {
  const shown = kind === "uri" ? withoutSecrets(text) : text;
  return { what: shown.slice(0, MAX_SHOWN), why: `${why}, but ${reason}` };
}

/** What a server has put into an address to let us in there is nobody else's to read. */
function withoutSecrets(text: string): string {
  const url = URL.parse(text);
  return url === null || url.host === ""
    ? text.replace(/[?#].*$/s, "")
    : `${url.protocol}//${url.host}${url.pathname}`;
}
