/**
 * Where an account's server is, for as long as the upstream session is not yet given what durable/discovery/ finds: what
 * the owner configured for the domain, else the domain itself. To be removed with that.
 */
import type { Config, UpstreamHost } from "../config.ts";

const CLIENT_PORT = 5222;

export function findHost(config: Config, domain: string): UpstreamHost {
  const named = config.upstreamHosts.get(domain);
  return named?.transport === "tcp"
    ? named
    : { transport: "tcp", hostname: domain, port: CLIENT_PORT, tls: "starttls" };
}
